"""Builds the documentation's site: `sphinx-build -E -W -n docs build/site`.

Every page reads on a code-hosting site too: links are those of the repository, and what leads out
of this folder is led to the page that shows it here.
"""

from __future__ import annotations

import posixpath
import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

project = "Flask-BDQuickPay"
author = "The Flask-BDQuickPay team"
project_copyright = author
version = release = version_of(project)
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 3
myst_enable_extensions = ["html_image"]
exclude_patterns = ["_static"]
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"

# The API, from its docstrings
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
default_role = "code"
nitpick_ignore_regex = [
    (r"py:.*", r"(?!flask_bdquickpay).*"),  # other packages: nothing is loaded to build this
    (r"py:.*", r"flask_bdquickpay\.\w+(\..*)?\.\w+"),  # where a public name is defined
]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False  # nothing leads to it: the search finds names
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#a80d52", "color-brand-content": "#a80d52"},
    "dark_css_variables": {"color-brand-primary": "#ff9cc4", "color-brand-content": "#ff9cc4"},
}

#: Files of the repository that are pages of the site.
_PAGES = {
    "README.md": "index.md",
    "README.md#ten-lines-to-integrate": "howto/integrate.md",
    "README.md#what-it-guarantees": "explanation/guarantees.md",
    "README.md#going-live": "howto/deploy.md#going-live",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
_TEXT = re.compile(r'(?<!lang="bn")>[^<>]+<')
_BANGLA = re.compile(r"[\u0980-\u09ff]+(?:[ ,-]+[\u0980-\u09ff]+)*")
_CODE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r'(\]\(|<img src=")(?!https?:|mailto:|#)([^)#"\s]+)(#[\w-]+)?')
_DRAWING = re.compile(r'<img [^>]*src="([^"]+\.svg)"[^>]*>')
_TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
_NAME = re.compile(r'(?<=<span class="pre">)[^<]+(?=</span>)')
_OPTION = re.compile(r'<span class="pre">(?=--)')
#: After which a name may go on in the next line, but not with an ending such as "py".
_JOINT = re.compile(
    r"(?:(?<=[a-z])(?=[A-Z])|(?<=\w[_./:|=,(])(?=[^\W\d]|[@&'\"])|(?<=::|//))(?!py\b|\w{1,3}$)"
)


def _from_here(text: str, folder: str) -> str:
    """Lead the links of a file in `folder` of the repository to where the site has their target."""

    def lead(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[2]))
        anchor = link[3] or ""
        if page := _PAGES.get(target + anchor):
            return f"{link[1]}/{page}"
        return f"{link[1]}/{_PAGES.get(target) or posixpath.relpath(target, 'docs')}{anchor}"

    between, ends = list(_CODE.finditer(text)), 0
    said = []
    for code in between:
        said += [_LINK.sub(lead, text[ends : code.start()]), code[0]]
        ends = code.end()
    return "".join([*said, _LINK.sub(lead, text[ends:])])


def _read(_app: Sphinx, name: str, content: list[str]) -> None:
    content[0] = _from_here(content[0], posixpath.join("docs", posixpath.dirname(name)))


def _included(_app: Sphinx, path: Path, _name: str, content: list[str]) -> None:
    content[0] = _from_here(content[0], posixpath.normpath(f"docs/{path.parent.as_posix()}"))


def _parseable(_app: Sphinx, *said: Any) -> tuple[str, str] | None:
    """Say `...` for a default such as `<factory>`, which keeps Sphinx from reading a signature."""
    signature, returns = said[-2:]
    return signature and (re.sub(r"<factory>|<function .+?>>", "...", signature), returns)


def _at_joints(
    _app: Sphinx, _name: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Let the names in a table break after a word of theirs, so that every column is seen; and no
    option after its hyphens."""
    joint = '</span><wbr><span class="pre">'

    def loosen(table: re.Match[str]) -> str:
        return _NAME.sub(lambda name: _JOINT.sub(joint, name[0]), table[0])

    body = _TABLE.sub(loosen, context.get("body", ""))
    context["body"] = _OPTION.sub('<span class="pre option">', body)


def _drawings_open(
    _app: Sphinx, _name: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Lead from a drawing to its file, as Sphinx does from a photo: on a phone one zooms in."""
    context["body"] = _DRAWING.sub(r'<a href="\1">\g<0></a>', context.get("body", ""))


def _in_bangla(
    _app: Sphinx, name: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Say that a page is in Bangla, for whoever has it read out."""
    if name.endswith(".bn"):
        context["body"] = f'<div lang="bn">{context.get("body", "")}</div>'


def _words_in_bangla(page: str) -> str:
    """Say the same of words, on any page: those of the text, and the titles beside and below it."""
    head, begin, body = page.partition("<body")
    said = _TEXT.sub(lambda text: _BANGLA.sub(r'<span lang="bn">\g<0></span>', text[0]), body)
    return f"{head}{begin}{said}"


#: What the theme leaves to be said to whoever uses a keyboard, has a page read out or reads it on
#: a phone.
_MENDED = {
    "<pre>": '<pre tabindex="0">',  # it scrolls
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    'role="heading">': 'role="heading" aria-level="2">',
    '<span class="sig-paren">(</span>': '<span class="sig-paren">(</span><wbr>',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<div id="search-results">': '<h1>Search</h1><div id="search-results">',
}


def _mend(app: Sphinx, _error: Exception | None) -> None:
    for file in Path(app.outdir).rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        for left, said in _MENDED.items():
            text = text if said in text else text.replace(left, said)
        file.write_text(_words_in_bangla(text), encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("source-read", _read)
    app.connect("autodoc-process-signature", _parseable)
    app.connect("include-read", _included)
    app.connect("html-page-context", _at_joints)
    app.connect("html-page-context", _drawings_open)
    app.connect("html-page-context", _in_bangla)
    app.connect("build-finished", _mend)

"""Templates and static files keep what they promise: strict CSP, both schemes, motion, print."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import flask_bdquickpay.extension

PACKAGE = Path(flask_bdquickpay.extension.__file__).parent
STATIC = PACKAGE / "web" / "static"
TEMPLATES = next(
    folder for folder in (PACKAGE / "templates", PACKAGE.parent / "templates") if folder.is_dir()
)
PAGES = ["confirming.html", "problem.html", "result.html"]
COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->|/\*.*?\*/", re.DOTALL)
OUTSIDE = re.compile(r"""(?:https?:|["'(]//|data:|@import)""")
SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def templates() -> list[Path]:
    return sorted((TEMPLATES / "bdquickpay").glob("**/*.html"))


def static_files(pattern: str) -> list[Path]:
    return sorted(STATIC.glob(pattern))


def code(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def block(css: str, media: str) -> str:
    """Return what stands inside `@media … media … { }`."""
    start = re.search(rf"@media [^{{]*{re.escape(media)}[^{{]*\{{", css)
    assert start, media
    end = css.index("\n}", start.end())
    return css[start.end() : end]


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_a_template_has_nothing_inline(path: Path) -> None:
    html = code(path)
    assert not re.search(r"\sstyle\s*=|<style", html)
    assert not re.search(r"\son[a-z]+\s*=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


@pytest.mark.parametrize("path", [*templates(), *static_files("*")], ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    assert not OUTSIDE.search(code(path).replace(SVG_NAMESPACE, ""))


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_every_static_file_that_a_template_names_is_shipped(path: Path) -> None:
    named = re.findall(r"""(?:static|script)\(["']([^"']+)["']\)""", code(path))
    assert [name for name in named if not (STATIC / name).is_file()] == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_every_icon_that_a_template_names_is_drawn(path: Path) -> None:
    drawn = {symbol.get("id") for symbol in ET.parse(STATIC / "icons.svg").getroot()}
    named = re.findall(r"""icon\("(\w+)"\)|\("(?:good|bad|warn|calm)", "(\w+)"\)""", code(path))
    assert {one or other for one, other in named} <= drawn


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_into_a_hosts_layout(name: str) -> None:
    html = code(TEMPLATES / "bdquickpay" / name)
    assert html.lstrip().startswith('{% extends "bdquickpay/base.html" %}')
    for part in ("title", "head", "content"):
        assert f"{{% block {part} %}}" in html


def test_the_built_in_layout_has_a_block_for_every_part() -> None:
    html = code(TEMPLATES / "bdquickpay" / "_layout.html")
    parts = "meta title icon styles head scripts body_class header brand main content footer"
    assert [part for part in parts.split() if f"{{% block {part} %}}" not in html] == []


def test_pages_have_a_light_and_a_dark_scheme_with_the_same_colours() -> None:
    css = code(STATIC / "bdquickpay.css")
    names = re.compile(r"(--bdqp-[\w-]+):")
    light = set(names.findall(css[: css.index("@media")])) - {"--bdqp-font"}
    assert set(names.findall(block(css, "prefers-color-scheme: dark"))) == light


@pytest.mark.parametrize("name", ["bdquickpay.css", "button.css"])
def test_what_moves_stands_still_when_asked_to(name: str) -> None:
    assert "animation: none" in block(code(STATIC / name), "prefers-reduced-motion: reduce")


@pytest.mark.parametrize("name", ["bdquickpay.css", "button.css"])
def test_paper_leaves_the_buttons_out(name: str) -> None:
    assert "display: none" in block(code(STATIC / name), "print")


@pytest.mark.parametrize("name", ["bdquickpay.css", "button.css"])
def test_keyboard_focus_is_drawn(name: str) -> None:
    assert re.search(r":focus-visible[^{]*\{[^}]*outline: 3px", code(STATIC / name))


@pytest.mark.parametrize("name", ["bdquickpay.css", "button.css"])
def test_no_rule_reaches_the_hosts_own_elements(name: str) -> None:
    css = re.sub(r"@keyframes[^{]*\{.*?\n\}", "", code(STATIC / name), flags=re.DOTALL)
    rules = re.sub(r"@media[^{]*\{", "", css)
    selectors = [
        part.strip() for rule in re.findall(r"([^{}]+)\{", rules) for part in rule.split(",")
    ]
    assert [one for one in selectors if ".bdqp" not in one] == []


LIGHT_AND_DARK = re.compile(r"--bdqp-(\w+(?:-soft)?): (#[0-9a-f]{3,6});")
PAIRS = [("text", "surface"), ("text", "ground"), ("muted", "surface"), ("muted", "ground")]
PAIRS += [("accent", "surface"), ("accent", "accent-soft"), ("text", "accent-soft")]
PAIRS += [(tone, f"{tone}-soft") for tone in ("good", "warn", "bad", "calm")]
PAIRS += [("text", f"{tone}-soft") for tone in ("good", "warn", "bad", "calm")]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(scheme: str) -> dict[str, str]:
    css = code(STATIC / "bdquickpay.css")
    light = css[: css.index("@media")]
    return dict(LIGHT_AND_DARK.findall(light if scheme == "light" else block(css, "dark")))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_text_stands_out_enough(scheme: str, front: str, back: str) -> None:
    palette = colours(scheme)
    assert contrast(palette[front], palette[back]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_edges_of_buttons_stand_out_enough(scheme: str) -> None:
    palette = colours(scheme)
    assert contrast(palette["edge"], palette["surface"]) >= 3


@pytest.mark.parametrize("name", ["--bdqp-button", "--bdqp-button-hover"])
def test_the_buttons_label_stands_out_enough(name: str) -> None:
    found = re.search(rf"{name}: (#[0-9a-f]+);", code(STATIC / "button.css"))
    assert found
    assert contrast(found[1], "#fff") >= 4.5

"""The documentation's pages, and what stands below a heading of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .source import ROOT

DOCS = ROOT / "docs"
#: For whoever looks at the repository: the pages of the site, and those beside the code.
PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / f"{n}.md" for n in ("README", "CONTRIBUTING"))]
#: What runs in a bench: a block is a file there, or a list of commands.
HOW_TO = sorted((DOCS / "howto").glob("*.md"))
CODE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.+)$")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> list[str]:
    """What a link may name on a page, as code-hosting sites and the built site spell it."""
    return [anchor(heading) for _, heading, _ in _parts(page)]


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def headings(page: Path, level: int) -> list[str]:
    return [heading for depth, heading, _ in _parts(page) if depth == level]


def section(heading: str, *pages: Path) -> str:
    """What stands below the one heading of that name, up to the next one.

    :param pages: where to look; else on all pages of the documentation.
    """
    found = [
        text
        for page in pages or sorted(DOCS.rglob("*.md"))
        for depth, name, text in _parts(page)
        if name == heading and depth <= 2
    ]
    assert len(found) == 1, (heading, len(found))
    return found[0]


def said(heading: str, *pages: Path) -> str:
    """The words of a section in one line."""
    return " ".join(section(heading, *pages).split())


def _parts(page: Path) -> Iterator[tuple[int, str, str]]:
    """Each heading outside of code: its level, its words, and the text up to the next one of
    the first two levels."""
    lines, fenced = read(page).splitlines(keepends=True), False
    begins: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (found := _HEADING.match(line.rstrip("\n"))):
            begins.append((number, len(found[1]), found[2]))
    for place, (number, depth, heading) in enumerate(begins):
        ends = [start for start, other, _ in begins[place + 1 :] if other <= max(depth, 2)]
        yield depth, heading, "".join(lines[number + 1 : ends[0] if ends else None])

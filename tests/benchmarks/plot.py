"""Draws figures as bars in an SVG, without a library."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from .measure import Figure

_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _NUMBER = 900, 400, 70, 14, 12, 26
_COLOURS = {"sqlite": "#0b7285", "postgresql": "#9c36b5"}
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #212529 }
.small { font-size: 11px; fill: #495057 }
.head { font-weight: 600 }
.one { stroke: #495057; stroke-dasharray: 4 3 }
.spread { stroke: #212529 }
@media (prefers-color-scheme: dark) {
  text { fill: #f1f3f5 } .small { fill: #ced4da } .one { stroke: #ced4da }
  .spread { stroke: #f8f9fa } .page { fill: #1a1b1e }
}
"""
_TITLE = "The extension against views by hand: ratios, with their quartiles"
_SECTIONS = {True: "Throughput: more is better", False: "Time or size: less is better"}


def svg(figures: list[Figure]) -> str:
    """The figures as a picture: the bar is the median, the line across its end the quartiles."""
    longest = max([1.0, *(one.high for one in figures)])
    body, height = [], 34
    for more, heading in _SECTIONS.items():
        rows = _rows([one for one in figures if one.more_is_better == more])
        if rows:
            lines, height = _section(heading, rows, longest, height)
            body += lines
    page = f'<rect class="page" width="{_WIDTH}" height="{height}" fill="#fff"/>'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="title"><title id="title">{_TITLE}</title><style>{_STYLE}</style>'
    )
    return "\n".join([head, page, *_legend(figures), *body, "</svg>"]) + "\n"


def _rows(figures: list[Figure]) -> dict[tuple[str, str], list[Figure]]:
    rows: dict[tuple[str, str], list[Figure]] = {}
    for one in figures:
        rows.setdefault((one.name, one.against), []).append(one)
    return rows


def _legend(figures: list[Figure]) -> Iterator[str]:
    x = 12
    for kind in dict.fromkeys(one.database for one in figures):
        yield f'<rect x="{x}" y="10" width="12" height="12" fill="{_colour(kind)}"/>'
        yield _text(x + 17, 21, kind)
        x += 110


def _section(
    heading: str, rows: dict[tuple[str, str], list[Figure]], longest: float, top: int
) -> tuple[list[str], int]:
    """The lines of a section, and where the next one begins."""
    y = top + 30
    lines = [_text(12, top + 18, heading, "head")]
    for (name, against), figures in rows.items():
        middle = y + len(figures) * _BAR / 2
        lines.append(_text(_LEFT - 10, middle - 1, name, end=True))
        lines.append(_text(_LEFT - 10, middle + 12, f"against {against}", "small", end=True))
        for one in figures:
            lines += _bar(one, longest, y)
            y += _BAR
        y += _GAP + (_BAR if len(figures) == 1 else 0)
    x = _x(1, longest)
    lines.append(f'<line class="one" x1="{x}" x2="{x}" y1="{top + 24}" y2="{y - _GAP + 4}"/>')
    return lines, y + 8


def _bar(one: Figure, longest: float, y: float) -> Iterator[str]:
    end, low, high = (_x(value, longest) for value in (one.ratio, one.low, one.high))
    fill = _colour(one.database)
    yield f'<rect x="{_LEFT}" y="{y}" width="{end - _LEFT}" height="{_BAR - 2}" fill="{fill}"/>'
    middle = y + _BAR / 2 - 1
    yield f'<line class="spread" x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>'
    place, line = max(end, high) + 6, _x(1, longest)
    if place - 2 < line < place + _NUMBER:
        place = line + 4  # the dashed line runs through no number
    yield _text(place, y + _BAR - 3, f"{one.ratio:.2f}", "small")


def _x(value: float, longest: float) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * value / longest, 1)


def _colour(database: str) -> str:
    return _COLOURS.get(database, "#495057")


def _text(x: float, y: float, text: str, kind: str = "", *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{anchor}{style}>{escape(text)}</text>'

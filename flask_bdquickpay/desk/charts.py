"""The geometry of the dashboard's charts; the templates draw it as SVG.

Widths are percentages and heights are pixels, so that a chart fills a phone or a desktop while
its words keep their size; there is no style attribute, which a strict CSP would refuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..money import exactly

HEIGHT, TOP, BOTTOM = 168, 18, 22
#: The distance of the lines across a chart, in powers of ten; whole numbers alone.
_STEPS = (Decimal(1), Decimal("1.5"), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_LINES = 4
_GAP = 0.28  # of a column's place
_EDGE = 15  # from either side of the chart, in percent
_FEW = 12  # labels that fit below a chart on a phone


@dataclass(frozen=True)
class Label:
    """A word below or above the columns."""

    x: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Column:
    """One bar of a column chart, with its value above it.

    :ivar url: where to look at what is in it, if anything is.
    """

    x: str
    width: str
    y: int
    height: int
    title: str
    value: Label
    url: str | None


@dataclass(frozen=True)
class Mark:
    """A line across the chart with its value."""

    y: int
    text: str


@dataclass(frozen=True)
class ColumnChart:
    """Columns over time; `summary` says in a sentence what they show."""

    summary: str
    columns: list[Column]
    marks: list[Mark]
    labels: list[Label]
    height: int = HEIGHT
    base: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class Row:
    """A line of a table with a bar: the number is beside it, the bar only for the eye."""

    name: str
    count: int
    width: str
    hint: str
    tone: str


def column_chart(
    summary: str,
    values: Sequence[tuple[date, Decimal]],
    *,
    write: Callable[[Decimal], str],
    mark: Callable[[Decimal], str],
    name: Callable[[date], str],
    label: Callable[[date], str],
    link: Callable[[date], str],
) -> ColumnChart:
    """Return the chart of a value for each day or month.

    :param write: how a value is written.
    :param mark: how it is written in short, beside a line.
    :param name: how a day is called in full.
    :param label: how a day is called below the chart.
    :param link: where to look at what is in a column.
    """
    with exactly():
        top, lines = scale(max((value for _, value in values), default=Decimal(0)))
        columns = [
            Column(
                *_place(number, len(values)),
                *_bar(value / top),
                title=f"{name(day)}: {write(value)}",
                value=_above(100 * (number + 0.5) / len(values), write(value)),
                url=link(day) if value else None,
            )
            for number, (day, value) in enumerate(values)
        ]
        shares = [Decimal(line) / lines for line in range(lines, 0, -1)]
        marks = [Mark(_y(share), mark(top * share)) for share in shares]
    labels = _labels([label(day) for day, _ in values])
    return ColumnChart(summary, columns, marks, labels)


def _place(number: int, count: int) -> tuple[str, str]:
    """Where a column begins, and how wide it is."""
    place = 100 / count
    return _percent(place * (number + _GAP / 2)), _percent(place * (1 - _GAP))


def _bar(share: Decimal) -> tuple[int, int]:
    """Where a column ends above, and how high it is."""
    y = _y(share)
    if share and y == HEIGHT - BOTTOM:
        y -= 1  # little is more than nothing
    return y, HEIGHT - BOTTOM - y


def _above(middle: float, text: str) -> Label:
    """A value above its column, which does not stick out of the chart."""
    if middle < _EDGE:
        return Label("0%", "start", text)
    if middle > 100 - _EDGE:
        return Label("100%", "end", text)
    return Label(_percent(middle), "middle", text)


def _y(share: Decimal) -> int:
    return HEIGHT - BOTTOM - round((HEIGHT - BOTTOM - TOP) * share)


def _labels(texts: list[str]) -> list[Label]:
    """Label all of a few columns, else every tenth; the last one is always among them."""
    step = 1 if len(texts) <= _FEW else 10
    chosen = [number for number in range(len(texts)) if (len(texts) - 1 - number) % step == 0]
    return [_label(number, texts[number], len(texts)) for number in chosen]


def _label(number: int, text: str, count: int) -> Label:
    if count > _FEW and number == count - 1:
        return Label("100%", "end", text)
    return Label(_percent(100 * (number + 0.5) / count), "middle", text)


def scale(value: Decimal) -> tuple[Decimal, int]:
    """Return what a chart of values up to `value` reaches, and how many lines it has: 2 to 4."""
    step = _step(value)
    lines = max(math.ceil(value / step), 2)
    return step * lines, lines


def _step(value: Decimal) -> Decimal:
    if value <= _LINES:
        return Decimal(1)
    unit = Decimal(10) ** (math.floor((value / _LINES).log10()))
    fitting = (step * unit for step in _STEPS if step * unit * _LINES >= value)
    return next(step for step in fitting if step == step.to_integral_value())


def rows(lines: Sequence[tuple[str, int, str, str]]) -> list[Row]:
    """Return a bar table's lines from each name, count, hint and tone."""
    most = max((count for _, count, _, _ in lines), default=0) or 1
    return [
        Row(name, count, _percent(100 * count / most), hint, tone)
        for name, count, hint, tone in lines
    ]


def _percent(share: float) -> str:
    return f"{share:.3f}".rstrip("0").rstrip(".") + "%"

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

HEIGHT, TOP, BOTTOM = 168, 18, 22
_NICE = (1, 2, 4, 6, 8, 10)  # with halves that are round, too
_GAP = 0.28  # of a column's place
_FEW = 12  # labels that fit below a chart on a phone


@dataclass(frozen=True)
class Column:
    """One bar of a column chart."""

    x: str
    width: str
    y: int
    height: int
    title: str


@dataclass(frozen=True)
class Mark:
    """A line across the chart with its value."""

    y: int
    text: str


@dataclass(frozen=True)
class Label:
    """A word below the columns."""

    x: str
    anchor: str
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
    name: Callable[[date], str],
    label: Callable[[date], str],
) -> ColumnChart:
    """Return the chart of a value for each day or month.

    :param write: how a value is written.
    :param name: how a day is called in full.
    :param label: how a day is called below the chart.
    """
    top = ceiling(max((value for _, value in values), default=Decimal(0)))
    columns = [
        _column(number, len(values), value / top, f"{name(day)}: {write(value)}")
        for number, (day, value) in enumerate(values)
    ]
    marks = [Mark(_y(share), write(top * share)) for share in (Decimal(1), Decimal("0.5"))]
    labels = _labels([label(day) for day, _ in values])
    return ColumnChart(summary, columns, marks, labels)


def _column(number: int, count: int, share: Decimal, title: str) -> Column:
    place = 100 / count
    y = _y(share)
    if share and y == HEIGHT - BOTTOM:
        y -= 1  # little is more than nothing
    x = place * (number + _GAP / 2)
    return Column(_percent(x), _percent(place * (1 - _GAP)), y, HEIGHT - BOTTOM - y, title)


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


def ceiling(value: Decimal) -> Decimal:
    """Return the round number that a chart of values up to `value` reaches; even, at least 2."""
    if value <= 2:
        return Decimal(2)
    unit = Decimal(10) ** math.floor(value.log10())
    return next(step * unit for step in _NICE if step * unit >= value)


def rows(lines: Sequence[tuple[str, int, str, str]]) -> list[Row]:
    """Return a bar table's lines from each name, count, hint and tone."""
    most = max((count for _, count, _, _ in lines), default=0) or 1
    return [
        Row(name, count, _percent(100 * count / most), hint, tone)
        for name, count, hint, tone in lines
    ]


def _percent(share: float) -> str:
    return f"{share:.3f}".rstrip("0").rstrip(".") + "%"

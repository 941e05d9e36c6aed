"""Figures and counts as Markdown and as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from .measure import Count, Figure

T = TypeVar("T")
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_PACKAGES = ("Flask", "SQLAlchemy", "requests", "psycopg")


def machine() -> dict[str, str]:
    """On what is measured."""
    cpus = f"{os.cpu_count()} x {_processor()}"
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
        "processors": cpus,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}, {packages}",
        "load at the beginning": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return model[1] if model else platform.machine()


@dataclass
class Report:
    """What a run has found."""

    about: dict[str, str]
    figures: list[Figure] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)

    def add(self, found: Figure | Count) -> None:
        """Take a figure or a count."""
        if isinstance(found, Figure):
            self.figures.append(found)
        else:
            self.counts.append(found)

    def as_json(self) -> str:
        """The whole, with the lower and the upper quartile of each figure."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False) + "\n"

    def as_markdown(self) -> str:
        """The tables."""
        parts = [
            listed(self.about),
            self._figures(more=True),
            self._figures(more=False),
            self._counts(),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _figures(self, *, more: bool) -> str:
        figures = [one for one in self.figures if one.more_is_better == more]
        word = "Throughput: more is better" if more else "Time or size: less is better"
        return _table([word, "against"], figures, lambda one: (one.name, one.against), _ratio)

    def _counts(self) -> str:
        head = ["SQL statements + COMMITs", "of"]
        return _table(head, self.counts, lambda one: (one.path, one.subject), _sum)


def _ratio(one: Figure) -> str:
    return f"**{one.ratio:.2f}** ({one.low:.2f} – {one.high:.2f})"


def _sum(one: Count) -> str:
    return f"{_number(one.statements)} + {_number(one.commits)}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.2f}"


def _table(
    head: list[str],
    found: list[Any],
    key: Callable[[Any], tuple[str, ...]],
    cell: Callable[[Any], str],
) -> str:
    """A row for each key, a column for each database; empty when nothing was found."""
    if not found:
        return ""
    kinds = list(dict.fromkeys(one.database for one in found))
    cells = {(key(one), one.database): cell(one) for one in found}
    rows = [
        [*names, *(cells.get((names, kind), "") for kind in kinds)]
        for names in _once(map(key, found))
    ]
    heads = [*head, *(_NAMES.get(kind, kind) for kind in kinds)]
    return table(heads, rows)


def _once(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def listed(about: dict[str, str]) -> str:
    """What is known about a run, as a list."""
    return "\n".join(f"- {name}: {text}" for name, text in about.items())


def replace_block(page: Path, name: str, text: str) -> None:
    """Put a text between a page's marks of that name.

    :raises ValueError: when the page has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no {begin} … {end}")
    page.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")

"""What `health()` costs beside a year of payments: ``python -m tests.benchmarks.health``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import click
import sqlalchemy as sa

from .. import databases
from . import year
from .bench import POSTGRESQL, SQLITE, servers
from .folders import fast_folder
from .report import listed, machine, replace_block, table
from .shops import Shop, with_extension

_MARIADB = "mariadb"
_NAMES = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL", _MARIADB: "MariaDB"}
_TURNS = 50
#: Nobody is asked there.
_NOWHERE = "http://127.0.0.1:9/api"
Maker = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True)
class Cost:
    """What `health()` took on one database, in seconds.

    :ivar rows: payments in the table, and `of_day`: of the last day.
    :ivar fastest: of the turns; what else the machine does is in the median.
    :ivar slowest: of its slowest query, with the reading of what it found; the fastest turn.
    """

    database: str
    rows: int
    of_day: int
    queries: int
    fastest: float
    median: float
    slowest: float


@click.command(context_settings={"show_default": True})
@click.option("--rows", "counts", multiple=True, type=int, default=(100_000, 1_000_000))
@click.option(
    "--database", "kinds", multiple=True, type=click.Choice([*_NAMES]), default=tuple(_NAMES)
)
@click.option("--plans", is_flag=True, help="Print how each query is carried out, too.")
@click.option(
    *("--write", "page"),
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Replace the block `health` of this page, such as docs/explanation/performance.md.",
)
def main(
    *, counts: tuple[int, ...], kinds: tuple[str, ...], plans: bool, page: Path | None
) -> None:
    """Measure health() beside so many payments of a year."""
    about, costs = machine(), []
    with fast_folder() as folder, _makers(kinds, folder) as makers:
        for kind, new_database in makers.items():
            for count in counts:
                click.echo(f"{kind}: {count:,} …", err=True)
                with new_database() as uri, with_extension(uri, _NOWHERE) as shop:
                    costs.append(_measured(kind, count, shop, plans))
    text = f"{listed(about)}\n\n{_as_markdown(costs)}\n"
    click.echo(text)
    if page is not None:
        replace_block(page, "health", f"\n{text}\n")


@contextmanager
def _makers(kinds: tuple[str, ...], folder: Path) -> Iterator[dict[str, Maker]]:
    with servers(kinds, folder) as makers, ExitStack() as stack:
        if _MARIADB in kinds:
            server = stack.enter_context(databases.mariadb())
            makers[_MARIADB] = lambda: databases.fresh_database(server)
        yield makers


def _measured(kind: str, count: int, shop: Shop, plans: bool) -> Cost:
    year.fill(shop.engine, shop.app.extensions["bdquickpay"].models, count)
    turns = []
    with shop.app.app_context(), _Watch(shop.engine) as watch:
        for _ in range(_TURNS):
            found = _health(shop)
            turns.append(watch.turn())
        if plans:
            click.echo(watch.plans())
    whole = [sum(turn) for turn in turns]
    parts = [min(times) for times in zip(*turns, strict=True)]
    of_day = found.day.created
    return Cost(kind, count, of_day, len(parts), min(whole), median(whole), max(parts))


def _health(shop: Shop) -> Any:
    assert shop.bdquickpay is not None
    return shop.bdquickpay.health()


class _Watch:
    """Sees the queries of a turn, each with the time until the next one begins."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._begun: list[float] = []
        self._asked: list[tuple[str, Any]] = []

    def __enter__(self) -> _Watch:
        sa.event.listen(self._engine, "before_cursor_execute", self._before)
        return self

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self._engine, "before_cursor_execute", self._before)

    def _before(self, conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not self._begun:
            self._asked = []
        self._begun.append(time.perf_counter())
        self._asked.append((statement, parameters))

    def turn(self) -> list[float]:
        """The seconds of each query since the last turn."""
        times = [*self._begun, time.perf_counter()]
        self._begun = []
        return [end - begin for begin, end in pairwise(times)]

    def plans(self) -> str:
        """How the database carries out the queries of the last turn."""
        engine = sa.create_engine(self._engine.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return "\n\n".join(
                f"{statement}\n{year.plan(connection, statement, parameters)}"
                for statement, parameters in self._asked
            )


def _as_markdown(costs: list[Cost]) -> str:
    heads = ["payments", "of the last day", "database", "queries"]
    heads += ["fastest call", "median", "its slowest query, fastest"]
    rows = [
        [
            *(f"{one.rows:,}", f"{one.of_day:,}", _NAMES[one.database], str(one.queries)),
            *(f"{seconds * 1000:.1f} ms" for seconds in (one.fastest, one.median, one.slowest)),
        ]
        for one in sorted(costs, key=lambda one: one.rows)
    ]
    return table(heads, rows)


if __name__ == "__main__":
    main()

"""What every suite is given: where the databases and the gateway are, and how much to do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import databases
from .gateway import Gateway
from .measure import Comparison, Count, Figure, Times, Turn, interleave

SQLITE, POSTGRESQL = "sqlite", "postgresql"
#: Turns that make up a round.
_SLICES = 4
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bench:
    """One kind of database, the gateway, and how much to do.

    :ivar new_database: makes an empty database, which is gone after the block, and yields its URL.
    :ivar batch: how much of the same is done in one round.
    :ivar due: how many payments a sweep has to look at.
    :ivar rows: how many settled payments make a large table; 0: that is not measured.
    """

    database: str
    new_database: Callable[[], AbstractContextManager[str]]
    gateway: Gateway
    rounds: int
    batch: int
    due: int
    rows: int

    @property
    def slice(self) -> int:
        """How many requests one turn has: see :meth:`interleave`."""
        return max(1, self.batch // _SLICES)

    def interleave(self, turns: Mapping[str, Turn]) -> Times:
        """Let subjects take turns whose work is short."""
        return interleave(turns, self.rounds, _SLICES)

    @property
    def few_rounds(self) -> int:
        """For subjects whose work is long, and the steadier for it."""
        return max(1, self.rounds // 5)

    def compare(self, suite: str) -> Comparison:
        """What makes figures of a suite."""
        return Comparison(suite, self.database)


Suite = Callable[[Bench], Iterator[Figure | Count]]


@contextmanager
def servers(
    kinds: tuple[str, ...], folder: Path
) -> Iterator[dict[str, Callable[[], AbstractContextManager[str]]]]:
    """Run the servers of these kinds of database; yield what makes databases of each."""
    with ExitStack() as stack:
        makers: dict[str, Callable[[], AbstractContextManager[str]]] = {}
        if SQLITE in kinds:
            makers[SQLITE] = lambda: _file(folder)
        if POSTGRESQL in kinds:
            server = stack.enter_context(databases.postgresql())
            makers[POSTGRESQL] = lambda: databases.fresh_database(server)
        yield makers


@contextmanager
def _file(folder: Path) -> Iterator[str]:
    path = folder / f"shop-{next(_numbers)}.sqlite3"
    try:
        yield f"sqlite:///{path}"
    finally:
        for left in folder.glob(f"{path.name}*"):
            left.unlink()

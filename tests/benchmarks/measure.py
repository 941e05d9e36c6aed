"""Lets subjects take turns, and makes figures of their times."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

#: One turn of a subject: prepares what it needs, then returns the seconds that its work took.
Turn = Callable[[], float]
Times = dict[str, list[float]]


@dataclass(frozen=True)
class Figure:
    """A ratio of two subjects.

    :ivar name: what was done.
    :ivar against: with what it is compared.
    :ivar more_is_better: whether it is a ratio of throughputs, else of times or sizes.
    :ivar ratio: the median over the rounds, between their quartiles `low` and `high`.
    """

    suite: str
    database: str
    name: str
    against: str
    more_is_better: bool
    ratio: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True)
class Count:
    """How many SQL statements a path costs, apart from its transactions' COMMITs."""

    database: str
    path: str
    subject: str
    statements: float
    commits: float


def interleave(turns: Mapping[str, Turn], rounds: int, slices: int = 1) -> Times:
    """Let the subjects take turns, another one first each time.

    A turn of each comes before them, which warms everything up and counts for nothing.

    :param slices: turns of each subject that make up a round, so that what else the machine does
        falls upon all of them alike.
    """
    times: Times = {name: [] for name in turns}
    names = list(turns)
    _take_turns(turns, names)
    for number in range(rounds):
        sums = dict.fromkeys(names, 0.0)
        for part in range(slices):
            first = (number * slices + part) % len(names)
            for name, seconds in _take_turns(turns, names[first:] + names[:first]).items():
                sums[name] += seconds
        for name in names:
            times[name].append(sums[name])
    return times


def _take_turns(turns: Mapping[str, Turn], names: list[str]) -> dict[str, float]:
    return {name: turns[name]() for name in names}


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Yield a function that says how many seconds the block took, or has taken."""
    gc.collect()
    end: list[float] = []
    begun = time.perf_counter()
    yield lambda: (end[0] if end else time.perf_counter()) - begun
    end.append(time.perf_counter())


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper one."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high


@dataclass(frozen=True)
class Comparison:
    """What all figures of one comparison share."""

    suite: str
    database: str

    def faster(self, name: str, times: list[float], against: str, base: list[float]) -> Figure:
        """By which factor the throughput of `times` is above that of `base`."""
        ratios = [other / own for own, other in zip(times, base, strict=True)]
        return self._figure(name, against, True, ratios)

    def dearer(self, name: str, times: list[float], against: str, base: list[float]) -> Figure:
        """By which factor `times` are above those of `base`."""
        ratios = [own / other for own, other in zip(times, base, strict=True)]
        return self._figure(name, against, False, ratios)

    def _figure(self, name: str, against: str, more: bool, ratios: list[float]) -> Figure:
        low, median, high = quartiles(ratios)
        return Figure(
            self.suite, self.database, name, against, more, median, low, high, len(ratios)
        )

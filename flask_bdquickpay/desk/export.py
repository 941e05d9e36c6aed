"""What the desk's lists hold as CSV, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from io import StringIO
from itertools import islice
from typing import TypeVar

from ..payments.export import write_csv

_PIECE = 500
T = TypeVar("T")


def as_csv(
    columns: Sequence[str],
    rows: Generator[T, None, None],
    listed: Callable[[T], Mapping[str, object]],
) -> Iterator[str]:
    """Yield the heading, then the rows: exact amounts, times in UTC, nothing a formula.

    :param listed: what a row holds.
    """
    with closing(rows):  # also when the browser goes away half-way
        yield _text(columns, [])
        while piece := list(islice(rows, _PIECE)):
            _heading, _, lines = _text(columns, [listed(row) for row in piece]).partition("\n")
            yield lines


def _text(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    out = StringIO()
    write_csv(out, columns, rows)
    return out.getvalue()

"""Payments as CSV, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from itertools import islice

from ..payments.export import write_csv
from ..payments.reports import COLUMNS, PaymentRecord
from .listing import Rows

_PIECE = 500


def as_csv(payments: Rows) -> Iterator[str]:
    """Yield the heading, then the payments: exact amounts, times in UTC, nothing a formula."""
    with closing(payments):  # also when the browser goes away half-way
        yield _text([])
        while piece := list(islice(payments, _PIECE)):
            _heading, _, lines = _text(piece).partition("\n")
            yield lines


def _text(payments: list[PaymentRecord]) -> str:
    out = StringIO()
    write_csv(out, COLUMNS, (vars(payment) for payment in payments))
    return out.getvalue()

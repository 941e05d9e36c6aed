"""What the desk's lists hold as CSV that Excel opens right, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import TypeVar

from ..payments.export import write_csv
from ..payments.records import PaymentRecord
from ..payments.status import PaymentStatus
from ..web.language import DHAKA
from . import words
from .language import M_, say

_MARK = "\ufeff"
_PIECE = 500
#: Each column's heading, and the field that stands in it. New ones come before the last.
_COLUMNS = {
    M_("Payment"): "id",
    M_("Created (Bangladesh time)"): "created_at",
    M_("Paid (Bangladesh time)"): "verified_at",
    M_("Order"): "customer_reference",
    M_("Label"): "label",
    M_("Amount asked (BDT)"): "amount",
    M_("Amount received (BDT)"): "received_amount",
    M_("Sent back (BDT)"): "refunded_amount",
    M_("Status"): "status",
    M_("Reason"): "reason",
    M_("TrxID"): "trx_id",
    M_("Invoice"): "invoice_id",
    M_("Gateway status"): "gateway_status",
    M_("Decided by"): "resolved_by",
    M_("The shop’s code"): "problem",
    M_("Account"): "account",
    M_("Begun by"): "channel",
    M_("Cleared (Bangladesh time)"): "cleared_at",
}
_LAST = M_("Created (UTC, ISO 8601)")
T = TypeVar("T")


def as_csv(
    columns: Sequence[str],
    rows: Generator[T, None, None],
    listed: Callable[[T], Mapping[str, object]],
    *,
    marked: bool = False,
) -> Iterator[str]:
    """Yield the heading, then the rows: exact amounts, times in UTC, nothing a formula.

    :param listed: what a row holds.
    :param marked: whether it begins with what makes a spreadsheet read it as UTF-8.
    """
    with closing(rows):  # also when the browser goes away half-way
        yield (_MARK if marked else "") + _text(columns, [])
        while piece := list(islice(rows, _PIECE)):
            _heading, _, lines = _text(columns, [listed(row) for row in piece]).partition("\n")
            yield lines


def payments_csv(rows: Generator[PaymentRecord, None, None]) -> Iterator[str]:
    """The payments of the list: exact amounts, days and times as the list has them."""
    headings = {say(heading): field for heading, field in _COLUMNS.items()}
    statuses = {status: words.status_twice(status) for status in PaymentStatus}
    channels = {name: words.channel(name) for name in words.CHANNELS}
    last = say(_LAST)

    def listed(payment: PaymentRecord) -> Mapping[str, object]:
        row = {heading: _local(getattr(payment, name)) for heading, name in headings.items()}
        names = {field: heading for heading, field in headings.items()}
        row[names["status"]] = statuses[payment.status]
        row[names["channel"]] = channels.get(payment.channel or "", payment.channel)
        return row | {last: payment.created_at}

    return as_csv([*headings, last], rows, listed, marked=True)


def _local(value: object) -> object:
    """A time as a spreadsheet of Bangladesh reads it."""
    return f"{value.astimezone(DHAKA):%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value


def _text(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    out = StringIO()
    write_csv(out, columns, rows)
    return out.getvalue()

"""What the desk's lists hold as CSV that Excel opens right, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import TypeVar

from ..payments.books import Movement
from ..payments.export import write_csv
from ..payments.records import PaymentRecord
from ..payments.status import PaymentStatus
from ..web.language import DHAKA
from . import words
from .language import M_, say
from .money_back import METHODS

_MARK = "\ufeff"
_PIECE = 500
#: The columns of the list: each field, and its heading. New ones come before the last.
_PAYMENTS = {
    "id": M_("Payment"),
    "created_at": M_("Created (Bangladesh time)"),
    "verified_at": M_("Paid (Bangladesh time)"),
    "customer_reference": M_("Order"),
    "label": M_("Label"),
    "amount": M_("Amount asked (BDT)"),
    "received_amount": M_("Amount received (BDT)"),
    "refunded_amount": M_("Sent back (BDT)"),
    "status": M_("Status"),
    "reason": M_("Reason"),
    "trx_id": M_("TrxID"),
    "invoice_id": M_("Invoice"),
    "gateway_status": M_("Gateway status"),
    "resolved_by": M_("Decided by"),
    "problem": M_("The shop’s code"),
    "account": M_("Account"),
    "channel": M_("Begun by"),
    "cleared_at": M_("Cleared (Bangladesh time)"),
    "utc": M_("Created (UTC, ISO 8601)"),
}
#: Those of the ledger.
_MOVEMENTS = {
    "day": M_("Day"),
    "moved_at": M_("Time (Bangladesh time)"),
    "kind": M_("Kind"),
    "amount": M_("Amount (BDT)"),
    "customer_reference": M_("Order"),
    "invoice_id": M_("Invoice"),
    "payment_trx_id": M_("TrxID of the payment"),
    "movement_trx_id": M_("TrxID of the movement"),
    "method": M_("How"),
    "reason": M_("Reason"),
    "note": M_("Note"),
    "by": M_("Written down by"),
    "account": M_("Account"),
    "fee": M_("Fee (BDT)"),
    "cleared_at": M_("Cleared (Bangladesh time)"),
    "payment_id": M_("Payment"),
    "refund_id": M_("Refund"),
    "utc": M_("Time (UTC, ISO 8601)"),
}
#: What a movement of money is called.
KINDS = {"payment": M_("Payment"), "refund": M_("Refund"), "refund_void": M_("Voided refund")}
T = TypeVar("T")


def as_csv(
    columns: Mapping[str, str],
    rows: Generator[T, None, None],
    listed: Callable[[T], Mapping[str, object]],
    *,
    marked: bool = False,
) -> Iterator[str]:
    """Yield the heading, then the rows: exact amounts, times in UTC, nothing a formula.

    :param columns: each field with its heading.
    :param listed: what a row holds.
    :param marked: whether it begins with what makes a spreadsheet read it as UTF-8.
    """
    with closing(rows):  # also when the browser goes away half-way
        yield (_MARK if marked else "") + _text(list(columns.values()), [])
        while piece := list(islice(rows, _PIECE)):
            _names, _, lines = _text(list(columns), [listed(row) for row in piece]).partition("\n")
            yield lines


def payments_csv(rows: Generator[PaymentRecord, None, None]) -> Iterator[str]:
    """The payments of the list for a spreadsheet, in the language of the page."""
    statuses = {status: words.status_twice(status) for status in PaymentStatus}
    channels = {name: words.channel(name) for name in words.CHANNELS}

    def listed(payment: PaymentRecord) -> Mapping[str, object]:
        return _local(vars(payment)) | {
            "status": statuses[payment.status],
            "channel": channels.get(payment.channel or "", payment.channel),
            "utc": payment.created_at,
        }

    return as_csv(_said(_PAYMENTS), rows, listed, marked=True)


def ledger_csv(rows: Generator[Movement, None, None]) -> Iterator[str]:
    """What moved for a spreadsheet, in the language of the page."""
    kinds = {name: say(kind) for name, kind in KINDS.items()}
    methods = {name: say(method) for name, method in METHODS.items()}

    def listed(moved: Movement) -> Mapping[str, object]:
        row = moved.listed
        return _local(row) | {
            "kind": kinds[str(row["kind"])],
            "method": methods.get(row["method"], row["method"]),
            "utc": row["moved_at"],
        }

    return as_csv(_said(_MOVEMENTS), rows, listed, marked=True)


def _said(columns: Mapping[str, str]) -> dict[str, str]:
    """The headings now: what is streamed goes on when nobody remembers the language."""
    return {name: say(heading) for name, heading in columns.items()}


def _local(row: Mapping[str, object]) -> dict[str, object]:
    """Times as a spreadsheet of Bangladesh reads them."""
    return {
        name: f"{value.astimezone(DHAKA):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
    }


def _text(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    out = StringIO()
    write_csv(out, columns, rows)
    return out.getvalue()

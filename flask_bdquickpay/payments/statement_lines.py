"""The lines of a statement that are about payments, and those that can't be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from .statement_file import Table
from .statement_values import (
    Unreadable,
    check_date_format,
    is_day_first,
    latin,
    read_amount,
    read_moment,
    read_trx_id,
)

_INCOMING = re.compile(r"payment|\bpay\b|receive|credit|cash in|পেমেন্ট|গ্রহণ")
_OUTGOING = re.compile(r"refund|reversal|return|send money|debit|রিফান্ড|ফেরত")
#: What stands where there was no fee.
_NO_FEE = ("", "-", "–", "—", "n/a", "na", "nil")


@dataclass(frozen=True)
class Line:
    """A line of the statement that could be read; BDT and UTC."""

    number: int
    trx_id: str
    amount: Decimal
    moved_at: datetime
    outgoing: bool
    fee: Decimal | None


@dataclass(frozen=True)
class Exceptional:
    """A line, or a row of the books, that somebody should look at.

    :ivar kind: its class, such as ``amount_differs``.
    :ivar line: its number in the file, ``None`` for a row of the books.
    :ivar said: what is wrong.
    :ivar command: what deals with it.
    :ivar payment_id: the payment that it is about, or whose refund.
    """

    kind: str
    line: int | None
    trx_id: str | None
    amount: Decimal | None
    said: str
    command: str | None = None
    payment_id: int | None = None

    @property
    def listed(self) -> dict[str, Any]:
        """What a list of exceptions holds."""
        return {"class": self.kind} | {
            name: value for name, value in vars(self).items() if name != "kind"
        }


class Reading:
    """What could be read of a statement, and what could not.

    :ivar other: by its number, what is to be said of a line whose type is not known.
    """

    def __init__(self, zone: tzinfo, form: str | None, day_first: bool | None) -> None:
        self._zone, self._form, self._day_first = zone, form, day_first
        self.lines: list[Line] = []
        self.other: dict[int, str] = {}
        self.unread: list[Exceptional] = []
        if form is not None:
            check_date_format(form)

    def take(self, table: Table) -> None:
        if self._day_first is None:
            dates = (cells["date"] for _, cells in table.lines)
            self._day_first = self._form is not None or is_day_first(dates)
        for number, cells in table.lines:
            kind = _kind(cells.get("type"))
            said = f"a line of the type {cells.get('type')}"
            try:
                self.lines.append(self._line(number, cells, kind))
                if kind is None:
                    self.other[number] = said
            except Unreadable as error:
                trx_id = str(cells["trx_id"] or "")[:128] or None
                what = ("unreadable", str(error)) if kind else ("other_type", said)
                self.unread.append(Exceptional(what[0], number, trx_id, None, what[1]))

    def _line(self, number: int, cells: Mapping[str, Any], kind: str | None) -> Line:
        amount = read_amount(cells["amount"])
        return Line(
            number,
            read_trx_id(cells["trx_id"]),
            amount,
            read_moment(
                cells["date"], self._zone, form=self._form, day_first=bool(self._day_first)
            ),
            kind == "outgoing" or amount < 0,
            _fee(cells.get("fee")),
        )


def _fee(cell: object) -> Decimal | None:
    empty = cell is None or latin(str(cell)).casefold() in _NO_FEE
    return None if empty else read_amount(cell)


def _kind(cell: object) -> str | None:
    """Whether a type of line is about money that came or left; ``None`` for neither."""
    said = "" if cell is None else latin(str(cell)).casefold()
    if _OUTGOING.search(said):
        return "outgoing"
    if not said or _INCOMING.search(said):
        return "incoming"
    return None

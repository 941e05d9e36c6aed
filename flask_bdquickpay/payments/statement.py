"""Holds the provider's statement against the books. It is evidence, never a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import Table as SQLTable
from sqlalchemy import select, update

from .. import clock
from ..clock import DHAKA
from .statement_file import Table, read_table
from .statement_values import (
    Unreadable,
    is_day_first,
    latin,
    read_amount,
    read_moment,
    read_trx_id,
)
from .status import PaymentStatus
from .store import Store

#: What calls for nobody.
HARMLESS = ("matched", "refund_matched", "repeated_line", "other_type", "outside_period", "not_yet")
_BATCH = 500
_INCOMING = ("payment", "pay", "received", "receive", "credit", "cash in", "পেমেন্ট", "গ্রহণ")
_OUTGOING = ("refund", "reversal", "return", "send money", "debit", "রিফান্ড", "ফেরত")


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


@dataclass(frozen=True)
class StatementReport:
    """How a statement and the books agree.

    :ivar counts: lines and rows of each class.
    :ivar exceptions: all that are neither matched nor repeated, the red ones first.
    :ivar columns: the heading that each field was found under.
    :ivar samples: the first three lines, as they were read.
    :ivar applied: how many payments and refunds were stamped.
    """

    counts: Mapping[str, int]
    exceptions: list[Exceptional]
    columns: Mapping[str, str]
    samples: list[Line] = field(default_factory=list)
    applied: int = 0

    @property
    def agrees(self) -> bool:
        """Whether nothing is red or unreadable."""
        return all(kind in HARMLESS for kind, count in self.counts.items() if count)


class Statements:
    """Checks statements; writes only `cleared_at` and `fee`, and only when it is told to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._payments: SQLTable = store.payments
        self._refunds: SQLTable = store.models.refund.__table__

    def check(
        self,
        file: BinaryIO,
        mapping: Mapping[str, str] | None = None,
        *,
        date_format: str | None = None,
        day_first: bool | None = None,
        zone: tzinfo = DHAKA,
        account: str | None = None,
        apply: bool = False,
    ) -> StatementReport:
        """Check a statement; see :meth:`flask_bdquickpay.BDQuickPay.check_statement`.

        :param day_first: whether its dates begin with the day, where the caller knows it.
        """
        self._store.settle_host()
        table = read_table(file, mapping)
        found: list[Exceptional] = []
        lines = list(_lines(table, date_format, day_first, zone, found))
        check = _Check(self._known(lines), self._booked(lines, account), lines)
        found += check.run()
        self._store.session.rollback()
        applied = self._stamp(check) if apply else 0
        counts = Counter(one.kind for one in found) + check.harmless
        shown = sorted(found, key=lambda one: (one.kind in HARMLESS, one.line or 0))
        return StatementReport(dict(counts), shown, table.columns, lines[:3], applied)

    # What the books know

    def _known(self, lines: list[Line]) -> dict[str, _Booked]:
        """The payments and refunds with the transactions of the statement."""
        known: dict[str, _Booked] = {}
        ids = sorted({line.trx_id for line in lines})
        for begin in range(0, len(ids), _BATCH):
            some = ids[begin : begin + _BATCH]
            for booked in (*self._of_payments(some), *self._of_refunds(some)):
                known[booked.trx_id] = booked
        return known

    def _of_payments(self, ids: list[str]) -> Iterator[_Booked]:
        columns = self._payments.c
        rows = self._store.session.execute(
            select(*self._payment_columns()).where(columns.trx_id.in_(ids))
        )
        return (_Booked("payment", *row) for row in rows)

    def _of_refunds(self, ids: list[str]) -> Iterator[_Booked]:
        refunds = self._refunds.c
        rows = self._store.session.execute(
            select(*self._refund_columns()).where(refunds.trx_id.in_(ids))
        )
        return (_refund(*row) for row in rows)

    def _payment_columns(self) -> tuple[Any, ...]:
        columns = self._payments.c
        known = (columns.id, columns.trx_id, columns.received_amount, columns.verified_at)
        return (*known, columns.status, columns.invoice_id, columns.refunded_amount)

    def _refund_columns(self) -> tuple[Any, ...]:
        refunds = self._refunds.c
        known = (refunds.id, refunds.trx_id, refunds.amount, refunds.sent_at, refunds.state)
        return (*known, refunds.payment_id)

    def _booked(self, lines: list[Line], account: str | None) -> list[_Booked]:
        """What moved in the period of the statement."""
        if not lines:
            return []
        begin, end = (pick(line.moved_at for line in lines) for pick in (min, max))
        first = begin.astimezone(DHAKA).replace(hour=0, minute=0, second=0, microsecond=0)
        until = end.astimezone(DHAKA).replace(hour=0, minute=0, second=0) + timedelta(days=1)
        payments, refunds = self._payments.c, self._refunds.c
        came = select(*self._payment_columns()).where(
            payments.status == PaymentStatus.COMPLETED,
            payments.verified_at >= first,
            payments.verified_at < until,
        )
        joined = self._refunds.join(self._payments, payments.id == refunds.payment_id)
        sent = select(*self._refund_columns()).select_from(joined)
        sent = sent.where(
            refunds.state == "sent",
            refunds.method == "bkash",
            refunds.trx_id.is_not(None),
            refunds.sent_at >= first,
            refunds.sent_at < until,
        )
        if account is not None:
            came, sent = (one.where(payments.account == account) for one in (came, sent))
        execute = self._store.session.execute
        return [
            *(_Booked("payment", *row) for row in execute(came) if row.trx_id),
            *(_refund(*row) for row in execute(sent)),
        ]

    # What is stamped

    def _stamp(self, check: _Check) -> int:
        now, done = clock.utcnow(), 0
        for begin in range(0, len(check.matches), _BATCH):
            some = check.matches[begin : begin + _BATCH]

            def work(some: list[tuple[_Booked, Line]] = some) -> int:
                return sum(self._clear(booked, line, now) for booked, line in some)

            done += self._store.transaction(work)
        return done

    def _clear(self, booked: _Booked, line: Line, now: datetime) -> int:
        table = self._payments if booked.kind == "payment" else self._refunds
        one = update(table).where(table.c.id == booked.id, table.c.cleared_at.is_(None))
        values: dict[str, Any] = {"cleared_at": now}
        if booked.kind == "payment" and line.fee is not None:
            values["fee"] = abs(line.fee)
        return self._store.execute(one, **values).rowcount


@dataclass(frozen=True)
class _Booked:
    """A payment or a refund as the books have it."""

    kind: str
    id: int
    trx_id: str
    amount: Decimal | None
    moved_at: datetime | None
    state: str
    invoice_id: str | None = None
    refunded: Decimal = Decimal(0)
    refund_of: int | None = None

    @property
    def payment_id(self) -> int:
        return self.id if self.refund_of is None else self.refund_of

    @property
    def name(self) -> str:
        return self.invoice_id or str(self.id)

    @property
    def remains(self) -> Decimal:
        """What of it was not sent back."""
        return (self.amount or Decimal(0)) - self.refunded


def _refund(*row: Any) -> _Booked:
    refund_id, trx_id, amount, sent_at, state, payment_id = row
    return _Booked("refund", refund_id, trx_id, amount, sent_at, state, refund_of=payment_id)


class _Check:
    """Compares each line with what the books know of its transaction, then the other way round."""

    def __init__(self, known: dict[str, _Booked], booked: list[_Booked], lines: list[Line]) -> None:
        self._known, self._booked, self._lines = known, booked, lines
        self.harmless: Counter[str] = Counter()
        self.matches: list[tuple[_Booked, Line]] = []
        self._seen: dict[str, Line] = {}
        self._first = min((row.moved_at for row in booked if row.moved_at), default=None)
        self._last = max((line.moved_at for line in lines), default=None)

    def run(self) -> list[Exceptional]:
        found = [one for line in self._lines if (one := self._line(line)) is not None]
        return found + [one for row in self._booked if (one := self._row(row)) is not None]

    def _line(self, line: Line) -> Exceptional | None:
        before = self._seen.setdefault(line.trx_id, line)
        if before is not line:
            same = (before.amount, before.outgoing) == (line.amount, line.outgoing)
            if same:
                self.harmless["repeated_line"] += 1
                return None
            said = f"line {before.number} has the same transaction with another amount"
            return _of_line("trx_conflict", line, said)
        booked = self._known.get(line.trx_id)
        if booked is None:
            return self._unknown(line)
        if (booked.kind == "refund") != line.outgoing:
            said = f"the books have it as {booked.kind} {booked.name}, the other way"
            return _of_line("trx_conflict", line, said, booked=booked)
        if booked.amount != abs(line.amount):
            said = f"the books have {booked.amount} BDT in {booked.kind} {booked.name}"
            return _of_line("amount_differs", line, said, _show(booked), booked)
        return self._agreed(line, booked)

    def _agreed(self, line: Line, booked: _Booked) -> Exceptional | None:
        if booked.kind == "payment" and booked.state == PaymentStatus.FLAGGED:
            command = f"flask bdquickpay resolve {booked.name} --accept --note …"
            return _of_line("money_not_here", line, "nobody has decided about it", command, booked)
        if booked.kind == "payment" and booked.state == PaymentStatus.FAILED and booked.remains > 0:
            command = f"flask bdquickpay record-refund {booked.name} --all --note …"
            said = f"it was rejected, and {booked.remains} BDT were not sent back"
            return _of_line("money_rejected", line, said, command, booked)
        self.harmless["matched" if booked.kind == "payment" else "refund_matched"] += 1
        self.matches.append((booked, line))
        return None

    def _unknown(self, line: Line) -> Exceptional:
        if line.outgoing:
            command = f"flask bdquickpay record-refund INVOICE --trx-id {line.trx_id} --amount "
            return _of_line(
                "refund_not_recorded",
                line,
                "money left, and no refund has this transaction",
                f"{command}{abs(line.amount)} --note …",
            )
        if self._first is None or line.moved_at < self._first - timedelta(days=1):
            return _of_line("outside_period", line, "it is older than what the books have of then")
        return _of_line(
            "money_not_here",
            line,
            "money came, and no payment has this transaction",
            "flask bdquickpay reconcile; then flask bdquickpay payments --status pending",
        )

    def _row(self, row: _Booked) -> Exceptional | None:
        if row.trx_id in self._seen:
            return None
        if row.moved_at and self._last and row.moved_at > self._last:
            self.harmless["not_yet"] += 1
            return None
        kind = "payment_not_there" if row.kind == "payment" else "refund_not_there"
        said = f"{row.kind} {row.name} of {row.amount} BDT is not in the statement"
        return Exceptional(kind, None, row.trx_id, row.amount, said, _show(row), row.payment_id)


def _show(booked: _Booked) -> str:
    if booked.kind == "payment":
        return f"flask bdquickpay show {booked.name}"
    return f"flask bdquickpay void-refund {booked.id} --note …"


def _of_line(
    kind: str,
    line: Line,
    said: str,
    command: str | None = None,
    booked: _Booked | None = None,
) -> Exceptional:
    payment_id = None if booked is None else booked.payment_id
    return Exceptional(kind, line.number, line.trx_id, line.amount, said, command, payment_id)


# Reading the lines


def _lines(
    table: Table,
    form: str | None,
    day_first: bool | None,
    zone: tzinfo,
    found: list[Exceptional],
) -> Iterator[Line]:
    """Yield the lines that can be read and are about payments; the others go to `found`."""
    if day_first is None:
        dates = (cells["date"] for _, cells in table.lines)
        day_first = form is not None or is_day_first(dates)
    for number, cells in table.lines:
        kind = _kind(cells.get("type"))
        if kind is None:
            said = f"a line of the type {cells.get('type')}"
            trx_id = str(cells["trx_id"] or "") or None
            found.append(Exceptional("other_type", number, trx_id, None, said))
            continue
        try:
            amount = read_amount(cells["amount"])
            yield Line(
                number,
                read_trx_id(cells["trx_id"]),
                amount,
                read_moment(cells["date"], zone, form=form, day_first=day_first),
                kind == "outgoing" or amount < 0,
                None if cells.get("fee") in (None, "") else read_amount(cells["fee"]),
            )
        except Unreadable as error:
            trx_id = str(cells["trx_id"] or "")[:128] or None
            found.append(Exceptional("unreadable", number, trx_id, None, str(error)))


def _kind(cell: object) -> str | None:
    """Whether a type of line is about money that came or left; ``None`` for neither."""
    said = "" if cell is None else latin(str(cell)).casefold()
    if any(word in said for word in _OUTGOING):
        return "outgoing"
    if not said or any(word in said for word in _INCOMING):
        return "incoming"
    return None

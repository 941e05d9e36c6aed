"""Holds the provider's statement against the books. It is evidence, never a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import Table as SQLTable
from sqlalchemy import func, literal, select, update

from .. import clock
from ..clock import DHAKA
from ..money import difference
from .statement_file import read_table
from .statement_lines import Exceptional, Line, Reading
from .status import PaymentStatus
from .store import Store

#: What calls for nobody.
HARMLESS = ("matched", "refund_matched", "repeated_line", "other_type", "outside_period", "not_yet")
_BATCH = 500


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
        table = read_table(file, mapping)
        read = Reading(zone, date_format, day_first)
        read.take(table)
        with self._store.beside_host():
            check = _Check(self._known(read.lines), self._books(read.lines, account, zone), read)
            found = read.unread + check.run()
        applied = self._stamp(check) if apply else 0
        counts = Counter(one.kind for one in found) + check.harmless
        shown = sorted(found, key=lambda one: (one.kind in HARMLESS, one.line or 0))
        return StatementReport(dict(counts), shown, table.columns, read.lines[:3], applied)

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
        rows = self._store.ask(select(*self._payment_columns()).where(columns.trx_id.in_(ids)))
        return (_Booked("payment", *row) for row in rows)

    def _of_refunds(self, ids: list[str]) -> Iterator[_Booked]:
        refunds = self._refunds.c
        rows = self._store.ask(select(*self._refund_columns()).where(refunds.trx_id.in_(ids)))
        return (_refund(*row) for row in rows)

    def _payment_columns(self) -> tuple[Any, ...]:
        columns = self._payments.c
        known = (columns.id, columns.trx_id, columns.received_amount, columns.verified_at)
        return (*known, columns.status, columns.invoice_id, columns.refunded_amount)

    def _refund_columns(self) -> tuple[Any, ...]:
        refunds = self._refunds.c
        known = (refunds.id, refunds.trx_id, refunds.amount, refunds.sent_at, refunds.state)
        return (*known, refunds.payment_id)

    def _books(self, lines: list[Line], account: str | None, zone: tzinfo) -> _Books:
        """When they begin, and what moved on the statement's days that none has confirmed yet."""
        payments, refunds = self._payments.c, self._refunds.c
        begins = [select(func.min(payments[name])) for name in ("created_at", "verified_at")]
        came = select(*self._payment_columns()).where(
            payments.status == PaymentStatus.COMPLETED, payments.cleared_at.is_(None)
        )
        joined = self._refunds.join(self._payments, payments.id == refunds.payment_id)
        sent = select(*self._refund_columns()).select_from(joined)
        sent = sent.where(
            refunds.state == "sent", refunds.method == "bkash", refunds.cleared_at.is_(None)
        )
        if account is not None:
            of = payments.account == account
            came, sent, begins = came.where(of), sent.where(of), [one.where(of) for one in begins]
        execute = self._store.ask
        known = [found for one in begins if (found := execute(one).scalar()) is not None]
        since = min(known, default=None)
        if not lines:
            return _Books(since, [])
        first, until = _days(lines, zone)
        came = came.where(payments.verified_at >= first, payments.verified_at < until)
        sent = sent.where(refunds.sent_at >= first, refunds.sent_at < until)
        moved = [
            *(_Booked("payment", *row) for row in execute(came)),
            *(_refund(*row) for row in execute(sent)),
        ]
        return _Books(since, [one for one in moved if one.trx_id])

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
        cleared = table.c.cleared_at
        is_new = cleared.is_(None)
        values: dict[str, Any] = {"cleared_at": func.coalesce(cleared, literal(now, cleared.type))}
        if booked.kind == "payment" and line.fee is not None:
            values["fee"] = line.fee.copy_abs()
            is_new |= table.c.fee.is_(None) | (table.c.fee != values["fee"])
        one = update(table).where(table.c.id == booked.id, is_new)
        return self._store.execute(one.values(**values)).rowcount


def _days(lines: list[Line], zone: tzinfo) -> tuple[datetime, datetime]:
    """The begin of a statement's first day, and the end of its last."""
    first, last = (pick(line.moved_at for line in lines).astimezone(zone) for pick in (min, max))
    begin, end = (datetime.combine(one.date(), time(), zone) for one in (first, last))
    return begin, end + timedelta(days=1)


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
        return difference(self.amount or Decimal(0), self.refunded)


def _refund(*row: Any) -> _Booked:
    refund_id, trx_id, amount, sent_at, state, payment_id = row
    return _Booked("refund", refund_id, trx_id, amount, sent_at, state, refund_of=payment_id)


@dataclass(frozen=True)
class _Books:
    """What the books have to say to a statement.

    :ivar begin: when the first payment was made here.
    :ivar moved: what moved on its days.
    """

    begin: datetime | None
    moved: list[_Booked]


class _Check:
    """Compares each line with what the books know of its transaction, then the other way round."""

    def __init__(self, known: dict[str, _Booked], books: _Books, read: Reading) -> None:
        self._known, self._books, self._read = known, books, read
        self.harmless: Counter[str] = Counter()
        self.matches: list[tuple[_Booked, Line]] = []
        self._seen: dict[str, Line] = {}
        self._last = max((line.moved_at for line in read.lines), default=None)

    def run(self) -> list[Exceptional]:
        other = self._read.other
        typed = [line for line in self._read.lines if line.number not in other]
        untyped = [line for line in self._read.lines if line.number in other]
        untyped.sort(key=lambda line: not self._agrees(line))
        found = [
            *(self._line(line) for line in typed),
            *(self._untyped(line, other[line.number]) for line in untyped),
            *(self._row(row) for row in self._books.moved),
        ]
        return [one for one in found if one is not None]

    def _agrees(self, line: Line) -> bool:
        booked = self._known.get(line.trx_id)
        return booked is not None and booked.amount == line.amount.copy_abs()

    def _untyped(self, line: Line, said: str) -> Exceptional | None:
        """A line of a type that is not known: of the books' transaction, unless another line is."""
        booked = self._known.get(line.trx_id)
        if booked is None or line.trx_id in self._seen:
            return Exceptional("other_type", line.number, line.trx_id, line.amount, said)
        self._seen[line.trx_id] = line
        if line.outgoing and booked.kind == "payment":
            return _other_way(line, booked)
        return self._compare(line, booked)

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
            return _other_way(line, booked)
        return self._compare(line, booked)

    def _compare(self, line: Line, booked: _Booked) -> Exceptional | None:
        if booked.amount != line.amount.copy_abs():
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
                f"{command}{line.amount.copy_abs()} --note …",
            )
        begin = self._books.begin
        if begin is None or line.moved_at < begin - timedelta(days=1):
            return _of_line("outside_period", line, "it is older than the first payment here")
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


def _other_way(line: Line, booked: _Booked) -> Exceptional:
    said = f"the books have it as {booked.kind} {booked.name}, the other way"
    return _of_line("trx_conflict", line, said, booked=booked)


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

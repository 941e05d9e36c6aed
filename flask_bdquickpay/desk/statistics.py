"""The numbers of the dashboard, aggregated by the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, or_, select

from .. import clock
from ..doctor.findings import PATIENCE
from ..money import difference, total
from ..payments.refund_rows import OwedRefund, RefundRows
from ..payments.reports import Backlog, Debt, Reports
from ..payments.status import PaymentStatus
from ..payments.store import Store
from .periods import Period
from .sql import dhaka_day, scanned, seconds_between
from .sums import worth_of
from .wanted import EVERY, undelivered

#: So many of the payments whose money is owed are named.
OWED = 5
#: Of so many customers it is told how long they took.
CUSTOMERS = 10_000
#: So many reasons for failures are told.
REASONS = 5
#: An index is for less than one in so many rows.
_SPARSE = 8


@dataclass(frozen=True)
class Paid:
    """What was paid in a day or a month, and what went back in it; BDT.

    :ivar refunded: sent back of payments that are paid, whenever they were.
    :ivar cleared: of `amount`, what a statement has confirmed.
    """

    begin: date
    amount: Decimal
    count: int
    refunded: Decimal = Decimal(0)
    cleared: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        """What is left; negative where more went back than came."""
        return difference(self.amount, self.refunded)


@dataclass(frozen=True)
class Waits:
    """How long the customers took from checkout to paid; seconds and how many took so long."""

    counts: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def median(self) -> int | None:
        """The seconds in which half of them had paid."""
        seen = 0
        for seconds in sorted(self.counts):
            seen += self.counts[seconds]
            if 2 * seen >= self.total:
                return seconds
        return None

    def between(self, begin: int, end: int | None) -> int:
        """How many took at least `begin` and less than `end` seconds."""
        return sum(
            count
            for seconds, count in self.counts.items()
            if seconds >= begin and (end is None or seconds < end)
        )


@dataclass(frozen=True)
class Attention:
    """What somebody should look at.

    :ivar held: what came on the payments that are flagged, BDT.
    :ivar unheard: events that wait for a process in which somebody listens; nobody need look.
    """

    flagged: int
    held: Decimal
    refused: Backlog
    owed: Backlog
    overdue: Backlog
    undelivered: Backlog
    unheard: int


class Statistics:
    """Asks the database, and changes nothing.

    :param heard: as :attr:`Outbox.heard`.
    """

    def __init__(self, store: Store, *, heard: Collection[bool] = EVERY) -> None:
        self._store = store
        self._heard = heard
        self._model = store.models.payment
        self._payments: Table = self._model.__table__
        self._events: Table = store.models.event.__table__
        self._reports = Reports(store)
        self._refunds = RefundRows(store)
        self._sent: Table = store.models.refund.__table__
        self._completed = self._payments.c.status == PaymentStatus.COMPLETED
        self._most: dict[Period, bool] = {}

    def paid(self, period: Period) -> list[Paid]:
        """Return what came in during each day or month, also where it was nothing."""
        begins = period.buckets()
        amounts, cleared, refunded = (dict.fromkeys(begins, Decimal(0)) for _ in range(3))
        counts = Counter[date]()
        for day, amount, confirmed, count in self._paid_days(period):
            bucket = period.bucket(date.fromisoformat(str(day)))
            if bucket in amounts:  # the gateway's clock may be ahead of ours
                amounts[bucket] = total((amounts[bucket], amount))
                cleared[bucket] = total((cleared[bucket], confirmed))
                counts[bucket] += count
        for day, amount in self._refunded_days(period):
            bucket = period.bucket(date.fromisoformat(str(day)))
            if bucket in refunded:
                refunded[bucket] = total((refunded[bucket], amount))
        return [
            Paid(bucket, amounts[bucket], counts[bucket], refunded[bucket], cleared[bucket])
            for bucket in begins
        ]

    def _paid_days(self, period: Period) -> Any:
        columns = self._payments.c
        day = dhaka_day(func.coalesce(columns.verified_at, columns.created_at)).label("day")
        worth = worth_of(self._payments)
        confirmed = func.sum(case((columns.cleared_at.is_not(None), worth), else_=0))
        statement: Any = select(day, func.sum(worth), confirmed, func.count())
        since = or_(
            self._since(columns.verified_at, period),
            and_(columns.verified_at.is_(None), self._since(columns.created_at, period)),
        )
        return self._store.ask(statement.where(self._completed, since).group_by(day))

    def earlier(self, period: Period) -> Decimal:
        """Return what was paid in a period that is over; money as it came, without refunds."""
        moment = self._payments.c.verified_at
        total: Any = select(func.sum(worth_of(self._payments)))
        found = total.where(self._completed, *_within(moment, period))
        return self._store.ask(found).scalar_one() or Decimal(0)

    def failures(self, period: Period) -> list[tuple[str, int]]:
        """Return the most frequent reasons for which payments failed, each with its number."""
        columns = self._payments.c
        number = func.count().label("number")
        statement: Any = select(columns.reason, number).where(
            columns.status == PaymentStatus.FAILED, self._since(columns.created_at, period)
        )
        most = statement.group_by(columns.reason).order_by(number.desc(), columns.reason)
        rows = self._store.ask(most.limit(REASONS))
        return [(str(reason or ""), int(count)) for reason, count in rows]

    def has_none(self) -> bool:
        """Whether no payment was ever begun."""
        return self._store.ask(select(self._payments.c.id).limit(1)).first() is None

    def _refunded_days(self, period: Period) -> Any:
        """What was sent back and not voided since, of payments that are paid."""
        refunds = self._sent.c
        day = dhaka_day(refunds.sent_at).label("day")
        joined = self._sent.join(self._payments, self._payments.c.id == refunds.payment_id)
        statement: Any = select(day, func.sum(refunds.amount)).select_from(joined)
        sent = (refunds.state == "sent", *_within(refunds.sent_at, period), self._completed)
        return self._store.ask(statement.where(*sent).group_by(day))

    def orders(self, period: Period) -> int:
        """Return how many orders went to checkout. At most one payment of each is completed."""
        reference = self._payments.c.customer_reference
        begun = self._since(self._payments.c.created_at, period)
        # By the index of the time or of the reference, never both.
        by = reference if self._is_most(period) else scanned(reference)
        each = select(reference).where(begun).group_by(by).subquery()
        return int(self._store.ask(select(func.count()).select_from(each)).scalar_one())

    def outcomes(self, period: Period) -> dict[PaymentStatus, int]:
        """Return what became of the payments that were begun; in one pass, ungrouped."""
        status = self._payments.c.status
        each = (func.count(case((status == one, 1))) for one in PaymentStatus)
        begun = self._since(self._payments.c.created_at, period)
        counts = self._store.ask(select(*each).where(begun)).one()
        return {one: int(count) for one, count in zip(PaymentStatus, counts, strict=True) if count}

    def waits(self, period: Period) -> Waits:
        """Return how long customers took, the newest :data:`CUSTOMERS`; exact to the second."""
        columns = self._payments.c
        newest = (
            select(columns.created_at, columns.verified_at)
            .where(self._completed, columns.verified_at.is_not(None))
            .where(*_within(columns.created_at, period))
            .order_by(columns.created_at.desc())
            .limit(CUSTOMERS)
            .subquery()
        )
        seconds = seconds_between(newest.c.created_at, newest.c.verified_at).label("seconds")
        statement: Any = select(seconds, func.count()).group_by(seconds)
        counts = Counter[int]()
        for took, count in self._store.ask(statement):
            counts[max(int(took), 0)] += count  # the gateway's clock may be behind ours
        return Waits(counts)

    def _since(self, column: Any, period: Period) -> ColumnElement[bool]:
        """The condition of a time in the period, by index unless that is most of the table."""
        return and_(*_within(scanned(column) if self._is_most(period) else column, period))

    def _is_most(self, period: Period) -> bool:
        """Whether so much was begun in the period that its rows are not picked out one by one.

        SQLite does not know; the others do.
        """
        if self._store.engine.dialect.name != "sqlite":
            return False
        if period not in self._most:
            all_of_them = select(func.count()).select_from(self._payments)
            begun = all_of_them.where(*_within(self._payments.c.created_at, period))
            counted = [int(self._store.ask(one).scalar_one()) for one in (begun, all_of_them)]
            self._most[period] = counted[0] * _SPARSE > counted[1]
        return self._most[period]

    def sources(self, period: Period) -> dict[str, int]:
        """Return what brought the news of each payment: a payment is completed only once."""
        events = self._events.c
        statement = select(events.source, func.count()).where(
            events.new_status == PaymentStatus.COMPLETED, *_within(events.created_at, period)
        )
        rows = self._store.ask(statement.group_by(events.source))
        return {str(source): int(count) for source, count in rows}

    def attention(self) -> Attention:
        """Return what somebody should look at now."""
        columns = self._payments.c
        came = func.coalesce(columns.received_amount, columns.amount)
        flagged: Any = select(func.count(), func.sum(came))
        is_flagged = columns.status == PaymentStatus.FLAGGED
        count, held = self._store.ask(flagged.where(is_flagged)).one()
        return Attention(
            flagged=count,
            held=held or Decimal(0),
            refused=self._reports.unbooked(),
            owed=self._reports.owed(),
            overdue=self._reports.overdue(clock.utcnow() - PATIENCE),
            undelivered=self._undelivered(),
            unheard=self._reports.unheard(clock.utcnow(), self._heard),
        )

    def debt(self) -> Debt:
        """Return the money of rejected payments that is owed to customers."""
        return self._reports.debt()

    def oldest_owed(self) -> list[OwedRefund]:
        """Return the payments that it has been owed on the longest."""
        return list(self._refunds.owed(clock.utcnow(), OWED))

    def _undelivered(self) -> Backlog:
        oldest = func.min(self._events.c.created_at)
        late = undelivered(self._events, heard=self._heard)
        statement: Any = select(func.count(), oldest).where(late)
        count, since = self._store.ask(statement).one()
        return Backlog(int(count), since)


def _within(column: Any, period: Period) -> list[ColumnElement[bool]]:
    """The conditions of a time in the period."""
    end = period.end
    return [column >= period.begin, *([] if end is None else [column < end])]

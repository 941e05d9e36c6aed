"""Read-only questions about payments and their timeline, for the command line and the desk."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select

from .models import MAX_ID
from .records import EventRecord, PaymentRecord
from .refund_rows import owed
from .status import UNANSWERED, PaymentStatus
from .store import Store
from .waiting import is_late, is_owed, is_unbooked

_BATCH = 500
#: No id is longer: what is, the database need not be asked about.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class Backlog:
    """Work that waits, or has been due since before some moment."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class Takings:
    """Money that came.

    :ivar amount: BDT.
    """

    count: int
    amount: Decimal


@dataclass(frozen=True)
class Debt:
    """Money of rejected payments that was not sent back.

    :ivar amount: BDT.
    :ivar oldest: when the oldest of it came.
    """

    count: int
    amount: Decimal
    oldest: datetime | None


@dataclass(frozen=True)
class Filters:
    """Which payments are wanted; what is left out does not narrow.

    :ivar since: created at this moment or later.
    :ivar until: created before this moment.
    :ivar text: a part of the reference, the label, the invoice or the transaction id.
    """

    statuses: tuple[PaymentStatus, ...] = ()
    reference: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    account: str | None = None
    text: str | None = None


class Reports:
    """Asks the database, and changes, commits and rolls back nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._payments: Table = store.models.payment.__table__
        self._events: Table = store.models.event.__table__
        self._payment = select(*(self._payments.c[field.name] for field in fields(PaymentRecord)))
        self._event = select(*(self._events.c[field.name] for field in fields(EventRecord)))

    # Payments

    def payments(self, filters: Filters, limit: int) -> Iterator[PaymentRecord]:
        """Yield the payments that pass `filters`, the newest first, in flat memory."""
        statement = self._filtered(filters).order_by(self._payments.c.id.desc()).limit(limit)
        options = {"yield_per": _BATCH}
        for row in self._store.ask(statement, execution_options=options):
            yield PaymentRecord(*tuple(row))

    def _filtered(self, filters: Filters) -> Select[Any]:
        columns, statement = self._payments.c, self._payment
        if filters.statuses:
            statement = statement.where(columns.status.in_(filters.statuses))
        if filters.reference is not None:
            statement = statement.where(columns.customer_reference == filters.reference)
        if filters.account is not None:
            statement = statement.where(columns.account == filters.account)
        if filters.since is not None:
            statement = statement.where(columns.created_at >= filters.since)
        if filters.until is not None:
            statement = statement.where(columns.created_at < filters.until)
        if filters.text is not None:
            statement = statement.where(_holds(filters.text, columns))
        return statement

    def one(self, payment_id: int) -> PaymentRecord | None:
        """Return the payment with this id."""
        return next(iter(self._where(self._payments.c.id == payment_id)), None)

    def named(self, key: str) -> list[PaymentRecord]:
        """Return the payment with this invoice id, and the one with this id if it is another."""
        once = {found.id: found for found in (*self._with_invoice(key), *self._with_id(key))}
        return list(once.values())

    def matching(self, key: str, limit: int) -> list[PaymentRecord]:
        """Return the payments with this invoice id, id or reference, the newest first.

        All of them: a number may be the id of one payment and the reference of others.
        """
        named = self.payments(Filters(reference=key), limit)
        found = [*self._with_invoice(key), *self._with_id(key), *named]
        once = {payment.id: payment for payment in found}
        return [once[number] for number in sorted(once, reverse=True)][:limit]

    def _with_invoice(self, key: str) -> list[PaymentRecord]:
        return self._where(self._payments.c.invoice_id == key) if len(key) <= MAX_ID else []

    def _with_id(self, key: str) -> list[PaymentRecord]:
        if not key.isascii() or not key.isdigit() or len(key) > _MAX_DIGITS:
            return []
        return self._where(self._payments.c.id == int(key))

    def _where(self, condition: Any) -> list[PaymentRecord]:
        rows = self._store.ask(self._payment.where(condition))
        return [PaymentRecord(*tuple(row)) for row in rows]

    def count(self, status: PaymentStatus) -> int:
        """Return how many payments have this status."""
        return self._number(select(func.count()).where(self._payments.c.status == status))

    def flagged(self) -> Takings:
        """Return the money that waits for a person."""
        return self._takings(self._payments.c.status == PaymentStatus.FLAGGED)

    def paid_since(self, moment: datetime) -> Takings:
        """Return what was paid since then."""
        columns = self._payments.c
        completed = columns.status == PaymentStatus.COMPLETED
        return self._takings(columns.verified_at >= moment, completed)

    def _takings(self, *conditions: ColumnElement[bool]) -> Takings:
        columns = self._payments.c
        came = func.sum(func.coalesce(columns.received_amount, columns.amount))
        facts: tuple[Any, ...] = (func.count(), func.coalesce(came, 0))
        statement = select(*facts).where(*conditions)
        count, amount = self._store.ask(statement).one()
        return Takings(int(count), Decimal(amount))

    def overdue(self, before: datetime) -> Backlog:
        """Return the payments that the sweep should have looked at before then."""
        due = self._payments.c.check_after
        return self._backlog(due, due <= before)

    def waiting_by_account(self) -> dict[str, int]:
        """Return how many payments are still asked about, of each account that has a name."""
        columns = self._payments.c
        statement = select(columns.account, func.count()).where(
            columns.check_after.is_not(None),
            columns.status != PaymentStatus.COMPLETED,
            columns.account != "",
        )
        grouped = statement.group_by(columns.account).order_by(columns.account)
        return {str(name): int(count) for name, count in self._store.ask(grouped)}

    def owed(self) -> Backlog:
        """Return the payments that are paid and of which the shop was not told."""
        return self._backlog(self._payments.c.verified_at, is_owed(self._payments))

    def unbooked(self) -> Backlog:
        """Return the payments whose money came and that are not booked."""
        return self._backlog(self._payments.c.created_at, is_unbooked(self._payments))

    def debt(self) -> Debt:
        """Return the money of rejected payments that was not sent back."""
        columns = self._payments.c
        left = func.sum(columns.received_amount - columns.refunded_amount)
        came = func.min(func.coalesce(columns.verified_at, columns.updated_at))
        statement: Select[Any] = select(func.count(), func.coalesce(left, 0), came)
        found = self._store.ask(statement.where(*owed(self._payments))).one()
        count, amount, oldest = found
        return Debt(int(count), Decimal(amount), oldest)

    def some_owed(self, limit: int) -> list[PaymentRecord]:
        """Return some of the payments of which the shop was not told."""
        return self._some(is_owed(self._payments), limit)

    def some_unbooked(self, limit: int) -> list[PaymentRecord]:
        """Return some of the payments whose money came and that are not booked."""
        return self._some(is_unbooked(self._payments), limit)

    def _some(self, condition: ColumnElement[bool], limit: int) -> list[PaymentRecord]:
        looked_at_last = self._payments.c.check_after.desc()
        some = self._payment.where(condition).order_by(looked_at_last).limit(limit)
        return [PaymentRecord(*tuple(row)) for row in self._store.ask(some)]

    def without_received(self, *, agreed: bool) -> int:
        """Return how many payments do not say what came, as none of version 0.1.0 does.

        :param agreed: those on which what came was what was asked; else those that are flagged,
            or that a person accepted.
        """
        columns = self._payments.c
        completed = columns.status == PaymentStatus.COMPLETED
        by_hand = columns.resolved_by.is_not(None)
        others = or_(and_(completed, by_hand), columns.status == PaymentStatus.FLAGGED)
        kind = and_(completed, ~by_hand) if agreed else others
        return self._number(select(func.count()).where(kind, columns.received_amount.is_(None)))

    # The timeline

    def timeline(
        self,
        payment_id: int,
        limit: int | None,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> list[EventRecord]:
        """Return the newest `limit` events of a payment, in order.

        :param before: only those before this event.
        :param after: only those after this event, and the oldest of them.
        """
        key = self._events.c.id
        statement = self._event.where(self._events.c.payment_id == payment_id).limit(limit)
        if after is not None:
            return self._read_events(statement.where(key > after).order_by(key))
        if before is not None:
            statement = statement.where(key < before)
        return self._read_events(statement.order_by(key.desc()))[::-1]

    def count_events(self, payment_id: int) -> int:
        """Return how long a payment's timeline is."""
        return self._number(select(func.count()).where(self._events.c.payment_id == payment_id))

    def event(self, payment_id: int, event_id: int) -> EventRecord | None:
        """Return one event of a payment."""
        columns = self._events.c
        one = self._event.where(columns.payment_id == payment_id, columns.id == event_id)
        return next(iter(self._read_events(one)), None)

    def is_unanswered(self, payment_id: int) -> bool:
        """Whether the gateway told nothing when it was last asked about a payment."""
        columns = self._events.c
        unanswered = and_(columns.new_status.is_(None), columns.note.startswith(UNANSWERED))
        asked = or_(columns.gateway_answer.is_not(None), unanswered)
        statement = select(columns.gateway_answer.is_(None)).where(
            columns.payment_id == payment_id, asked
        )
        latest = func.coalesce(columns.repeated_at, columns.created_at).desc()
        newest = statement.order_by(latest, columns.id.desc()).limit(1)
        return bool(self._store.ask(newest).scalar())

    def undelivered(self, before: datetime, heard: Collection[bool]) -> Backlog:
        """Return the events that should have been delivered before then.

        :param heard: as :attr:`.outbox.Outbox.heard`.
        """
        return self._backlog(self._events.c.deliver_after, is_late(self._events, before, heard))

    def unheard(self, before: datetime, heard: Collection[bool]) -> int:
        """Return how many events wait since then for a process in which somebody listens."""
        due = self._events.c.deliver_after <= before
        waiting = select(func.count()).where(due, ~is_late(self._events, before, heard))
        return self._number(waiting)

    def failing(self, attempts: int, limit: int = 20) -> list[EventRecord]:
        """Return events that wait although they were tried more than so often."""
        events = self._events.c
        waits = (events.deliver_after.is_not(None), events.attempts > attempts)
        latest = events.deliver_after.desc()
        return self._read_events(self._event.where(*waits).order_by(latest).limit(limit))

    def webhooks(self, since: datetime, limit: int = 20) -> list[EventRecord]:
        """Return the latest webhooks about payments created since then, the newest first."""
        payments, events = self._payments.c, self._events.c
        statement = self._event.join(self._payments, payments.id == events.payment_id)
        recent = statement.where(payments.created_at >= since, events.source == "webhook")
        return self._read_events(recent.order_by(events.id.desc()).limit(limit))

    def announced(self, since: datetime) -> int:
        """Return how many of the payments created since then and completed had a webhook."""
        return self._number(self._completed_with(since, self._events.c.source == "webhook"))

    def confirmed_by(self, since: datetime) -> dict[str, int]:
        """Return what completed the payments created since then: the source of each."""
        arrived = self._events.c.new_status == PaymentStatus.COMPLETED
        statement = self._completed_with(since, arrived).add_columns(self._events.c.source)
        rows = self._store.ask(statement.group_by(self._events.c.source))
        return {str(source): int(count) for count, source in rows}

    def _completed_with(self, since: datetime, condition: Any) -> Select[Any]:
        payments, events = self._payments.c, self._events.c
        joined = self._payments.join(self._events, payments.id == events.payment_id)
        recent = (payments.created_at >= since, payments.status == PaymentStatus.COMPLETED)
        count = func.count(payments.id.distinct())
        return select(count).select_from(joined).where(*recent, condition)

    # Inside

    def _number(self, statement: Select[Any]) -> int:
        return int(self._store.ask(statement).scalar_one())

    def _backlog(self, since: Any, *conditions: ColumnElement[bool]) -> Backlog:
        statement: Select[Any] = select(func.count(), func.min(since)).where(*conditions)
        count, oldest = self._store.ask(statement).one()
        return Backlog(int(count), oldest)

    def _read_events(self, statement: Select[Any]) -> list[EventRecord]:
        return [EventRecord(*tuple(row)) for row in self._store.ask(statement)]


def _holds(text: str, columns: Any) -> ColumnElement[bool]:
    """Whether one of the names that people know a payment by has this in it."""
    names = ("customer_reference", "label", "invoice_id", "trx_id")
    return or_(*(columns[name].icontains(text, autoescape=True) for name in names))

"""Every SQL statement about work that waits: payments to ask about, money to tell of, events."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from .. import clock
from .about import about_ids
from .database import storable
from .status import BELIEFS, PaymentStatus
from .store import Store
from .verdict import Snapshot

#: Before every payment.
EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)
_BATCH = 100
#: Money may still come on a payment, unless a person has decided about it.
_OPEN = (PaymentStatus.PENDING, *BELIEFS)


@dataclass(frozen=True)
class OutboxEvent:
    """An event that waits for its delivery.

    :ivar token: of its payment, ``None`` when that is gone, as its invoice and reference are.
    :ivar attempts: how often it was tried.
    :ivar is_refund: whether it is about a refund.
    :ivar taken_until: until when whoever wrote it is the one to deliver it; ``None``: nobody is.
    """

    id: int
    payment_id: int
    token: str | None
    attempts: int = 0
    is_refund: bool = False
    source: str | None = None
    invoice_id: str | None = None
    customer_reference: str | None = None
    taken_until: datetime | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """The outbox's columns of a new event."""
        return {"deliver_after": self.taken_until or clock.utcnow(), "attempts": self.attempts}

    @property
    def about(self) -> dict[str, Any]:
        """The `extra` of a log record about it."""
        return about_ids(self.source, self.payment_id, self.invoice_id, self.customer_reference)

    @property
    def is_new(self) -> bool:
        """Whether nobody has taken it yet."""
        return self.attempts == 0


class Waiting:
    """Finds what is due, and takes it by lease, so that any number of processes share the work."""

    def __init__(self, store: Store) -> None:
        self._store = store
        events, payments = store.events, store.payments
        columns = (
            *(events.c.id, events.c.payment_id, payments.c.token, events.c.attempts),
            *(events.c.refund_id.is_not(None), events.c.source),
            *(payments.c.invoice_id, payments.c.customer_reference),
        )
        joined = events.outerjoin(payments, payments.c.id == events.c.payment_id)
        self._undelivered = select(*columns).select_from(joined)
        one = update(events).where(events.c.id == bindparam("e_id"))
        # Of its own payment: another tenant's tables have such an id, too.
        payment = select(payments.c.id).where(payments.c.token == bindparam("e_token"))
        self._mine = one.where(events.c.payment_id == payment.scalar_subquery())
        gone = ~select(payments.c.id).where(payments.c.id == events.c.payment_id).exists()
        self._gone = one.where(events.c.payment_id == bindparam("e_payment"), gone)

    def find_owed(self) -> Iterator[Snapshot]:
        """Yield the completed payments of which the shop has not been told."""
        table, last = self._store.payments, 0
        statement = self._store.snapshot.where(is_owed(table))
        key = table.c.id + 0  # not the table's own order, in which all of it would be read
        while True:
            after = statement.where(key > last).order_by(key).limit(_BATCH)
            batch = self._store.all(after, {})
            yield from batch
            if not batch:
                return
            last = batch[-1].id

    # The sweep

    def count_due(self, now: datetime, of: Collection[str] | None = None) -> int:
        """Return how many payments are due to be looked at.

        :param of: the accounts that count; ``None``: all of them.
        """
        due = select(func.count()).where(*self._due(now, of))
        count = self._store.ask(due).scalar_one()
        self._store.session.rollback()
        return int(count)

    def count_refused(self, of: Collection[str] | None = None) -> int:
        """Return how many payments wait whose money the shop's own code refuses.

        :param of: as in :meth:`count_due`.
        """
        table = self._store.payments
        refused = select(func.count()).where(is_unbooked(table), table.c.problem.is_not(None))
        if of is not None:
            refused = refused.where(table.c.account.in_(of))
        row = self._store.row(refused, {})
        return 0 if row is None else int(row[0])

    def claim_due(
        self,
        now: datetime,
        lease: str,
        until: datetime,
        limit: int,
        *,
        of: Collection[str] | None = None,
        but: Collection[str] = (),
    ) -> list[Snapshot]:
        """Take at most `limit` of the payments that are due, the longest due first.

        Nobody else gets them before `until`.

        :param of: as in :meth:`count_due`.
        :param but: the accounts whose payments are left alone.
        """
        table = self._store.payments
        due = self._due(now, of, but)
        statement = select(table.c.token).where(*due).order_by(table.c.check_after).limit(limit)
        tokens = list(self._store.ask(statement).scalars())
        self._store.session.rollback()
        claim = update(table).where(table.c.token.in_(tokens), *due)
        mine = self._store.snapshot.where(table.c.lease == lease).order_by(table.c.id)

        def work() -> list[Snapshot]:
            self._store.execute(claim, lease=lease, check_after=until)
            return [Snapshot(*tuple(row)) for row in self._store.ask(mine)]

        return self._store.transaction(work) if tokens else []

    def _due(
        self, now: datetime, of: Collection[str] | None, but: Collection[str] = ()
    ) -> list[ColumnElement[bool]]:
        """What the sweep is to look at; of a completed payment the gateway has no more to say."""
        table = self._store.payments
        due = [table.c.check_after <= now, table.c.status != PaymentStatus.COMPLETED]
        if of is not None:
            due.append(table.c.account.in_(of))
        if but:
            due.append(table.c.account.not_in(but))
        return due

    def release(self, lease: str, now: datetime) -> None:
        """Give back what a sweep took but did not look at."""
        taken = update(self._store.payments).where(self._store.payments.c.lease == lease)
        self._store.transaction(lambda: self._store.execute(taken, lease=None, check_after=now))

    # The outbox

    def due_events(
        self, due_before: datetime, limit: int, kinds: Collection[bool]
    ) -> list[OutboxEvent]:
        """Return the events to deliver, the longest due first.

        :param kinds: whether they are about refunds: either, or both.
        """
        due, refund_id = self._store.events.c.deliver_after, self._store.events.c.refund_id
        statement = self._undelivered.where(due <= due_before).order_by(due).limit(limit)
        if len(kinds) == 1:
            (refunds,) = kinds
            statement = statement.where(refund_id.is_not(None) if refunds else refund_id.is_(None))
        return self._read(statement)

    def due_event(self, event_id: int, now: datetime) -> OutboxEvent | None:
        """Return an event if it is due; a new one is, whatever the clock of who wrote it says."""
        table = self._store.events
        due = or_(table.c.deliver_after <= now, table.c.attempts == 0)
        mine = table.c.id == event_id, table.c.deliver_after.is_not(None), due
        return next(iter(self._read(self._undelivered.where(*mine))), None)

    def _read(self, statement: Select[Any]) -> list[OutboxEvent]:
        rows = self._store.ask(statement).all()
        self._store.session.rollback()
        return [OutboxEvent(*tuple(row)) for row in rows]

    def claim_event(self, event: OutboxEvent, now: datetime, until: datetime) -> bool:
        """Return whether the event is the caller's to deliver; nobody else gets it before then."""
        table = self._store.events
        waits = event.is_new or event.taken_until is not None
        one, key = self._one(event)
        mine = one.where(
            table.c.deliver_after.is_not(None) if waits else table.c.deliver_after <= now,
            table.c.attempts == event.attempts,
        )
        values = key | {"deliver_after": until, "attempts": event.attempts + 1}
        return self._store.transaction(lambda: self._store.execute(mine, **values).rowcount == 1)

    def give_back(self, event: OutboxEvent) -> None:
        """Leave an event that was taken to whoever comes next."""
        one, key = self._one(event)
        mine = one.where(self._store.events.c.attempts == event.attempts)
        values = key | {"deliver_after": clock.utcnow(), "attempts": 0}
        self._store.transaction(lambda: self._store.execute(mine, **values))

    def close_unheard(self, before: datetime, signal: str, *, refunds: bool) -> None:
        """Close the events that nobody has listened to since they were due, before then."""
        table = self._store.events
        values = {"deliver_after": None, "error": f"nobody listens to {signal}"}
        kind = table.c.refund_id.is_not(None) if refunds else table.c.refund_id.is_(None)
        old = update(table).where(table.c.deliver_after <= before, table.c.attempts == 0, kind)
        self._store.transaction(lambda: self._store.execute(old, **values))

    def close_event(self, event: OutboxEvent, error: str | None, again: datetime | None) -> None:
        """Note that an event was delivered, or why it was not and when it is tried again."""
        values = (
            {"delivered_at": clock.utcnow(), "deliver_after": None, "error": None}
            if error is None
            else {"deliver_after": again, "error": storable(error)}
        )
        one, key = self._one(event)
        self._store.transaction(lambda: self._store.execute(one, **key, **values))

    def reopen_event(self, event_id: int) -> OutboxEvent | None:
        """Put an event back into the outbox; return it as it is then."""
        found = self._read(self._undelivered.where(self._store.events.c.id == event_id))
        event = replace(found[0], attempts=0) if found else None
        values = {"deliver_after": clock.utcnow(), "delivered_at": None, "error": None}
        if event is not None:
            one, key = self._one(event)
            self._store.transaction(lambda: self._store.execute(one, attempts=0, **key, **values))
        return event

    def _one(self, event: OutboxEvent) -> tuple[Update, dict[str, object]]:
        """What changes an event, and which one it is."""
        if event.token is None:
            return self._gone, {"e_id": event.id, "e_payment": event.payment_id}
        return self._mine, {"e_id": event.id, "e_token": event.token}


# What waits. The index on check_after or deliver_after finds it, since few rows have either: SQLite
# would rather take the index of a status that most rows have, if it could.


def is_owed(payments: Table) -> ColumnElement[bool]:
    """Payments that are paid and of which the shop was not told."""
    columns = payments.c
    completed = func.lower(columns.status) == PaymentStatus.COMPLETED.value
    return and_(columns.check_after >= EVER, completed, columns.announced_at.is_(None))


def is_unbooked(payments: Table) -> ColumnElement[bool]:
    """Payments whose money came and that are not booked: the shop's own code refuses them, say."""
    columns = payments.c
    return and_(
        columns.check_after >= EVER,
        func.lower(func.trim(columns.gateway_status)) == "completed",
        func.lower(columns.status).in_([status.value for status in _OPEN]),
        func.lower(columns.resolved_by).is_(None),
    )


def is_late(events: Table, before: datetime, heard: Collection[bool]) -> ColumnElement[bool]:
    """Events that should have been delivered before then.

    One that nobody in this process listens to, and nobody has tried, waits for another process.

    :param heard: as :attr:`.outbox.Outbox.heard`.
    """
    about_refund = events.c.refund_id.is_not(None)
    ours = [about_refund if kind else ~about_refund for kind in heard]
    return and_(events.c.deliver_after <= before, or_(events.c.attempts > 0, *ours))

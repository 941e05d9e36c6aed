"""Every SQL statement about payments and their timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CursorResult,
    Executable,
    Row,
    Select,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from ..errors import BDQuickPayError
from . import transaction
from .clock import utcnow
from .models import Models, PaymentEventMixin, PaymentMixin
from .status import BELIEFS, MOVES, SUPERSEDED, PaymentStatus
from .verdict import Snapshot

T = TypeVar("T")
_COLUMNS = [field.name for field in fields(Snapshot) if field.name != "announced"]


def _storable(text: str | None) -> str | None:
    """What every database takes as text, of bounded length."""
    if text is None:
        return None
    return text[:10_000].replace("\0", "").encode("utf-8", "replace").decode()


class Conflict(Exception):
    """Another payment already has the order, the transaction id or the invoice."""


@contextmanager
def _conflicts() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if not transaction.is_duplicate(error):
            raise  # a NOT NULL or CHECK of the shop's own model, say: no rival's doing
        raise Conflict from error


class Store:
    """Reads payments and moves them; its statements are built once.

    Reading leaves no connection checked out. Writing belongs into :meth:`transaction`.
    """

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self.models = models
        payments: Table = models.payment.__table__
        self._payments = payments
        self._events: Table = models.event.__table__
        webhooks = select(self._events.c.id).where(
            self._events.c.payment_id == payments.c.id, self._events.c.source == "webhook"
        )
        self._snapshot = select(*(payments.c[name] for name in _COLUMNS), webhooks.exists())
        self._by = {
            name: self._snapshot.where(payments.c[name] == bindparam("value"))
            for name in ("id", "token", "invoice_id", "order_key", "trx_id")
        }
        self._move = update(payments).where(
            payments.c.id == bindparam("p_id"),
            payments.c.status == bindparam("p_status"),
            payments.c.reason.is_not_distinct_from(
                bindparam("p_reason", type_=payments.c.reason.type)
            ),
            payments.c.resolved_by.is_(None),
        )

    @property
    def session(self) -> Session:
        """The app's session of this context."""
        return cast("Session", self._db.session())

    @property
    def single_connection(self) -> bool:
        """Whether all threads share one connection, as with an SQLite database in memory."""
        return isinstance(self._db.engine.pool, StaticPool)

    def transaction(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction of its own: see :func:`transaction.run`."""
        self.settle_host()
        try:
            return transaction.run(self.session, work, self._payments)
        except BaseException:
            self.session.rollback()  # also a session that a receiver has put in its place
            raise

    def guard(self) -> Callable[[], None]:
        """Return a check that the transaction of now is still open.

        :raises BDQuickPayError: from the check, when somebody rolled it back.
        """
        session = self.session
        begun = session.get_transaction()

        def check() -> None:
            if self.session is not session or session.get_transaction() is not begun:
                raise BDQuickPayError(
                    "A signal receiver rolled back or closed db.session; let it raise instead."
                )

        return check

    def settle_host(self) -> None:
        """Commit what the host has begun, so that no connection is held and nothing is lost."""
        if self.session.in_transaction():
            self.session.commit()

    # Reading

    def find(self, column: str, value: object) -> Snapshot | None:
        """Return the payment whose unique `column` has `value`."""
        row = self._first(self._by[column], {"value": value})
        return None if row is None else Snapshot(*tuple(row))

    def again(self, seen: Snapshot) -> Snapshot:
        """Return a payment as it stands now."""
        again = self.find("id", seen.id)
        assert again is not None  # noqa: S101  # payments are never deleted
        return again

    def find_late(self, reference: str) -> Snapshot | None:
        """Return the order's newest payment that is believed over, while money may still come."""
        table = self._payments
        statement = self._snapshot.where(
            table.c.customer_reference == bindparam("value"),
            table.c.status.in_(BELIEFS),
            table.c.invoice_id.is_not(None),
            table.c.check_after.is_not(None),
            table.c.reason.is_distinct_from(SUPERSEDED),
        )
        row = self._first(statement.order_by(table.c.id.desc()).limit(1), {"value": reference})
        return None if row is None else Snapshot(*tuple(row))

    def was_repriced(self, seen: Snapshot) -> bool:
        """Return whether the order had a payment of another amount after this one."""
        table = self._payments
        statement = select(table.c.id).where(
            table.c.customer_reference == bindparam("value"),
            table.c.id > bindparam("after"),
            table.c.amount != bindparam("amount"),
        )
        values = {"value": seen.customer_reference, "after": seen.id, "amount": seen.amount}
        return self._first(statement.limit(1), values) is not None

    def _first(self, statement: Select[Any], values: dict[str, object]) -> Row[Any] | None:
        self.settle_host()
        row = self.session.execute(statement, values).first()
        self.session.rollback()  # only read: gives the connection back without a COMMIT
        return row

    def load(self, payment_id: int) -> PaymentMixin:
        """Return the payment's object as the database has it now."""
        payment = self.session.get(self.models.payment, payment_id, populate_existing=True)
        assert payment is not None  # noqa: S101  # payments are never deleted
        return payment

    def load_kept(self, payment_id: int) -> PaymentMixin:
        """Return the payment's object, which stays as it is while no connection is held."""
        payment = self.load(payment_id)
        self.keep_loaded()
        return payment

    def load_event(self, event_id: int) -> PaymentEventMixin:
        """Return the event's object."""
        event = self.session.get(self.models.event, event_id)
        assert event is not None  # noqa: S101  # the timeline is append-only
        return event

    # Writing, inside a transaction

    def insert(self, **values: Any) -> int:
        """Insert a payment and return its id.

        :raises Conflict: when the order has a payment already.
        """
        now = utcnow()
        values = {"created_at": now, "updated_at": now} | values
        with _conflicts():
            result = self._execute(insert(self._payments), **values)
        return int(result.inserted_primary_key[0])  # type: ignore[index]

    def move(self, seen: Snapshot, status: PaymentStatus, **values: Any) -> bool:
        """Move a payment if it still stands as `seen`; return whether it did.

        :raises ValueError: for a move that :data:`~flask_bdquickpay.status.MOVES` does not permit.
        """
        if status not in MOVES[seen.status]:
            raise ValueError(f"A payment can't go from {seen.status} to {status}.")
        return self.amend(seen, status=status, previous_status=seen.status, **values)

    def amend(self, seen: Snapshot, **values: Any) -> bool:
        """Change columns of a payment if it still stands as `seen`; return whether it did.

        :raises Conflict: when a unique value belongs to another payment.
        """
        key = {"p_id": seen.id, "p_status": seen.status, "p_reason": seen.reason}
        if "reason" in values:
            values["reason"] = _storable(values["reason"])
        with _conflicts():
            result = self._execute(self._move, updated_at=utcnow(), **key, **values)
        return result.rowcount == 1

    def displace(self, payment_id: int) -> None:
        """Take the order from a payment that has not been paid."""
        table = self._payments
        unpaid = update(table).where(
            table.c.id == payment_id, table.c.status != PaymentStatus.COMPLETED
        )
        self._execute(unpaid, order_key=None)

    def record(self, seen: Snapshot, source: str, note: str | None = None, **values: Any) -> int:
        """Append a fact to the payment's timeline and return its id."""
        values = {"old_status": seen.status, "created_at": utcnow(), "attempts": 0} | values
        values["note"] = _storable(note)
        result = self._execute(insert(self._events), payment_id=seen.id, source=source, **values)
        return int(result.inserted_primary_key[0])  # type: ignore[index]

    def claim_asking(self, payment_id: int, now: datetime, before: datetime) -> bool:
        """Return whether the caller is the one who may ask the gateway now."""
        table = self._payments
        free = update(table).where(
            table.c.id == payment_id, (table.c.asked_at.is_(None)) | (table.c.asked_at <= before)
        )
        return self.transaction(lambda: self._execute(free, asked_at=now).rowcount == 1)

    # The sweep

    def count_due(self, now: datetime) -> int:
        """Return how many payments are due to be looked at."""
        due = select(func.count()).where(self._payments.c.check_after <= now)
        count = self.session.execute(due).scalar_one()
        self.session.rollback()
        return int(count)

    def claim_due(self, now: datetime, lease: str, until: datetime, limit: int) -> list[Snapshot]:
        """Take at most `limit` of the payments that are due, the longest due first.

        Nobody else gets them before `until`.
        """
        table = self._payments
        due = table.c.check_after
        statement = select(table.c.id).where(due <= now).order_by(due).limit(limit)
        ids = list(self.session.scalars(statement))
        self.session.rollback()
        claim = update(table).where(table.c.id.in_(ids), due <= now)
        mine = self._snapshot.where(table.c.lease == lease).order_by(table.c.id)

        def work() -> list[Snapshot]:
            self._execute(claim, lease=lease, check_after=until)
            return [Snapshot(*tuple(row)) for row in self.session.execute(mine)]

        return self.transaction(work) if ids else []

    def release(self, lease: str, now: datetime) -> None:
        """Give back what a sweep took but did not look at."""
        taken = update(self._payments).where(self._payments.c.lease == lease)
        self.transaction(lambda: self._execute(taken, lease=None, check_after=now))

    # The outbox

    def due_events(self, now: datetime, limit: int) -> list[int]:
        """Return the ids of the events to deliver, the longest due first."""
        due = self._events.c.deliver_after
        statement = select(self._events.c.id).where(due <= now).order_by(due).limit(limit)
        ids = list(self.session.scalars(statement))
        self.session.rollback()
        return ids

    def claim_event(self, event_id: int, now: datetime, lease: timedelta) -> int | None:
        """Return how often the event was tried before, ``None`` if it is not due any more."""
        table = self._events
        claim = update(table).where(table.c.id == event_id, table.c.deliver_after <= now)

        def work() -> int | None:
            values = {"deliver_after": now + lease, "attempts": table.c.attempts + 1}
            if self._execute(claim.values(values)).rowcount != 1:
                return None
            attempts = select(table.c.attempts).where(table.c.id == event_id)
            return int(self.session.execute(attempts).scalar_one()) - 1

        return self.transaction(work)

    def close_event(self, event_id: int, error: str | None, again: datetime) -> None:
        """Note that an event was delivered, or why it was not and when it is tried again."""
        values = (
            {"delivered_at": utcnow(), "deliver_after": None, "error": None}
            if error is None
            else {"deliver_after": again, "error": _storable(error)}
        )
        event = update(self._events).where(self._events.c.id == event_id)
        self.transaction(lambda: self._execute(event, **values))

    def reopen_event(self, event_id: int) -> None:
        """Put an event back into the outbox."""
        event = update(self._events).where(self._events.c.id == event_id)
        values = {"deliver_after": utcnow(), "delivered_at": None, "error": None}
        self.transaction(lambda: self._execute(event, **values))

    def keep_loaded(self) -> None:
        """Give the connection back while the loaded objects stay as they are."""
        session = self.session
        expire, session.expire_on_commit = session.expire_on_commit, False
        session.commit()
        session.expire_on_commit = expire

    def _execute(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        return cast("CursorResult[Any]", self.session.execute(statement, values))

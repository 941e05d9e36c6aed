"""Every SQL statement about payments and their timeline."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Select, bindparam, case, func, insert, select, update
from sqlalchemy.orm import object_session

from .. import clock
from ..errors import BDQuickPayError
from .database import Database, conflicts, storable
from .models import PaymentEventMixin, PaymentMixin
from .objects import Objects
from .status import BELIEFS, GIVEN_UP, MOVES, SUPERSEDED, PaymentStatus
from .tables import Models
from .verdict import Snapshot

#: So many earlier payments of an order are asked about before it gets a new one: more than can
#: come about in the late window, at one in half an hour.
_MOST_LATE = 100
_COLUMNS = [field.name for field in fields(Snapshot) if field.name != "has_webhook"]


class Store(Database):
    """Reads payments and moves them; its statements are built once."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        super().__init__(db, models)
        payments = self.payments
        webhooks = select(self.events.c.id).where(
            self.events.c.payment_id == payments.c.id, self.events.c.source == "webhook"
        )
        self.snapshot: Any = select(*(payments.c[name] for name in _COLUMNS), webhooks.exists())
        self._by = {
            name: self.snapshot.where(payments.c[name] == bindparam("value"))
            for name in ("id", "token", "invoice_id", "order_key", "trx_id")
        }
        self._objects = Objects(models.payment)
        self._append = insert(self.events)
        self._move = update(payments).where(
            payments.c.id == bindparam("p_id"),
            # A connection may see the tables of another tenant, who has a payment of that id, too.
            payments.c.token == bindparam("p_token"),
            payments.c.status == bindparam("p_status"),
            payments.c.reason.is_not_distinct_from(
                bindparam("p_reason", type_=payments.c.reason.type)
            ),
            payments.c.resolved_by.is_(None),
        )

    # Reading

    def find(self, column: str, value: object) -> Snapshot | None:
        """Return the payment whose unique `column` has `value`."""
        row = self.row(self._by[column], {"value": value})
        return None if row is None else Snapshot(*tuple(row))

    def misplaced(self, payment_id: int) -> BDQuickPayError:
        """The error for a payment that is not where it was read."""
        return BDQuickPayError(
            f"Payment {payment_id} is not where it was: this connection sees other tables. Where "
            "each tenant has a schema, choose it at every checkout of a connection, not once in a "
            "request."
        )

    def found(self, payment_id: int) -> Snapshot:
        """Return the payment of an id.

        :raises LookupError: when there is none.
        """
        seen = self.find("id", payment_id)
        if seen is None:
            raise LookupError(f"There is no payment {payment_id}.")
        return seen

    def again(self, seen: Snapshot) -> Snapshot:
        """Return a payment as it stands now."""
        return self._at(seen.id, seen.token)

    def standing(self, payment: PaymentMixin) -> Snapshot:
        """Return how the payment of an object stands now.

        :raises BDQuickPayError: when it is another's, since this connection sees other tables.
        """
        session = object_session(payment)
        if session is not None:
            session.flush()
        return self._at(payment.id, payment.token)

    def _at(self, payment_id: int, token: str) -> Snapshot:
        found = self.find("token", token)
        if found is None or found.id != payment_id:
            raise self.misplaced(payment_id)
        return found

    def find_late(self, reference: str) -> list[Snapshot]:
        """Return the order's payments on which money may still come, the newest first.

        Those that made way come last. Without the one that the order stands or falls with.
        """
        table = self.payments
        statement = self.snapshot.where(
            table.c.customer_reference == bindparam("value"),
            table.c.status.in_((*BELIEFS, PaymentStatus.PENDING)),
            table.c.order_key.is_(None),
            table.c.invoice_id.is_not(None),
            table.c.check_after.is_not(None),
        )
        made_way = case((table.c.reason.in_((SUPERSEDED, GIVEN_UP)), 1), else_=0)
        ordered = statement.order_by(made_way, table.c.id.desc())
        return self.all(ordered.limit(_MOST_LATE), {"value": reference})

    def count_cancels(self, seen: Snapshot) -> int:
        """Return how often a payment was cancelled."""
        table = self.events
        cancels = (table.c.payment_id == seen.id, table.c.new_status == PaymentStatus.CANCELLED)
        row = self.row(select(func.count()).select_from(table).where(*cancels), {})
        return 0 if row is None else int(row[0])

    def was_repriced(self, seen: Snapshot) -> bool:
        """Return whether the order had a payment of another amount, or account, after this one."""
        table = self.payments
        statement = select(table.c.id).where(
            table.c.customer_reference == bindparam("value"),
            table.c.id > bindparam("after"),
            (table.c.amount != seen.amount) | (table.c.account != seen.account),
        )
        values = {"value": seen.customer_reference, "after": seen.id}
        return self.row(statement.limit(1), values) is not None

    def all(self, statement: Select[Any], values: dict[str, object]) -> list[Snapshot]:
        """Return the payments that a statement finds."""
        self.settle_host()
        with self._reading() as connection:
            return [Snapshot(*tuple(row)) for row in connection.execute(statement, values)]

    def load(self, seen: Snapshot) -> PaymentMixin:
        """Return the payment's object as the database has it now."""
        payment = self.session.get(self.models.payment, seen.id, populate_existing=True)
        if payment is None or payment.token != seen.token:
            raise self.misplaced(seen.id)
        return payment

    def present(self, seen: Snapshot) -> PaymentMixin:
        """Return the payment's object as this transaction has just written it."""
        return self._objects.make(self.session, seen) or self.load(seen)

    def load_kept(self, seen: Snapshot) -> PaymentMixin:
        """Return the payment's object, which stays as it is while no connection is held."""
        payment = self.load(seen)
        self.keep_loaded()
        return payment

    def load_event(
        self, event_id: int, token: str
    ) -> tuple[PaymentEventMixin, PaymentMixin] | None:
        """Return the objects of an event and of its payment, which has this token.

        ``None`` when they are gone.
        """
        row = self.ask(self._both, {"e_id": event_id, "e_token": token}).first()
        return None if row is None else (row[0], row[1])

    @cached_property
    def _both(self) -> Any:
        """Not built before the models are ready."""
        event, payment = self.models.event, self.models.payment
        both = select(event, payment).join(payment, payment.id == event.payment_id)
        both = both.where(event.id == bindparam("e_id"), payment.token == bindparam("e_token"))
        return both.execution_options(populate_existing=True)

    # Writing, inside a transaction

    def insert(self, **values: Any) -> int:
        """Insert a payment and return its id.

        :raises Conflict: when the order has a payment already.
        """
        now = clock.utcnow()
        values = {"created_at": now, "updated_at": now} | values
        with conflicts():
            result = self.execute(insert(self.payments), **values)
        return int(result.inserted_primary_key[0])  # type: ignore[index]

    def move(self, seen: Snapshot, status: PaymentStatus, **values: Any) -> bool:
        """Move a payment if it still stands as `seen`; return whether it did.

        :raises ValueError: for a move that :data:`.status.MOVES` does not permit.
        """
        if status not in MOVES[seen.status]:
            raise ValueError(f"A payment can't go from {seen.status} to {status}.")
        return self.amend(seen, status=status, previous_status=seen.status, **values)

    def amend(self, seen: Snapshot, **values: Any) -> bool:
        """Change columns of a payment if it still stands as `seen`; return whether it did.

        :raises Conflict: when a unique value belongs to another payment.
        """
        key = {"p_id": seen.id, "p_token": seen.token}
        key |= {"p_status": seen.status, "p_reason": seen.reason}
        if "reason" in values:
            values["reason"] = storable(values["reason"])
        with conflicts():
            result = self.execute(self._move, updated_at=clock.utcnow(), **key, **values)
        return result.rowcount == 1

    def hold(self, seen: Snapshot) -> None:
        """Keep the payment as it is until the transaction ends, so that a fact can join it.

        :raises BDQuickPayError: when it is not in the tables that this connection sees.
        """
        table = self.payments
        same = update(table).where(table.c.id == seen.id, table.c.token == seen.token)
        if self.execute(same.values(checks=table.c.checks)).rowcount != 1:
            raise self.misplaced(seen.id)

    def displace(self, holder: Snapshot) -> None:
        """Take the order from a payment that has not been paid, or only with play money."""
        table = self.payments
        unpaid = update(table).where(table.c.id == holder.id, table.c.token == holder.token)
        if holder.status != PaymentStatus.COMPLETED:
            unpaid = unpaid.where(table.c.status != PaymentStatus.COMPLETED)
        self.execute(unpaid, order_key=None)

    def mark_announced(self, seen: Snapshot) -> bool:
        """Take on telling the shop of a completed payment; return whether it was still owed."""
        table = self.payments
        owed = update(table).where(
            table.c.id == seen.id,
            table.c.token == seen.token,
            table.c.status == PaymentStatus.COMPLETED,
            table.c.announced_at.is_(None),
        )
        now = clock.utcnow()
        values = {"announced_at": now, "updated_at": now, "check_after": None, "problem": None}
        return self.execute(owed, lease=None, **values).rowcount == 1

    def keep_problem(self, seen: Snapshot, problem: str) -> None:
        """Note on a completed payment why the shop could not be told of it."""
        table = self.payments
        one = update(table).where(table.c.id == seen.id, table.c.token == seen.token)
        self.execute(one, problem=storable(problem))

    def repeat(self, seen: Snapshot, source: str, note: str | None, **values: Any) -> int:
        """Append a fact that changed nothing, or count it up where it only repeats itself."""
        table = self.events
        answer = values.get("gateway_answer")
        same = (
            table.c.payment_id == seen.id,
            table.c.source == source,
            table.c.new_status.is_(None),
            table.c.old_status == seen.status,
            table.c.note.is_(None) if note is None else table.c.note == storable(note),
        )
        newest = select(table.c.id, table.c.gateway_answer).where(*same).order_by(table.c.id.desc())
        found = self.execute(newest.limit(1)).first()
        if found is None or found.gateway_answer != answer:
            return self.record(seen, source, note, **values)
        again = update(table).where(table.c.id == found.id).values(count=table.c.count + 1)
        self.execute(again, repeated_at=clock.utcnow())
        return int(found.id)

    def record(self, seen: Snapshot, source: str, note: str | None = None, **values: Any) -> int:
        """Append a fact to the payment's timeline and return its id."""
        fixed = {"old_status": seen.status, "created_at": clock.utcnow(), "attempts": 0, "count": 1}
        values = fixed | values
        values["note"] = storable(note)
        result = self.execute(self._append, payment_id=seen.id, source=source, **values)
        return int(result.inserted_primary_key[0])  # type: ignore[index]

    def claim_asking(self, seen: Snapshot, now: datetime, pause: timedelta) -> bool:
        """Return whether the caller is the one who may ask the gateway now.

        As :meth:`Snapshot.was_asked_about`, for who comes at the same time.
        """
        table = self.payments
        last = table.c.asked_at
        free = update(table).where(
            table.c.id == seen.id,
            table.c.token == seen.token,
            last.is_(None) | (last <= now - pause) | (last >= now + pause),
        )
        values = {"asked_at": now, "answered_at": None}
        return self.transaction(lambda: self.execute(free, **values).rowcount == 1)

    def note_answer(self, seen: Snapshot, asked: datetime) -> None:
        """Note that the gateway answered to what was asked at a time."""
        table = self.payments
        same = update(table).where(
            table.c.id == seen.id, table.c.token == seen.token, table.c.asked_at == asked
        )
        self.transaction(lambda: self.execute(same, answered_at=clock.utcnow()))

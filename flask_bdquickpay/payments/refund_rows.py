"""Every SQL statement about refunds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, Table, and_, func, insert, or_, select, update

from .. import clock
from ..money import difference
from .database import conflicts, storable
from .models import RefundMixin
from .status import PaymentStatus
from .store import Store
from .verdict import Snapshot

#: Bangladesh's Digital Commerce guidelines of 2021 give so many days to send money back.
DAYS_TO_REFUND = 10


@dataclass(frozen=True)
class Money:
    """What came on a payment and what was sent back of it; BDT."""

    trx_id: str | None
    verified_at: datetime | None
    received: Decimal | None
    refunded: Decimal
    decided: bool  #: completed, or rejected by a person

    @property
    def remains(self) -> Decimal:
        """What may still be sent back."""
        return difference(self.received or Decimal(0), self.refunded)


@dataclass(frozen=True)
class RefundRecord:
    """A refund as people may see it. Fields as in `RefundMixin`."""

    id: int
    payment_id: int
    invoice_id: str | None
    customer_reference: str
    amount: Decimal
    state: str
    method: str
    trx_id: str | None
    sent_at: datetime
    reason: str
    note: str
    created_by: str
    voided_at: datetime | None
    voided_by: str | None
    void_note: str | None
    cleared_at: datetime | None


@dataclass(frozen=True)
class OwedRefund:
    """Money that a person rejected and that is held until it is sent back.

    :ivar amount: what is left of it, BDT.
    :ivar since: when it came.
    :ivar age_days: whole days since then; there are :data:`DAYS_TO_REFUND`.
    """

    payment_id: int
    invoice_id: str | None
    customer_reference: str
    amount: Decimal
    since: datetime
    age_days: int
    trx_id: str | None
    rejected_by: str | None


def owed(payments: Table) -> tuple[Any, ...]:
    """The conditions of a payment whose money a person rejected and nobody has sent back."""
    columns = payments.c
    return (
        columns.resolved_by >= "",  # an index finds what is later, not what is not null
        # SQLite would rather take the index of a status that many rows have, if it could.
        func.lower(columns.status) == PaymentStatus.FAILED.value,
        columns.received_amount > columns.refunded_amount,
    )


class RefundRows:
    """Reads and writes refunds; writing belongs into :meth:`Store.transaction`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._payments = store.payments
        self._refunds: Table = store.models.refund.__table__
        columns = self._payments.c
        self._decided = or_(
            columns.status == PaymentStatus.COMPLETED,
            and_(columns.status == PaymentStatus.FAILED, columns.resolved_by.is_not(None)),
        )

    # Reading

    def money(self, seen: Snapshot) -> Money:
        """Return what came on a payment, and what of it is gone again."""
        columns = self._payments.c
        names = ("trx_id", "verified_at", "received_amount", "refunded_amount")
        statement: Select[Any] = select(*(columns[name] for name in names), self._decided)
        row: Any = self._store.row(statement.where(columns.token == seen.token), {})
        if row is None:
            raise self._store.misplaced(seen.id)
        trx_id, verified_at, received, refunded, decided = row
        return Money(trx_id, verified_at, received, refunded, bool(decided))

    def of_request(self, request_key: str) -> tuple[int, int] | None:
        """Return the id and the payment's id of the refund that was recorded under a key."""
        refunds = self._refunds.c
        statement: Select[Any] = select(refunds.id, refunds.payment_id)
        row = self._store.row(statement.where(refunds.request_key == request_key), {})
        return None if row is None else (int(row.id), int(row.payment_id))

    def owner_of(self, trx_id: str) -> str | None:
        """Name the record that has a transaction id: a payment or a live refund."""
        refunds, payments = self._refunds.c, self._payments.c
        refund = self._store.row(select(refunds.id).where(refunds.trx_id == trx_id), {})
        if refund is not None:
            return f"refund {refund[0]}"
        payment = self._store.row(select(payments.id).where(payments.trx_id == trx_id), {})
        return None if payment is None else f"payment {payment[0]}"

    def is_there(self, refund: RefundMixin) -> bool:
        """Whether this connection sees the refund, and not another tenant's of that id."""
        refunds = self._refunds.c
        names = ("id", "payment_id", "created_at", "amount", "created_by")
        known = [refunds[name] == getattr(refund, name) for name in names]
        return self._store.row(select(refunds.id).where(*known), {}) is not None

    def find(self, refund_id: int) -> RefundMixin | None:
        """Return the refund's object as the database has it now."""
        return self._store.session.get(self._store.models.refund, refund_id, populate_existing=True)

    def load(self, refund_id: int) -> RefundMixin:
        """Return the object of a refund that is there.

        :raises LookupError: when it is not.
        """
        refund = self.find(refund_id)
        if refund is None:
            raise LookupError(f"There is no refund {refund_id}.")
        return refund

    def record(self, refund_id: int) -> RefundRecord:
        """Return a refund as people may see it."""
        statement = self._listed().where(self._refunds.c.id == refund_id)
        return RefundRecord(*tuple(self._store.ask(statement).one()))

    def listed(self, since: datetime | None, until: datetime | None) -> Iterator[RefundRecord]:
        """Yield refunds by the time when the money left, the newest first."""
        refunds, statement = self._refunds.c, self._listed()
        if since is not None:
            statement = statement.where(refunds.sent_at >= since)
        if until is not None:
            statement = statement.where(refunds.sent_at < until)
        newest = statement.order_by(refunds.sent_at.desc(), refunds.id.desc())
        for row in self._store.ask(newest):
            yield RefundRecord(*tuple(row))

    def of_payment(self, payment_id: int) -> list[RefundRecord]:
        """Return the refunds of a payment in the order in which they were entered."""
        refunds = self._refunds.c
        statement = self._listed().where(refunds.payment_id == payment_id).order_by(refunds.id)
        return [RefundRecord(*tuple(row)) for row in self._store.ask(statement)]

    def _listed(self) -> Select[Any]:
        refunds, payments = self._refunds.c, self._payments.c
        columns = (
            *(refunds.id, refunds.payment_id, payments.invoice_id, payments.customer_reference),
            *(refunds.amount, refunds.state, refunds.method),
            func.coalesce(refunds.trx_id, refunds.voided_trx_id),
            *(refunds.sent_at, refunds.reason, refunds.note, refunds.created_by),
            *(refunds.voided_at, refunds.voided_by, refunds.void_note, refunds.cleared_at),
        )
        joined = self._refunds.join(self._payments, payments.id == refunds.payment_id)
        statement: Select[Any] = select(*columns).select_from(joined)
        return statement

    def owed(self, now: datetime, limit: int | None = None) -> Iterator[OwedRefund]:
        """Yield rejected payments whose money was not sent back, the oldest first."""
        payments = self._payments.c
        came = func.coalesce(payments.verified_at, payments.updated_at)
        left = payments.received_amount - payments.refunded_amount
        columns = (payments.id, payments.invoice_id, payments.customer_reference, left, came)
        statement: Select[Any] = select(*columns, payments.trx_id, payments.resolved_by)
        oldest = statement.where(*owed(self._payments)).order_by(came).limit(limit)
        rows = self._store.ask(oldest)
        for number, invoice, reference, amount, since, trx_id, by in rows:
            age = (now - since).days
            yield OwedRefund(number, invoice, reference, amount, since, age, trx_id, by)

    # Writing

    def take(self, seen: Snapshot, amount: Decimal) -> bool:
        """Count an amount as sent back; return whether so much was left."""
        columns = self._payments.c
        sent = columns.refunded_amount + amount
        enough = update(self._payments).where(
            columns.id == seen.id,
            columns.token == seen.token,
            self._decided,
            sent <= columns.received_amount,
        )
        changed = enough.values(refunded_amount=sent)
        return self._store.execute(changed, updated_at=clock.utcnow()).rowcount == 1

    def give_back(self, seen: Snapshot, amount: Decimal) -> bool:
        """Count an amount as not sent back after all."""
        columns = self._payments.c
        there = update(self._payments).where(
            columns.id == seen.id, columns.token == seen.token, columns.refunded_amount >= amount
        )
        changed = there.values(refunded_amount=columns.refunded_amount - amount)
        return self._store.execute(changed, updated_at=clock.utcnow()).rowcount == 1

    def insert(self, seen: Snapshot, **values: Any) -> int:
        """Insert a refund and return its id.

        :raises Conflict: when another refund has its transaction or its request key.
        """
        values["note"] = storable(values["note"])
        values["reason"] = storable(values["reason"])
        with conflicts():
            result = self._store.execute(insert(self._refunds), payment_id=seen.id, **values)
        return int(result.inserted_primary_key[0])  # type: ignore[index]

    def void(self, refund_id: int, **values: Any) -> bool:
        """Void a refund that stands; return whether it did."""
        refunds = self._refunds
        standing = update(refunds).where(refunds.c.id == refund_id, refunds.c.state == "sent")
        voided = standing.values(voided_trx_id=refunds.c.trx_id)
        values["void_note"] = storable(values["void_note"])
        return self._store.execute(voided, state="void", **values).rowcount == 1

    def free_transaction(self, refund_id: int) -> None:
        """Let the transaction of a voided refund be entered anew."""
        refunds = self._refunds
        self._store.execute(update(refunds).where(refunds.c.id == refund_id), trx_id=None)

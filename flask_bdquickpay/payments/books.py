"""The books: one row for each movement of money, signed, on the day when it moved."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, literal, null, or_, select

from ..clock import DHAKA
from .status import PaymentStatus
from .store import Store

_BATCH = 500
#: What a row of the books holds. Programs read these: they keep their order, new ones come last.
COLUMNS = (
    "moved_at",
    "day",
    "kind",
    "amount",
    "customer_reference",
    "invoice_id",
    "payment_trx_id",
    "movement_trx_id",
    "method",
    "reason",
    "note",
    "by",
    "account",
    "fee",
    "cleared_at",
    "payment_id",
    "refund_id",
)


@dataclass(frozen=True)
class Movement:
    """Money that came, was sent back, or was not sent back after all.

    :ivar moved_at: when it moved.
    :ivar day: the same as a day where the books are kept.
    :ivar kind: payment, refund or refund_void.
    :ivar amount: BDT; negative where money left.
    :ivar movement_trx_id: the transaction that moved it.
    :ivar by: who wrote it down or decided, where it was a person.
    :ivar fee: what the provider took of it, BDT, as its statement says.
    :ivar cleared_at: when a statement confirmed it.
    """

    moved_at: datetime
    day: date
    kind: str
    amount: Decimal
    customer_reference: str
    invoice_id: str | None
    payment_trx_id: str | None
    movement_trx_id: str | None
    method: str
    reason: str | None
    note: str | None
    by: str | None
    account: str
    fee: Decimal | None
    cleared_at: datetime | None
    payment_id: int
    refund_id: int | None

    @property
    def listed(self) -> dict[str, Any]:
        """What a list of movements holds."""
        return {name: getattr(self, name) for name in COLUMNS}


@dataclass(frozen=True)
class Span:
    """The days that are wanted, both included; what is left out does not narrow.

    :ivar zone: where the books are kept.
    """

    since: date | None = None
    until: date | None = None
    zone: tzinfo = DHAKA

    @property
    def begin(self) -> datetime | None:
        """The first moment."""
        return None if self.since is None else datetime.combine(self.since, time(), self.zone)

    @property
    def end(self) -> datetime | None:
        """The moment after the last."""
        if self.until is None:
            return None
        return datetime.combine(self.until + timedelta(days=1), time(), self.zone)


@dataclass(frozen=True)
class Total:
    """How many movements of a kind there were, and their sum in BDT; negative where it left."""

    count: int
    amount: Decimal


class Books:
    """Asks the database, and changes nothing."""

    def __init__(self, store: Store) -> None:
        self._ask: Any = store.ask
        self._payments: Table = store.payments
        self._refunds: Table = store.models.refund.__table__

    def on(self, connection: Connection) -> Books:
        """Return the same books, read on a connection instead of the app's session."""
        other = copy(self)
        other._ask = connection.execute
        return other

    def movements(self, span: Span, account: str | None = None) -> Iterator[Movement]:
        """Yield what moved in those days, in order, in flat memory."""
        # Few, and read whole: not every database reads two streams at once.
        sent, voided = (
            list(self._stream(one, span, account)) for one in (self._sent(), self._voided())
        )
        came = self._stream(self._came(), span, account)
        yield from heapq.merge(came, sent, voided, key=lambda row: (row.moved_at, row.payment_id))

    def totals(self, span: Span, account: str | None = None) -> dict[str, Total]:
        """Return the sums of what moved in those days, by kind, those without movement as well."""
        kinds = {"payment": self._came(), "refund": self._sent(), "refund_void": self._voided()}
        return {kind: self._total(one, span, account) for kind, one in kinds.items()}

    def _total(self, statement: Select[Any], span: Span, account: str | None) -> Total:
        amount = func.coalesce(func.sum(statement.selected_columns[2]), 0)
        within = self._within(statement, span, account)
        summed = within.with_only_columns(func.count(), amount, maintain_column_froms=True)
        count, total = self._ask(summed).one()
        return Total(int(count), Decimal(total))

    def _stream(
        self, statement: Select[Any], span: Span, account: str | None
    ) -> Iterator[Movement]:
        moved_at = statement.selected_columns[0]
        ordered = self._within(statement, span, account).order_by(moved_at)
        found = self._ask(ordered, execution_options={"yield_per": _BATCH})
        for when, *rest in found:
            yield Movement(when, when.astimezone(span.zone).date(), *rest)

    def _within(self, statement: Select[Any], span: Span, account: str | None) -> Select[Any]:
        moved_at = statement.selected_columns[0]
        if span.begin is not None:
            statement = statement.where(moved_at >= span.begin)
        if span.end is not None:
            statement = statement.where(moved_at < span.end)
        if account is not None:
            statement = statement.where(self._payments.c.account == account)
        return statement

    def _came(self) -> Select[Any]:
        """Money that came and was decided about: a rejected payment's came as well."""
        payments = self._payments.c
        amount = func.coalesce(payments.received_amount, payments.amount)
        columns = (
            *(payments.verified_at, literal("payment"), amount),
            *(payments.customer_reference, payments.invoice_id, payments.trx_id, payments.trx_id),
            *(literal("bkash"), payments.reason, null(), payments.resolved_by),
            *(payments.account, payments.fee, payments.cleared_at, payments.id, null()),
        )
        completed = payments.status == PaymentStatus.COMPLETED
        rejected = and_(
            payments.status == PaymentStatus.FAILED,
            payments.resolved_by.is_not(None),
            payments.received_amount.is_not(None),
        )
        return select(*columns).where(or_(completed, rejected), payments.verified_at.is_not(None))

    def _sent(self) -> Select[Any]:
        refunds = self._refunds.c
        columns = (refunds.sent_at, literal("refund"), -refunds.amount)
        return self._of_refunds(columns, refunds.note, refunds.created_by, refunds.cleared_at)

    def _voided(self) -> Select[Any]:
        refunds = self._refunds.c
        columns = (refunds.voided_at, literal("refund_void"), refunds.amount)
        statement = self._of_refunds(columns, refunds.void_note, refunds.voided_by, null())
        return statement.where(refunds.voided_at.is_not(None))

    def _of_refunds(self, first: tuple[Any, ...], note: Any, by: Any, cleared: Any) -> Select[Any]:
        payments, refunds = self._payments.c, self._refunds.c
        columns = (
            *first,
            *(payments.customer_reference, payments.invoice_id, payments.trx_id),
            func.coalesce(refunds.trx_id, refunds.voided_trx_id),
            *(refunds.method, refunds.reason, note, by),
            *(payments.account, null(), cleared, payments.id, refunds.id),
        )
        joined = self._refunds.join(self._payments, payments.id == refunds.payment_id)
        statement: Select[Any] = select(*columns).select_from(joined)
        return statement

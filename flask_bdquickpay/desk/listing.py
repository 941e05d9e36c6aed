"""The desk's list of payments: searched, filtered, sorted, a page at a time.

A page begins beyond a known payment rather than after so many rows, and nothing is counted: the
last page of 100,000 payments costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    exists,
    false,
    or_,
    select,
)

from .. import clock
from ..doctor.findings import PATIENCE
from ..payments.records import PaymentRecord
from ..payments.refund_rows import owed
from ..payments.status import PaymentStatus
from ..payments.store import Store
from ..payments.waiting import EVER, is_late, is_owed, is_unbooked
from .sums import worth_of

#: Payments that are read while they are iterated over.
Rows = Generator[PaymentRecord, None, None]
PAGE = 25
_BATCH = 500
OVERDUE, UNDELIVERED, REFUSED, OWED = "overdue", "undelivered", "refused", "owed"
REFUNDED, PARTLY, HELD = "refunded", "partly-refunded", "held"
CLEARED, UNCLEARED = "cleared", "uncleared"
#: Somebody listens to events of both kinds.
EVERY = (False, True)
#: What each order goes by, and whether the highest comes first.
SORTS = {
    "newest": ("created_at", True),
    "oldest": ("created_at", False),
    "highest": ("amount", True),
    "lowest": ("amount", False),
}


@dataclass(frozen=True)
class Wanted:
    """Which payments are wanted, in which order; what is left out does not narrow.

    :ivar text: the reference, invoice or transaction id, or a part of one.
    :ivar show: a status, or one of the words above.
    :ivar since: created at this moment or later.
    :ivar until: created before this moment.
    :ivar account: the merchant account; empty: the plain one.
    """

    text: str = ""
    show: str = ""
    since: datetime | None = None
    until: datetime | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    sort: str = "newest"
    account: str | None = None


@dataclass(frozen=True)
class Page:
    """A page of the list, with the payments beyond which its neighbours begin."""

    payments: list[PaymentRecord]
    previous: int | None
    next: int | None


class Listing:
    """Asks the database, and changes nothing.

    :param heard: as :attr:`Outbox.heard`.
    """

    def __init__(self, store: Store, *, heard: Collection[bool] = EVERY) -> None:
        self._session = store.session
        self._model = store.models.payment
        self._heard = heard
        self._payments: Table = store.models.payment.__table__
        self._events: Table = store.models.event.__table__
        self._refunds: Table = store.models.refund.__table__
        self._sorts = {"created_at": self._payments.c.created_at, "amount": self._worth}
        self._select = select(*(self._payments.c[field.name] for field in fields(PaymentRecord)))

    def one(self, payment_id: int) -> PaymentRecord | None:
        """Return the payment of that id."""
        found = self._session.execute(self._select.where(self._payments.c.id == payment_id)).first()
        return None if found is None else PaymentRecord(*tuple(found))

    def rows(self, wanted: Wanted) -> Rows:
        """Return all that is wanted, read in flat memory while it is iterated over.

        On a connection of its own: the app's session ends with the request, and what is streamed
        to the browser goes on after that.
        """
        statement = self._ordered(self._filtered(wanted), wanted.sort)
        return _stream(self._session.get_bind(self._model), statement)

    def page(self, wanted: Wanted, after: int | None = None, before: int | None = None) -> Page:
        """Return the page after or before a payment, else the first one."""
        if before is not None and after is None:
            return self._page_before(wanted, before)
        statement = self._filtered(wanted)
        if after is not None:
            statement = statement.where(self._beyond(after, wanted.sort))
        found = self._read(self._ordered(statement, wanted.sort))
        shown = found[:PAGE]
        first = shown[0].id if shown and after is not None else None
        return Page(shown, first, shown[-1].id if len(found) > PAGE else None)

    def _page_before(self, wanted: Wanted, before: int) -> Page:
        statement = self._filtered(wanted).where(self._beyond(before, wanted.sort, back=True))
        found = self._read(self._ordered(statement, wanted.sort, back=True))
        shown = found[:PAGE][::-1]
        first = shown[0].id if len(found) > PAGE else None
        return Page(shown, first, shown[-1].id if shown else None)

    def _read(self, statement: Select[Any]) -> list[PaymentRecord]:
        rows = self._session.execute(statement.limit(PAGE + 1))
        return [PaymentRecord(*tuple(row)) for row in rows]

    @property
    def _worth(self) -> ColumnElement[Decimal]:
        return worth_of(self._payments)

    # The order

    def _ordered(self, statement: Select[Any], sort: str, *, back: bool = False) -> Select[Any]:
        name, descending = SORTS[sort]
        columns: tuple[ColumnElement[Any], ...] = (self._sorts[name], self._payments.c.id)
        return statement.order_by(
            *(column.desc() if descending != back else column.asc() for column in columns)
        )

    def _beyond(self, payment_id: int, sort: str, *, back: bool = False) -> ColumnElement[bool]:
        """Those that come after a payment, or `back` before it.

        The first condition says nothing that the second does not; it is there for the index.
        """
        name, descending = SORTS[sort]
        column, key = self._sorts[name], self._payments.c.id
        here = self._session.execute(select(column).where(key == payment_id)).scalar()
        if here is None:
            return false()
        if descending != back:
            return and_(column <= here, or_(column < here, key < payment_id))
        return and_(column >= here, or_(column > here, key > payment_id))

    # What is wanted

    def _filtered(self, wanted: Wanted) -> Select[Any]:
        return self._select.where(*self._conditions(wanted))

    def _conditions(self, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
        columns = self._payments.c
        if wanted.text:
            yield self._matching(wanted.text)
        if wanted.show:
            yield self._shown(wanted.show)
        if wanted.account is not None:
            yield columns.account == wanted.account
        if wanted.since is not None:
            yield columns.created_at >= wanted.since
        if wanted.until is not None:
            yield columns.created_at < wanted.until
        if wanted.minimum is not None:
            yield self._worth >= wanted.minimum
        if wanted.maximum is not None:
            yield self._worth <= wanted.maximum

    def _matching(self, text: str) -> ColumnElement[bool]:
        """Those with this very id, found by the indexes; only if there is none, with a part."""
        names = ("customer_reference", "invoice_id", "trx_id")
        exact = or_(*(self._payments.c[name] == text for name in names))
        if self._session.execute(select(exists().where(exact))).scalar_one():
            return exact
        return or_(*(self._payments.c[name].icontains(text, autoescape=True) for name in names))

    def _shown(self, show: str) -> ColumnElement[bool]:
        table = self._payments
        shown = {
            OVERDUE: lambda: table.c.check_after <= clock.utcnow() - PATIENCE,
            UNDELIVERED: self._with_undelivered,
            REFUSED: lambda: is_unbooked(table),
            OWED: lambda: is_owed(table),
            HELD: lambda: and_(*owed(table)),
            REFUNDED: lambda: and_(self._sent_back(), self._wholly),
            PARTLY: lambda: and_(self._sent_back(), ~self._wholly),
            CLEARED: lambda: table.c.cleared_at.is_not(None),
            UNCLEARED: self._not_in_a_statement,
        }
        return shown[show]() if show in shown else table.c.status == PaymentStatus(show)

    def _with_undelivered(self) -> ColumnElement[bool]:
        late = undelivered(self._events, heard=self._heard)
        return self._payments.c.id.in_(select(self._events.c.payment_id).where(late))

    def _sent_back(self) -> ColumnElement[bool]:
        """Payments of which anything was sent back, found by what was: it is little."""
        sent = select(self._refunds.c.payment_id).where(self._refunds.c.state == "sent")
        return self._payments.c.id.in_(sent)

    @property
    def _wholly(self) -> ColumnElement[bool]:
        return self._payments.c.refunded_amount == self._payments.c.received_amount

    def _not_in_a_statement(self) -> ColumnElement[bool]:
        columns = self._payments.c
        return and_(columns.status == PaymentStatus.COMPLETED, columns.cleared_at.is_(None))


def _stream(engine: Engine | Connection, statement: Select[Any]) -> Rows:
    options = {"yield_per": _BATCH}
    with (
        engine.engine.connect() as connection,
        connection.execute(statement, execution_options=options) as found,
    ):
        for row in found:
            yield PaymentRecord(*tuple(row))


def undelivered(events: Any, *, heard: Collection[bool]) -> ColumnElement[bool]:
    """Events that should have been delivered: late, or tried in vain."""
    late = is_late(events, clock.utcnow() - PATIENCE, heard)
    return and_(events.c.deliver_after >= EVER, or_(late, events.c.error.is_not(None)))

"""The desk's list of payments: searched, filtered, sorted, a page at a time.

A page begins beyond a known payment rather than after so many rows, and nothing is counted beyond
:data:`MOST`: the last page of 100,000 payments costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    false,
    func,
    or_,
    select,
)

from ..money import total
from ..payments.records import PaymentRecord
from ..payments.store import Store
from .sums import worth, worth_of
from .wanted import EVERY, Conditions, Wanted

#: Payments that are read while they are iterated over.
Rows = Generator[PaymentRecord, None, None]
PAGE = 25
#: So many are counted and summed up at most.
MOST = 10_000
_BATCH = 500
#: What each order goes by, and whether the highest comes first.
SORTS = {
    "newest": ("created_at", True),
    "oldest": ("created_at", False),
    "highest": ("amount", True),
    "lowest": ("amount", False),
}


@dataclass(frozen=True)
class Page:
    """A page of the list, with the payments beyond which its neighbours begin."""

    payments: list[PaymentRecord]
    previous: int | None
    next: int | None


@dataclass(frozen=True)
class Total:
    """How many are wanted and what they come to in BDT, as long as they are at most `MOST`."""

    count: int
    amount: Decimal

    @property
    def is_known(self) -> bool:
        """Whether all were counted."""
        return self.count <= MOST


@dataclass(frozen=True)
class Place:
    """Where a payment stands in a list.

    :ivar number: its number from 1; ``None`` when it is not in the list, or not any more.
    """

    number: int | None
    total: Total
    previous: int | None
    next: int | None


class Listing:
    """Asks the database, and changes nothing.

    :param heard: as :attr:`Outbox.heard`.
    :param search: as of :class:`Conditions`.
    """

    def __init__(
        self, store: Store, *, heard: Collection[bool] = EVERY, search: Sequence[str] = ()
    ) -> None:
        self._store = store
        self._model = store.models.payment
        self._payments: Table = store.models.payment.__table__
        self._conditions = Conditions(store, heard=heard, search=search)
        self._sorts = {"created_at": self._payments.c.created_at, "amount": self._worth}
        self._select = select(*(self._payments.c[field.name] for field in fields(PaymentRecord)))

    def one(self, payment_id: int) -> PaymentRecord | None:
        """Return the payment of that id."""
        found = self._store.ask(self._select.where(self._payments.c.id == payment_id)).first()
        return None if found is None else PaymentRecord(*tuple(found))

    def rows(self, wanted: Wanted) -> Rows:
        """Return all that is wanted, read in flat memory while it is iterated over.

        On a connection of its own: the app's session ends with the request, and what is streamed
        to the browser goes on after that.
        """
        statement = self._ordered(self._filtered(wanted), wanted.sort)
        return _stream(self._store.engine, statement)

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
        rows = self._store.ask(statement.limit(PAGE + 1))
        return [PaymentRecord(*tuple(row)) for row in rows]

    # How many

    def total(self, wanted: Wanted, page: Page) -> Total:
        """Return how many are wanted and their sum; :data:`MOST` and one stand for more.

        :param page: a page of them; where it is the only one, nobody need be asked.
        """
        if page.previous is None and page.next is None:
            shown = page.payments
            return Total(len(shown), total(worth(one) for one in shown))
        return self._total(*self._conditions.of(wanted))

    def _total(self, *conditions: ColumnElement[bool]) -> Total:
        some = select(self._worth.label("worth")).where(*conditions).limit(MOST + 1).subquery()
        counted: Any = select(func.count(), func.sum(some.c.worth))
        count, amount = self._store.ask(counted).one()
        return Total(int(count), amount or Decimal(0))

    def place(self, payment_id: int, wanted: Wanted) -> Place:
        """Return where a payment stands among those that are wanted, or stood."""
        conditions = list(self._conditions.of(wanted))
        itself = select(self._payments.c.id).where(*conditions, self._payments.c.id == payment_id)
        is_in = self._store.ask(itself).scalar() is not None
        before = self._total(*conditions, self._beyond(payment_id, wanted.sort, back=True))
        return Place(
            number=before.count + 1 if is_in and before.is_known else None,
            total=self._total(*conditions),
            previous=self._next_to(payment_id, wanted, back=True),
            next=self._next_to(payment_id, wanted),
        )

    def _next_to(self, payment_id: int, wanted: Wanted, *, back: bool = False) -> int | None:
        beyond = self._beyond(payment_id, wanted.sort, back=back)
        statement = self._filtered(wanted).with_only_columns(self._payments.c.id).where(beyond)
        ordered = self._ordered(statement, wanted.sort, back=back)
        found: int | None = self._store.ask(ordered.limit(1)).scalar()
        return found

    @property
    def _worth(self) -> ColumnElement[Decimal]:
        return worth_of(self._payments)

    def _filtered(self, wanted: Wanted) -> Select[Any]:
        return self._select.where(*self._conditions.of(wanted))

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
        here = self._store.ask(select(column).where(key == payment_id)).scalar()
        if here is None:
            return false()
        if descending != back:
            return and_(column <= here, or_(column < here, key < payment_id))
        return and_(column >= here, or_(column > here, key > payment_id))


def _stream(engine: Engine | Connection, statement: Select[Any]) -> Rows:
    options = {"yield_per": _BATCH}
    with (
        engine.engine.connect() as connection,
        connection.execute(statement, execution_options=options) as found,
    ):
        for row in found:
            yield PaymentRecord(*tuple(row))

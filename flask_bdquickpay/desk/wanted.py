"""Which payments a person wants to see: the conditions of the list, as the database takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select

from .. import clock
from ..doctor.findings import PATIENCE
from ..payments.refund_rows import owed
from ..payments.status import PaymentStatus
from ..payments.store import Store
from ..payments.waiting import EVER, is_late, is_owed, is_unbooked
from .sums import worth_of

OVERDUE, UNDELIVERED, REFUSED, OWED = "overdue", "undelivered", "refused", "owed"
REFUNDED, PARTLY, HELD = "refunded", "partly-refunded", "held"
CLEARED, UNCLEARED = "cleared", "uncleared"
#: What the days are those of.
CREATED, PAID = "created", "paid"
#: Somebody listens to events of both kinds.
EVERY = (False, True)
_LATIN = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")
#: A mobile number of Bangladesh, with or without its country.
_MOBILE = re.compile(r"(?:\+?88)?0?(1[3-9]\d{8})")


@dataclass(frozen=True)
class Wanted:
    """Which payments are wanted, in which order; what is left out does not narrow.

    :ivar text: the reference, invoice or transaction id, or a part of one; or what the shop's own
        data say under one of the keys that are searched.
    :ivar show: a status, or one of the words above.
    :ivar since: at this moment or later.
    :ivar until: before this moment.
    :ivar by: whether those are the moments of creation or of payment.
    :ivar account: the merchant account; empty: the plain one.
    """

    text: str = ""
    show: str = ""
    since: datetime | None = None
    until: datetime | None = None
    by: str = CREATED
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    sort: str = "newest"
    account: str | None = None


class Conditions:
    """Says it in SQL, and changes nothing.

    :param heard: as :attr:`Outbox.heard`.
    :param search: the keys of the shop's own data in which is searched; a dot leads into another.
    """

    def __init__(self, store: Store, *, heard: Collection[bool], search: Sequence[str]) -> None:
        self._store = store
        self._heard = heard
        self._search = search
        self._payments: Table = store.models.payment.__table__
        self._events: Table = store.models.event.__table__
        self._refunds: Table = store.models.refund.__table__

    def of(self, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
        """Yield what holds for each payment that is wanted."""
        columns, worth = self._payments.c, worth_of(self._payments)
        if wanted.text:
            yield self._matching(wanted.text)
        if wanted.show:
            yield self._shown(wanted.show)
        if wanted.account is not None:
            yield columns.account == wanted.account
        yield from self._between(wanted)
        if wanted.minimum is not None:
            yield worth >= wanted.minimum
        if wanted.maximum is not None:
            yield worth <= wanted.maximum

    def _between(self, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
        columns = self._payments.c
        moment: ColumnElement[Any] = columns.created_at
        if wanted.by == PAID:
            moment = func.coalesce(columns.verified_at, columns.created_at)
        if wanted.since is not None:
            yield moment >= wanted.since
        if wanted.until is not None:
            yield moment < wanted.until

    def _matching(self, text: str) -> ColumnElement[bool]:
        """Those with this very id, found by the indexes; only if there is none, with a part."""
        columns = [
            self._payments.c[name] for name in ("customer_reference", "invoice_id", "trx_id")
        ]
        exact = or_(*(column == text for column in columns))
        if self._store.ask(select(exists().where(exact))).scalar_one():
            return exact
        parts = [column.icontains(text, autoescape=True) for column in columns]
        return or_(*parts, *(self._in_data(key, text) for key in self._search))

    def _in_data(self, key: str, text: str) -> ColumnElement[bool]:
        """Whether the shop's own data say so under a key; a phone number however it is written."""
        data: Any = self._payments.c.payment_metadata
        said: ColumnElement[str] = data[tuple(key.split("."))].as_string()
        mobile = _MOBILE.fullmatch(re.sub(r"[\s()./-]", "", text.translate(_LATIN)))
        if mobile is None:
            return said.icontains(text, autoescape=True)
        return func.replace(func.replace(said, "-", ""), " ", "").endswith(mobile[1])

    def _shown(self, show: str) -> ColumnElement[bool]:
        table = self._payments
        shown: dict[str, Callable[[], ColumnElement[bool]]] = {
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


def undelivered(events: Any, *, heard: Collection[bool]) -> ColumnElement[bool]:
    """Events that should have been delivered: late, or tried in vain."""
    late = is_late(events, clock.utcnow() - PATIENCE, heard)
    return and_(events.c.deliver_after >= EVER, or_(late, events.c.error.is_not(None)))

"""Forgets what nobody needs: payments that never saw money, and facts that changed nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ForeignKeyConstraint,
    Table,
    delete,
    exists,
    false,
    func,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from .. import clock
from .status import BELIEFS, PaymentStatus
from .store import Store

WHAT = ("unpaid", "timeline")
_BATCH = 200
_LEASE = "prune"
_NEEDED = "the shop's own tables refer to it"


@dataclass(frozen=True)
class PruneReport:
    """What was forgotten, or would be.

    :ivar payments: payments that were deleted.
    :ivar events: rows of the timeline that were deleted.
    :ivar kept: payments that were to be deleted and are kept, by the reason.
    :ivar done: whether it was done, and not only counted.
    """

    payments: int = 0
    events: int = 0
    kept: Mapping[str, int] = field(default_factory=dict)
    done: bool = False


class Pruning:
    """Deletes in small transactions, so that it may run beside anything and be interrupted.

    :param floor: the least age of what is deleted.
    """

    def __init__(self, store: Store, floor: timedelta, late_window: timedelta) -> None:
        self._store = store
        self._floor = floor
        self._late_window = late_window
        self._payments: Table = store.payments
        self._events: Table = store.events
        self._refunds: Table = store.models.refund.__table__

    def run(self, older_than: timedelta, what: str = "unpaid", *, yes: bool = False) -> PruneReport:
        """Delete what is older, or count it; see :meth:`flask_bdquickpay.BDQuickPay.prune`.

        :raises ValueError: for an age below the floor, or something else than :data:`WHAT`.
        """
        if what not in WHAT:
            raise ValueError(f"What is pruned is one of {', '.join(WHAT)}, not {what!r}.")
        if older_than < self._floor:
            raise ValueError(
                f"Nothing is pruned before {self._floor.days} days (BDQUICKPAY_PRUNE_FLOOR)."
            )
        try:
            before = clock.utcnow() - older_than
        except OverflowError:
            raise ValueError(f"There is no time so long ago: {older_than}.") from None
        if not yes:
            with self._store.beside_host():
                return self._count(before, what)
        self._store.settle_host()
        return self._thin_out(before) if what == "timeline" else self._forget_unpaid(before)

    def _count(self, before: datetime, what: str) -> PruneReport:
        """Say what would be done."""
        if what == "timeline":
            rows, needed = self._plain(before), self._referred(self._events)
            kept = self._number(rows.where(needed))
            return PruneReport(events=self._number(rows.where(~needed)), kept=_kept(kept))
        rows, needed = self._unpaid(before), self._needed()
        gone = rows.where(~needed)
        events = select(self._events.c.id).where(self._events.c.payment_id.in_(gone))
        kept = self._number(rows.where(needed))
        return PruneReport(self._number(gone), self._number(events), _kept(kept))

    def _needed(self) -> Any:
        """Whether a row of the shop refers to a payment, or to its timeline.

        Asked, since not every database keeps it: SQLite does not look as it comes, and others may
        be told to delete the shop's row as well.
        """
        events = self._events.c
        fact = exists().where(
            events.payment_id == self._payments.c.id, self._referred(self._events)
        )
        return self._referred(self._payments) | fact

    def _referred(self, ours: Table) -> Any:
        """Whether a row of the shop's tables refers to one of this table."""
        own = (self._payments, self._events, self._refunds)
        there = inspect(self._store.session.connection(bind_arguments=self._store.bind))
        found = [
            exists().where(*match)
            for table in ours.metadata.tables.values()
            for key in table.foreign_key_constraints
            if table not in own
            and (match := _match(key, ours))
            and there.has_table(table.name, table.schema)
        ]
        return or_(false(), *found)

    # Payments that never saw money

    def _forget_unpaid(self, before: datetime) -> PruneReport:
        payments = events_gone = 0
        kept = Counter(self._count(before, "unpaid").kept)
        unpaid = self._unpaid(before).where(~self._needed())
        for batch in self._batches(unpaid):
            done, gone = self._delete(batch, unpaid, kept)
            payments, events_gone = payments + done, events_gone + gone
        return PruneReport(payments, events_gone, dict(kept), done=True)

    def _unpaid(self, before: datetime) -> Any:
        """Select the ids of payments that never saw money, and about which nobody decided."""
        payments, events = self._payments.c, self._events.c
        own = events.payment_id == payments.id
        waits = exists().where(own, events.deliver_after.is_not(None))
        a_person = exists().where(own, events.actor.is_not(None))
        money = exists().where(
            own, events.new_status.in_((PaymentStatus.COMPLETED, PaymentStatus.FLAGGED))
        )
        refunded = exists().where(self._refunds.c.payment_id == payments.id)
        end = before - self._late_window
        return select(payments.id).where(
            payments.created_at < before,
            func.coalesce(payments.expires_at, payments.created_at) < end,
            payments.status.in_(BELIEFS),
            payments.check_after.is_(None),
            payments.received_amount.is_(None),
            payments.trx_id.is_(None),
            payments.verified_at.is_(None),
            payments.problem.is_(None),
            payments.resolved_by.is_(None),
            ~waits,
            ~a_person,
            ~money,
            ~refunded,
        )

    def _batches(self, unpaid: Any) -> Iterator[list[int]]:
        """Yield ids, each once, also of those that are kept."""
        last = 0
        while True:
            more = unpaid.where(self._payments.c.id > last)
            ids = list(self._store.ask(more.order_by(self._payments.c.id).limit(_BATCH)).scalars())
            self._store.session.rollback()
            if not ids:
                return
            yield ids
            last = ids[-1]

    def _delete(self, ids: list[int], unpaid: Any, kept: Counter[str]) -> tuple[int, int]:
        """Delete payments with their timelines; what a row of the shop refers to is kept."""
        try:
            return self._store.transaction(lambda: self._delete_at_once(ids, unpaid))
        except IntegrityError:
            if len(ids) == 1:
                kept[_NEEDED] += 1
                return 0, 0
        done = [self._delete([one], unpaid, kept) for one in ids]
        return sum(one for one, _ in done), sum(gone for _, gone in done)

    def _delete_at_once(self, ids: list[int], unpaid: Any) -> tuple[int, int]:
        payments, events = self._payments, self._events
        still = set(self._store.ask(unpaid.where(payments.c.id.in_(ids))).scalars())
        hold = update(payments).where(
            payments.c.id.in_(still), payments.c.check_after.is_(None), payments.c.trx_id.is_(None)
        )
        self._store.execute(hold, lease=_LEASE)  # holds the rows: nobody moves them meanwhile
        taken = list(
            self._store.ask(
                select(payments.c.id).where(payments.c.id.in_(still), payments.c.lease == _LEASE)
            ).scalars()
        )
        gone = self._store.execute(delete(events).where(events.c.payment_id.in_(taken))).rowcount
        done = self._store.execute(delete(payments).where(payments.c.id.in_(taken))).rowcount
        return done, gone

    # Facts that changed nothing

    def _thin_out(self, before: datetime) -> PruneReport:
        plain, gone, last = self._plain(before).where(~self._referred(self._events)), 0, 0
        kept = Counter(self._count(before, "timeline").kept)
        while True:
            some = plain.where(self._events.c.id > last).order_by(self._events.c.id)
            ids = list(self._store.ask(some.limit(_BATCH)).scalars())
            self._store.session.rollback()
            if not ids:
                return PruneReport(events=gone, kept=dict(kept), done=True)
            gone += self._thin(ids, plain, kept)
            last = ids[-1]

    def _plain(self, before: datetime) -> Any:
        """Select the ids of facts without a change, a person or a note."""
        events = self._events.c
        return select(events.id).where(
            events.created_at < before,
            events.new_status.is_(None),
            events.actor.is_(None),
            events.note.is_(None),
            events.refund_id.is_(None),
            events.deliver_after.is_(None),
        )

    def _thin(self, ids: list[int], plain: Any, kept: Counter[str]) -> int:
        """Delete facts; what a row of the shop refers to is kept."""

        def work() -> int:
            still = list(self._store.ask(plain.where(self._events.c.id.in_(ids))).scalars())
            batch = delete(self._events).where(self._events.c.id.in_(still))
            return self._store.execute(batch).rowcount

        try:
            return self._store.transaction(work)
        except IntegrityError:
            if len(ids) == 1:
                kept[_NEEDED] += 1
                return 0
        return sum(self._thin([one], plain, kept) for one in ids)

    def _number(self, ids: Any) -> int:
        counted = select(func.count()).select_from(ids.subquery())
        return int(self._store.ask(counted).scalar_one())


def _match(key: ForeignKeyConstraint, ours: Table) -> list[Any]:
    """What holds where a row of the shop refers to a row of ours; nothing for another table."""
    pairs = [(one.parent, *one.target_fullname.rpartition(".")[::2]) for one in key.elements]
    return [column == ours.c[name] for column, table, name in pairs if table == ours.fullname]


def _kept(count: int) -> dict[str, int]:
    return {_NEEDED: count} if count else {}

"""Forgets what nobody needs: payments that never saw money, and facts that changed nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Table, delete, exists, func, select, update
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
        self._store.settle_host()
        before = clock.utcnow() - older_than
        if what == "timeline":
            return self._thin_out(before, yes=yes)
        return self._forget_unpaid(before, yes=yes)

    # Payments that never saw money

    def _forget_unpaid(self, before: datetime, *, yes: bool) -> PruneReport:
        if not yes:
            events = select(func.count()).where(self._events.c.payment_id.in_(self._unpaid(before)))
            found = select(func.count()).select_from(self._unpaid(before).subquery())
            return PruneReport(self._number(found), self._number(events))
        payments = events_gone = 0
        kept = Counter[str]()
        for batch in self._batches(before):
            done, gone = self._delete(batch, before, kept)
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

    def _batches(self, before: datetime) -> Iterator[list[int]]:
        """Yield ids, each once, also of those that are kept."""
        last = 0
        while True:
            more = self._unpaid(before).where(self._payments.c.id > last)
            ids = list(
                self._store.session.scalars(more.order_by(self._payments.c.id).limit(_BATCH))
            )
            self._store.session.rollback()
            if not ids:
                return
            yield ids
            last = ids[-1]

    def _delete(self, ids: list[int], before: datetime, kept: Counter[str]) -> tuple[int, int]:
        """Delete payments with their timelines; what a row of the shop refers to is kept."""
        try:
            return self._store.transaction(lambda: self._delete_at_once(ids, before))
        except IntegrityError:
            if len(ids) == 1:
                kept[_NEEDED] += 1
                return 0, 0
        done = [self._delete([one], before, kept) for one in ids]
        return sum(one for one, _ in done), sum(gone for _, gone in done)

    def _delete_at_once(self, ids: list[int], before: datetime) -> tuple[int, int]:
        payments, events = self._payments, self._events
        still = set(self._store.session.scalars(self._unpaid(before).where(payments.c.id.in_(ids))))
        mine = update(payments).where(
            payments.c.id.in_(still), payments.c.check_after.is_(None), payments.c.trx_id.is_(None)
        )
        self._store.execute(mine, lease=_LEASE)  # holds the rows: nobody moves them meanwhile
        taken = list(
            self._store.session.scalars(
                select(payments.c.id).where(payments.c.id.in_(still), payments.c.lease == _LEASE)
            )
        )
        gone = self._store.execute(delete(events).where(events.c.payment_id.in_(taken))).rowcount
        done = self._store.execute(delete(payments).where(payments.c.id.in_(taken))).rowcount
        return done, gone

    # Facts that changed nothing

    def _thin_out(self, before: datetime, *, yes: bool) -> PruneReport:
        events = self._events.c
        plain = (
            events.created_at < before,
            events.new_status.is_(None),
            events.actor.is_(None),
            events.note.is_(None),
            events.refund_id.is_(None),
            events.deliver_after.is_(None),
        )
        if not yes:
            return PruneReport(events=self._number(select(func.count()).where(*plain)))
        gone, last = 0, 0
        while True:
            some = select(events.id).where(*plain, events.id > last).order_by(events.id)
            ids = list(self._store.session.scalars(some.limit(_BATCH)))
            self._store.session.rollback()
            if not ids:
                return PruneReport(events=gone, done=True)
            batch = delete(self._events).where(events.id.in_(ids), *plain)
            gone += self._store.transaction(partial(self._remove, batch))
            last = ids[-1]

    def _remove(self, batch: Any) -> int:
        return self._store.execute(batch).rowcount

    def _number(self, statement: Any) -> int:
        found = int(self._store.session.execute(statement).scalar_one())
        self._store.session.rollback()
        return found

"""Empties the personal data of an order's closed payments; what accountants need stays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Table, null, update

from .. import clock
from .status import MONEY_CAME, PaymentStatus
from .store import Store
from .verdict import Snapshot


@dataclass(frozen=True)
class ErasureReport:
    """What was erased.

    :ivar payments: payments that were emptied.
    :ivar open: payments that are still open, and were left as they are.
    """

    payments: int
    open: int


class Erasure:
    """Erases what belongs to a person: metadata, label, lines, URL, answers, refund notes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._payments: Table = store.payments
        self._events: Table = store.events
        self._refunds: Table = store.models.refund.__table__

    def run(self, reference: str, *, note: str, actor: str) -> ErasureReport:
        """Empty the closed payments of an order; amounts, dates and ids stay.

        :param note: why; stays in the timeline.
        :param actor: who decided it.
        """
        found = self._store.all(
            self._store.snapshot.where(self._payments.c.customer_reference == reference), {}
        )
        closed = [seen for seen in found if not _is_open(seen)]
        for seen in closed:
            self._store.transaction(partial(self._empty, seen, note, actor))
        return ErasureReport(len(closed), len(found) - len(closed))

    def _empty(self, seen: Snapshot, note: str, actor: str) -> None:
        payments, events, refunds = self._payments, self._events, self._refunds
        now = clock.utcnow()
        one = update(payments).where(payments.c.id == seen.id, payments.c.token == seen.token)
        empty: dict[str, Any] = dict.fromkeys(("payment_metadata", "lines"), null())
        values = empty | {"payment_url": None, "label": None, "erased_at": now, "updated_at": now}
        self._store.ask(one.values(**values))
        decided = events.c.new_status.in_(MONEY_CAME)
        others = update(events).where(
            events.c.payment_id == seen.id, events.c.new_status.is_(None) | ~decided
        )
        self._store.ask(others.values(gateway_answer=null()))
        notes = update(refunds).where(refunds.c.payment_id == seen.id)
        self._store.execute(notes, note="", reason="", void_note=None)
        self._store.record(seen, "erase", note, actor=actor)


def _is_open(seen: Snapshot) -> bool:
    """Whether money may still come on it, or a person is to decide about it."""
    waits = seen.check_after is not None
    return seen.status in (PaymentStatus.CREATED, PaymentStatus.PENDING, PaymentStatus.FLAGGED) or (
        waits and not seen.is_owed
    )

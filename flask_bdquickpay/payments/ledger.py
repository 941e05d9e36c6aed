"""The only writer of payments: one transition, its event and its signal in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from blinker import Signal
from flask import Flask

from . import reasons, signals
from .clock import utcnow
from .outbox import Outbox
from .status import MONEY_CAME, PaymentStatus
from .store import Conflict, Store
from .verdict import Snapshot, Verdict, next_check

_logger = logging.getLogger(__name__)
#: How often a change is tried again that a rival was faster with.
TRIES = 20
_RELEASES_ORDER = (PaymentStatus.FAILED, PaymentStatus.EXPIRED)


@dataclass(frozen=True)
class Ledger:
    """Writes what has been decided, with a compare-and-set, and tells the shop.

    :ivar late_window: how long after its end a payment is still asked about.
    """

    app: Flask
    store: Store
    outbox: Outbox
    late_window: timedelta

    # Without a transition

    def insert(self, **values: Any) -> bool:
        """Insert a payment; return whether the order had none yet."""
        try:
            self.store.transaction(lambda: self.store.insert(**values))
        except Conflict:
            return False
        return True

    def amend(self, seen: Snapshot, source: str, note: str, **values: Any) -> None:
        """Change columns of a payment that still stands as `seen`, and note why."""

        def work() -> None:
            if self.store.amend(seen, **values):
                self.store.record(seen, source, note=note)

        self.store.transaction(work)

    def note(self, seen: Snapshot, source: str, note: str, **values: Any) -> None:
        """Record a fact that changed nothing."""
        self.store.transaction(lambda: self.store.record(seen, source, note=note, **values))

    def stay(
        self, seen: Snapshot, word: str, source: str, facts: dict[str, Any]
    ) -> Snapshot | None:
        """Keep the gateway's `word` that moves nothing; ``None`` if the payment moved meanwhile."""
        values: dict[str, Any] = {"gateway_status": word}
        if source == "sweep":
            values |= self.rescheduled(seen)
        elif source == "status" and seen.gateway_status == word:
            return seen

        def work() -> bool:
            if not seen.is_closed and not self.store.amend(seen, **values):
                return False
            if source != "status":
                self.store.record(seen, source, **facts)
            return True

        stayed = self.store.transaction(work)
        return replace(seen, gateway_status=word) if stayed else None

    def rescheduled(self, seen: Snapshot) -> dict[str, Any]:
        """The columns that say when the sweep, which is looking now, is to look again."""
        due = next_check(seen.status, seen.expires_at, seen.checks + 1, utcnow(), self.late_window)
        return {"checks": seen.checks + 1, "check_after": due, "lease": None}

    # With a transition

    def move(
        self,
        seen: Snapshot,
        verdict: Verdict,
        source: str,
        facts: dict[str, Any] | None = None,
        *,
        displaced: int | None = None,
        **values: Any,
    ) -> Snapshot | None:
        """Record a transition, its event and its signal in one transaction.

        :param displaced: the payment that the order is taken from.
        :returns: the payment as it stands then, ``None`` if somebody else had moved it.
        :raises Conflict: when another payment has the order or the transaction.
        """
        values |= self._consequences(seen.after(**values), verdict)

        def work() -> int:
            if displaced is not None:
                self.store.displace(displaced)
            if not self.store.move(seen, verdict.status, **values):
                raise _Overtaken
            event = {"new_status": verdict.status, "note": verdict.reason} | (facts or {})
            event_id = self.store.record(seen, source, **event, **self.outbox.columns())
            self._signal(seen.id, verdict.status)
            return event_id

        try:
            event_id = self.store.transaction(work)
        except _Overtaken:
            return None
        self.outbox.committed(event_id)
        return seen.after(status=verdict.status, **values)

    def rival(self, seen: Snapshot, verdict: Verdict) -> tuple[Verdict, int | None]:
        """Return a verdict beside another payment, and the one it takes the order from.

        Looked at after the database has said that there is another payment in its way.
        """
        owner = self.store.find("trx_id", verdict.trx_id)
        if owner is not None and owner.id != seen.id:
            facts = {"transaction": verdict.trx_id, "payment": owner.id}
            reason = reasons.TRANSACTION_SEEN % facts
            return Verdict(PaymentStatus.FLAGGED, reason), None
        holder = self.store.find("order_key", seen.customer_reference)
        if holder is None or holder.id == seen.id:
            return verdict, None
        if verdict.status == PaymentStatus.FLAGGED:
            return verdict.flagged(verdict.reason), None
        if holder.status == PaymentStatus.COMPLETED:
            return verdict.flagged(reasons.PAID_ALREADY % {"payment": holder.id}), None
        return verdict, holder.id

    def _consequences(self, seen: Snapshot, verdict: Verdict) -> dict[str, Any]:
        """The columns that follow from the status that is reached."""
        values: dict[str, Any] = {"reason": verdict.reason, "lease": None, "check_after": None}
        if verdict.status in _RELEASES_ORDER:
            values["order_key"] = None
        if verdict.status in MONEY_CAME and verdict.holds_order:
            values["order_key"] = seen.customer_reference
        if verdict.trx_id is not None:
            values["trx_id"] = verdict.trx_id
        if seen.invoice_id is not None and seen.resolved_by is None:
            values["check_after"] = next_check(
                verdict.status, seen.expires_at, seen.checks, utcnow(), self.late_window
            )
        return values

    # Telling the shop

    def announce_created(self, payment_id: int) -> None:
        """Send `payment_created`; a receiver that raises does not keep the customer from paying."""

        def work() -> None:
            self._send(signals.payment_created, payment_id)

        if signals.payment_created.receivers:
            try:
                self.store.transaction(work)
            except Exception:
                _logger.exception("A receiver of payment_created raised (payment %s)", payment_id)

    def _signal(self, payment_id: int, status: PaymentStatus) -> None:
        if status == PaymentStatus.COMPLETED and not signals.paid_is_heard(self.app):
            _logger.error("Payment %s is paid, and nobody listens to payment_paid", payment_id)
        signal = signals.OF_STATUS.get(status)
        if signal is not None and signal.receivers:
            self._send(signal, payment_id)

    def _send(self, signal: Signal, payment_id: int) -> None:
        """Call every receiver inside the transaction; the first that raises ends it."""
        payment = self.store.load(payment_id)
        check = self.store.guard()
        for call in signals.calls(signal, self.app, payment=payment):
            call()
            check()


class _Overtaken(Exception):
    """Somebody else moved the payment between reading and writing it."""

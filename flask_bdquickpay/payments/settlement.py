"""Asks the gateway about a payment, judges its answer and applies it: the one door.

Every way in (webhook, success page, cancel page, sweep, command line) ends at
:meth:`Settlement.settle`: ask the gateway, holding nothing; judge; apply with a compare-and-set in
one short transaction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from ..errors import GatewayError, GatewayUnavailableError, InvoiceNotFoundError
from ..gateway.answers import VerifiedPayment
from ..gateway.client import BDQuickPayClient
from ..settings import Settings
from . import reasons
from .clock import utcnow
from .ledger import TRIES, Ledger
from .models import PaymentMixin
from .status import MONEY_CAME, MOVES, PaymentStatus
from .store import Conflict, Store
from .verdict import Snapshot, Verdict, is_known, judge

_logger = logging.getLogger(__name__)
#: Seconds after the time-out of a create call when its answer is taken as lost.
GRACE = 2.0
#: When the sweep looks again at a payment that it could not verify, if nothing else says so.
RETRY = timedelta(minutes=15)
#: Between two gateway calls that the waiting page may cause.
ASKING_PAUSE = timedelta(seconds=3)
#: Sources that close a payment which the gateway has forgotten; whoever else asks hears of it.
_CLOSERS = ("checkout", "sweep")
#: Sources that are worth a line in the timeline also when there is nothing left to ask.
_FACTS = ("webhook", "return", "cancel", "cli", "desk")


@dataclass(frozen=True)
class Settlement:
    """Brings payments to where the gateway says they are."""

    settings: Settings
    client: BDQuickPayClient
    store: Store
    ledger: Ledger

    def confirm(self, payment_id: int, source: str = "confirm", **options: Any) -> PaymentMixin:
        """Ask about a payment, apply the answer and return the payment as it stands then.

        :raises GatewayError: with the payment unchanged.
        """
        seen = self.store.find("id", payment_id)
        if seen is None:
            raise LookupError(f"There is no payment {payment_id}.")
        self.settle(seen, source, **options)
        return self.store.load_kept(payment_id)

    def settle(
        self,
        seen: Snapshot,
        source: str,
        *,
        timeout: float | None = None,
        gave_up: bool = False,
        actor: str | None = None,
    ) -> Snapshot:
        """Ask the gateway about a payment and apply its answer: the one door for all.

        A closed payment and one that the gateway does not know are returned as they are.

        :param timeout: seconds for the gateway call, else the client's.
        :param gave_up: whether the customer came back by the cancel URL.
        :raises GatewayError: with the payment unchanged, the failure noted in its timeline; but a
            payment that has expired and that the gateway does not know any more expires here too
            at the next checkout or sweep.
        """
        if seen.invoice_id is None:
            if seen.status == PaymentStatus.CREATED:
                self.close_if_lost(seen, source)
            return self.store.again(seen)
        if seen.is_closed:
            if source in _FACTS and not (source == "webhook" and seen.announced):
                self.ledger.note(seen, source, "it was settled already")
            return seen
        asked = utcnow()  # an answer may be as old as this
        try:
            answer = self.client.verify_payment(seen.invoice_id, timeout=timeout)
        except GatewayError as error:
            forgotten = isinstance(error, InvoiceNotFoundError) and seen.has_expired(utcnow())
            if forgotten and PaymentStatus.EXPIRED in MOVES[seen.status] and source in _CLOSERS:
                reason = seen.reason if seen.superseded else reasons.UNKNOWN_AT_GATEWAY
                verdict = Verdict(PaymentStatus.EXPIRED, reason)
                return self.ledger.move(seen, verdict, source) or self.store.again(seen)
            if source != "status":
                note = f"the gateway could not be asked: {error.message}"
                self.ledger.note(seen, source, note)
            raise
        return self._apply(seen, answer, asked, source, gave_up=gave_up, actor=actor)

    def close_if_lost(self, created: Snapshot, source: str) -> bool:
        """Fail a payment whose creation was never answered; nobody holds its URL."""
        if utcnow() < created.created_at + self.patience:
            return False
        self.ledger.move(created, Verdict(PaymentStatus.FAILED, reasons.ANSWER_LOST), source)
        return True

    @property
    def patience(self) -> timedelta:
        """How long the answer to a creation is waited for."""
        return timedelta(seconds=self.settings.timeout + GRACE)

    def postpone(self, seen: Snapshot, error: Exception) -> None:
        """Have the sweep look again later at a payment that could not be verified.

        Also after the late window: only an answer ends it, were it that there is no such invoice.
        """
        values = self.ledger.rescheduled(seen)
        if not isinstance(error, InvoiceNotFoundError):
            values["check_after"] = values["check_after"] or utcnow() + RETRY
        self.store.transaction(lambda: self.store.amend(seen, **values))

    def _apply(
        self,
        seen: Snapshot,
        answer: VerifiedPayment,
        asked: datetime,
        source: str,
        *,
        gave_up: bool,
        actor: str | None,
    ) -> Snapshot:
        """Apply an answer, judging it anew whenever somebody else moved the payment meanwhile."""
        if not is_known(answer.status):
            _logger.warning("Unknown gateway status %r (payment %s)", answer.status, seen.id)
        facts = {"gateway_answer": answer.facts, "actor": actor}
        for _ in range(TRIES):
            verdict = judge(
                seen,
                answer,
                asked,
                late_window=self.ledger.late_window,
                flag_late=self.settings.late_payments == "flag",
                gave_up=gave_up,
            )
            after = (
                self.ledger.stay(seen, answer.status, source, facts)
                if verdict is None
                else self._arrive(seen, answer, verdict, source, facts)
            )
            if after is not None:
                return after
            seen = self.store.again(seen)
        raise GatewayUnavailableError("Too many changes at once.", invoice_id=seen.invoice_id)

    def _arrive(
        self,
        seen: Snapshot,
        answer: VerifiedPayment,
        verdict: Verdict,
        source: str,
        facts: dict[str, Any],
    ) -> Snapshot | None:
        """Carry a verdict out; ``None`` if the payment moved meanwhile.

        Whether another payment stands in its way is looked at after the database has said so.
        """
        values: dict[str, Any] = {"gateway_status": answer.status}
        if verdict.status in MONEY_CAME and answer.transaction is not None:
            values["verified_at"] = answer.transaction.verified_at or utcnow()
        displaced = None
        for _ in range(TRIES):
            if self._is_outdated(seen, verdict):
                verdict, displaced = verdict.flagged(reasons.PAID_SUPERSEDED), None
            try:
                return self.ledger.move(seen, verdict, source, facts, displaced=displaced, **values)
            except Conflict:
                verdict, displaced = self.ledger.rival(seen, verdict)
            except DBAPIError:
                raise
            except Exception as error:
                note = f"not applied: a receiver raised {type(error).__name__}"
                self.ledger.note(seen, source, note)
                raise
        return None

    def _is_outdated(self, seen: Snapshot, verdict: Verdict) -> bool:
        """Whether late money is of another amount than what the order was charged since."""
        late = seen.is_believed_over and verdict.status == PaymentStatus.COMPLETED
        return late and self.store.was_repriced(seen)

"""Asks the gateway about a payment, judges its answer and applies it: the one door.

Every way in (webhook, success page, cancel page, sweep, command line) ends at
:meth:`Settlement.settle`: ask the gateway, holding nothing; judge; apply with a compare-and-set in
one short transaction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from .. import clock
from ..deadline import deadline
from ..errors import (
    ConfigurationError,
    GatewayError,
    GatewayPausedError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
)
from ..gateway.answers import VerifiedPayment
from ..gateway.client import BDQuickPayClient
from ..money import to_paisa
from ..settings import Settings
from . import reasons, signals
from .about import about
from .accounts import Accounts
from .columns import MOST_MONEY
from .database import Conflict
from .ledger import TRIES, Ledger, refusal
from .models import PaymentMixin
from .status import MONEY_CAME, MOVES, UNANSWERED, PaymentStatus
from .store import Store
from .verdict import Snapshot, Verdict, is_known, judge

_logger = logging.getLogger(__name__)
#: Seconds after the time-out of a create call when its answer is taken as lost.
GRACE = 2.0
#: When the sweep looks again at a payment that it could not verify, if nothing else says so.
RETRY = timedelta(minutes=15)
#: Between two gateway calls that pages may cause.
ASKING_PAUSE = timedelta(seconds=3)
#: Seconds for keeping what was learnt when it could not be applied.
_SHORT = 1.0
#: So often a payment is cancelled; then a customer who comes back changes nothing any more.
_CANCELS = 5
#: Sources that close a payment which the gateway has forgotten; whoever else asks hears of it.
_CLOSERS = ("checkout", "sweep")
#: Sources that are worth a line in the timeline also when there is nothing left to ask.
_FACTS = ("webhook", "return", "cancel", "cli", "desk")


@dataclass(frozen=True)
class Settlement:
    """Brings payments to where the gateway says they are."""

    settings: Settings
    accounts: Accounts
    store: Store
    ledger: Ledger

    def confirm(self, seen: Snapshot, source: str = "confirm", **options: Any) -> PaymentMixin:
        """Ask about a payment, apply the answer and return the payment as it stands then.

        :raises GatewayError: with the payment unchanged.
        """
        return self.store.load_kept(self.settle(seen, source, **options))

    def settle(
        self,
        seen: Snapshot,
        source: str,
        *,
        timeout: float | None = None,
        gave_up: bool = False,
        promised: bool = False,
        actor: str | None = None,
    ) -> Snapshot:
        """Ask the gateway about a payment and apply its answer: the one door for all.

        A closed payment and one that the gateway does not know are returned as they are.

        :param timeout: seconds for the gateway call, else the client's.
        :param gave_up: whether the customer came back by the cancel URL.
        :param promised: whether a webhook announces that it was completed.
        :raises GatewayError: with the payment unchanged, the failure noted in its timeline; but a
            payment that has expired and that the gateway does not know any more expires here too
            at the next checkout or sweep.
        :raises Exception: what a receiver of the shop raised, with the payment unchanged but for
            what the gateway said and ``problem``.
        """
        if seen.is_owed:
            return self._announce(seen, source, actor)
        if seen.invoice_id is None:
            if seen.status == PaymentStatus.CREATED:
                self.close_if_lost(seen, source)
            return self.store.again(seen)
        if seen.is_closed:
            if source in _FACTS and not (source == "webhook" and seen.has_webhook):
                self.ledger.note(seen, source, "it was settled already")
            return seen
        asked = clock.utcnow()  # an answer may be as old as this
        promise = {"promised_at": asked} if promised and seen.promised_at is None else {}
        try:
            answer = self._ask(seen, timeout)
        except GatewayError as error:
            forgotten = self._forgotten(seen, error, source)
            if forgotten is not None:
                return self.ledger.move(seen, forgotten, source) or self.store.again(seen)
            if source != "status" and not _was_left_alone(error, source):
                note = f"{UNANSWERED}: {error.message}"
                self.ledger.keep(seen, source, {"note": note}, **promise)
            raise
        facts = {"gateway_answer": answer.facts, "actor": actor}
        return self._apply(
            seen, answer, asked, source, facts=facts, promise=promise, gave_up=gave_up
        )

    def look(self, seen: Snapshot, source: str, *, gave_up: bool = False) -> bool:
        """Bring a payment up to date for a page; return whether the gateway's word is known.

        However many pages are loaded, the gateway is asked once in :data:`ASKING_PAUSE`. In
        between its last answer counts, if it has given one.

        :raises GatewayError: as :meth:`settle` does.
        """
        now = clock.utcnow()
        if seen.is_closed or seen.invoice_id is None:  # there is nothing to ask
            self.settle(seen, source)
            return True
        if seen.was_asked_about(now, ASKING_PAUSE):
            return self._as_answered(seen, source, gave_up)
        if not self.store.claim_asking(seen, now, ASKING_PAUSE):
            return self._as_answered(self.store.again(seen), source, gave_up)
        if not self._settle_for_page(seen, source, gave_up).is_closed:
            self.store.note_answer(seen, now)
        return True

    def _settle_for_page(self, seen: Snapshot, source: str, gave_up: bool) -> Snapshot:
        try:
            return self.settle(seen, source, gave_up=gave_up)
        except InvoiceNotFoundError:
            if not seen.status.is_final:
                raise
            return seen  # what the gateway has forgotten stays as it was

    def _as_answered(self, seen: Snapshot, source: str, gave_up: bool) -> bool:
        """Let the gateway's answer of a moment ago count."""
        waits = seen.status == PaymentStatus.PENDING and seen.gateway_says == "pending"
        if gave_up and waits and seen.answered_at is not None and self._may_cancel(seen):
            reason = seen.reason if seen.made_way else None
            self.ledger.move(seen, Verdict(PaymentStatus.CANCELLED, reason), source)
        return seen.answered_at is not None or seen.is_closed

    def _announce(self, seen: Snapshot, source: str, actor: str | None) -> Snapshot:
        """Tell the shop of a completed payment that it is owed; later, where nobody listens."""
        self.ledger.announce(seen, source, actor)
        return self.store.again(seen)

    def _ask(self, seen: Snapshot, timeout: float | None) -> VerifiedPayment:
        """Ask the gateway that made the payment, with the keys of the account that did.

        :raises GatewayUnavailableError: when the app does not know them.
        """
        assert seen.invoice_id is not None  # noqa: S101  # looked at before
        return self._client(seen).verify_payment(seen.invoice_id, timeout=timeout)

    def _client(self, seen: Snapshot) -> BDQuickPayClient:
        try:
            client = self.accounts.client(seen.account)
        except ConfigurationError as error:
            raise GatewayUnavailableError(str(error), invoice_id=seen.invoice_id) from error
        if not _is_of(client, seen):
            where = (
                f"base URL, and its app key as that of {seen.account!r} (or previous_app_keys)"
                if seen.account
                else "BDQUICKPAY_BASE_URL and BDQUICKPAY_APP_KEY (or BDQUICKPAY_PREVIOUS_APP_KEYS)"
            )
            raise GatewayUnavailableError(
                f"{reasons.OTHER_ACCOUNT}: set its {where} to ask about it",
                invoice_id=seen.invoice_id,
            )
        return client

    def is_ours(self, seen: Snapshot) -> bool:
        """Whether the app knows the account that made the payment: at this gateway, with this key
        or an earlier one.

        :raises ConfigurationError: when the account loader fails.
        """
        client = self.accounts.find(seen.account)
        return client is not None and _is_of(client, seen)

    def _forgotten(self, seen: Snapshot, error: GatewayError, source: str) -> Verdict | None:
        """The verdict on a payment past its end that the gateway does not know any more."""
        if not isinstance(error, InvoiceNotFoundError) or source not in _CLOSERS:
            return None
        if (
            not seen.has_expired(self.ledger.surely(seen))
            or PaymentStatus.EXPIRED not in MOVES[seen.status]
        ):
            return None
        reason = seen.reason if seen.made_way else reasons.UNKNOWN_AT_GATEWAY
        return Verdict(PaymentStatus.EXPIRED, reason)

    def close_if_lost(self, created: Snapshot, source: str, *, at_once: bool = False) -> bool:
        """Fail a payment whose creation was never answered; nobody holds its URL.

        :param at_once: for who has waited that long, whatever the clocks say.
        """
        if not at_once and self.ledger.surely(created) < created.created_at + self.patience:
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
        At the next chance where nobody was asked.
        """
        values = self.ledger.rescheduled(seen)
        if isinstance(error, GatewayPausedError):
            values = {"lease": None, "check_after": self.ledger.surely(seen)}
        elif not isinstance(error, InvoiceNotFoundError):
            values["check_after"] = values["check_after"] or self.ledger.surely(seen) + RETRY
        self.store.transaction(lambda: self.store.amend(seen, **values))

    def _apply(
        self,
        seen: Snapshot,
        answer: VerifiedPayment,
        asked: datetime,
        source: str,
        *,
        facts: dict[str, Any],
        promise: dict[str, Any],
        gave_up: bool,
    ) -> Snapshot:
        """Apply an answer, judging it anew whenever somebody else moved the payment meanwhile."""
        if not is_known(answer.status):
            text = "Unknown gateway status %r (payment %s)"
            _logger.warning(text, answer.word, seen.id, extra=about(seen, source))
        now = self.ledger.surely(seen, asked)
        for _ in range(TRIES):
            verdict = judge(
                seen.after(**promise),
                answer,
                now,
                late_window=self.ledger.late_window,
                flag_late=self.settings.late_payments == "flag",
                gave_up=gave_up and self._may_cancel(seen),
            )
            after = (
                self.ledger.keep(seen, source, facts, gateway_status=answer.word, **promise)
                if verdict is None
                else self._arrive(seen, answer, verdict, source, facts)
            )
            if after is not None:
                return after
            seen = self.store.again(seen)
        raise GatewayUnavailableError("Too many changes at once.", invoice_id=seen.invoice_id)

    def _may_cancel(self, seen: Snapshot) -> bool:
        """Whether another round of cancel and checkout is worth a transition, which all hear of."""
        return self.store.count_cancels(seen) < _CANCELS

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
        learnt = _learnt(answer) if verdict.status in MONEY_CAME else {}
        learnt["gateway_status"] = answer.word
        displaced = None
        for _ in range(TRIES):
            if self._is_outdated(seen, verdict):
                verdict, displaced = verdict.flagged(reasons.PAID_SUPERSEDED), None
            try:
                return self.ledger.move(seen, verdict, source, facts, displaced=displaced, **learnt)
            except Conflict:
                verdict, displaced = self.ledger.rival(seen, verdict)
            except Exception as error:
                paid = verdict.status == PaymentStatus.COMPLETED
                if not (paid and isinstance(error, signals.FlagPayment)):
                    self._not_applied(seen, source, facts, learnt | _named(verdict), error)
                    raise
                verdict = replace(verdict, status=PaymentStatus.FLAGGED, reason=error.reason)
        return None

    def _not_applied(
        self,
        seen: Snapshot,
        source: str,
        facts: dict[str, Any],
        learnt: dict[str, Any],
        error: Exception,
    ) -> None:
        """Keep what was learnt, though the shop's own code or the database stands in the way.

        The sweep tries again, also where it had stopped looking.
        """
        problem = refusal(error)
        if problem is not None:
            learnt = learnt | {"problem": problem}
            text = "Payment %s is not booked: %s"
            _logger.error(text, seen.id, problem, extra=about(seen, source))
        learnt["check_after"] = seen.check_after or self.ledger.surely(seen)
        note = f"not applied: {problem or 'the database stood in the way'}"
        try:
            with deadline(_SHORT):
                self.ledger.keep(seen, source, facts | {"note": note}, **learnt)
        except Exception:  # the error that brought us here is the one to tell of
            text = "What the gateway said of payment %s could not be kept"
            _logger.exception(text, seen.id, extra=about(seen, source))

    def _is_outdated(self, seen: Snapshot, verdict: Verdict) -> bool:
        """Whether the order was charged another amount since, or at another account."""
        late = seen.is_believed_over and verdict.status == PaymentStatus.COMPLETED
        return late and self.store.was_repriced(seen)


def _is_of(client: BDQuickPayClient, seen: Snapshot) -> bool:
    """Whether a client's gateway and merchant made the payment."""
    if seen.made_with is None or not client.account.app_key:
        return True  # before this was kept; and the client itself says that keys are missing
    return client.account.made(seen.made_with)


def _was_left_alone(error: GatewayError, source: str) -> bool:
    """Whether a sweep came at a time when the gateway is not asked: nothing has happened."""
    return source == "sweep" and isinstance(error, GatewayPausedError)


def _learnt(answer: VerifiedPayment) -> dict[str, Any]:
    """What a completed answer says of the money."""
    paid = answer.transaction
    if paid is None:
        return {}
    came = None if paid.amount is None else to_paisa(paid.amount)
    fits = came is not None and came.is_finite() and came.copy_abs() <= MOST_MONEY
    return {
        "verified_at": paid.verified_at or clock.utcnow(),
        "received_amount": came if fits else None,
    }


def _named(verdict: Verdict) -> dict[str, Any]:
    """The transaction of a verdict that could not be carried out, which no other payment has."""
    return {} if verdict.trx_id is None else {"trx_id": verdict.trx_id}

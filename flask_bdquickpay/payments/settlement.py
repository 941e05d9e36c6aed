"""The use cases of a payment: the only writer of its state. Knows no request.

Every way in (webhook, success page, cancel page, sweep, command line) ends at
:meth:`Service.settle`: ask the gateway, holding nothing; judge; apply with a compare-and-set in
one short transaction.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from blinker import Signal
from flask import Flask
from sqlalchemy.exc import DBAPIError

from . import reasons, signals
from .client import Account, BDQuickPayClient, CreatedPayment, VerifiedPayment
from .errors import (
    ConfigurationError,
    GatewayError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
    OrderNotFoundError,
    ResolutionError,
)
from .models import MAX_REFERENCE, PaymentMixin, utcnow
from .money import PaymentRequest
from .outbox import Outbox
from .settings import Settings, is_loopback
from .status import MONEY_CAME, MOVES, SUPERSEDED, PaymentStatus
from .store import Conflict, Store
from .verdict import Snapshot, Verdict, is_known, is_payable, judge, next_check

_logger = logging.getLogger(__name__)
#: Assumed where the gateway names no end of a payment; its documentation's example has this one.
LIFETIME = timedelta(minutes=30)
#: Seconds after the time-out of a create call when its answer is taken as lost.
GRACE = 2.0
#: When the sweep looks again at a payment that it could not verify, if nothing else says so.
RETRY = timedelta(minutes=15)
#: Between two gateway calls that the waiting page may cause.
ASKING_PAUSE = timedelta(seconds=3)
_POLL = 0.05
_TRIES = 20
#: Sources that close a payment which the gateway has forgotten; whoever else asks hears of it.
_CLOSERS = ("checkout", "sweep")
#: Sources that are worth a line in the timeline also when there is nothing left to ask.
_FACTS = ("webhook", "return", "cancel", "cli", "desk")
_RELEASES_ORDER = (PaymentStatus.FAILED, PaymentStatus.EXPIRED)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class ReturnURLs:
    """Builds the URLs that the gateway is given, from a payment's token."""

    success: Callable[[str], str]
    cancel: Callable[[str], str]
    webhook: str | None


@dataclass(frozen=True)
class Service:
    """What one app does with payments."""

    app: Flask
    settings: Settings
    client: BDQuickPayClient
    store: Store
    outbox: Outbox

    # Starting a payment

    def start(self, reference: str, request: PaymentRequest, urls: ReturnURLs) -> PaymentMixin:
        """Return the payment of an order: paid, still payable, or new.

        :raises GatewayError: when the gateway refused or did not answer; nothing was charged.
        """
        for _ in range(_TRIES):
            holder = self.store.find("order_key", reference)
            if holder is None:
                payment_id = self._paid_late(reference) or self._create(reference, request, urls)
            else:
                payment_id = self._reuse(holder, request)
            payment = None if payment_id is None else self._for_customer(payment_id)
            if payment is not None:
                return payment
        raise GatewayUnavailableError("Too many payments of this order at once; try again.")

    def _paid_late(self, reference: str) -> int | None:
        """Return the order's last payment if money has come on it after all: no second charge.

        :raises GatewayError: when nobody can tell whether it has.
        """
        last = self.store.find_late(reference)
        if last is None:
            return None
        try:
            settled = self.settle(last, "checkout")
        except GatewayError as error:
            if isinstance(error, InvoiceNotFoundError) or last.is_over_at_gateway:
                return None  # the gateway's last word holds
            raise
        return settled.id if settled.money_came else None

    def _for_customer(self, payment_id: int) -> PaymentMixin | None:
        """Return the payment; ``None`` if another one took the order meanwhile."""
        payment = self.store.load(payment_id)
        self.store.keep_loaded()
        if payment.is_final:
            return payment
        if payment.order_key is None:
            return None
        check_payment_url(payment.payment_url or "", self.client.account)
        return payment

    def _reuse(self, holder: Snapshot, request: PaymentRequest) -> int | None:
        """Return the payment if the customer may be sent to it; else make way for another."""
        if holder.money_came:
            return holder.id
        if holder.status == PaymentStatus.CREATED:
            self._await_creation(holder)
            return None
        same = holder.amount == request.amount
        if same and holder.status == PaymentStatus.PENDING and not holder.has_expired(utcnow()):
            return holder.id
        settled = self.settle(holder, "checkout")
        if settled.money_came:
            return settled.id
        if same:
            return self._reopen(settled)
        self._supersede(settled)
        return None

    def _await_creation(self, seen: Snapshot) -> None:
        """Wait for another request that is creating the payment; fail it if that one is gone."""
        while seen.status == PaymentStatus.CREATED and not self.close_if_lost(seen, "checkout"):
            time.sleep(_POLL)
            seen = self._again(seen)

    def _supersede(self, seen: Snapshot) -> None:
        if seen.order_key is not None:
            note = "the order's amount changed"
            self._amend(seen, "checkout", note, order_key=None, reason=SUPERSEDED)

    def _reopen(self, seen: Snapshot) -> int | None:
        """Take a cancelled payment up again while the gateway may still take money for it."""
        if seen.status == PaymentStatus.PENDING:
            return seen.id
        if seen.status != PaymentStatus.CANCELLED:
            return None
        if is_payable(seen, utcnow()):
            verdict = Verdict(PaymentStatus.PENDING)
            return seen.id if self._move(seen, verdict, "checkout") else None
        self._amend(seen, "checkout", "makes way for a new payment", order_key=None)
        return None

    def _amend(self, seen: Snapshot, source: str, note: str, **values: Any) -> None:
        def work() -> None:
            if self.store.amend(seen, **values):
                self.store.record(seen, source, note=note)

        self.store.transaction(work)

    # Creating it at the gateway

    def _create(self, reference: str, request: PaymentRequest, urls: ReturnURLs) -> int | None:
        """Return the id of a new, accepted payment; ``None`` if a rival was first."""
        token = secrets.token_urlsafe(32)
        success_url, cancel_url = urls.success(token), urls.cancel(token)
        if not self._insert(token, reference, request):
            return None
        created = self.store.find("token", token)
        assert created is not None  # noqa: S101  # just committed
        try:
            answer = self.client.create_payment(
                amount=request.amount,
                customer_reference=reference,
                success_url=success_url,
                cancel_url=cancel_url,
                webhook_url=urls.webhook,
                metadata=request.metadata,
                timeout=self.settings.timeout,
            )
        except (GatewayError, ConfigurationError) as error:
            self._not_created(created, error, _why_not_created(error))
            raise
        try:
            check_payment_url(answer.payment_url, self.client.account)
        except GatewayUnavailableError as error:
            error.invoice_id = answer.invoice_id
            self._not_created(created, error, reasons.NO_URL, invoice_id=answer.invoice_id)
            raise
        return self._accepted(created, answer)

    def _not_created(self, created: Snapshot, error: Exception, reason: str, **known: Any) -> None:
        verdict = Verdict(PaymentStatus.FAILED, reason)
        try:
            self._move(created, verdict, "checkout", {"note": str(error)}, **known)
        except Exception:  # of a receiver, say; the customer is to hear of the gateway
            _logger.exception("Payment %s is left to the sweep", created.id)

    def _insert(self, token: str, reference: str, request: PaymentRequest) -> bool:
        def work() -> None:
            self.store.insert(
                token=token,
                customer_reference=reference,
                order_key=reference,
                amount=request.amount,
                status=PaymentStatus.CREATED,
                payment_metadata=request.metadata,
                check_after=utcnow() + timedelta(seconds=self._patience),
            )

        try:
            self.store.transaction(work)
        except Conflict:
            return False
        return True

    @property
    def _patience(self) -> float:
        return self.settings.timeout + GRACE

    def _accepted(self, created: Snapshot, answer: CreatedPayment) -> int | None:
        """Keep the gateway's answer; ``None`` if the payment was given up meanwhile."""
        expires_at = answer.expires_at or utcnow() + LIFETIME
        try:
            moved = self._move(
                created,
                Verdict(PaymentStatus.PENDING),
                "checkout",
                invoice_id=answer.invoice_id,
                payment_url=answer.payment_url,
                expires_at=expires_at,
            )
        except Conflict:
            reason = reasons.INVOICE_TAKEN % {"invoice": answer.invoice_id}
            self._move(created, Verdict(PaymentStatus.FAILED, reason), "checkout")
            raise GatewayUnavailableError(reason, invoice_id=answer.invoice_id) from None
        if moved is None:
            self._note(created, "checkout", f"answered too late, with invoice {answer.invoice_id}")
            return None
        self._announce_created(created.id)
        return created.id

    def _announce_created(self, payment_id: int) -> None:
        """Send `payment_created`; a receiver that raises does not keep the customer from paying."""

        def work() -> None:
            self._send(signals.payment_created, payment_id)

        if signals.payment_created.receivers:
            try:
                self.store.transaction(work)
            except Exception:
                _logger.exception("A receiver of payment_created raised (payment %s)", payment_id)

    def close_if_lost(self, created: Snapshot, source: str) -> bool:
        """Fail a payment whose creation was never answered; nobody holds its URL."""
        if utcnow() < created.created_at + timedelta(seconds=self._patience):
            return False
        self._move(created, Verdict(PaymentStatus.FAILED, reasons.ANSWER_LOST), source)
        return True

    # Settling

    def confirm(self, payment_id: int, source: str = "confirm", **options: Any) -> PaymentMixin:
        """Ask about a payment, apply the answer and return the payment as it stands then.

        :raises GatewayError: with the payment unchanged.
        """
        seen = self.store.find("id", payment_id)
        if seen is None:
            raise LookupError(f"There is no payment {payment_id}.")
        self.settle(seen, source, **options)
        payment = self.store.load(payment_id)
        self.store.keep_loaded()
        return payment

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
            return self._again(seen)
        if seen.is_closed:
            if source in _FACTS and not (source == "webhook" and seen.announced):
                self._note(seen, source, "it was settled already")
            return seen
        asked = utcnow()  # an answer may be as old as this
        try:
            answer = self.client.verify_payment(seen.invoice_id, timeout=timeout)
        except GatewayError as error:
            forgotten = isinstance(error, InvoiceNotFoundError) and seen.has_expired(utcnow())
            if forgotten and PaymentStatus.EXPIRED in MOVES[seen.status] and source in _CLOSERS:
                reason = seen.reason if seen.superseded else reasons.UNKNOWN_AT_GATEWAY
                verdict = Verdict(PaymentStatus.EXPIRED, reason)
                return self._move(seen, verdict, source) or self._again(seen)
            if source != "status":
                self._note(seen, source, f"the gateway could not be asked: {error.message}")
            raise
        return self._apply(seen, answer, asked, source, gave_up=gave_up, actor=actor)

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
        for _ in range(_TRIES):
            verdict = judge(
                seen,
                answer,
                asked,
                late_window=self._late_window,
                flag_late=self.settings.late_payments == "flag",
                gave_up=gave_up,
            )
            after = (
                self._stay(seen, answer, source, facts)
                if verdict is None
                else self._arrive(seen, answer, verdict, source, facts)
            )
            if after is not None:
                return after
            seen = self._again(seen)
        raise GatewayUnavailableError("Too many changes at once.", invoice_id=seen.invoice_id)

    @property
    def _late_window(self) -> timedelta:
        return timedelta(seconds=self.settings.late_window)

    def _stay(
        self, seen: Snapshot, answer: VerifiedPayment, source: str, facts: dict[str, Any]
    ) -> Snapshot | None:
        """Keep what the gateway said; ``None`` if the payment moved meanwhile."""
        values: dict[str, Any] = {"gateway_status": answer.status}
        if source == "sweep":
            values |= self._rescheduled(seen)
        elif source == "status" and seen.gateway_status == answer.status:
            return seen

        def work() -> bool:
            if not seen.is_closed and not self.store.amend(seen, **values):
                return False
            if source != "status":
                self.store.record(seen, source, **facts)
            return True

        stayed = self.store.transaction(work)
        return replace(seen, gateway_status=answer.status) if stayed else None

    def postpone(self, seen: Snapshot, error: Exception) -> None:
        """Have the sweep look again later at a payment that could not be verified.

        Also after the late window: only an answer ends it, were it that there is no such invoice.
        """
        values = self._rescheduled(seen)
        if not isinstance(error, InvoiceNotFoundError):
            values["check_after"] = values["check_after"] or utcnow() + RETRY
        self.store.transaction(lambda: self.store.amend(seen, **values))

    def _rescheduled(self, seen: Snapshot) -> dict[str, Any]:
        due = next_check(seen.status, seen.expires_at, seen.checks + 1, utcnow(), self._late_window)
        return {"checks": seen.checks + 1, "check_after": due, "lease": None}

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
        for _ in range(_TRIES):
            if self._is_outdated(seen, verdict):
                verdict, displaced = _flagged(verdict, reasons.PAID_SUPERSEDED), None
            try:
                return self._move(seen, verdict, source, facts, displaced=displaced, **values)
            except Conflict:
                verdict, displaced = self._rival(seen, verdict)
            except DBAPIError:
                raise
            except Exception as error:
                self._note(seen, source, f"not applied: a receiver raised {type(error).__name__}")
                raise
        return None

    def _is_outdated(self, seen: Snapshot, verdict: Verdict) -> bool:
        """Whether late money is of another amount than what the order was charged since."""
        late = seen.is_believed_over and verdict.status == PaymentStatus.COMPLETED
        return late and self.store.was_repriced(seen)

    def _rival(self, seen: Snapshot, verdict: Verdict) -> tuple[Verdict, int | None]:
        """Return a verdict beside another payment, and the one it takes the order from."""
        owner = self.store.find("trx_id", verdict.trx_id)
        if owner is not None and owner.id != seen.id:
            facts = {"transaction": verdict.trx_id, "payment": owner.id}
            reason = reasons.TRANSACTION_SEEN % facts
            return Verdict(PaymentStatus.FLAGGED, reason), None
        holder = self.store.find("order_key", seen.customer_reference)
        if holder is None or holder.id == seen.id:
            return verdict, None
        if verdict.status == PaymentStatus.FLAGGED:
            return _flagged(verdict, verdict.reason), None
        if holder.status == PaymentStatus.COMPLETED:
            return _flagged(verdict, reasons.PAID_ALREADY % {"payment": holder.id}), None
        return verdict, holder.id

    def _move(
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
                verdict.status, seen.expires_at, seen.checks, utcnow(), self._late_window
            )
        return values

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

    def _note(self, seen: Snapshot, source: str, note: str, **values: Any) -> None:
        """Record a fact that changed nothing."""
        self.store.transaction(lambda: self.store.record(seen, source, note=note, **values))

    def _again(self, seen: Snapshot) -> Snapshot:
        again = self.store.find("id", seen.id)
        assert again is not None  # noqa: S101  # payments are never deleted
        return again

    # A person's decision

    def resolve(
        self, seen: Snapshot, *, accept: bool, note: str, actor: str, source: str = "cli"
    ) -> PaymentMixin:
        """Complete a flagged payment or fail it for good.

        :param note: why; kept in the timeline.
        :param actor: who decided.
        :raises ResolutionError: when it is not flagged, or the order is paid by another payment.
        """
        if seen.status != PaymentStatus.FLAGGED:
            raise ResolutionError(
                f"Payment {seen.id} is {seen.status}; only a flagged one is resolved."
            )
        status = PaymentStatus.COMPLETED if accept else PaymentStatus.FAILED
        verdict = Verdict(status, seen.reason if accept else reasons.REJECTED % {"note": note})
        facts = {"note": note, "actor": actor}
        displaced = None
        for _ in range(_TRIES):
            try:
                moved = self._move(
                    seen, verdict, source, facts, displaced=displaced, resolved_by=actor
                )
            except Conflict:
                verdict, displaced = self._rival(seen, verdict)
                if verdict.status == PaymentStatus.FLAGGED:
                    raise ResolutionError(f"Payment {seen.id}: {verdict.reason}.") from None
            else:
                break
        if moved is None:
            raise ResolutionError(f"Payment {seen.id} was changed meanwhile; look at it again.")
        return self.store.load(seen.id)


class _Overtaken(Exception):
    """Somebody else moved the payment between reading and writing it."""


def _flagged(verdict: Verdict, reason: str | None) -> Verdict:
    """The verdict on money that came beside another payment, whose order it is."""
    return replace(verdict, status=PaymentStatus.FLAGGED, reason=reason, holds_order=False)


def _why_not_created(error: Exception) -> str:
    if isinstance(error, GatewayUnavailableError):
        return reasons.ANSWER_LOST
    return reasons.REFUSED % {"why": error}


def check_reference(reference: str) -> None:
    """
    :raises OrderNotFoundError: for a reference that no order can have.
    """
    fits = 0 < len(reference) <= MAX_REFERENCE
    if not fits or not reference.isprintable() or reference != reference.strip():
        raise OrderNotFoundError("There is no such order.")


def check_payment_url(url: str, account: Account) -> None:
    """Refuse a URL that customers must not be sent to.

    :raises GatewayUnavailableError: unless it is HTTPS on one of the account's hosts, or plain
        HTTP on loopback while the gateway is there too.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        hosts = {host, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
    except ValueError:
        hosts = set()
    local = is_loopback(urlsplit(account.base_url).hostname)
    if (
        not hosts & account.payment_hosts
        or parts.username is not None
        or not (
            parts.scheme == "https"
            or (parts.scheme == "http" and local and is_loopback(parts.hostname))
        )
    ):
        raise GatewayUnavailableError(
            "The gateway's payment_url is not on a trusted host; see BDQUICKPAY_PAYMENT_HOSTS.",
            status_code=200,
        )

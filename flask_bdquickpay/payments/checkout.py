"""Which payment the customer of an order is sent to: paid, still payable, or new."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..errors import (
    ConfigurationError,
    GatewayError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
)
from ..gateway.account import check_payment_url
from ..gateway.answers import CreatedPayment
from ..gateway.client import BDQuickPayClient
from ..money import PaymentRequest
from ..settings import Settings
from . import reasons
from .clock import utcnow
from .hooks import Hooks
from .ledger import TRIES, Ledger
from .models import PaymentMixin
from .settlement import Settlement
from .status import SUPERSEDED, PaymentStatus
from .store import Conflict, Store
from .verdict import Snapshot, Verdict, is_payable

_logger = logging.getLogger(__name__)
#: Assumed where the gateway names no end of a payment; its documentation's example has this one.
LIFETIME = timedelta(minutes=30)
_POLL = 0.05


@dataclass(frozen=True)
class ReturnURLs:
    """Builds the URLs that the gateway is given, from a payment's token."""

    success: Callable[[str], str]
    cancel: Callable[[str], str]
    webhook: str | None


@dataclass(frozen=True)
class Checkout:
    """Finds or makes the payment of an order.

    :ivar urls: called before a payment is made, in the app context.
    """

    settings: Settings
    client: BDQuickPayClient
    store: Store
    ledger: Ledger
    settlement: Settlement
    hooks: Hooks
    urls: Callable[[], ReturnURLs]

    def start(self, reference: str) -> PaymentMixin:
        """Return the payment of an order: paid, still payable, or new.

        :raises OrderNotFoundError: when the order loader knows no such order.
        :raises GatewayError: when the gateway refused or did not answer; nothing was charged.
        """
        request = self.hooks.load_order(reference)
        urls = self.urls()
        for _ in range(TRIES):
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
            settled = self.settlement.settle(last, "checkout")
        except GatewayError as error:
            if isinstance(error, InvoiceNotFoundError) or last.is_over_at_gateway:
                return None  # the gateway's last word holds
            raise
        return settled.id if settled.money_came else None

    def _for_customer(self, payment_id: int) -> PaymentMixin | None:
        """Return the payment; ``None`` if another one took the order meanwhile."""
        payment = self.store.load_kept(payment_id)
        if payment.is_final:
            return payment
        if payment.order_key is None:
            return None
        check_payment_url(payment.payment_url or "", self.client.account)
        return payment

    # The payment that the order has

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
        settled = self.settlement.settle(holder, "checkout")
        if settled.money_came:
            return settled.id
        if same:
            return self._reopen(settled)
        self._supersede(settled)
        return None

    def _await_creation(self, seen: Snapshot) -> None:
        """Wait for another request that is creating the payment; fail it if that one is gone."""
        while seen.status == PaymentStatus.CREATED:
            if self.settlement.close_if_lost(seen, "checkout"):
                return
            time.sleep(_POLL)
            seen = self.store.again(seen)

    def _supersede(self, seen: Snapshot) -> None:
        if seen.order_key is not None:
            note = "the order's amount changed"
            self.ledger.amend(seen, "checkout", note, order_key=None, reason=SUPERSEDED)

    def _reopen(self, seen: Snapshot) -> int | None:
        """Take a cancelled payment up again while the gateway may still take money for it."""
        if seen.status == PaymentStatus.PENDING:
            return seen.id
        if seen.status != PaymentStatus.CANCELLED:
            return None
        if is_payable(seen, utcnow()):
            verdict = Verdict(PaymentStatus.PENDING)
            return seen.id if self.ledger.move(seen, verdict, "checkout") else None
        self.ledger.amend(seen, "checkout", "makes way for a new payment", order_key=None)
        return None

    # A new one

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

    def _insert(self, token: str, reference: str, request: PaymentRequest) -> bool:
        return self.ledger.insert(
            token=token,
            customer_reference=reference,
            order_key=reference,
            amount=request.amount,
            status=PaymentStatus.CREATED,
            payment_metadata=request.metadata,
            check_after=utcnow() + self.settlement.patience,
        )

    def _not_created(self, created: Snapshot, error: Exception, reason: str, **known: Any) -> None:
        verdict = Verdict(PaymentStatus.FAILED, reason)
        try:
            self.ledger.move(created, verdict, "checkout", {"note": str(error)}, **known)
        except Exception:  # of a receiver, say; the customer is to hear of the gateway
            _logger.exception("Payment %s is left to the sweep", created.id)

    def _accepted(self, created: Snapshot, answer: CreatedPayment) -> int | None:
        """Keep the gateway's answer; ``None`` if the payment was given up meanwhile."""
        try:
            moved = self.ledger.move(
                created,
                Verdict(PaymentStatus.PENDING),
                "checkout",
                invoice_id=answer.invoice_id,
                payment_url=answer.payment_url,
                expires_at=answer.expires_at or utcnow() + LIFETIME,
            )
        except Conflict:
            reason = reasons.INVOICE_TAKEN % {"invoice": answer.invoice_id}
            self.ledger.move(created, Verdict(PaymentStatus.FAILED, reason), "checkout")
            raise GatewayUnavailableError(reason, invoice_id=answer.invoice_id) from None
        if moved is None:
            note = f"answered too late, with invoice {answer.invoice_id}"
            self.ledger.note(created, "checkout", note)
            return None
        self.ledger.announce_created(created.id)
        return created.id


def _why_not_created(error: Exception) -> str:
    if isinstance(error, GatewayUnavailableError):
        return reasons.ANSWER_LOST
    return reasons.REFUSED % {"why": error}

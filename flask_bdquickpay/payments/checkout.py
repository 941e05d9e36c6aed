"""Which payment the customer of an order is sent to: paid, still payable, or new."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from .. import clock
from ..errors import (
    ConfigurationError,
    GatewayError,
    GatewayPausedError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
)
from ..gateway.account import Account, check_payment_url, is_sandbox
from ..gateway.answers import CreatedPayment
from ..money import PaymentRequest
from ..settings import Settings, host_of
from . import reasons
from .about import about
from .accounts import Accounts
from .database import Conflict
from .hooks import Hooks
from .ledger import TRIES, Ledger
from .models import MAX_REFERENCE, PaymentMixin
from .settlement import Settlement
from .status import SUPERSEDED, PaymentStatus
from .store import Store
from .verdict import Snapshot, Verdict, is_payable

_logger = logging.getLogger(__name__)
#: Assumed where the gateway names no end of a payment; its documentation's example has this one.
LIFETIME = timedelta(minutes=30)
_POLL = 0.05
#: Of all that is done here, in the timeline and in the log.
_SOURCE = "checkout"


@dataclass(frozen=True)
class ReturnURLs:
    """Builds the URLs that the gateway is given, from a payment's token."""

    success: Callable[[str], str]
    cancel: Callable[[str], str]
    webhook: str | None


@dataclass(frozen=True)
class Checkout:
    """Finds or makes the payment of an order.

    :ivar urls: called with an account before a payment is made, in the app context.
    """

    settings: Settings
    accounts: Accounts
    store: Store
    ledger: Ledger
    settlement: Settlement
    hooks: Hooks
    urls: Callable[[str], ReturnURLs]

    def start(
        self, reference: str, request: PaymentRequest | None = None, *, channel: str = "api"
    ) -> PaymentMixin:
        """Return the payment of an order: paid, still payable, or new.

        :param request: what the order loader has said, when it was asked already.
        :param channel: where a new one begins: button, link or api.
        :raises OrderNotFoundError: when the order loader knows no such order.
        :raises GatewayError: when the gateway refused or did not answer; nothing was charged.
        """
        self.store.settle_host()  # says so in a receiver or in a block of the host's own
        request = request or self.hooks.load_order(reference)
        urls, token = self.urls(request.account or ""), secrets.token_urlsafe(32)
        wanted = _Wanted(reference, request, urls, token, channel)
        for _ in range(TRIES):
            holder = self.store.find("order_key", reference)
            if holder is None:
                found = self._paid_late(reference) or self._create(wanted)
            else:
                found = self._reuse(holder, wanted)
            payment = None if found is None else self._for_customer(found)
            if payment is not None:
                return payment
        raise GatewayUnavailableError("Too many payments of this order at once; try again.")

    def current(self, reference: str, request: PaymentRequest) -> Snapshot | None:
        """Return the payment that :meth:`start` would take up, as far as we know ourselves.

        ``None`` where it would make a new one. Asks no gateway and writes nothing.
        """
        holder = self.store.find("order_key", reference)
        account = request.account or ""
        if holder is None or (holder.money_came and self._is_play_money(holder, account)):
            return None
        if holder.money_came or holder.is_unbooked:
            return holder
        same = (holder.amount, holder.account) == (request.amount, account)
        return holder if same and self.settlement.is_ours(holder) else None

    def _paid_late(self, reference: str) -> Snapshot | None:
        """Return the order's payment on which money has come after all: no second charge.

        :raises GatewayError: when nobody can tell whether it has.
        """
        for late in self.store.find_late(reference):
            try:
                settled = self._settle(late)
            except GatewayError as error:
                if self._may_still_come(late, error):
                    raise
                if late.made_way and isinstance(error, GatewayUnavailableError):
                    return None  # so did the rest: whatever comes on them is for a person
            else:
                if (settled.money_came or settled.is_unbooked) and not late.made_way:
                    return settled
        return None

    def _settle(self, seen: Snapshot) -> Snapshot:
        """Return what the gateway says of a payment.

        Money that is there, though the shop's own code refuses to book it, is there all the same.
        """
        try:
            return self.settlement.settle(seen, _SOURCE)
        except Exception:
            again = self.store.again(seen)
            if not again.is_unbooked:
                raise
            return again

    def _may_still_come(self, late: Snapshot, error: GatewayError) -> bool:
        """Whether an error about an earlier payment leaves open whether money comes on it."""
        if isinstance(error, InvoiceNotFoundError) or late.is_over_at_gateway or late.made_way:
            return False  # the gateway's last word holds
        return self.settlement.is_ours(late) and not self._is_hopeless(late)

    def _for_customer(self, found: Snapshot) -> PaymentMixin | None:
        """Return the payment; ``None`` if another one took the order meanwhile."""
        over = found.status.is_final or found.is_unbooked
        client = None if over else self.accounts.client(found.account)  # before it is loaded
        payment = self.store.load_kept(found)
        if payment.is_final or client is None:
            return payment
        if payment.order_key is None:
            return None
        if payment.is_payable:
            check_payment_url(payment.payment_url or "", client.account)
        return payment

    # The payment that the order has

    def _reuse(self, holder: Snapshot, wanted: _Wanted) -> Snapshot | None:
        """Return the payment if it is still the order's; else make way for another."""
        if holder.money_came:
            return self._paid(holder, wanted)
        self.accounts.client(wanted.account)  # else it is an error, before anything is changed
        if holder.status == PaymentStatus.CREATED:
            self._await_creation(holder)
            return None
        change = self._change(holder, wanted)
        if change is None and _is_live(holder):
            return holder
        settled = self._settled(holder)
        if settled is None or settled.money_came or settled.is_unbooked:
            return settled
        if change is None:
            return self._reopen(settled)
        superseded = {"reason": SUPERSEDED} if self._supersedes(wanted, holder) else {}
        self._make_way(settled, change, **superseded)
        return None

    def _supersedes(self, wanted: _Wanted, holder: Snapshot) -> bool:
        """Whether money that still comes on the order's old payment is for a person.

        Where it is as good as the new one's, whichever comes first pays the order.
        """
        if (holder.amount, holder.account) != (wanted.request.amount, wanted.account):
            return True
        play = self._plays(wanted.account) != is_sandbox(holder.made_with)
        return not self.settlement.is_ours(holder) and not play

    def _paid(self, holder: Snapshot, wanted: _Wanted) -> Snapshot | None:
        """Return the paid payment, unless play money is all that was paid."""
        if self._is_play_money(holder, wanted.account):
            self.store.transaction(lambda: self.store.displace(holder))
            return None
        return holder

    def _is_play_money(self, holder: Snapshot, account: str) -> bool:
        """Whether it was made at a sandbox, while the order's account takes money."""
        return is_sandbox(holder.made_with) and not self._plays(account)

    def _plays(self, account: str) -> bool:
        return is_sandbox(self.accounts.client(account).account.fingerprint())

    def _change(self, holder: Snapshot, wanted: _Wanted) -> str | None:
        """Say why the customer can't be sent to the order's payment any more."""
        if holder.account != wanted.account:
            return "the order's merchant account changed"
        if not self.settlement.is_ours(holder):
            return reasons.OTHER_ACCOUNT
        if holder.amount != wanted.request.amount:
            return "the order's amount changed"
        if holder.made_for and host_of(holder.made_for) != host_of(wanted.made_for):
            return f"the shop's address changed to {wanted.made_for}"
        return None

    def _settled(self, holder: Snapshot) -> Snapshot | None:
        """Return what the gateway says of it; ``None`` where it is given up.

        :raises GatewayError: when it can't say, and may yet.
        """
        if not self.settlement.is_ours(holder):
            return holder  # who may be asked does not know it
        try:
            return self._settle(holder)
        except GatewayPausedError:
            raise  # nobody was asked
        except GatewayError:
            if not self._is_hopeless(holder):
                raise
            self.ledger.give_up(holder, _SOURCE, "nobody can tell what became of it")
            return None

    def _is_hopeless(self, holder: Snapshot) -> bool:
        """Whether the gateway has had all the time that there is to say what became of it."""
        return holder.has_expired(self.ledger.surely(holder) - self.ledger.late_window)

    def _await_creation(self, seen: Snapshot) -> None:
        """Wait for another request that is creating the payment; fail it if that one is gone."""
        end = time.monotonic() + self.settlement.patience.total_seconds()
        while seen.status == PaymentStatus.CREATED:
            if self.settlement.close_if_lost(seen, _SOURCE, at_once=time.monotonic() > end):
                return
            time.sleep(_POLL)
            seen = self.store.again(seen)

    def _make_way(self, seen: Snapshot, note: str, **values: Any) -> None:
        """Take the order from a payment that was not paid."""
        if seen.order_key is not None:
            self.ledger.amend(seen, _SOURCE, note, order_key=None, **values)

    def _reopen(self, seen: Snapshot) -> Snapshot | None:
        """Take a cancelled payment up again while the gateway may still take money for it."""
        if seen.status == PaymentStatus.PENDING:
            return seen
        if seen.status != PaymentStatus.CANCELLED:
            return None
        if is_payable(seen, self.ledger.surely(seen)):
            return self.ledger.move(seen, Verdict(PaymentStatus.PENDING), _SOURCE)
        self._make_way(seen, "makes way for a new payment")
        return None

    # A new one

    def _create(self, wanted: _Wanted) -> Snapshot | None:
        """Return a new, accepted payment; ``None`` if a rival was first."""
        client = self.accounts.client(wanted.account)
        client.check_pause()  # nothing is sent, so there is nothing to record
        if not self._insert(wanted, client.account):
            return None
        created = self.store.find("token", wanted.token)
        if created is None:
            raise LookupError("The new payment is not where it was written: other tables?")
        try:
            answer = client.create_payment(
                amount=wanted.request.amount,
                customer_reference=wanted.reference,
                success_url=wanted.success_url,
                cancel_url=wanted.urls.cancel(wanted.token),
                webhook_url=wanted.urls.webhook,
                metadata=wanted.request.metadata,
                timeout=self.settings.timeout,
            )
        except (GatewayError, ConfigurationError) as error:
            self._not_created(created, error, _why_not_created(error))
            raise
        try:
            check_payment_url(answer.payment_url, client.account)
        except GatewayUnavailableError as error:
            error.invoice_id = answer.invoice_id
            self._not_created(created, error, reasons.NO_URL, invoice_id=answer.invoice_id)
            raise
        return self._accepted(created, answer)

    def _insert(self, wanted: _Wanted, account: Account) -> bool:
        return self.ledger.insert(
            token=wanted.token,
            customer_reference=wanted.reference,
            order_key=wanted.reference,
            amount=wanted.request.amount,
            status=PaymentStatus.CREATED,
            payment_metadata=wanted.request.metadata,
            label=wanted.request.label,
            lines=wanted.request.lines_as_json,
            account=account.name,
            channel=wanted.channel,
            made_with=account.fingerprint(),
            made_for=wanted.made_for,
            check_after=clock.utcnow() + self.settlement.patience,
        )

    def _not_created(self, created: Snapshot, error: Exception, reason: str, **known: Any) -> None:
        verdict = Verdict(PaymentStatus.FAILED, reason)
        try:
            self.ledger.move(created, verdict, _SOURCE, {"note": str(error)}, **known)
        except Exception:  # of a receiver, say; the customer is to hear of the gateway
            text = "Payment %s is left to the sweep"
            _logger.exception(text, created.id, extra=about(created, _SOURCE))

    def _accepted(self, created: Snapshot, answer: CreatedPayment) -> Snapshot | None:
        """Keep the gateway's answer; ``None`` if the payment was given up meanwhile."""
        try:
            moved = self.ledger.move(
                created,
                Verdict(PaymentStatus.PENDING),
                _SOURCE,
                invoice_id=answer.invoice_id,
                payment_url=answer.payment_url,
                expires_at=_end(created, answer),
            )
        except Conflict:
            reason = reasons.INVOICE_TAKEN % {"invoice": answer.invoice_id}
            self.ledger.move(created, Verdict(PaymentStatus.FAILED, reason), _SOURCE)
            raise GatewayUnavailableError(reason, invoice_id=answer.invoice_id) from None
        if moved is None:
            note = f"answered too late, with invoice {answer.invoice_id}"
            self.ledger.note(created, _SOURCE, note)
            return None
        self.ledger.announce_created(moved, _SOURCE)
        return moved


@dataclass(frozen=True)
class _Wanted:
    """What the customer of an order is to pay, and the payment that would be made for it."""

    reference: str
    request: PaymentRequest
    urls: ReturnURLs
    token: str
    channel: str

    @property
    def account(self) -> str:
        return self.request.account or ""

    @property
    def success_url(self) -> str:
        return self.urls.success(self.token)

    @property
    def made_for(self) -> str:
        """Scheme and host to which the gateway would send the customer."""
        parts = urlsplit(self.success_url)
        return f"{parts.scheme}://{parts.netloc}"[:MAX_REFERENCE]


def _is_live(holder: Snapshot) -> bool:
    """Whether the customer may be sent to pay it without another question."""
    live = holder.status == PaymentStatus.PENDING and not holder.is_unbooked
    return live and not holder.has_expired(clock.utcnow())


def _end(created: Snapshot, answer: CreatedPayment) -> datetime:
    """When the payment ends. An end that has passed already is one clock's or the other's fault."""
    now = clock.utcnow()
    if answer.expires_at is not None and answer.expires_at > now:
        return answer.expires_at
    if answer.expires_at is not None:
        _logger.warning(
            "The new payment is said to have ended at %s; it is %s here. Is a clock wrong?",
            answer.expires_at,
            now,
            extra=about(created, _SOURCE) | {"invoice_id": answer.invoice_id},
        )
    return now + LIFETIME


def _why_not_created(error: Exception) -> str:
    if isinstance(error, GatewayUnavailableError) and not _was_turned_away(error):
        return reasons.ANSWER_LOST
    return reasons.REFUSED % {"why": error}


def _was_turned_away(error: GatewayUnavailableError) -> bool:
    """Whether it is certain that the gateway carried nothing out."""
    return error.status_code == 429 or isinstance(error, GatewayPausedError)

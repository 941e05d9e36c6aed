"""The sandbox's controls: what a buyer, a clock or a bad day at the gateway can do."""

from __future__ import annotations

import secrets
import string
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from . import messages, switches
from .clock import Clock
from .errors import SandboxError
from .faults import Fault, Faults
from .journal import BUYER, GATEWAY, Journal
from .records import COMPLETED, FAILED, PENDING, Answer, Delivery, Outcome, Payment, RecordedRequest
from .scenarios import Scenarios
from .store import Store
from .texts import duration, money
from .webhooks import Webhooks

#: How the journal says that a payment expired.
ENDED = "the time ran out"
LETTERS = string.ascii_uppercase + string.digits


def _code(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _money(amount: Decimal | int | str) -> Decimal:
    try:
        found = Decimal(str(amount))
    except InvalidOperation:
        raise SandboxError(f"{amount!r} is no amount; write it like 450 or '450.50'.") from None
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2 or not 0 < found < 10**9:
        raise SandboxError(f"{amount!r} is no amount; it takes a positive one, two decimals.")
    return found


def _paid(payment: Payment, amount: Decimal) -> str:
    """What the buyer did."""
    instead = f" instead of {money(payment.amount, 'en')}" if amount != payment.amount else ""
    return f"paid {money(amount, 'en')}{instead}"


class Sandbox:
    """Everything that can be done to a sandbox from Python: `app.extensions["bdquickpay_sandbox"]`.

    A payment is named by its invoice id or by any object that has an `invoice_id`.
    """

    app_key: str
    any_keys: bool
    merchant: str
    lifetime: float
    synchronous: bool
    stopping: threading.Event
    faults: Faults
    store: Store
    clock: Clock
    webhooks: Webhooks
    journal: Journal
    scenarios: Scenarios
    identity: str

    def __init__(
        self,
        *,
        app_key: str,
        secret_key: str,
        path: str | Path | None = None,
        merchant: str,
        lifetime: float,
        retry_after: float,
        webhook_timeout: float,
        webhook_attempts: int = 5,
        any_keys: bool = False,
        synchronous: bool = False,
        accounts: Mapping[str, str] | None = None,
    ) -> None:
        self.app_key, self._secret_key, self.any_keys = app_key, secret_key, any_keys
        self._accounts: dict[str, tuple[str, str]] = {}
        for key, secret in dict(accounts or {}).items():
            self.add_account(key, secret)
        self.merchant, self.lifetime, self.synchronous = merchant, lifetime, synchronous
        self.stopping = threading.Event()
        self.faults, self.store = Faults(), Store(path)
        self.clock, self.scenarios = self._stored_clock(), Scenarios(self.faults)
        self.journal = Journal(self.clock)
        self.webhooks = Webhooks(
            self.store, self.clock, self.faults, self.journal, timeout=webhook_timeout,
            retry_after=retry_after, attempts=webhook_attempts, synchronous=synchronous,
        )  # fmt: skip
        self.webhooks.tick = self.settle_expired
        self.switches: dict[str, Any] = {**switches.DEFAULTS, **self.store.setting("switches", {})}
        self.identity = self._stored_identity()
        self._requests: deque[RecordedRequest] = deque(maxlen=1000)
        self._gathering: threading.Barrier | None = None

    # The buyer ------------------------------------------------------------------------------

    def pay(
        self,
        payment: Any,
        amount: Decimal | int | str | None = None,
        webhook: bool = True,
        *,
        completes: bool | None = None,
        late: bool = False,
        wait: bool = True,
    ) -> Outcome:
        """Pay. Another `amount` fails the payment, unless it `completes` all the same (default:
        the switch `accept_other_amounts`). `late`: although it failed or expired here.
        `wait`: until the shop answered the webhook."""
        found = self._payable(payment, late)
        paid = found.amount if amount is None else _money(amount)
        accepted = self.switches["accept_other_amounts"] if completes is None else completes
        said = _paid(found, paid)
        if paid != found.amount and not accepted:
            self.journal.add(BUYER, f"{said}: the gateway marks it failed", found.invoice_id)
            return self._end(found, FAILED, "amount mismatch", webhook, wait)
        changed = self._change(
            found, status=COMPLETED, reason="", trx_id=_code(10), paid_amount=paid,
            verified_at=self.clock.now(),
        )  # fmt: skip
        self.journal.add(BUYER, f"{said}, TrxID {changed.trx_id}", found.invoice_id)
        return self._outcome(changed, webhook, wait)

    def cancel(self, payment: Any, webhook: bool = True, *, wait: bool = True) -> Outcome:
        """Go back without paying. No webhook is documented for that, so none is sent unless the
        switch `cancelled_status` makes it final: the shop hears of it by `return_url`."""
        found, status = self._payable(payment), self.switches["cancelled_status"]
        self.journal.add(BUYER, "goes back without paying", found.invoice_id)
        if status == PENDING:
            return Outcome(found, self.return_url(found))
        return self._end(found, status, "cancelled by the customer", webhook, wait)

    def fail(self, payment: Any, webhook: bool = True, *, wait: bool = True) -> Outcome:
        """The gateway marks the payment failed."""
        found = self._payable(payment)
        self.journal.add(GATEWAY, "marks the payment failed", found.invoice_id)
        return self._end(found, FAILED, "amount mismatch", webhook, wait)

    def time_out(self, payment: Any, webhook: bool = True, *, wait: bool = True) -> Outcome:
        """The buyer lets the time run out; the clock stays where it is."""
        found, status = self._payable(payment), self.switches["expired_status"]
        self.journal.add(BUYER, "lets the time run out", found.invoice_id)
        return self._end(found, FAILED if status == PENDING else status, "timeout", webhook, wait)

    def return_url(self, payment: Payment) -> str:
        """Where the gateway sends the buyer of this payment now."""
        base = payment.success_url if payment.status == COMPLETED else payment.cancel_url
        return messages.return_url(payment, base, ampersand=self.switches["append_with_ampersand"])

    # The gateway ----------------------------------------------------------------------------

    def send_webhook(
        self, payment: Any, *, app_key: Any = ..., url: str | None = None, **overrides: Any
    ) -> Answer:
        """Send one webhook now and return the shop's answer: what the payment's state would
        announce (completed unless it failed), with fields of the body overridden. `app_key=None`
        sends no key. Faults do not touch it, and it is not retried."""
        found = self.find(payment)
        where = url or found.webhook_url
        if where is None:
            raise SandboxError("This payment was created without a webhook_url: give one as url=…")
        outcome = COMPLETED if found.status in {COMPLETED, PENDING} else FAILED
        body = {**messages.webhook(found, self.clock.now(), outcome), **overrides}
        key = found.app_key if app_key is ... else app_key
        return self.webhooks.send(found.invoice_id, where, key, body)

    def fault(
        self, kind: str | int, endpoint: str | None = None, times: int | None = 1, **options: Any
    ) -> Fault:
        """Switch a fault on (`faults.KINDS` lists them) for the next `times` calls to `endpoint`
        (create, verify or webhook; None: wherever it makes sense). `times=None`: until cleared."""
        return self.faults.add(kind, endpoint, times, options)

    def choose_scenario(self, name: str) -> None:
        """What the next payment will do (`scenarios.SCENARIOS` lists it); the one after it just
        works."""
        self.scenarios.choose(name)
        self.journal.touch()

    def clear_faults(self) -> None:
        """Switch every fault off."""
        self.faults.clear()

    def switch(self, **values: Any) -> None:
        """Turn switches (`switches.SWITCHES` lists them); they survive a restart."""
        switches.check(values)
        self.switches = {**self.switches, **values}
        self.store.set_setting("switches", self.switches)

    def advance(self, seconds: float) -> datetime:
        """Move the sandbox's clock; what is due by then (expiries, retries) happens now."""
        now = self.clock.advance(seconds)
        self.journal.add("clock", f"moved by {duration(int(seconds), 'en')}")
        self.settle_expired()
        if self.synchronous:
            self.webhooks.run_due()
        self.webhooks.wake()
        return now

    def settle_expired(self) -> datetime | None:
        """Close the payments that ran out; returns when the next one will."""
        status = self.switches["expired_status"]
        if status == PENDING:
            return None
        for payment in self.store.overdue(self.clock.now()):
            changed = self.store.change_payment(payment, status=status, reason="timeout")
            if changed is not None:
                self.journal.add(GATEWAY, f"{ENDED}: {status}", changed.invoice_id)
                self.webhooks.announce(changed, FAILED, wait=False)
        return self.store.next_expiry()

    def create(self, app_key: str, body: Mapping[str, Any]) -> Payment:
        """Open a payment session from a checked request."""
        now, invoice_id = self.clock.now(), _code(20)
        self.scenarios.begin(invoice_id)
        return self.store.add_payment(
            invoice_id=invoice_id,
            token=secrets.token_urlsafe(24),
            app_key=app_key,
            amount=Decimal(body["amount"]),
            customer_reference=body["customer_reference"],
            success_url=body["success_url"],
            cancel_url=body["cancel_url"],
            webhook_url=body.get("webhook_url"),
            metadata=body.get("metadata", {}),
            status=PENDING,
            reason="",
            created_at=now,
            expires_at=now + timedelta(seconds=self.lifetime),
        )

    def knows(self, app_key: str, secret_key: str) -> bool:
        """Whether these are a merchant's keys."""
        if self.any_keys:
            return bool(app_key and secret_key)
        found = self._account(app_key)
        known = self._secret_key if found is None else found[0]
        secret = secrets.compare_digest(secret_key.encode(), known.encode())
        return secret and (found is not None or app_key == self.app_key)

    def add_account(self, app_key: str, secret_key: str, merchant: str | None = None) -> None:
        """Know another key pair, whose payments nobody else's keys find.

        `merchant`: whose it is, where several pairs are the same merchant's; else its own."""
        self._accounts[app_key] = secret_key, merchant or app_key

    def merchant_of(self, app_key: str) -> str:
        """Whose key it is: empty for the sandbox's first pair, and for any that is not known."""
        _, merchant = self._account(app_key) or ("", "")
        return merchant

    def _account(self, app_key: str) -> tuple[str, str] | None:
        """Secret key and merchant of another account: one that was added, or the first pair with
        an ending: `sandbox-app-key-dhaka` goes with `sandbox-secret-key-dhaka`."""
        ending = app_key.removeprefix(self.app_key)
        if app_key in self._accounts or ending == app_key or len(ending) < 2 or ending[0] != "-":
            return self._accounts.get(app_key)
        return self._secret_key + ending, app_key

    # What happened --------------------------------------------------------------------------

    @property
    def payments(self) -> list[Payment]:
        """The newest first."""
        return self.store.payments()

    @property
    def deliveries(self) -> list[Delivery]:
        """The newest first."""
        return self.store.deliveries()

    @property
    def requests(self) -> list[RecordedRequest]:
        """What shops sent to create and verify, the oldest first."""
        return list(self._requests)

    def record(self, request: RecordedRequest) -> None:
        self._requests.append(request)

    def find(self, payment: Any) -> Payment:
        """The gateway's own record of a payment."""
        invoice_id = payment if isinstance(payment, str) else getattr(payment, "invoice_id", None)
        if not invoice_id:
            raise SandboxError(
                f"{payment!r} has no invoice_id: the gateway has not created it (yet). Start the "
                "checkout first, or pass the invoice id."
            )
        found = self.store.payment(str(invoice_id))
        if found is None:
            raise SandboxError(f"This gateway has no payment with the invoice id {invoice_id}.")
        return found

    # Racing ---------------------------------------------------------------------------------

    def gather_verifies(self, parties: int) -> threading.Barrier:
        """Hold the next verify calls until so many have come, then answer all at once."""
        self._gathering = threading.Barrier(parties, action=self._let_go)
        return self._gathering

    def gather(self, endpoint: str) -> None:
        barrier = self._gathering
        if barrier is not None and endpoint == "verify":
            with suppress(threading.BrokenBarrierError):
                barrier.wait(5)

    def _let_go(self) -> None:
        self._gathering = None

    # Life -----------------------------------------------------------------------------------

    def close(self) -> None:
        """End the threads, and whatever fault is still dripping; forget an in-memory state."""
        self.stopping.set()
        if self.webhooks.stop():
            self.store.close()

    # Inside ---------------------------------------------------------------------------------

    def _payable(self, payment: Any, late: bool = False) -> Payment:
        self.settle_expired()
        found = self.find(payment)
        if found.status == PENDING or (late and found.status != COMPLETED):
            return found
        cure = "" if found.status == COMPLETED else "; pay(…, late=True) pays it all the same"
        raise SandboxError(
            f"The payment {found.invoice_id} is {found.status} at the gateway"
            f"{f' ({found.reason})' if found.reason else ''}, not pending{cure}."
        )

    def _end(
        self, payment: Payment, status: str, reason: str, webhook: bool, wait: bool
    ) -> Outcome:
        return self._outcome(self._change(payment, status=status, reason=reason), webhook, wait)

    def _change(self, payment: Payment, **values: Any) -> Payment:
        changed = self.store.change_payment(payment, **values)
        if changed is None:
            raise SandboxError(f"The payment {payment.invoice_id} was just ended by somebody else.")
        return changed

    def _outcome(self, payment: Payment, webhook: bool, wait: bool) -> Outcome:
        event = COMPLETED if payment.status == COMPLETED else FAILED
        answer = self.webhooks.announce(payment, event, wait=wait) if webhook else None
        return Outcome(payment, self.return_url(payment), answer)

    def _stored_clock(self) -> Clock:
        return Clock(
            self.store.setting("clock", 0), lambda offset: self.store.set_setting("clock", offset)
        )

    def _stored_identity(self) -> str:
        identity: str = self.store.setting_once("identity", secrets.token_hex(16))
        return identity

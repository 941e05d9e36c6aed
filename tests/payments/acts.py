"""What a shop's processes do in these tests, and what its receivers may do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from blinker import Signal

from flask_bdquickpay import ReconcileReport, payment_paid
from flask_bdquickpay.clock import utcnow

from ..shop import Shop, told_paid


def sweep(shop: Shop, **options: Any) -> ReconcileReport:
    """Sweep, in one thread unless told otherwise."""
    with shop.app.app_context():
        report: ReconcileReport = shop.bdquickpay.reconcile(**{"concurrency": 1} | options)
        return report


def deliver(shop: Shop, limit: int | None = None) -> int:
    with shop.app.app_context():
        delivered: int = shop.bdquickpay.deliver(limit)
        return delivered


def confirm(shop: Shop, payment: Any) -> Any:
    """Confirm a payment that was read elsewhere; return its status."""
    with shop.app.app_context():
        found = shop.db.session.get_one(shop.bdquickpay.Payment, payment.id)
        return shop.bdquickpay.confirm(found).status


def resolve(shop: Shop, payment: Any, *, accept: bool, **options: Any) -> None:
    """A person decides."""
    with shop.app.app_context():
        state = shop.app.extensions["bdquickpay"]
        seen = state.store.find("id", payment.id)
        options = {"note": "seen in the statement", "actor": "Karima"} | options
        state.resolution.resolve(seen, accept=accept, **options)


def give_up(shop: Shop, payment: Any) -> None:
    """A person ends it."""
    with shop.app.app_context():
        state = shop.app.extensions["bdquickpay"]
        seen = state.store.find("id", payment.id)
        state.resolution.give_up(seen, note="nobody can tell", actor="Karima")


def make_due(shop: Shop, *payments: Any) -> None:
    """Let the sweep's time for these payments have come."""
    for payment in payments:
        shop.change(payment, check_after=utcnow() - timedelta(seconds=1))


def ended(shop: Shop, payment: Any, ago: timedelta) -> Any:
    """The payment, whose end was so long ago; at the gateway it goes on."""
    shop.change(payment, expires_at=utcnow() - ago)
    return shop.payment(payment)


def asked(shop: Shop, endpoint: str = "verify") -> int:
    """How often the gateway was called."""
    return sum(request.endpoint == endpoint for request in shop.gateway.requests)


def led_back(shop: Shop, payment: Any) -> bool:
    """Whether a click on the order leads to what is known of this payment, and charges nothing."""
    before = asked(shop, "create")
    answer = shop.click(payment.customer_reference)
    back = told_paid(answer) or answer.location == f"/bdquickpay/success/{payment.token}"
    return back and asked(shop, "create") == before


def payable(shop: Shop) -> int:
    """How many payments can be paid at the gateway now."""
    return sum(payment.status == "pending" for payment in shop.gateway.payments)


def hear(shop: Shop, signal: Signal, receiver: Callable[..., Any]) -> None:
    """Connect a receiver for as long as the shop lives."""
    shop.receivers.append(receiver)
    signal.connect(receiver, sender=shop.app)


@contextmanager
def deaf(shop: Shop, signal: Signal = payment_paid) -> Iterator[None]:
    """A process that has not imported the shop's receivers."""
    receivers = list(signal.receivers_for(shop.app))
    for receiver in receivers:
        signal.disconnect(receiver, sender=shop.app)
    try:
        yield
    finally:
        for receiver in receivers:
            signal.connect(receiver, sender=shop.app)


def raises(error: BaseException) -> Callable[..., None]:
    """A receiver that raises."""

    def receiver(*_: Any, **__: Any) -> None:
        raise error

    return receiver

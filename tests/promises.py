"""What a shop may rely on at every moment: the database held against the gateway's own books."""

from __future__ import annotations

from typing import Any

from .shop import Shop

#: The moves that the contract permits, written down a second time.
PERMITTED = {
    "created": {"pending", "failed"},
    "pending": {"completed", "failed", "cancelled", "expired", "flagged"},
    "cancelled": {"pending", "completed", "flagged"},
    "failed": {"completed", "flagged"},
    "expired": {"completed", "flagged"},
    "flagged": {"completed", "failed"},
    "completed": set[str](),
}
SETTLED = {"completed", "flagged"}


def check(shop: Shop, reference: str | None = None) -> None:
    """Hold what must be true even in the moment after a crash, for one order or for all."""
    payments = shop.payments(reference)
    paid = [line for line in shop.ledger() if reference in (None, line[1])]
    completed = [payment for payment in payments if payment.status == "completed"]
    assert sorted(paid) == [(payment.id, payment.customer_reference) for payment in completed]
    for payment in payments:
        check_timeline(payment, shop.events(payment))
        check_known(shop, payment)
    for order in {payment.customer_reference for payment in payments}:
        check_order(shop, order, [one for one in payments if one.customer_reference == order])


def check_timeline(payment: Any, events: list[Any]) -> None:
    """Every move is recorded, permitted, and starts where the one before it ended."""
    status, previous = "created", None
    for event in events:
        if event.new_status is not None:
            assert event.old_status == status, (payment, events)
            assert event.new_status.value in PERMITTED[status], (payment, events)
            previous, status = status, event.new_status.value
    assert (payment.status, payment.previous_status) == (status, previous), (payment, events)


def check_known(shop: Shop, payment: Any) -> None:
    """A payment that was sent out is known at the gateway; a completed one is paid there."""
    if payment.invoice_id is None:
        assert payment.status in ("created", "failed"), payment
        return
    truth = shop.gateway.find(payment)
    if payment.status == "completed":
        assert truth.status == "completed", payment
        assert payment.trx_id in (None, truth.trx_id)
        if payment.resolved_by is None:
            facts = (truth.amount, truth.paid_amount, truth.customer_reference, truth.trx_id)
            ours = (payment.amount, payment.amount, payment.customer_reference, payment.trx_id)
            assert facts == ours, payment


def check_order(shop: Shop, reference: str, payments: list[Any]) -> None:
    """An order is paid by one payment, and stands or falls with one."""
    completed = [payment for payment in payments if payment.status == "completed"]
    assert len(completed) <= 1, payments
    assert shop.order_status(reference) == ("paid" if completed else "new")
    holders = [payment for payment in payments if payment.order_key is not None]
    assert all(payment.order_key == reference for payment in holders)
    assert len(holders) <= 1, payments
    assert not completed or holders == completed, payments
    for payment in payments:
        if payment.status in ("created", "pending") and payment.order_key is None:
            assert payment.reason == "superseded" or completed, (payment, payments)


def check_rest(shop: Shop, reference: str | None = None) -> None:
    """Hold what must be true once everybody came back: nothing stuck, nothing undelivered."""
    for payment in shop.payments(reference):
        assert payment.status != "created", payment
        assert payment.lease is None, payment
        for event in shop.events(payment):
            if event.new_status is not None:
                assert event.delivered_at is not None, event
                assert (event.deliver_after, event.error) == (None, None), event
    check_found(shop, reference)


def check_found(shop: Shop, reference: str | None = None) -> None:
    """All money that the gateway took is seen here."""
    for payment in shop.payments(reference):
        if payment.invoice_id is not None and shop.gateway.find(payment).status == "completed":
            assert payment.status in SETTLED or payment.resolved_by is not None, payment


def orphans(shop: Shop, reference: str) -> list[Any]:
    """The gateway's payments of an order whose invoice the shop never learnt."""
    known = {payment.invoice_id for payment in shop.payments(reference)}
    at_gateway = [one for one in shop.gateway.payments if one.customer_reference == reference]
    return [one for one in at_gateway if one.invoice_id not in known]

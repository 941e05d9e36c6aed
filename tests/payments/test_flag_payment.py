"""`FlagPayment`: a receiver of `payment_paid` leaves the money to a person, in one move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from blinker import Signal
from flask import Flask

from flask_bdquickpay import (
    FlagPayment,
    payment_cancelled,
    payment_expired,
    payment_failed,
    payment_flagged,
    payment_paid,
)
from flask_bdquickpay.errors import ResolutionError

from ..databases import on_sqlite
from ..shop import Shop
from .acts import asked, ended, hear, led_back, make_due, payable, raises, resolve, sweep

GONE = FlagPayment("the order is gone")


def paid_order_that_changed(shop: Shop) -> Any:
    """A payment of 300 for an order that has grown to 900 while the payment page was open."""

    def compare(app: Flask, payment: Any) -> None:
        order = shop.db.session.get_one(shop.Order, int(payment.customer_reference))
        if payment.amount != order.total:
            raise FlagPayment("the order's total has changed")

    hear(shop, payment_paid, compare)
    payment = shop.started("300")
    shop.reprice(payment.customer_reference, "900")
    shop.gateway.pay(payment, webhook=False)
    return payment


def test_objection_flags_and_undoes_what_receivers_did(shop: Shop) -> None:
    payment = paid_order_that_changed(shop)
    assert shop.webhook(payment).status_code == 200
    payment = shop.payment(payment)
    assert (payment.status, payment.reason) == ("flagged", "the order's total has changed")
    assert payment.previous_status == "pending"
    assert shop.ledger() == []
    assert shop.order_status(payment.customer_reference) == "new"
    assert shop.heard[-1] == ("flagged", payment.id)


def test_what_came_is_kept_and_nobody_is_asked_again(shop: Shop) -> None:
    payment = paid_order_that_changed(shop)
    shop.webhook(payment)
    payment = shop.payment(payment)
    assert payment.received_amount == Decimal(300)
    assert payment.trx_id is not None
    assert (payment.verified_at, payment.problem) != (None, "")
    assert payment.problem is None
    assert payment.announced_at is None  # the shop was not told that it is paid
    assert asked(shop) == 1
    assert shop.webhook(payment).status_code == 200
    assert asked(shop) == 1


def test_it_is_one_move(shop: Shop) -> None:
    payment = paid_order_that_changed(shop)
    shop.success(payment)
    moves = [(e.old_status, e.new_status) for e in shop.events(payment) if e.new_status]
    assert moves == [("created", "pending"), ("pending", "flagged")]
    assert [status for _, status in shop.changed] == ["pending", "flagged"]


@pytest.mark.thorough
def test_order_under_review_is_not_charged_again(shop: Shop) -> None:
    payment = paid_order_that_changed(shop)
    shop.webhook(payment)
    assert led_back(shop, payment)
    assert payable(shop) == 0


@pytest.mark.parametrize("first", [True, False])
def test_order_of_the_receivers_does_not_matter(shop: Shop, first: bool) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    others = list(payment_paid.receivers_for(shop.app))
    if first:
        for other in others:
            payment_paid.disconnect(other, sender=shop.app)
    hear(shop, payment_paid, raises(GONE))
    for other in others:
        payment_paid.connect(other, sender=shop.app)
    assert shop.webhook(payment).status_code == 200
    assert shop.payment(payment).status == "flagged"
    assert shop.ledger() == []


def test_receiver_that_had_committed_is_undone_too(shop: Shop) -> None:
    def commits_first(app: Flask, payment: Any) -> None:
        shop.db.session.add(shop.Ledger(payment_id=payment.id, reference="own"))
        shop.db.session.commit()
        raise GONE

    hear(shop, payment_paid, commits_first)
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    assert shop.payment(payment).status == "flagged"
    assert shop.ledger() == []


@on_sqlite
def test_async_receiver_may_object(shop: Shop) -> None:
    async def objects(app: Flask, payment: Any) -> None:
        raise GONE

    hear(shop, payment_paid, objects)
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    assert shop.payment(payment).reason == "the order is gone"


@on_sqlite
@pytest.mark.parametrize("reason", ["সব বিক্রি হয়ে গেছে", "a\0b" * 9000, ""])
def test_reason_that_no_column_takes_is_kept_as_far_as_it_goes(shop: Shop, reason: str) -> None:
    hear(shop, payment_paid, raises(FlagPayment(reason)))
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    assert shop.payment(payment).status == "flagged"
    assert shop.payment(payment).reason == reason[:10_000].replace("\0", "")


@pytest.mark.parametrize("way", ["sweep", "success", "cancel", "confirm", "start"])
def test_every_way_to_learn_of_the_money_heeds_it(shop: Shop, way: str) -> None:
    hear(shop, payment_paid, raises(GONE))
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    if way == "sweep":
        make_due(shop, payment)
        report = sweep(shop)
        assert (report.changed, report.errors, report.refused) == (1, 0, 0)
    elif way == "confirm":
        with shop.app.app_context():
            found = shop.db.session.get_one(shop.bdquickpay.Payment, payment.id)
            assert shop.bdquickpay.confirm(found).status == "flagged"
    elif way == "start":
        ended(shop, payment, timedelta(seconds=1))
        with shop.app.test_request_context():
            assert shop.bdquickpay.start(payment.customer_reference).status == "flagged"
    else:
        assert getattr(shop, way)(payment).status_code == 200
    assert shop.payment(payment).status == "flagged"
    assert shop.ledger() == []


def test_objection_to_late_money_flags_it_beside_the_new_payment(shop: Shop) -> None:
    hear(shop, payment_paid, raises(GONE))
    late = shop.started()
    shop.gateway.time_out(late, webhook=False)
    shop.success(late)
    shop.click(late.customer_reference)
    shop.gateway.pay(late, late=True, webhook=False)
    assert shop.webhook(late).status_code == 200
    late, new = shop.payments(late.customer_reference)
    assert (late.status, late.reason) == ("flagged", "the order is gone")
    assert new.status == "pending"
    keys = [payment.order_key for payment in (late, new)]
    assert sorted(keys, key=str) == [late.customer_reference, None]


def test_person_who_accepts_hears_the_objection(shop: Shop) -> None:
    payment = paid_order_that_changed(shop)
    shop.webhook(payment)
    with pytest.raises(ResolutionError, match="the order's total has changed"):
        resolve(shop, payment, accept=True)
    assert shop.payment(payment).status == "flagged"
    assert shop.ledger() == []
    shop.reprice(payment.customer_reference, "300")
    resolve(shop, payment, accept=True)
    assert shop.payment(payment).status == "completed"
    assert len(shop.ledger()) == 1


def test_person_may_reject(shop: Shop) -> None:
    payment = paid_order_that_changed(shop)
    shop.webhook(payment)
    resolve(shop, payment, accept=False)
    payment = shop.payment(payment)
    assert (payment.status, payment.order_key) == ("failed", None)
    assert payment.received_amount == Decimal(300)  # it is owed to the customer


def expires_at_gateway(shop: Shop, payment: Any) -> None:
    shop.gateway.switch(expired_status="expired")
    shop.gateway.time_out(payment, webhook=False)


OTHERS: dict[str, tuple[Signal, Callable[[Shop, Any], Any]]] = {
    "failed": (payment_failed, lambda shop, payment: shop.gateway.fail(payment, webhook=False)),
    "expired": (payment_expired, expires_at_gateway),
    "cancelled": (payment_cancelled, lambda shop, payment: None),
}


@pytest.mark.parametrize("status", OTHERS)
def test_receivers_of_other_signals_can_not_flag_what_no_money_came_on(
    shop: Shop, status: str
) -> None:
    signal, happens = OTHERS[status]
    payment = shop.started()
    happens(shop, payment)
    with signal.connected_to(raises(FlagPayment("no")), sender=shop.app):
        shop.cancel(payment)
    assert shop.payment(payment).status == "pending"
    assert "flagged" not in [name for name, _ in shop.heard]
    shop.cancel(payment)
    assert shop.payment(payment).status == status


@pytest.mark.thorough
def test_receiver_of_payment_flagged_that_objects_is_as_one_that_raises(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    calls: list[int] = []

    def objects(app: Flask, payment: Any) -> None:
        calls.append(payment.id)
        raise FlagPayment("again")

    signal: Signal = payment_flagged
    with signal.connected_to(objects, sender=shop.app):
        assert shop.webhook(payment).status_code == 503
    assert len(calls) == 1
    payment = shop.payment(payment)
    assert payment.status == "pending"
    assert "objects" in payment.problem
    assert shop.webhook(payment).status_code == 200
    assert shop.payment(payment).status == "flagged"


def test_flag_is_what_a_receiver_raises_and_no_error_of_ours() -> None:
    error: Callable[..., Any] = FlagPayment
    assert error("sold out").reason == "sold out"

"""Not zero times either: a process without the shop's receivers leaves the news owed, not lost."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, current_app

from flask_bdquickpay import payment_changed, payment_paid
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.errors import ResolutionError

from ..databases import on_sqlite
from ..shop import Shop, told_paid
from .acts import asked, confirm, deaf, deliver, make_due, raises, resolve, sweep
from .test_races import race


@pytest.fixture
def cron(new_shop: Callable[..., Shop]) -> Shop:
    """A process of the same shop that has imported the factory alone."""
    other = new_shop()
    for signal in (payment_paid, payment_changed):
        for receiver in list(signal.receivers_for(other.app)):
            signal.disconnect(receiver, sender=other.app)
    return other


def paid_at_gateway(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return payment


def owed(shop: Shop, cron: Shop) -> Any:
    """A payment that the process without receivers has completed."""
    payment = paid_at_gateway(shop)
    make_due(shop, payment)
    assert sweep(cron).changed == 1
    return shop.payment(payment)


def announce(shop: Shop, payment: Any) -> None:
    with shop.app.app_context():
        state = shop.app.extensions["bdquickpay"]
        state.resolution.announce(state.store.find("id", payment.id), actor="Karima")


def test_payment_is_completed_and_its_news_is_owed(shop: Shop, cron: Shop) -> None:
    payment = owed(shop, cron)
    assert payment.status == "completed"
    assert payment.announced_at is None
    assert payment.check_after is not None
    assert shop.order_status(payment.customer_reference) == "new"


WAYS: dict[str, Callable[[Shop, Any], Any]] = {
    "webhook": lambda shop, payment: shop.webhook(payment),
    "success page": lambda shop, payment: shop.success(payment),
    "sweep": lambda shop, payment: sweep(shop),
    "deliver": lambda shop, payment: deliver(shop),
    "confirm": confirm,
    "by hand": announce,
}


@pytest.mark.parametrize("way", WAYS)
def test_next_process_that_listens_is_told_once(shop: Shop, cron: Shop, way: str) -> None:
    payment = owed(shop, cron)
    WAYS[way](shop, payment)
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.order_status(payment.customer_reference) == "paid"
    payment = shop.payment(payment)
    assert payment.announced_at is not None
    assert (payment.check_after, payment.problem) == (None, None)
    assert asked(shop) == 1  # about money that is known nobody is asked
    for again in WAYS.values():
        if again is not announce:
            again(shop, payment)
    assert len(shop.ledger()) == 1


def test_announcement_is_a_row_of_the_timeline_and_no_second_transition(
    shop: Shop, cron: Shop
) -> None:
    payment = owed(shop, cron)
    shop.webhook(payment)
    moves = [e.new_status for e in shop.events(payment) if e.new_status]
    assert moves == ["pending", "completed"]
    assert "owed" in next(e for e in shop.events(payment) if e.source == "webhook").note


def test_all_at_once_tell_once(shop: Shop, cron: Shop) -> None:
    payment = owed(shop, cron)
    ways = [lambda way=way: way(shop, payment) for way in WAYS.values() if way is not announce]
    race(*ways, *ways)
    assert len(shop.ledger()) == 1


@pytest.mark.thorough
def test_shop_is_told_at_once_of_all_that_it_is_owed(shop: Shop, cron: Shop) -> None:
    """Also of what sweeps without receivers have met meanwhile, and of more than one batch."""
    payments = [paid_at_gateway(shop) for _ in range(60)]
    make_due(shop, *payments)
    assert sweep(cron).changed == 60
    assert [sweep(cron).checked for _ in range(2)] == [0, 0]
    shop.change(payments[0], check_after=utcnow() + timedelta(minutes=5))
    sweep(shop)
    assert len(shop.ledger()) == 60
    assert all(payment.announced_at for payment in shop.payments())


@pytest.mark.thorough
def test_deliver_tells_all_too_although_some_are_refused(shop: Shop, cron: Shop) -> None:
    payments = [paid_at_gateway(shop) for _ in range(60)]
    make_due(shop, *payments)
    sweep(cron)
    first = {payment.id for payment in payments[:55]}

    def refuses(app: Flask, payment: Any) -> None:
        if payment.id in first:
            raise RuntimeError("not these")

    with payment_paid.connected_to(refuses, sender=shop.app):
        deliver(shop)
    assert {payment for payment, _ in shop.ledger()} == {p.id for p in payments[55:]}
    deliver(shop)
    assert len(shop.ledger()) == 60


def test_every_sweep_without_a_receiver_logs_an_error(
    shop: Shop, cron: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    owed(shop, cron)
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            report = sweep(cron)
        assert report.unheard
        assert any("listens to payment_paid" in record.message for record in caplog.records)
    assert not sweep(shop).unheard


def test_receiver_that_refuses_the_news_leaves_it_owed(shop: Shop, cron: Shop) -> None:
    payment = owed(shop, cron)
    with payment_paid.connected_to(raises(RuntimeError("no stock")), sender=shop.app):
        assert shop.webhook(payment).status_code == 503
        make_due(shop, payment)
        report = sweep(shop)
        assert (report.refused, report.errors) == (1, 0)
    payment = shop.payment(payment)
    assert (payment.status, payment.announced_at) == ("completed", None)
    assert "no stock" in payment.problem
    assert shop.ledger() == []
    assert shop.webhook(payment).status_code == 200
    assert shop.payment(payment).problem is None
    assert len(shop.ledger()) == 1


def test_order_is_paid_meanwhile_and_not_charged_again(shop: Shop, cron: Shop) -> None:
    payment = owed(shop, cron)
    assert told_paid(cron.click(payment.customer_reference))
    assert len(shop.payments()) == 1


def test_announcing_by_hand_says_why_not(shop: Shop, cron: Shop) -> None:
    payment = owed(shop, cron)
    with pytest.raises(ResolutionError, match="Nobody listens"):
        announce(cron, payment)
    with (
        payment_paid.connected_to(raises(RuntimeError("no stock")), sender=shop.app),
        pytest.raises(RuntimeError, match="no stock"),
    ):
        announce(shop, payment)
    announce(shop, payment)
    with pytest.raises(ResolutionError, match="Nothing is owed"):
        announce(shop, payment)


def test_decision_of_a_process_without_receivers_is_owed_too(shop: Shop, cron: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.webhook(payment)
    resolve(cron, payment, accept=True)
    assert shop.payment(payment).announced_at is None
    deliver(shop)
    assert len(shop.ledger()) == 1


@pytest.mark.thorough
@on_sqlite
def test_receiver_of_a_proxy_or_a_collected_one_is_no_receiver(shop: Shop) -> None:
    def connect_one_that_is_collected() -> None:
        def local(app: Flask, payment: Any) -> None:
            pass

        payment_paid.connect(local, sender=shop.app)

    with deaf(shop), shop.app.app_context():
        connect_one_that_is_collected()
        gc.collect()
        payment_paid.connect(raises(AssertionError()), sender=current_app)  # the proxy
        payment = paid_at_gateway(shop)
        shop.webhook(payment)
        assert shop.payment(payment).announced_at is None
    shop.webhook(payment)
    assert len(shop.ledger()) == 1


@on_sqlite
def test_payment_completed_before_announcements_were_kept_is_not_told_again(shop: Shop) -> None:
    """A row of an older version: completed, announced then, with both columns empty."""
    payment = paid_at_gateway(shop)
    shop.webhook(payment)
    shop.change(payment, announced_at=None)
    shop.webhook(payment)
    deliver(shop)
    sweep(shop)
    assert len(shop.ledger()) == 1

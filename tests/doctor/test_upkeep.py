"""Work left undone, ill and healthy; the ill one says the cure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import doctor, payment_changed
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .patients import OK, RED, WARNING, change_event, check


@pytest.mark.thorough
def test_overdue_payments_are_red(shop: Shop) -> None:
    payment = shop.started()
    assert check(shop, "sweep").state == OK
    shop.change(payment, check_after=utcnow() - timedelta(hours=1))
    result = check(shop, "sweep")
    assert result.state == RED
    assert "Payments overdue: 1, since " in result.message
    assert "Run 'flask bdquickpay reconcile' every minute" in result.message


def test_events_that_nobody_delivers_are_red(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    assert check(shop, "outbox").state == OK
    change_event(shop, payment, deliver_after=utcnow() - timedelta(hours=1))
    result = check(shop, "outbox")
    assert result.state == RED
    assert "Events not delivered: 1, due since " in result.message
    assert "Run 'flask bdquickpay reconcile' (or deliver)" in result.message


def test_a_receiver_that_keeps_raising_is_red_with_its_error(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")

    def broken(app: Flask, **_: Any) -> None:
        raise RuntimeError("no mail today")

    with payment_changed.connected_to(broken, sender=shop.app):
        payment = shop.started()
        for _ in range(4):
            assert check(shop, "outbox").state == OK
            change_event(shop, payment, deliver_after=utcnow())
            deliver(shop)
    result = check(shop, "outbox")
    assert result.state == RED
    assert "(attempts: 4): RuntimeError: no mail today. Mend it" in result.message
    assert "flask bdquickpay deliver" in result.message


def deliver(shop: Shop) -> None:
    with shop.app.app_context():
        shop.bdquickpay.deliver()


def test_a_flagged_payment_is_worth_a_warning(shop: Shop) -> None:
    payment = shop.started()
    assert check(shop, "flagged").state == OK
    shop.change(payment, status="flagged")
    result = check(shop, "flagged")
    assert result.state == WARNING
    assert "Payments that wait for a person: 1." in result.message
    assert "decide with 'flask bdquickpay resolve'" in result.message


def completed(shop: Shop, source: str, count: int = 5) -> None:
    """Have payments completed by what comes from `source`."""
    state = shop.app.extensions["bdquickpay"]
    for _ in range(count):
        payment = shop.started()
        shop.gateway.pay(payment, webhook=False)
        with shop.app.app_context():
            state.settlement.settle(state.store.find("id", payment.id), source)


def test_payments_announced_by_webhooks_are_fine(shop: Shop) -> None:
    completed(shop, "webhook", 9)
    completed(shop, "sweep", 1)
    result = check(shop, "webhooks seen")
    assert result.state == OK
    said = "Webhooks for 9 of the 10 payments completed in the last 7 days (90%); the last at "
    assert result.message.startswith(said)


@pytest.mark.parametrize(("source", "state"), [("sweep", RED), ("return", WARNING)])
def test_payments_that_no_webhook_announced(shop: Shop, source: str, state: doctor.Level) -> None:
    completed(shop, source)
    result = check(shop, "webhooks seen")
    assert result.state == state
    assert "Webhooks for none of the 5 payments completed in the last 7 days" in result.message
    assert "Check BDQUICKPAY_PUBLIC_URL and bdQuickPay's webhook log" in result.message


@pytest.mark.thorough
@on_sqlite
def test_too_few_payments_tell_nothing_about_webhooks(shop: Shop) -> None:
    completed(shop, "sweep", 4)
    assert check(shop, "webhooks seen").state == OK


@on_sqlite
def test_payments_of_long_ago_tell_nothing_about_webhooks(shop: Shop) -> None:
    completed(shop, "sweep")
    for payment in shop.payments():
        shop.change(payment, created_at=utcnow() - timedelta(days=8))
    assert check(shop, "webhooks seen").state == OK


@on_sqlite
def test_no_webhooks_are_missed_where_none_are_wanted(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_WEBHOOK=False)
    completed(shop, "sweep")
    assert check(shop, "webhooks seen").state == OK


@on_sqlite
def test_webhooks_that_come_after_the_payment_was_settled_count_too(shop: Shop) -> None:
    completed(shop, "sweep")
    for payment in shop.payments():
        shop.webhook(payment)
    assert check(shop, "webhooks seen").state == OK

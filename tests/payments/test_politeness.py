"""A shop whose gateway asks for fewer calls: nobody asks until the time is up, nothing is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, GatewayError, PaymentRequest, ReconcileReport
from flask_bdquickpay.clock import utcnow

from ..shop import Shop

MANY = 12


def sweep(shop: Shop, **options: Any) -> ReconcileReport:
    with shop.app.app_context():
        report: ReconcileReport = shop.bdquickpay.reconcile(**options)
        return report


def asked(shop: Shop, endpoint: str = "verify") -> int:
    return sum(request.endpoint == endpoint for request in shop.gateway.requests)


@pytest.fixture
def payments(shop: Shop) -> list[Any]:
    """Payments that are paid, due, and not known to be paid."""
    made = [shop.started() for _ in range(MANY)]
    for payment in made:
        shop.gateway.pay(payment, webhook=False)
        shop.change(payment, check_after=utcnow() - timedelta(seconds=1))
    return made


def test_sweep_stops_at_a_429_and_puts_the_rest_back(
    shop: Shop, payments: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    report = sweep(shop, concurrency=1)
    assert report == ReconcileReport(checked=1, errors=1, left=MANY - 1)
    assert asked(shop) == 1
    rest = [shop.payment(payment) for payment in payments[1:]]
    assert all(payment.lease is None and payment.check_after <= utcnow() for payment in rest)
    assert [payment.checks for payment in rest] == [0] * len(rest)
    assert [shop.events(payment)[-1].source for payment in rest] == ["checkout"] * len(rest)
    assert f"{MANY - 1} payments wait" in caplog.text


def test_sweep_in_a_pause_asks_nobody_and_the_next_one_finds_all(
    shop: Shop, payments: list[Any]
) -> None:
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    sweep(shop, concurrency=1)
    assert sweep(shop) == ReconcileReport(left=MANY - 1)
    assert asked(shop) == 1
    shop.gateway.advance(31)
    assert sweep(shop) == ReconcileReport(checked=MANY - 1, changed=MANY - 1)
    assert len(shop.ledger()) == MANY - 1
    shop.change(payments[0], check_after=utcnow())
    assert sweep(shop).changed == 1


def test_sweep_in_threads_sends_no_more_than_was_under_way(shop: Shop, payments: list[Any]) -> None:
    shop.gateway.fault("429", endpoint="verify", times=None, retry_after=30)
    report = sweep(shop, concurrency=4)
    assert 1 <= report.errors == report.checked == asked(shop) <= 4
    assert report.left == MANY - report.errors
    assert {payment.lease for payment in shop.payments()} == {None}


def test_payment_that_is_turned_away_in_between_is_put_back_uncounted(
    shop: Shop, payments: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause begins after the sweep has looked for one."""
    client = shop.app.extensions["bdquickpay"].client
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    with shop.app.app_context(), pytest.raises(GatewayError):
        shop.bdquickpay.confirm(payments[0])
    monkeypatch.setattr(client, "paused_for", lambda: 0.0)
    assert sweep(shop) == ReconcileReport()
    assert asked(shop) == 1
    rest = [shop.payment(payment) for payment in payments[1:]]
    assert all(payment.lease is None and payment.check_after <= utcnow() for payment in rest)
    assert [shop.events(payment)[-1].source for payment in rest] == ["checkout"] * len(rest)


def test_outbox_is_delivered_in_a_pause_all_the_same(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    shop.change(payment, check_after=utcnow() - timedelta(seconds=1))
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    report = sweep(shop, concurrency=1)
    assert (report.errors, report.delivered) == (1, 1)


def test_click_in_a_pause_costs_nothing_and_leaves_nothing(shop: Shop) -> None:
    shop.gateway.fault("429", endpoint="create", retry_after=30)
    first, second = shop.order(), shop.order()
    assert shop.click(first).status_code == 502
    (payment,) = shop.payments(first)
    assert "refused to create" in payment.reason
    assert "Too many requests" in payment.reason
    for _ in range(3):
        page = shop.click(second)
        assert page.status_code == 502
        assert f"/bdquickpay/checkout/{second}" in page.text  # a fresh button
    assert asked(shop, "create") == 1
    assert shop.payments(second) == []
    assert shop.heard == [("failed", payment.id)]
    shop.gateway.advance(31)
    assert shop.click(second).status_code == 303


def test_order_whose_older_payment_can_not_be_asked_about_is_not_charged(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, expires_at=utcnow() - timedelta(hours=1))
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    assert [shop.click(payment.customer_reference).status_code for _ in range(3)] == [502] * 3
    assert (asked(shop), asked(shop, "create")) == (1, 1)


@pytest.mark.thorough
def test_webhook_in_a_pause_is_for_later(shop: Shop, payments: list[Any]) -> None:
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    answers = [shop.webhook(payment) for payment in payments]
    assert [(one.status_code, one.is_json) for one in answers] == [(503, True)] * MANY
    assert asked(shop) == 1
    shop.gateway.advance(31)
    assert [shop.webhook(payment).status_code for payment in payments] == [200] * MANY
    assert len(shop.ledger()) == MANY


def test_customer_who_comes_back_in_a_pause_sees_the_confirming_page(
    shop: Shop, payments: list[Any]
) -> None:
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    for _ in range(3):
        page = shop.success(payments[0])
        assert f"/bdquickpay/status/{payments[0].token}" in page.text
    assert asked(shop) == 1


def test_test_kit_ends_a_pause_by_its_clock(tmp_path: Path, bdquickpay_gateway: Any) -> None:
    db, bdquickpay, app = SQLAlchemy(), BDQuickPay(), Flask("kit")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/kit.sqlite3")
    app.config.update(BDQUICKPAY_PUBLIC_URL="http://localhost")
    db.init_app(app)
    bdquickpay.init_app(app)
    bdquickpay.order_loader(lambda reference: PaymentRequest(Decimal(500)))
    bdquickpay_gateway.fault("429", endpoint="create", retry_after=120)
    with app.app_context():
        db.create_all()
        for _ in range(2):
            with pytest.raises(GatewayError):
                bdquickpay.start("1")
        assert len(bdquickpay_gateway.requests) == 1
        bdquickpay_gateway.advance(121)
        assert bdquickpay.start("1").status == "pending"
        db.engine.dispose()


def test_pause_is_logged_once_for_a_sweep(
    shop: Shop, payments: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    sweep(shop, concurrency=1)
    caplog.clear()
    sweep(shop, concurrency=4)
    logged = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(logged) == 1

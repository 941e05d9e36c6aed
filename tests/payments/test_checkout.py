"""Checkout: one live payment for each order, and never a second charge."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_bdquickpay import (
    GatewayUnavailableError,
    OrderNotFoundError,
    payment_created,
    payment_failed,
)
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.gateway.account import check_payment_url

from ..shop import Shop, told_paid


def test_click_sends_the_customer_to_the_gateway(shop: Shop) -> None:
    reference = shop.order("500.10")
    answer = shop.click(reference)
    (payment,) = shop.payments(reference)
    assert answer.status_code == 303
    assert answer.location == payment.payment_url
    assert payment.status == "pending"
    assert payment.previous_status == "created"
    assert payment.amount == Decimal("500.10")
    assert payment.payment_metadata == {"order_id": int(reference)}
    assert payment.created_at.utcoffset() == payment.expires_at.utcoffset() == timedelta(0)
    assert shop.heard == [("created", payment.id)]
    assert [status for _, status in shop.changed] == ["pending"]


def test_gateway_is_told_where_to_send_customer_and_webhook(shop: Shop) -> None:
    payment = shop.started()
    (sent,) = shop.gateway.requests
    assert sent.body["success_url"] == f"http://localhost/bdquickpay/success/{payment.token}"
    assert sent.body["cancel_url"] == f"http://localhost/bdquickpay/cancel/{payment.token}"
    assert sent.body["webhook_url"] == "http://localhost/bdquickpay/webhook"
    assert sent.body["customer_reference"] == payment.customer_reference


def test_no_webhook_url_when_webhooks_are_off(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_WEBHOOK=False)
    shop.started()
    assert "webhook_url" not in shop.gateway.requests[0].body


def test_second_click_reuses_the_payment(shop: Shop) -> None:
    reference = shop.order()
    assert shop.click(reference).location == shop.click(reference).location
    assert len(shop.gateway.requests) == 1


def test_paid_order_is_never_charged_again_whatever_its_total(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.success(payment)
    shop.reprice(payment.customer_reference, "900")
    answer = shop.click(payment.customer_reference)
    assert told_paid(answer)
    assert len(shop.payments()) == 1


def test_changed_amount_supersedes_the_payment(shop: Shop) -> None:
    old = shop.started()
    shop.reprice(old.customer_reference, "600")
    shop.click(old.customer_reference)
    old, new = shop.payments(old.customer_reference)
    assert (old.status, old.reason) == ("pending", "superseded")
    assert (new.status, new.amount) == ("pending", Decimal("600"))


def test_changed_amount_does_not_charge_what_was_paid_unnoticed(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.reprice(payment.customer_reference, "600")
    shop.click(payment.customer_reference)
    assert [p.status for p in shop.payments()] == ["completed"]


def test_money_on_a_superseded_payment_is_flagged(shop: Shop) -> None:
    old = shop.started()
    shop.reprice(old.customer_reference, "600")
    shop.click(old.customer_reference)
    shop.gateway.pay(old, webhook=False)
    assert shop.webhook(old).status_code == 200
    old, new = shop.payments()
    assert old.status == "flagged"
    assert "superseded" in old.reason
    assert new.status == "pending"
    assert shop.ledger() == []


def test_superseded_payment_that_expired_is_still_flagged_when_paid(shop: Shop) -> None:
    old = shop.started()
    shop.reprice(old.customer_reference, "600")
    shop.click(old.customer_reference)
    shop.gateway.time_out(old, webhook=False)
    shop.success(old)
    assert shop.payment(old).status == "failed"
    shop.gateway.pay(old, webhook=False, late=True)
    shop.webhook(old)
    assert shop.payment(old).status == "flagged"


def test_expired_payment_makes_way_for_a_new_one_without_a_sweep(shop: Shop) -> None:
    old = shop.started()
    shop.gateway.switch(expired_status="pending")
    shop.change(old, expires_at=utcnow() - timedelta(minutes=3))
    answer = shop.click(old.customer_reference)
    old, new = shop.payments(old.customer_reference)
    assert (old.status, new.status) == ("expired", "pending")
    assert answer.location == new.payment_url


def test_payment_paid_in_its_last_second_is_found_at_the_next_click(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.change(payment, expires_at=utcnow() - timedelta(seconds=1))
    assert told_paid(shop.click(payment.customer_reference))
    assert [p.status for p in shop.payments()] == ["completed"]


def test_cancelled_payment_is_taken_up_again(shop: Shop) -> None:
    payment = shop.started()
    shop.cancel(payment)
    assert shop.payment(payment).status == "cancelled"
    assert shop.click(payment.customer_reference).location == payment.payment_url
    assert shop.payment(payment).status == "pending"
    assert len(shop.payments()) == 1


def test_cancelled_payment_that_is_over_at_the_gateway_makes_way(shop: Shop) -> None:
    old = shop.started()
    shop.cancel(old)
    shop.gateway.time_out(old, webhook=False)
    shop.click(old.customer_reference)
    assert [p.status for p in shop.payments()] == ["cancelled", "pending"]


def test_flagged_payment_keeps_the_order_from_being_charged_again(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.success(payment)
    answer = shop.click(payment.customer_reference)
    assert told_paid(answer)
    assert [p.status for p in shop.payments()] == ["flagged"]


def test_unknown_order_is_404_and_nothing_is_charged(shop: Shop) -> None:
    answer = shop.click("4711")
    assert answer.status_code == 404
    assert shop.payments() == shop.gateway.requests == []


@pytest.mark.parametrize("reference", ["", " 1", "1\n", "1" * 256])
def test_reference_that_no_order_can_have_is_not_found(shop: Shop, reference: str) -> None:
    with shop.app.app_context(), pytest.raises(OrderNotFoundError):
        shop.bdquickpay.start(reference)


REFUSAL = '{"status": false, "message": "no"}'


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        ("answer", {"status": 422, "body": REFUSAL}, 502),
        ("answer", {"status": 401, "body": REFUSAL}, 502),
        ("answer", {"status": 403, "body": REFUSAL}, 502),
        ("answer", {"status": 200, "body": "<html>"}, 502),
        ("500", {}, 502),
        ("429", {}, 502),
        ("reset_before", {}, 504),
    ],
)
def test_refused_or_unanswered_creation_is_a_clear_page(
    shop: Shop, fault: str, options: dict[str, Any], code: int
) -> None:
    reference = shop.order()
    shop.gateway.fault(fault, endpoint="create", **options)
    answer = shop.click(reference)
    assert answer.status_code == code
    assert f"/bdquickpay/checkout/{reference}" in answer.text  # a fresh button
    (payment,) = shop.payments(reference)
    assert payment.status == "failed"
    assert payment.reason
    assert payment.invoice_id is None
    assert shop.heard == [("failed", payment.id)]
    shop.gateway.advance(31)  # a 429 asked for it
    assert shop.click(reference).status_code == 303
    assert len(shop.gateway.payments) == 1


def test_create_whose_answer_was_lost_is_not_repeated(shop: Shop) -> None:
    reference = shop.order()
    shop.gateway.fault("reset_after", endpoint="create")
    assert shop.click(reference).status_code == 504
    assert len(shop.gateway.payments) == 1
    assert shop.click(reference).status_code == 303
    assert [p.status for p in shop.payments()] == ["failed", "pending"]


def test_gateway_out_of_reach_for_the_old_session_charges_nothing(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, expires_at=utcnow() - timedelta(seconds=1))
    shop.gateway.fault("reset_before", endpoint="verify", times=None)
    assert shop.click(payment.customer_reference).status_code == 504
    assert [p.status for p in shop.payments()] == ["pending"]


def test_crash_between_commit_and_create_is_cleared_by_a_later_click(shop: Shop) -> None:
    reference = shop.order()
    shop.click(reference)
    (payment,) = shop.payments()
    crashed = {"status": "created", "invoice_id": None, "payment_url": None, "expires_at": None}
    shop.change(payment, **crashed, created_at=utcnow() - timedelta(seconds=7))
    assert shop.click(reference).status_code == 303
    old, new = shop.payments()
    assert (old.status, new.status) == ("failed", "pending")
    assert "lost" in old.reason


def test_payment_url_of_another_host_is_refused(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_PAYMENT_HOSTS=["pay.example.com"])
    reference = shop.order()
    answer = shop.click(reference)
    assert answer.status_code == 502
    assert "location" not in answer.headers
    assert shop.payments()[0].status == "failed"


def test_receiver_of_payment_created_that_raises_does_not_keep_from_paying(shop: Shop) -> None:
    def raises(app: Flask, payment: object) -> None:
        raise RuntimeError("mail server down")

    with payment_created.connected_to(raises, sender=shop.app):
        assert shop.click(shop.order()).status_code == 303
    assert shop.payments()[0].status == "pending"


def test_browser_without_a_token_gets_a_fresh_button(shop: Shop) -> None:
    reference = shop.order()
    answer = shop.client.post(f"/bdquickpay/checkout/{reference}")
    assert answer.status_code == 400
    assert 'name="csrf_token"' in answer.text
    assert shop.payments() == []


def test_forged_token_is_refused(shop: Shop) -> None:
    client: FlaskClient = shop.client
    reference = shop.order()
    shop.click(reference, client)
    form = {"csrf_token": "forged"}
    assert client.post(f"/bdquickpay/checkout/{reference}", data=form).status_code == 400


def test_start_outside_a_request_needs_a_public_url(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="https://shop.example.com", APPLICATION_ROOT="/store")
    with shop.app.app_context():
        payment = shop.bdquickpay.start(int(shop.order()))
        token = payment.token
        assert payment.payment_url.startswith(shop.server.url)
    body = shop.gateway.requests[0].body
    assert body["success_url"] == f"https://shop.example.com/store/bdquickpay/success/{token}"


def test_start_returns_the_paid_payment_of_a_paid_order(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with shop.app.test_request_context():
        found = shop.bdquickpay.start(payment.customer_reference)
        assert not found.is_paid  # not asked yet: the customer may be paying right now
        assert shop.bdquickpay.confirm(found).is_paid
        assert shop.bdquickpay.start(payment.customer_reference).is_paid


def test_same_invoice_for_two_payments_is_refused(shop: Shop) -> None:
    first = shop.started()
    shop.gateway.fault("wrong_invoice", endpoint="create", invoice_id=first.invoice_id)
    with shop.app.test_request_context(), pytest.raises(GatewayUnavailableError):
        shop.bdquickpay.start(shop.order())
    assert shop.payments()[-1].status == "failed"


def test_expired_payment_that_the_gateway_forgot_makes_way(shop: Shop) -> None:
    """As after a change of the merchant's account."""
    payment = shop.started()
    shop.change(payment, invoice_id="FORGOTTEN", expires_at=utcnow() - timedelta(seconds=1))
    assert shop.click(payment.customer_reference).status_code == 303
    assert [p.status for p in shop.payments()] == ["expired", "pending"]


@pytest.mark.parametrize("lives", [True, False])
def test_late_money_of_an_order_that_costs_more_since_is_flagged(shop: Shop, lives: bool) -> None:
    old = shop.started("500")
    shop.gateway.time_out(old, webhook=False)
    shop.success(old)
    shop.reprice(old.customer_reference, "1000")
    shop.click(old.customer_reference)
    new = shop.payments()[-1]
    if not lives:
        shop.gateway.fail(new, webhook=False)
        shop.success(new)
    shop.gateway.pay(old, webhook=False, late=True)
    shop.webhook(old)
    old = shop.payment(old)
    assert (old.status, old.order_key) == ("flagged", None)
    assert "superseded" in old.reason
    assert shop.ledger() == []
    if lives:
        assert shop.click(old.customer_reference).location == new.payment_url


def test_late_money_is_found_before_the_order_is_charged_again(shop: Shop) -> None:
    """Also after the sweep has called the payment expired, and no webhook comes."""
    payment = shop.started()
    shop.gateway.switch(expired_status="pending")
    shop.change(payment, expires_at=utcnow() - timedelta(minutes=3))
    with shop.app.app_context():
        shop.bdquickpay.reconcile()
    assert shop.payment(payment).status == "expired"
    shop.gateway.fault("reset_before", endpoint="verify", times=None)
    assert shop.click(payment.customer_reference).status_code == 504  # nobody can tell
    shop.gateway.clear_faults()
    shop.gateway.pay(payment, webhook=False, late=True)
    assert told_paid(shop.click(payment.customer_reference))
    assert [p.status for p in shop.payments()] == ["completed"]


@pytest.mark.parametrize("fault", ["reset_before", "forgotten"])
def test_failed_payment_makes_way_where_the_gateway_has_no_more_to_say(
    shop: Shop, fault: str
) -> None:
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    shop.success(payment)
    if fault == "forgotten":
        shop.change(payment, invoice_id="FORGOTTEN")
    else:
        shop.gateway.fault(fault, endpoint="verify", times=None)
    assert shop.click(payment.customer_reference).status_code == 303
    assert [p.status for p in shop.payments()] == ["failed", "pending"]


def test_after_the_late_window_nobody_is_asked(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, status="expired", order_key=None, check_after=None)
    asked = len(shop.gateway.requests)
    assert shop.click(payment.customer_reference).status_code == 303
    assert [r.endpoint for r in shop.gateway.requests][asked:] == ["create"]


def test_superseded_payment_that_the_gateway_forgot_stays_superseded(shop: Shop) -> None:
    old = shop.started()
    shop.reprice(old.customer_reference, "600")
    shop.click(old.customer_reference)
    gone = '{"status": false, "message": "Invoice not found"}'
    shop.gateway.fault("answer", endpoint="verify", status=404, body=gone, times=2)
    shop.change(old, expires_at=utcnow() - timedelta(seconds=1))
    with shop.app.app_context():
        shop.bdquickpay.reconcile()
    old = shop.payment(old)
    assert (old.status, old.reason) == ("expired", "superseded")


@pytest.mark.parametrize("said", ["bad \\ud800 word", "bad \\u0000 word"])
def test_refusal_in_letters_that_no_column_takes(shop: Shop, said: str) -> None:
    body = f'{{"status": false, "message": "{said}"}}'
    shop.gateway.fault("answer", endpoint="create", status=422, body=body)
    assert shop.click(shop.order()).status_code == 502
    (payment,) = shop.payments()
    assert payment.status == "failed"
    assert "refused" in payment.reason


def test_receiver_of_payment_failed_that_raises_does_not_hide_the_gateway(shop: Shop) -> None:
    def raises(app: Flask, payment: object) -> None:
        raise RuntimeError("no such table")

    shop.gateway.fault("500", endpoint="create")
    with payment_failed.connected_to(raises, sender=shop.app):
        assert shop.click(shop.order()).status_code == 502
    assert shop.payments()[0].status == "created"  # left to the sweep


def test_invoice_of_a_payment_whose_url_was_refused_is_kept(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_PAYMENT_HOSTS=["pay.example.com"])
    with shop.app.test_request_context(), pytest.raises(GatewayUnavailableError) as caught:
        shop.bdquickpay.start(shop.order())
    (payment,) = shop.payments()
    assert payment.invoice_id == caught.value.invoice_id == shop.gateway.payments[0].invoice_id
    assert "trusted host" in payment.reason
    assert shop.webhook(payment, "failed").status_code == 200


def test_payment_hosts_may_name_the_default_port(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_PAYMENT_HOSTS=["pay.example:443"])
    account = shop.app.extensions["bdquickpay"].client.account
    check_payment_url("https://pay.example/x", account)
    with pytest.raises(GatewayUnavailableError):
        check_payment_url("https://pay.example:8443/x", account)


def test_what_the_host_has_begun_is_committed_before_the_gateway_is_asked(shop: Shop) -> None:
    with shop.app.test_request_context():
        order = shop.Order(total=Decimal(500))
        shop.db.session.add(order)
        shop.db.session.flush()
        reference = str(order.id)
        payment = shop.bdquickpay.start(reference)
        assert shop.order_status(reference) == "new"
        order.status = "waiting"
        shop.db.session.flush()
        shop.bdquickpay.confirm(payment)
        assert shop.order_status(reference) == "waiting"
        order.status = "swept"
        shop.db.session.flush()
        shop.bdquickpay.reconcile()
        assert shop.order_status(reference) == "swept"
        assert shop.db.session().expire_on_commit  # as the host has it


def test_payment_without_an_end_gets_the_usual_half_hour(shop: Shop) -> None:
    answer = {
        "status": True,
        "invoice_id": "WITHOUT-END",
        "payment_url": f"{shop.server.url}/pay/bkash/token",
    }
    shop.gateway.fault("answer", endpoint="create", body=json.dumps(answer))
    left = shop.started().expires_at - utcnow()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)


def test_payment_whose_urls_name_another_address_is_not_reused_and_pays_the_order(
    new_shop: Callable[..., Shop],
) -> None:
    """Either of the two is as good: the one that is paid first pays the order."""
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="https://old.example.com")
    moved = new_shop(BDQUICKPAY_PUBLIC_URL="https://new.example.com")
    old = shop.started()
    answer = moved.click(old.customer_reference)
    new = shop.payments()[-1]
    assert answer.location == new.payment_url != old.payment_url
    assert shop.gateway.requests[-1].body["success_url"].startswith("https://new.example.com/")
    shop.gateway.pay(old, webhook=False)
    assert shop.webhook(old).status_code == 200
    assert [p.status for p in shop.payments()] == ["completed", "pending"]
    assert told_paid(moved.click(old.customer_reference))
    shop.gateway.pay(new, webhook=False)
    shop.webhook(new)
    assert [p.status for p in shop.payments()] == ["completed", "flagged"]
    assert len(shop.ledger()) == 1

"""Success, cancel and status: the customer comes back, and the gateway is asked what is true."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import payment_paid
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.payments.verdict import GRACE

from ..shop import Shop, told_paid

PAGES = ("success", "cancel", "status")


def verifications(shop: Shop) -> int:
    return sum(request.endpoint == "verify" for request in shop.gateway.requests)


def test_return_verifies_before_it_believes(shop: Shop) -> None:
    payment = shop.started()
    assert shop.success(payment).status_code == 200
    assert shop.payment(payment).status == "pending"
    shop.gateway.pay(payment, webhook=False)
    assert shop.success(payment).status_code == 200
    payment = shop.payment(payment)
    assert payment.status == "completed"
    assert payment.trx_id
    assert payment.gateway_status == "completed"
    assert payment.verified_at is not None
    assert shop.ledger() == [(payment.id, payment.customer_reference)]


def test_forged_redirect_changes_nothing(shop: Shop) -> None:
    payment = shop.started()
    query = {"status": "completed", "trx_id": "FORGED", "amount": "500"}
    url = f"/bdquickpay/success/{payment.token}"
    page = shop.client.get(url, query_string=query)
    assert shop.payment(payment).status == "pending"
    assert "FORGED" not in page.text
    assert shop.ledger() == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("token", ["x", "A" * 43, "../webhook", "%00"])
def test_guessed_token_is_not_found(shop: Shop, page: str, token: str) -> None:
    shop.started()
    assert shop.client.get(f"/bdquickpay/{page}/{token}").status_code == 404


@pytest.mark.parametrize(
    "appended", ["?status=x", "&status=x", "%3Fstatus=x", "&url=https://x/y?z", "/", "/&a=1/2"]
)
@pytest.mark.parametrize("page", PAGES)
def test_what_the_gateway_appends_never_disturbs_the_token(
    shop: Shop, page: str, appended: str
) -> None:
    payment = shop.started()
    assert shop.client.get(f"/bdquickpay/{page}/{payment.token}{appended}").status_code == 200


def test_cancel_is_believed_only_when_the_gateway_still_waits(shop: Shop) -> None:
    payment = shop.started()
    assert shop.cancel(payment).status_code == 200
    payment = shop.payment(payment)
    assert (payment.status, payment.previous_status) == ("cancelled", "pending")
    assert shop.heard[-1] == ("cancelled", payment.id)


def test_cancel_url_of_a_paid_payment_ends_paid(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.cancel(payment)
    assert shop.payment(payment).status == "completed"


def test_cancel_url_of_a_failed_payment_ends_failed(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    page = shop.cancel(payment)
    payment = shop.payment(payment)
    assert payment.status == "failed"
    assert payment.reason
    assert f"/bdquickpay/checkout/{payment.customer_reference}" in page.text


def test_cancel_keeps_the_status_while_the_gateway_is_out_of_reach(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("reset_before", endpoint="verify", times=None)
    assert shop.cancel(payment).status_code == 200
    assert shop.payment(payment).status == "pending"


@pytest.mark.parametrize(
    "fault", ["reset_before", "reset_after", "500", "429", "html", "half_json", "status_false",
              "wrong_invoice", "unknown_status", "no_transaction", "huge", "redirect"],
)  # fmt: skip
def test_gateway_that_talks_nonsense_leaves_the_payment_confirming(shop: Shop, fault: str) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.gateway.fault(fault, endpoint="verify", times=None)
    page = shop.success(payment)
    assert page.status_code == 200
    assert f"/bdquickpay/status/{payment.token}" in page.text
    assert "/bdquickpay/checkout/" not in page.text  # no second pay button
    assert shop.payment(payment).status == "pending"
    shop.gateway.clear_faults()
    shop.gateway.advance(31)  # a 429 asked for it
    shop.success(payment)
    assert shop.payment(payment).status == "completed"


@pytest.mark.parametrize("kind", ["wrong_amount", "wrong_reference"])
def test_answer_that_disagrees_is_flagged(shop: Shop, kind: str) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.gateway.fault(kind, endpoint="verify")
    shop.success(payment)
    assert shop.payment(payment).status == "flagged"
    assert shop.heard[-1] == ("flagged", payment.id)
    assert shop.ledger() == []


def test_another_amount_paid_is_flagged_with_both_amounts_kept(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.success(payment)
    payment = shop.payment(payment)
    assert payment.status == "flagged"
    assert "400" in payment.reason
    assert payment.trx_id


def test_pending_past_its_end_expires(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, expires_at=utcnow() - timedelta(minutes=3))
    shop.success(payment)
    assert shop.payment(payment).status == "expired"
    assert shop.heard[-1] == ("expired", payment.id)


@pytest.mark.parametrize("before", ["cancelled", "expired", "failed"])
def test_late_money_completes_what_was_believed_lost(shop: Shop, before: str) -> None:
    payment = shop.started()
    shop.change(payment, status=before, order_key=None)
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    payment = shop.payment(payment)
    assert (payment.status, payment.previous_status) == ("completed", before)
    assert len(shop.ledger()) == 1


@pytest.mark.parametrize(
    ("before", "after"), [("cancelled", "completed"), ("expired", "flagged"), ("failed", "flagged")]
)
def test_late_money_is_flagged_on_request(
    new_shop: Callable[..., Shop], before: str, after: str
) -> None:
    shop = new_shop(BDQUICKPAY_LATE_PAYMENTS="flag")
    payment = shop.started()
    shop.change(payment, status=before)
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    assert shop.payment(payment).status == after


def test_second_attempt_that_is_paid_too_is_flagged(shop: Shop) -> None:
    first = shop.started()
    shop.change(first, status="expired", order_key=None)
    shop.click(first.customer_reference)
    second = shop.payments()[-1]
    shop.gateway.pay(first, webhook=False)
    shop.gateway.pay(second, webhook=False)
    shop.success(first)
    shop.success(second)
    first, second = shop.payments()
    assert (first.status, second.status) == ("completed", "flagged")
    assert "already paid" in second.reason
    assert len(shop.ledger()) == 1


def test_failure_of_a_second_attempt_leaves_the_paid_order_alone(shop: Shop) -> None:
    first = shop.started()
    shop.change(first, status="expired", order_key=None)
    shop.click(first.customer_reference)
    second = shop.payments()[-1]
    shop.gateway.pay(first, webhook=False)
    shop.success(first)
    shop.gateway.fail(second, webhook=False)
    page = shop.success(second)
    assert shop.payment(second).status == "failed"
    assert shop.order_status(first.customer_reference) == "paid"
    assert "/bdquickpay/checkout/" not in page.text  # nothing to pay again
    assert told_paid(shop.click(first.customer_reference))


def test_transaction_seen_on_another_payment_is_flagged(shop: Shop) -> None:
    first, second = shop.started(), shop.started()
    for payment in (first, second):
        shop.gateway.pay(payment, webhook=False)
    shop.success(first)
    shop.success(second)
    assert shop.payment(second).status == "completed"
    third = shop.started()
    shop.gateway.pay(third, webhook=False)
    shop.change(second, trx_id=shop.gateway.find(third).trx_id)
    shop.success(third)
    third = shop.payment(third)
    assert (third.status, third.trx_id) == ("flagged", None)
    assert f"payment {second.id}" in third.reason


def test_completed_payment_is_never_asked_about_again(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.success(payment)
    asked = verifications(shop)
    shop.success(payment)
    shop.cancel(payment)
    shop.webhook(payment)
    shop.client.get(f"/bdquickpay/status/{payment.token}")
    assert verifications(shop) == asked
    assert shop.payment(payment).status == "completed"


def test_status_asks_the_gateway_at_most_once_in_three_seconds(shop: Shop) -> None:
    payment = shop.started()
    url = f"/bdquickpay/status/{payment.token}"
    for _ in range(5):
        assert shop.client.get(url).json == {"status": "pending", "is_final": False}
    assert verifications(shop) == 1
    shop.gateway.pay(payment, webhook=False)
    shop.change(payment, asked_at=utcnow() - timedelta(seconds=3))
    assert shop.client.get(url).json == {"status": "completed", "is_final": True}
    assert verifications(shop) == 2


def test_status_survives_a_gateway_out_of_reach(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("reset_before", endpoint="verify", times=None)
    answer = shop.client.get(f"/bdquickpay/status/{payment.token}")
    assert answer.json == {"status": "pending", "is_final": False}


@pytest.mark.parametrize("page", PAGES)
def test_pages_with_the_token_are_private(shop: Shop, page: str) -> None:
    payment = shop.started()
    headers = shop.client.get(f"/bdquickpay/{page}/{payment.token}").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_return_handler_decides_where_the_customer_lands(shop: Shop) -> None:
    @shop.bdquickpay.return_handler
    def land(payment: Any) -> tuple[str, int]:
        return f"order {payment.customer_reference} is {payment.status}", 200

    payment = shop.started()
    assert "order" not in shop.success(payment).text[:10]  # not final: the confirming page
    shop.cancel(payment)
    reference = payment.customer_reference
    assert shop.cancel(payment).text == f"order {reference} is cancelled"
    shop.gateway.pay(payment, webhook=False)
    assert shop.success(payment).text == f"order {reference} is completed"


def test_receiver_that_raises_leaves_the_customer_confirming(shop: Shop) -> None:
    def raises(app: Flask, payment: Any) -> None:
        raise RuntimeError("no stock table")

    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(raises, sender=shop.app):
        assert f"/bdquickpay/status/{payment.token}" in shop.success(payment).text
    assert shop.payment(payment).status == "pending"
    assert shop.ledger() == []
    assert "RuntimeError" in shop.events(payment)[-1].note
    shop.success(payment)
    assert len(shop.ledger()) == 1


@pytest.mark.thorough
def test_confirming_page_stops_asking_after_a_while(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("reset_before", endpoint="verify", times=None)
    assert "http-equiv" in shop.success(payment).text
    long_ago = utcnow() - timedelta(hours=2)
    shop.change(payment, created_at=long_ago, expires_at=long_ago + timedelta(minutes=30))
    assert "http-equiv" not in shop.success(payment).text


def test_timeline_tells_what_came_from_where(shop: Shop) -> None:
    payment = shop.started()
    shop.success(payment)
    shop.cancel(payment)
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    told = [(e.source, e.old_status, e.new_status) for e in shop.events(payment)]
    assert told == [
        ("checkout", "created", "pending"),
        ("return", "pending", None),
        ("cancel", "pending", "cancelled"),
        ("webhook", "cancelled", "completed"),
    ]
    answer = shop.events(payment)[-1].gateway_answer
    assert answer["transaction"]["status"] == "completed"


def test_reasons_are_shown_in_the_customers_language(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE="bn")
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    page = shop.success(payment).text
    for words in ("অর্ডারের দাম</dt><dd>৳৫০০.০০", "আপনি দিয়েছেন</dt><dd>৳৪০০.০০"):
        assert words in page
    assert "amount mismatch" not in page


@pytest.mark.thorough
@pytest.mark.parametrize("before", ["expired", "cancelled", "failed"])
def test_belief_is_not_shown_while_the_gateway_is_out_of_reach(shop: Shop, before: str) -> None:
    """The customer comes back from paying a payment that had been given up."""
    payment = shop.started()
    shop.change(payment, status=before)
    shop.gateway.pay(payment, webhook=False)
    shop.gateway.fault("reset_before", endpoint="verify", times=None)
    for page in (shop.success(payment), shop.cancel(payment)):
        assert page.status_code == 200
        assert "/bdquickpay/checkout/" not in page.text  # no second pay button
    page = shop.success(payment)
    assert "Confirming your payment" in page.text
    assert "http-equiv" in page.text
    assert "confirming.js" not in page.text  # it would see a final status and load at once, always
    shop.gateway.clear_faults()
    shop.success(payment)
    assert shop.payment(payment).status == "completed"


def test_payment_that_failed_and_was_forgotten_by_the_gateway_stays_failed(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, status="failed", invoice_id="FORGOTTEN")
    page = shop.success(payment)
    assert f"/bdquickpay/checkout/{payment.customer_reference}" in page.text


@pytest.mark.thorough
def test_answer_from_before_the_end_does_not_expire_the_payment(shop: Shop) -> None:
    payment = shop.started()
    end = utcnow() + timedelta(seconds=2)
    shop.change(payment, expires_at=end - GRACE)
    client = shop.app.extensions["bdquickpay"].client
    verify = client.verify_payment

    def slow(*arguments: Any, **options: Any) -> Any:
        answer = verify(*arguments, **options)
        while utcnow() <= end:
            threading.Event().wait(0.05)
        return answer

    client.verify_payment = slow
    shop.success(payment)
    assert shop.payment(payment).status == "pending"
    client.verify_payment = verify
    shop.gateway.switch(expired_status="pending")
    shop.success(payment)
    assert shop.payment(payment).status == "expired"


@pytest.mark.parametrize("late", ["accept", "flag"])
def test_flagged_late_money_keeps_the_order_from_being_charged_again(
    new_shop: Callable[..., Shop], late: str
) -> None:
    shop = new_shop(BDQUICKPAY_LATE_PAYMENTS=late)
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    shop.success(payment)
    amount = 400 if late == "accept" else 500
    shop.gateway.pay(payment, amount=amount, completes=True, late=True, webhook=False)
    shop.webhook(payment)
    assert shop.payment(payment).status == "flagged"
    assert told_paid(shop.click(payment.customer_reference))
    assert len(shop.gateway.payments) == 1


def test_flagged_late_money_leaves_a_live_payment_its_order(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_LATE_PAYMENTS="flag")
    first = shop.started()
    shop.gateway.fail(first, webhook=False)
    shop.success(first)
    shop.click(first.customer_reference)
    second = shop.payments()[-1]
    shop.gateway.pay(first, late=True, webhook=False)
    shop.webhook(first)
    assert shop.payment(first).status == "flagged"
    assert "failed or expired" in shop.payment(first).reason
    assert shop.click(first.customer_reference).location == second.payment_url
    shop.gateway.pay(second, webhook=False)
    shop.webhook(second)
    assert [p.status for p in shop.payments()] == ["flagged", "completed"]


def test_order_may_be_paid_again_after_another_attempt_was_cancelled(shop: Shop) -> None:
    first = shop.started()
    shop.gateway.fail(first, webhook=False)
    shop.success(first)
    shop.click(first.customer_reference)
    shop.cancel(shop.payments()[-1])
    assert "/bdquickpay/checkout/" in shop.success(first).text


def test_every_fact_about_a_pending_payment_is_in_its_timeline(shop: Shop) -> None:
    payment = shop.started()
    shop.success(payment)
    shop.success(payment)
    shop.webhook(payment)
    with shop.app.app_context():
        shop.bdquickpay.reconcile()
    facts = [(event.source, event.count) for event in shop.events(payment)]
    assert facts == [("checkout", 1), ("return", 2), ("webhook", 1), ("sweep", 1)]


def test_every_fact_about_a_paid_payment_is_in_its_timeline(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.success(payment)
    shop.webhook(payment)
    shop.webhook(payment)  # a repetition is no news
    shop.cancel(payment)
    sources = [event.source for event in shop.events(payment)]
    assert sources == ["checkout", "return", "webhook", "cancel"]
    assert verifications(shop) == 1


def test_word_that_nobody_knows_is_kept_and_logged(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    payment = shop.started()
    shop.success(payment)
    assert "Unknown gateway status" not in caplog.text
    shop.gateway.fault("unknown_status", endpoint="verify", word="on hold")
    shop.success(payment)
    assert "Unknown gateway status 'on hold'" in caplog.text
    payment = shop.payment(payment)
    assert (payment.status, payment.gateway_status) == ("pending", "on hold")

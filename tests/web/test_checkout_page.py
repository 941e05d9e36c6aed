"""The checkout's address: who may pay, who sees a receipt, and what a bookmark shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import abort, redirect, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_bdquickpay import clock

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop, told_paid


def checkout(reference: str) -> str:
    return f"/bdquickpay/checkout/{reference}"


def paid_order(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    return shop.payment(payment)


# A bookmark, or a login's `next`


def test_checkout_by_get_is_a_page_with_the_button(shop: Shop) -> None:
    reference, client = shop.order(), shop.client
    page = client.get(checkout(reference))
    assert page.status_code == 200
    assert shop.payments() == shop.gateway.requests == []
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    pressed = client.post(checkout(reference), data={"csrf_token": token[1]})
    assert pressed.location == shop.payments()[0].payment_url


def test_checkout_by_get_knows_the_orders(shop: Shop) -> None:
    assert shop.client.get(checkout("4711")).status_code == 404


def test_checkout_by_get_says_how_much(shop: Shop) -> None:
    page = shop.client.get(checkout(shop.order("1250.50")))
    assert "Pay ৳1,250.50 with bKash" in page.text


def test_checkout_by_get_of_a_paid_order_has_no_button(shop: Shop) -> None:
    payment = paid_order(shop)
    page = shop.client.get(checkout(payment.customer_reference))
    assert told_paid(page)
    assert "<form" not in page.text


# Whose receipt it is


@pytest.mark.parametrize("amount", ["500", "400"], ids=["paid", "flagged"])
def test_stranger_is_told_that_an_order_is_paid_and_nothing_more(shop: Shop, amount: str) -> None:
    payment = shop.started()
    shop.click(payment.customer_reference, stranger := shop.client)  # while it could be paid
    shop.gateway.pay(payment, amount=amount, completes=True, webhook=False)
    shop.webhook(payment)
    payment = shop.payment(payment)
    answer = shop.click(payment.customer_reference, stranger)
    assert told_paid(answer)
    for fact in (payment.token, payment.trx_id, payment.invoice_id, "500", "400"):
        assert fact not in answer.text
    assert payment.token not in str(answer.headers)


def test_customer_who_came_back_sees_the_receipt_again(shop: Shop) -> None:
    customer, payment = shop.client, shop.started()
    shop.click(payment.customer_reference, customer)
    outcome = shop.gateway.pay(payment, webhook=False)
    customer.get(str(outcome.return_url))
    answer = shop.click(payment.customer_reference, customer)
    assert answer.location == f"/bdquickpay/success/{payment.token}"
    assert str(outcome.payment.trx_id) in customer.get(answer.location).text
    assert told_paid(shop.click(payment.customer_reference))


def test_session_keeps_a_few_receipts_and_its_other_contents(shop: Shop) -> None:
    customer = shop.client
    with customer.session_transaction() as own:
        own["cart"] = ["tea"]
    payments = [paid_order(shop) for _ in range(7)]
    for payment in payments:
        customer.get(f"/bdquickpay/success/{payment.token}")
    shown = [shop.click(p.customer_reference, customer).status_code for p in payments]
    assert shown == [200, 200, 303, 303, 303, 303, 303]
    with customer.session_transaction() as own:
        assert own["cart"] == ["tea"]


def test_order_past_its_end_is_confirmed_without_giving_its_token_away(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.switch(expired_status="pending")
    shop.change(payment, expires_at=clock.utcnow() - timedelta(seconds=1))
    stranger = shop.client
    for answer in (
        shop.click(payment.customer_reference, stranger),
        stranger.get(checkout(payment.customer_reference)),
    ):
        assert answer.status_code == 200
        assert "Confirming your payment" in answer.text
        assert payment.token not in answer.text
    assert len(shop.payments()) == 1


# Who may pay


def in_a_browser(shop: Shop) -> FlaskClient:
    """A visitor who is signed in as the owner of order 1."""
    client = shop.client
    with client.session_transaction() as own:
        own["order"] = "1"
    return client


def test_only_whom_the_check_lets_pass_may_pay(shop: Shop) -> None:
    @shop.bdquickpay.checkout_check
    def is_mine(reference: str) -> bool:
        return bool(session.get("order") == reference)

    reference = shop.order()
    refused = shop.click(reference)
    assert refused.status_code == 403
    assert "No money was taken" in refused.text
    assert shop.client.get(checkout(reference)).status_code == 403
    assert shop.payments() == shop.gateway.requests == []
    assert shop.click(reference, in_a_browser(shop)).status_code == 303
    with shop.app.test_request_context():
        shop.bdquickpay.start(reference)  # asks nobody who is there


def test_check_is_asked_about_orders_that_there_are(shop: Shop) -> None:
    asked: list[str] = []
    shop.bdquickpay.checkout_check(asked.append)  # type: ignore[type-var]
    assert shop.click("4711").status_code == 404
    assert asked == []


@pytest.mark.parametrize("answer", [None, 1, "yes", [True]], ids=str)
def test_check_that_does_not_say_true_lets_nobody_pass(
    shop: Shop, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shop.bdquickpay.checkout_check(lambda reference: answer)
    assert shop.click(shop.order()).status_code == 403
    assert "checkout_check must return True or False" in caplog.text


def test_check_may_be_async(shop: Shop) -> None:
    @shop.bdquickpay.checkout_check
    async def is_mine(reference: str) -> bool:
        return bool(session.get("order") == reference)

    reference = shop.order()
    assert shop.click(reference).status_code == 403
    assert shop.click(reference, in_a_browser(shop)).status_code == 303


def test_check_that_raises_is_logged_and_lets_nobody_pass(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    @shop.bdquickpay.checkout_check
    def is_mine(reference: str) -> bool:
        raise LookupError("no such user")

    answer = shop.click(shop.order())
    assert answer.status_code == 500
    assert "No money was taken" in answer.text
    assert "LookupError: no such user" in caplog.text
    assert shop.payments() == shop.gateway.requests == []


def _to_login(reference: str) -> bool:
    abort(redirect(f"/login?next={checkout(reference)}"))


@pytest.mark.parametrize(
    ("says", "code"),
    [(_to_login, 302), (lambda _: abort(403), 403), (lambda _: abort(401), 403),
     (lambda _: abort(404), 404), (lambda _: abort(418), 500)],
    ids=["login", "403", "401", "404", "418"],
)  # fmt: skip
@pytest.mark.parametrize("hook", ["checkout_check", "order_loader"])
def test_shop_that_aborts_is_understood(
    shop: Shop, hook: str, says: Callable[[str], Any], code: int
) -> None:
    getattr(shop.bdquickpay, hook)(says)
    reference = shop.order()
    answer = shop.click(reference)
    assert answer.status_code == code
    assert answer.headers.get("Location") == (
        f"/login?next={checkout(reference)}" if code == 302 else None
    )
    assert shop.payments() == []


# A form that did not come with its cookie


def press(shop: Shop, client: FlaskClient, token: str) -> TestResponse:
    return client.post(checkout(shop.order()), data={"csrf_token": token})


def test_browser_without_cookies_is_told_so(shop: Shop) -> None:
    page = press(shop, shop.client, "whatever")
    assert page.status_code == 400
    assert "allow cookies" in page.text
    assert 'name="csrf_token"' in page.text  # a fresh button


def test_refusal_of_the_gateway_has_a_code_that_the_log_has_too(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.gateway.switch(merchant_active=False)
    page = shop.click(shop.order())
    assert page.status_code == 502
    assert 'Code <span class="bdqp-code">BD-403</span>' in page.text
    (record,) = [one for one in caplog.records if "BD-403" in one.getMessage()]
    assert record.levelname == "ERROR"
    shop.gateway.switch(merchant_active=True)
    shop.gateway.fault("reset_before", endpoint="create", times=None)
    assert 'bdqp-code">BD-' not in shop.click(shop.order()).text


def test_browser_with_cookies_and_an_old_form_is_told_that(shop: Shop) -> None:
    client = shop.client
    shop.click(shop.order(), client)
    page = press(shop, client, "old")
    assert page.status_code == 400
    assert "The page was open too long" in page.text
    assert "allow cookies" not in page.text


@pytest.mark.parametrize("samesite", ["Strict", "Lax"])
def test_way_back_does_not_replace_a_session_that_stayed_away(
    new_shop: Callable[..., Shop], samesite: str
) -> None:
    """A ``Strict`` cookie does not come along from the gateway: a new one would be in its place."""
    shop = new_shop(SESSION_COOKIE_SAMESITE=samesite)
    page = shop.cancel(payment := shop.started())
    assert ("Set-Cookie" in page.headers) is (samesite == "Lax")
    assert ("<form" in page.text) is (samesite == "Lax")
    assert checkout(payment.customer_reference) in page.text  # a link leads to the button

"""How a payment ended, for its customer: what came, why, what follows, and where the order is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from flask_bdquickpay import clock
from flask_bdquickpay.payments import reasons
from flask_bdquickpay.web import explanations

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from .buyers import buyer, words

NewShop = Callable[..., Shop]
NOTE = "looks like fraud; refund by hand on Sunday"
MESSAGE = "The tea is sold out."


def back(shop: Shop, payment: Any) -> TestResponse:
    return shop.client.get(f"/bdquickpay/success/{payment.token}")


def flagged(shop: Shop, amount: int = 400) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, amount=amount, completes=True, webhook=False)
    shop.success(payment)
    return shop.payment(payment)


def resolve(shop: Shop, payment: Any, *options: str) -> None:
    arguments = ["bdquickpay", "resolve", payment.invoice_id, *options, "--note", NOTE]
    run = shop.app.test_cli_runner().invoke(args=arguments)
    assert run.exit_code == 0, run.output


# Money that was not accepted


@pytest.mark.parametrize("language", ["en", "bn"])
def test_rejected_money_has_a_page_of_its_own(new_shop: NewShop, language: str) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=language)
    payment = flagged(shop)
    resolve(shop, payment, "--reject", "--message", MESSAGE)
    page = back(shop, payment)
    heading, back_it_comes, came = {
        "en": ("This payment was not accepted", "You get it back.", "You paid ৳400.00"),
        "bn": ("এই পেমেন্টটি গ্রহণ করা হয়নি", "টাকাটি আপনি ফেরত পাবেন।", "আপনি দিয়েছেন ৳৪০০.০০"),
    }[language]
    for part in (heading, back_it_comes, came, MESSAGE, payment.trx_id):
        assert part in words(page)
    assert page.text.count("<li>") == 3
    assert "fraud" not in page.text
    assert "rejected by the shop" not in page.text


def test_note_of_a_rejection_never_reaches_its_customer(shop: Shop) -> None:
    payment = flagged(shop)
    resolve(shop, payment, "--reject")
    page = back(shop, payment)
    assert "This payment was not accepted" in page.text
    assert "fraud" not in page.text
    assert "bdqp-reason" not in page.text


def test_after_a_rejection_another_try_is_only_a_quiet_link(shop: Shop) -> None:
    payment = flagged(shop)
    resolve(shop, payment, "--reject")
    page = back(shop, payment).text
    assert "<form" not in page
    reference = payment.customer_reference
    assert f'<a class="bdqp-link" href="/bdquickpay/checkout/{reference}">Pay again' in page


def test_rejected_money_that_is_back_is_awaited_no_more(shop: Shop) -> None:
    payment = flagged(shop)
    resolve(shop, payment, "--reject")
    with shop.app.app_context():
        live = shop.db.session.get(shop.bdquickpay.Payment, payment.id)
        shop.bdquickpay.record_refund(live, by="Ayesha", note=NOTE)
    page = back(shop, payment)
    assert "we have sent it back" in words(page)
    assert "You get it back" not in words(page)
    assert "Sent back ৳400.00" in words(page)
    assert "<ol" not in page.text


def test_other_amount_that_the_gateway_calls_failed_says_what_came(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    shop.success(payment)
    shop.change(payment, reason="amount mismatch: 400.00 BDT were paid")
    page = back(shop, payment)
    for part in ("This payment was not accepted", "The order costs ৳500.00", "You paid ৳400.00",
                 "We send ৳400.00 back"):  # fmt: skip
        assert part in words(page)
    assert "<form" not in page.text


# Flagged


def test_flagged_payment_shows_both_amounts_and_what_follows(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_SHOP={"name": "Shapla Store"})
    page = back(shop, flagged(shop))
    for part in ("The order costs ৳500.00", "You paid ৳400.00", "Please do not pay again.",
                 "A person at Shapla Store", "send ৳400.00 back"):  # fmt: skip
        assert part in words(page)
    assert "bdqp-amount" not in page.text
    assert "amount mismatch" not in page.text


def test_right_amount_is_shown_once(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, status="flagged", received_amount=500, reason=reasons.PAID_LATE)
    page = back(shop, payment)
    assert "bdqp-compare" not in page.text
    assert "৳500.00" in words(page)
    assert "The money came after the time to pay." in words(page)


# Failed


def failed(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    shop.success(payment)
    return shop.payment(payment)


def test_failed_payment_asks_first_whether_money_was_taken(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_SHOP={"phone": "01712-345678"})
    text = back(shop, failed(shop)).text
    order = [text.index(part) for part in ("Was money taken", "Yes:", "#bdqp-help", "No:", "<form")]
    assert order == sorted(order)
    assert "the gateway reports" not in text


def test_failed_at_its_end_has_run_out_of_time(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, expires_at=clock.utcnow() - timedelta(seconds=1))
    shop.gateway.fail(payment, webhook=False)
    assert "The time to pay ran out" in shop.success(payment).text
    assert shop.payment(payment).status == "failed"


def test_failed_before_its_end_has_failed_for_ever(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = failed(shop)
    later = payment.expires_at + timedelta(days=1)
    monkeypatch.setattr(clock, "utcnow", lambda: later)
    assert "Payment failed" in back(shop, payment).text


# Why


def test_every_reason_has_words_for_a_customer() -> None:
    told = set(explanations._TOLD) | {reasons.REJECTED_BECAUSE}
    assert told == set(reasons.SENTENCES)


@pytest.mark.parametrize(
    "reason",
    [
        reasons.REFUSED % {"why": "Merchant api_key=XYZ inactive"},
        reasons.NO_URL,
        reasons.ANSWER_LOST,
        reasons.INVOICE_TAKEN % {"invoice": "INV-OF-ANOTHER"},
    ],
)
@pytest.mark.parametrize("language", ["en", "bn"])
def test_technical_reasons_are_one_sentence(new_shop: NewShop, language: str, reason: str) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=language)
    payment = failed(shop)
    shop.change(payment, reason=reason)
    page = back(shop, payment)
    said = {
        "en": "The payment could not be started. No money was taken.",
        "bn": "পেমেন্ট শুরু করা যায়নি। কোনো টাকা কাটা হয়নি।",
    }[language]
    assert said in words(page)
    for detail in ("XYZ", "trusted host", "INV-OF-ANOTHER", "gateway"):
        assert detail not in words(page)


def test_payment_number_and_order_of_others_stay_out(shop: Shop) -> None:
    payment = flagged(shop)
    for reason in (reasons.PAID_ALREADY % {"payment": 90017},
                   reasons.TRANSACTION_SEEN % {"transaction": "T9", "payment": 90017},
                   reasons.OTHER_ORDER % {"reference": "90017"}):  # fmt: skip
        shop.change(payment, reason=reason, received_amount=500)
        page = back(shop, payment)
        assert "90017" not in page.text
        assert "bdqp-reason" in page.text


@pytest.mark.parametrize("amount", ["None", "NaN", "much"])
def test_amount_that_nobody_can_read_breaks_no_page(shop: Shop, amount: str) -> None:
    payment = failed(shop)
    shop.change(payment, reason=f"amount mismatch: {amount} BDT were paid")
    page = back(shop, payment)
    assert page.status_code == 200
    assert "The amount is not that of the order." in words(page)


def test_reason_of_the_shops_own_code_is_as_it_was_written(shop: Shop) -> None:
    payment = flagged(shop)
    shop.change(payment, reason="the order is gone", received_amount=500)
    assert "the order is gone" in words(back(shop, payment))


# The order


def paid(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.success(payment)
    return shop.payment(payment)


@pytest.mark.parametrize("url", ["/orders/7?key=a", "https://shop.example.com/orders/7"])
def test_order_of_the_shop_comes_first(shop: Shop, url: str) -> None:
    seen: list[Any] = []

    @shop.bdquickpay.order_url
    def order_url(payment: Any) -> str:
        seen.append(payment.customer_reference)
        return url

    payment = paid(shop)
    actions = back(shop, payment).text.partition('<div class="bdqp-actions">')[2]
    first = re.search(r"<a[^>]*>[^<]*</a>|<button", actions)
    assert first is not None
    assert first[0] == f'<a class="bdqp-link bdqp-link--first" href="{url}">View your order</a>'
    assert set(seen) == {payment.customer_reference}


async def _async(payment: Any) -> str:
    return "/orders/async"


def test_order_url_may_be_async_or_none(shop: Shop) -> None:
    payment = paid(shop)
    shop.bdquickpay.order_url(_async)
    assert 'href="/orders/async"' in back(shop, payment).text
    shop.bdquickpay.order_url(lambda payment: None)
    assert "View your order" not in back(shop, payment).text


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "//evil.example", "orders/7", "/\\evil", "https:///x", 7, "", b"/x"],
)
def test_what_is_no_address_is_logged_and_left_out(
    shop: Shop, url: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shop.bdquickpay.order_url(lambda payment: url)
    payment = paid(shop)
    page = back(shop, payment)
    assert page.status_code == 200
    assert "View your order" not in page.text
    assert "order_url failed" in caplog.text


def test_order_url_that_raises_costs_the_page_nothing(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    payment = paid(shop)
    shop.bdquickpay.order_url(lambda payment: payment.no_such_thing)
    page = back(shop, payment)
    assert "Payment successful" in page.text
    assert payment.trx_id in page.text
    assert "order_url failed" in caplog.text
    assert caplog.records[-1].__dict__["payment_id"] == payment.id


def test_stranger_with_a_link_is_not_led_to_the_order(shop: Shop) -> None:
    shop.bdquickpay.order_url(lambda payment: "/orders/secret")
    payment = paid(shop)
    assert "/orders/secret" not in buyer(shop, payment.customer_reference).open().text


# The way on


def test_who_has_not_paid_yet_goes_on_to_the_same_payment(shop: Shop) -> None:
    payment = shop.started()
    page = back(shop, payment)
    assert "Not paid yet? You can pay until" in words(page)
    assert f'href="{payment.payment_url}"' in unescape(page.text)
    assert "<form" not in page.text


@pytest.mark.parametrize(
    "change",
    [
        {"payment_url": "https://evil.example/pay"},
        {"payment_url": "javascript:alert(1)"},
        {"payment_url": None},
        {"account": "gone"},
        {"expires_at": clock.utcnow() - timedelta(seconds=1)},
        {"gateway_status": "completed"},
    ],
    ids=["elsewhere", "a script", "no address", "no account", "over", "paid"],
)
def test_nobody_is_sent_where_nothing_can_be_paid(shop: Shop, change: dict[str, Any]) -> None:
    payment = shop.started()
    shop.change(payment, **change)
    shop.gateway.fault("500", endpoint="verify", times=None)
    page = back(shop, payment)
    assert page.status_code == 200
    assert "Go on to bKash" not in page.text
    assert "Not paid yet" not in page.text


def test_page_that_has_stopped_asking_says_so_in_its_heading(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("500", endpoint="verify", times=None)
    long_ago = clock.utcnow() - timedelta(hours=2)
    shop.change(payment, created_at=long_ago, expires_at=long_ago + timedelta(minutes=30))
    page = back(shop, payment)
    assert '<h1 class="bdqp-heading" id="bdqp-heading">bKash has not answered yet</h1>' in page.text
    assert "bdqp--waiting" not in page.text
    assert "Confirming" not in page.text

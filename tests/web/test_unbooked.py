"""bKash has the money, and the shop's own code refuses it: what the customer is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import payment_paid

from ..shop import Shop, told_paid


@contextmanager
def refusing(shop: Shop) -> Iterator[None]:
    def refuses(app: Flask, payment: Any) -> None:
        raise RuntimeError("no stock table")

    with payment_paid.connected_to(refuses, sender=shop.app):
        yield


WORDS = {
    "en": ("bKash has your payment", "You need not pay again"),
    "bn": ("বিকাশ আপনার পেমেন্ট পেয়েছে", "আপনাকে আবার পেমেন্ট করতে হবে না"),
}


@pytest.mark.parametrize("before", ["pending", "cancelled", "expired"])
@pytest.mark.parametrize("language", ["en", "bn"])
def test_customer_is_told_that_the_money_is_there(
    new_shop: Callable[..., Shop], language: str, before: str
) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=language)
    payment = shop.started()
    shop.change(payment, status=before)
    shop.gateway.pay(payment, webhook=False)
    with refusing(shop):
        pages = [
            shop.success(payment),
            shop.cancel(payment),
            shop.client.get(f"/bdquickpay/success/{payment.token}"),  # from what is stored
        ]
    for page in pages:
        assert page.status_code == 200
        assert all(words in page.text for words in WORDS[language])
        assert "/bdquickpay/checkout/" not in page.text
        assert "http-equiv" in page.text  # it goes on asking
    assert shop.payment(payment).status == before
    shop.success(payment)
    assert shop.payment(payment).status == "completed"


def test_who_clicks_again_is_not_sent_to_pay(shop: Shop) -> None:
    payment, customer = shop.started(), shop.client
    shop.gateway.pay(payment, webhook=False)
    with refusing(shop):
        customer.get(f"/bdquickpay/success/{payment.token}")
        assert told_paid(shop.click(payment.customer_reference))
        assert told_paid(shop.client.get(f"/bdquickpay/checkout/{payment.customer_reference}"))
        mine = shop.click(payment.customer_reference, customer)
        assert mine.location == f"/bdquickpay/success/{payment.token}"
    assert len(shop.gateway.payments) == 1


def test_failed_attempt_of_such_an_order_offers_no_other(shop: Shop) -> None:
    first = shop.started()
    shop.gateway.fail(first, webhook=False)
    shop.success(first)
    shop.click(first.customer_reference)
    second = shop.payments()[-1]
    shop.gateway.pay(second, webhook=False)
    with refusing(shop):
        shop.success(second)
    page = shop.success(first)
    assert "Payment failed" in page.text
    assert "<form" not in page.text

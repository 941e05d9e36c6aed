"""A payment link of a shop whose gateway or account has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from flask_bdquickpay.keys import SANDBOX_APP_KEY, SANDBOX_SECRET_KEY
from flask_bdquickpay.sandbox.server import SandboxServer

from ..branches import make_branches
from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import NewShop, Shop
from .buyers import buyer, words


@pytest.fixture
def before(new_shop: Callable[..., Shop], keys: tuple[str, str]) -> Iterator[Shop]:
    """The same shop, as it was with another gateway's keys."""
    with SandboxServer(any_keys=True, synchronous=True) as second:
        shop = new_shop(
            BDQUICKPAY_BASE_URL=second.base_url,
            BDQUICKPAY_APP_KEY=keys[0],
            BDQUICKPAY_SECRET_KEY=keys[1],
        )
        shop.server = second
        yield shop


def pay(shop: Shop, reference: str) -> None:
    (payment,) = shop.payments(reference)
    shop.gateway.pay(payment, webhook=False)
    shop.success(payment)


PLAY = pytest.mark.parametrize("keys", [(SANDBOX_APP_KEY, SANDBOX_SECRET_KEY)], ids=["play"])
REAL = pytest.mark.parametrize("keys", [("other-app-key", "other-secret-key")], ids=["real"])


def test_order_that_moved_to_another_account_begins_anew(new_shop: NewShop) -> None:
    shop = make_branches(new_shop)
    reference = shop.order(account="dhaka")
    opened = buyer(shop, reference)
    opened.press()
    assert "Your payment has begun" in words(opened.open())
    shop.accounts[reference] = "sylhet"
    assert "Your payment has begun" not in words(opened.open())
    assert opened.press().location == shop.payments(reference)[-1].payment_url
    assert [one.account for one in shop.payments(reference)] == ["dhaka", "sylhet"]


def test_looking_at_a_link_of_an_unknown_account_writes_nothing(new_shop: NewShop) -> None:
    shop = make_branches(new_shop)
    opened = buyer(shop, shop.order(account="nobody"))
    assert opened.open().status_code == 200
    assert opened.press().status_code == 503
    assert shop.payments() == []


@PLAY
def test_order_paid_with_play_money_can_be_paid(shop: Shop, before: Shop) -> None:
    reference = before.order()
    buyer(before, reference).press()
    pay(before, reference)
    opened = buyer(shop, reference)
    assert "<form" in opened.open().text
    assert opened.press().location == shop.payments(reference)[-1].payment_url


@REAL
def test_order_paid_at_another_account_is_paid(shop: Shop, before: Shop) -> None:
    reference = before.order()
    buyer(before, reference).press()
    pay(before, reference)
    page = buyer(shop, reference).open()
    assert "Payment successful" in words(page)
    assert "<form" not in page.text


@REAL
def test_payment_begun_at_another_account_does_not_go_on(shop: Shop, before: Shop) -> None:
    reference = before.order()
    buyer(before, reference).press()
    opened = buyer(shop, reference)
    assert "Your payment has begun" not in words(opened.open())
    assert opened.press().location == shop.payments(reference)[-1].payment_url
    assert len(shop.payments(reference)) == 2

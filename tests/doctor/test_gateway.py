"""The gateway and the keys it knows, ill and healthy; the ill one says the cure."""

from __future__ import annotations

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .patients import OK, RED, check


@on_sqlite
def test_a_gateway_that_accepts_the_keys_is_fine(shop: Shop) -> None:
    result = check(shop, "gateway")
    assert result == (OK, f"{shop.server.base_url} answers and accepts the keys.")


@on_sqlite
def test_wrong_keys_are_red(new_shop: NewShop) -> None:
    result = check(new_shop(BDQUICKPAY_SECRET_KEY="wrong"), "gateway")
    assert result.state == RED
    assert "Copy both keys again from the merchant dashboard" in result.message


@on_sqlite
def test_an_inactive_merchant_is_red(shop: Shop) -> None:
    shop.gateway.switch(merchant_active=False)
    result = check(shop, "gateway")
    assert result.state == RED
    assert "Ask bdQuickPay's support to activate it" in result.message


@on_sqlite
def test_a_gateway_that_fails_is_red(shop: Shop) -> None:
    shop.gateway.fault("html", times=None)
    result = check(shop, "gateway")
    assert result.state == RED
    assert "Check the network and BDQUICKPAY_BASE_URL" in result.message


@on_sqlite
def test_a_gateway_without_keys_is_not_asked(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_SECRET_KEY="")
    result = check(shop, "gateway")
    assert result.state == RED
    assert "set BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY" in result.message
    assert not shop.gateway.requests

"""The shop's own address, ill and healthy; the ill one says the cure."""

from __future__ import annotations

from typing import Any

import pytest
from flask import redirect

from flask_bdquickpay import doctor

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .patients import OK, RED, WARNING, check, with_account

# The way in


@on_sqlite
def test_a_public_url_that_is_not_known_is_worth_a_warning(new_shop: NewShop) -> None:
    shop = new_shop()
    for name in ("public URL", "webhook", "HTTPS"):
        result = check(shop, name)
        assert result.state == WARNING
        assert "Set BDQUICKPAY_PUBLIC_URL" in result.message


@on_sqlite
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1",
        "https://localhost:8000",
        "https://192.168.1.7",
        "https://[::1]",
        "https://shop.local",
        "https://shop",
    ],
)
def test_an_address_that_the_gateway_cannot_reach_is_red(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    shop = with_account(new_shop(BDQUICKPAY_PUBLIC_URL=url), monkeypatch)
    result = check(shop, "public URL")
    assert result.state == RED
    assert "Set BDQUICKPAY_PUBLIC_URL to the shop's address on the internet" in result.message


@on_sqlite
@pytest.mark.parametrize(
    "url", ["https://shop.example.com", "https://8.8.8.8", "https://[2606::1]"]
)
def test_an_address_on_the_internet_is_fine(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    shop = with_account(new_shop(BDQUICKPAY_PUBLIC_URL=url), monkeypatch)
    assert check(shop, "public URL") == (OK, url)


@on_sqlite
def test_loopback_is_fine_with_a_stand_in(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="http://127.0.0.1:5000")
    assert check(shop, "public URL").state == OK
    assert check(shop, "HTTPS").state == OK


@on_sqlite
def test_the_server_name_is_a_public_url_too(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"SERVER_NAME": "shop.example.com", "PREFERRED_URL_SCHEME": "https"}
    shop = with_account(new_shop(**config), monkeypatch)
    assert check(shop, "public URL") == (OK, "https://shop.example.com")


@on_sqlite
def test_plain_http_is_red(new_shop: NewShop, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://shop.example.com"
    shop = with_account(new_shop(BDQUICKPAY_PUBLIC_URL=url), monkeypatch)
    https, webhook = check(shop, "HTTPS"), check(shop, "webhook")
    assert https.state == webhook.state == RED
    assert "set BDQUICKPAY_PUBLIC_URL to the https:// address" in https.message
    assert "Not tried over plain HTTP" in webhook.message


@on_sqlite
@pytest.mark.parametrize(
    ("cookies", "state", "cure"),
    [
        ({}, WARNING, "Set SESSION_COOKIE_SECURE = True"),
        (
            {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Strict"},
            WARNING,
            "Set SESSION_COOKIE_SAMESITE = 'Lax'",
        ),
        ({"SESSION_COOKIE_SECURE": True}, OK, "cookies stay on it"),
    ],
)
def test_cookies_on_https(
    new_shop: NewShop, cookies: dict[str, Any], state: doctor.Level, cure: str
) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="https://shop.example.com", **cookies)
    result = check(shop, "HTTPS")
    assert result.state == state
    assert cure in result.message


# CSRF


@on_sqlite
def test_checkout_that_refuses_a_post_without_token_is_fine(shop: Shop) -> None:
    assert check(shop, "CSRF") == (OK, "Checkout refuses a POST without a token.")


@on_sqlite
def test_csrf_switched_off_is_red(new_shop: NewShop) -> None:
    result = check(new_shop(WTF_CSRF_ENABLED=False), "CSRF")
    assert result.state == RED
    assert "Remove that setting outside of tests" in result.message


@on_sqlite
def test_csrf_without_a_secret_key_is_red(new_shop: NewShop) -> None:
    result = check(new_shop(SECRET_KEY=None), "CSRF")
    assert result.state == RED
    assert "Set SECRET_KEY" in result.message


@on_sqlite
def test_a_checkout_that_takes_anything_is_red(shop: Shop) -> None:
    shop.app.view_functions["bdquickpay.checkout"] = lambda reference: "paid"
    result = check(shop, "CSRF")
    assert result.state == RED
    assert "look for what replaces bdquickpay.checkout" in result.message


@on_sqlite
def test_a_login_before_checkout_is_worth_a_warning(shop: Shop) -> None:
    shop.app.before_request(lambda: redirect("/login"))
    result = check(shop, "CSRF")
    assert result.state == WARNING
    assert "Exempt the blueprint 'bdquickpay' from it" in result.message

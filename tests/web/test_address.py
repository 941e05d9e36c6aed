"""The URLs that the gateway is given lead to the shop, whatever host a request names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import SecurityError

from ..shop import Shop
from .buyers import link_of

NewShop = Callable[..., Shop]
pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
EVIL = "http://evil.example"


def given(shop: Shop) -> set[str]:
    """Scheme and host of the URLs that the gateway was given last."""
    body = shop.gateway.requests[-1].body
    urls = [urlsplit(body[name]) for name in ("success_url", "cancel_url", "webhook_url")]
    return {f"{url.scheme}://{url.netloc}" for url in urls}


def order(shop: Shop, base_url: str) -> Any:
    shop.app.config["WTF_CSRF_ENABLED"] = False
    path = f"/bdquickpay/checkout/{shop.order()}"
    return shop.client.post(path, base_url=base_url)


@pytest.mark.parametrize("base_url", [EVIL, "https://evil.example", "http://127.0.0.1:9"])
@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"BDQUICKPAY_PUBLIC_URL": "https://shop.example"}, "https://shop.example"),
        (
            {"SERVER_NAME": "shop.example:8443", "PREFERRED_URL_SCHEME": "https"},
            "https://shop.example:8443",
        ),
        (
            {"BDQUICKPAY_PUBLIC_URL": "https://shop.example", "SERVER_NAME": "other.example"},
            "https://shop.example",
        ),
    ],
)
def test_a_forged_host_is_not_followed(
    new_shop: NewShop, config: dict[str, Any], expected: str, base_url: str
) -> None:
    shop = new_shop(**config)
    assert order(shop, base_url).status_code == 303
    assert given(shop) == {expected}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_server_name_has_the_requests_scheme(new_shop: NewShop, scheme: str) -> None:
    shop = new_shop(SERVER_NAME="shop.example")
    assert order(shop, f"{scheme}://evil.example").status_code == 303
    assert given(shop) == {f"{scheme}://shop.example"}


def test_the_server_name_will_do_outside_a_request(new_shop: NewShop) -> None:
    shop = new_shop(
        SERVER_NAME="shop.example", PREFERRED_URL_SCHEME="https", APPLICATION_ROOT="/store"
    )
    with shop.app.app_context():
        token = shop.bdquickpay.start(shop.order()).token
    body = shop.gateway.requests[-1].body
    assert body["success_url"] == f"https://shop.example/store/bdquickpay/success/{token}"


def test_the_mount_path_is_kept(new_shop: NewShop) -> None:
    shop = new_shop(SERVER_NAME="shop.example")
    assert order(shop, "http://evil.example/store").status_code == 303
    body = shop.gateway.requests[-1].body
    assert body["webhook_url"] == "http://shop.example/store/bdquickpay/webhook"


def speak_bangla(app: Flask) -> None:
    """A shop whose URLs carry the language, ours as well."""

    @app.url_defaults
    def add(endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("lang", "bn")


def test_what_the_shop_adds_to_its_urls_is_not_for_the_gateway(new_shop: NewShop) -> None:
    shop = new_shop(prepare=speak_bangla)
    assert order(shop, "http://localhost").status_code == 303
    body = shop.gateway.requests[-1].body
    urls = [body[name] for name in ("success_url", "cancel_url", "webhook_url")]
    assert [url for url in urls if "?" in url] == []


def test_what_the_shop_adds_to_its_urls_is_not_for_a_link(new_shop: NewShop) -> None:
    shop = new_shop(prepare=speak_bangla)
    assert "?" not in link_of(shop, shop.order())


@pytest.mark.parametrize(
    "trusted", [["shop.example", ".shop.example.net"], "shop.example", ("shop.example",)]
)
def test_a_host_that_is_not_trusted_gets_no_payment(new_shop: NewShop, trusted: Any) -> None:
    shop = new_shop(TRUSTED_HOSTS=trusted)
    answer = order(shop, EVIL)
    assert answer.status_code == 400
    assert shop.payments() == []
    assert shop.gateway.requests == []


@pytest.mark.parametrize("host", ["shop.example", "bn.shop.example.net", "shop.example:8443"])
def test_a_trusted_host_is_used(new_shop: NewShop, host: str) -> None:
    shop = new_shop(TRUSTED_HOSTS=["shop.example", ".shop.example.net"])
    assert order(shop, f"https://{host}").status_code == 303
    assert given(shop) == {f"https://{host}"}


def test_the_host_is_checked_by_ourselves_too(new_shop: NewShop) -> None:
    """Flask before 3.1 knows no TRUSTED_HOSTS."""
    shop = new_shop(TRUSTED_HOSTS=["shop.example"])
    with shop.app.test_request_context(base_url=EVIL), pytest.raises(SecurityError):
        shop.bdquickpay.start(shop.order())
    assert shop.payments() == []


@pytest.mark.thorough
def test_a_stand_in_follows_the_request(shop: Shop) -> None:
    assert order(shop, "http://192.0.2.7:5000").status_code == 303
    assert given(shop) == {"http://192.0.2.7:5000"}

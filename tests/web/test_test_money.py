"""Where no real money moves every page says so, whoever's layout is around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from .buyers import buyer

NewShop = Callable[..., Shop]
STRIP = {"en": "TEST PAYMENT · no real money", "bn": "পরীক্ষামূলক পেমেন্ট · আসল টাকা নয়"}
PIN = "Never tell anyone your bKash PIN"
LAYOUT = "<nav>My shop</nav>{% block content %}{% endblock %}"


@pytest.fixture
def in_sandbox(new_shop: NewShop, tmp_path: Path) -> Callable[..., Shop]:
    """Make a shop as it is tried out: with the embedded sandbox and without keys."""
    keys = dict.fromkeys(("BDQUICKPAY_APP_KEY", "BDQUICKPAY_SECRET_KEY", "BDQUICKPAY_BASE_URL"))

    def make(layout: str | None = None, **config: Any) -> Shop:
        def prepare(app: Flask) -> None:
            app.instance_path = str(tmp_path / "instance")
            if layout is not None:
                app.jinja_loader = DictLoader({"bdquickpay/base.html": layout})

        return new_shop(prepare=prepare, BDQUICKPAY_SANDBOX=True, **keys, **config)

    return make


def pages(shop: Shop) -> list[str]:
    """One of each template."""
    client, reference = shop.client, shop.order()
    urls = [f"/bdquickpay/checkout/{reference}", "/bdquickpay/success/x"]
    found = [client.get(url).text for url in urls]
    found.append(buyer(shop, reference).open().text)
    payment = shop.started()
    found.append(client.get(f"/bdquickpay/success/{payment.token}").text)
    shop.change(payment, status="completed", received_amount=500)
    found.append(client.get(f"/bdquickpay/success/{payment.token}").text)
    return found


@pytest.mark.parametrize("language", ["en", "bn"])
@pytest.mark.parametrize("layout", [None, LAYOUT], ids=["our layout", "the shop's"])
def test_every_page_is_marked_in_the_sandbox(
    in_sandbox: Callable[..., Shop], language: str, layout: str | None
) -> None:
    shop = in_sandbox(layout, BDQUICKPAY_LANGUAGE=language)
    for page in pages(shop):
        assert ("<nav>My shop" in page) == (layout is not None)
        assert page.count(f'<p class="bdqp-test">{STRIP[language]}</p>') == 1


def test_what_is_shared_and_previewed_is_marked_too(in_sandbox: Callable[..., Shop]) -> None:
    *_, link, _, receipt = pages(in_sandbox())
    assert f'og:description" content="{STRIP["en"]} · Payment with bKash"' in link
    shared = re.search(r'data-bdqp-share="([^"]+)"', receipt)
    assert shared is not None
    assert unescape(shared[1]).startswith(STRIP["en"])


def test_real_money_is_not_marked(shop: Shop) -> None:
    assert [page for page in pages(shop) if "bdqp-test" in page] == []


def test_payment_of_the_sandbox_stays_marked_when_the_shop_has_real_keys(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, status="completed", received_amount=500, made_with="sandbox")
    assert STRIP["en"] in shop.client.get(f"/bdquickpay/success/{payment.token}").text


def test_warning_about_the_pin_stands_in_every_layout(new_shop: NewShop) -> None:
    def prepare(app: Flask) -> None:
        app.jinja_loader = DictLoader({"bdquickpay/base.html": LAYOUT})

    for shop in (new_shop(), new_shop(prepare=prepare)):
        for page in pages(shop):
            assert page.count(PIN) == 1

"""What the pay button says and looks like, as its page asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop

NewShop = Callable[..., Shop]
SAID = {"en": "Pay %s with bKash", "bn": "বিকাশে %s পেমেন্ট করুন"}
AMOUNTS = [
    (680, "৳680", "৳৬৮০"),
    (Decimal("680.00"), "৳680", "৳৬৮০"),
    ("1250.5", "৳1,250.50", "৳১,২৫০.৫০"),
    (Decimal(145000), "৳1,45,000", "৳১,৪৫,০০০"),
]


def button(shop: Shop, **options: Any) -> str:
    with shop.app.test_request_context():
        render = shop.app.jinja_env.from_string("{{ bdquickpay_button(7, **options) }}").render
        return render(options=options)


def label(html: str) -> str:
    return str(re.findall(r"<span[^>]*>(.*?)</span>", html)[0])


def classes(html: str) -> list[str]:
    return str(re.findall(r'<button[^>]*class="([^"]*)"', html)[0]).split()


@pytest.mark.parametrize("language", ["en", "bn"])
def test_amount_stands_in_the_label(new_shop: NewShop, language: str) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=language)
    for amount, english, bangla in AMOUNTS:
        said = SAID[language] % (bangla if language == "bn" else english)
        assert label(button(shop, amount=amount)) == said


@pytest.mark.parametrize("amount", [19.9, 0, -5, "", "much", Decimal("1.005"), object], ids=repr)
def test_amount_that_is_none_costs_the_page_nothing(
    shop: Shop, amount: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert label(button(shop, amount=amount)) == "Pay with bKash"
    (record,) = [one for one in caplog.records if "without its amount" in one.getMessage()]
    assert record.__dict__["customer_reference"] == "7"


def test_button_without_an_amount_asks_no_loader(shop: Shop) -> None:
    asked: list[str] = []
    shop.bdquickpay.order_loader(asked.append)
    button(shop)
    button(shop, amount=680)
    assert asked == []


def test_own_label_is_left_alone(shop: Shop) -> None:
    assert label(button(shop, label="Buy <now>", amount=5)) == "Buy &lt;now&gt;"


def test_looks_are_classes(shop: Shop) -> None:
    assert classes(button(shop)) == ["bdqp-button"]
    assert classes(button(shop, block=True)) == ["bdqp-button", "bdqp-button--block"]
    assert classes(button(shop, light=True)) == ["bdqp-button", "bdqp-button--light"]
    both = classes(button(shop, light=True, block=True, class_="mine"))
    assert both == ["bdqp-button", "bdqp-button--block", "bdqp-button--light", "mine"]


def test_attributes_go_onto_the_button(shop: Shop) -> None:
    assert re.search(r"<button[^>]* disabled", button(shop, disabled=True))
    assert 'aria-disabled="true"' in button(shop, aria_disabled="true")

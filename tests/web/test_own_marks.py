"""A shop that writes its templates otherwise than we do: our pages and the button stay as ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader
from werkzeug.test import TestResponse

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import NewShop, Shop
from .buyers import buyer, costs, words

SQUARE = {
    "variable_start_string": "[[",
    "variable_end_string": "]]",
    "block_start_string": "[%",
    "block_end_string": "%]",
    "comment_start_string": "[#",
    "comment_end_string": "#]",
}
MARKS = [
    SQUARE,
    {"variable_start_string": "${", "variable_end_string": "}"},
    {"block_start_string": "<%", "block_end_string": "%>"},
    {"comment_start_string": "<#", "comment_end_string": "#>"},
]


def written(**options: Any) -> Callable[[Flask], None]:
    """The options of Jinja that a shop sets for its own templates.

    Without what the tests have compiled before: it was read, and escaped, as ours is.
    """

    def prepare(app: Flask) -> None:
        app.jinja_options = options

    return prepare


def begun(shop: Shop) -> Any:
    """A payment, by a link: it needs no template of the shop's."""
    buyer(shop, shop.order()).press()
    return shop.payments()[-1]


def confirming(shop: Shop) -> TestResponse:
    return shop.success(begun(shop))


def receipt(shop: Shop) -> TestResponse:
    payment = begun(shop)
    shop.gateway.pay(payment, webhook=False)
    return shop.success(payment)


PAGES: dict[str, Callable[[Shop], TestResponse]] = {
    "Order 1": lambda shop: shop.client.get(f"/bdquickpay/checkout/{shop.order()}"),
    "Pay with bKash": lambda shop: buyer(shop, shop.order()).open(),
    "Confirming your payment": confirming,
    "Payment successful": receipt,
    "There is nothing at this link": lambda shop: shop.client.get("/bdquickpay/success/x"),
}


@pytest.mark.parametrize("marks", MARKS, ids=lambda marks: next(iter(marks.values())))
@pytest.mark.parametrize("says", PAGES)
def test_page_is_read_by_our_marks(new_shop: NewShop, says: str, marks: dict[str, str]) -> None:
    page = PAGES[says](new_shop(prepare=written(**marks)))
    assert says in words(page)
    assert re.findall(r"\{[{%#]|[}%#]\}", page.text) == []


def test_button_is_read_by_our_marks(new_shop: NewShop) -> None:
    shop = new_shop(prepare=written(**SQUARE))
    with shop.app.test_request_context():
        button = shop.app.jinja_env.from_string("[[ bdquickpay_button(7) ]]").render()
    assert 'action="/bdquickpay/checkout/7"' in button
    assert 'name="csrf_token"' in button
    assert "{" not in button


def test_shop_reads_its_own_templates_by_its_own_marks(new_shop: NewShop) -> None:
    shop = new_shop(prepare=written(**SQUARE))
    assert "Payment successful" in receipt(shop).text
    with shop.app.test_request_context():
        assert shop.app.jinja_env.from_string("[[ 6 * 7 ]] {{ vue }}").render() == "42 {{ vue }}"


# Escaping


@pytest.fixture(params=["as it is made", "later"])
def trusting(request: pytest.FixtureRequest, new_shop: NewShop) -> Shop:
    """A shop that has switched autoescape off for its own templates."""
    if request.param == "as it is made":
        return new_shop(prepare=written(autoescape=False))
    shop = new_shop(prepare=written())
    shop.app.jinja_env.autoescape = False
    return shop


def test_text_of_an_order_is_escaped(trusting: Shop) -> None:
    costs(trusting, "500", "<i>Tea</i>", [("<b>2 cups</b>", 500)])
    page = buyer(trusting, "<u>7</u>").open()
    assert [part for part in ("<i>", "<b>2", "<u>") if part in page.text] == []
    assert "<i>Tea</i>" in words(page)


def test_reference_in_an_address_is_escaped(trusting: Shop) -> None:
    page = trusting.client.post("/bdquickpay/checkout/<i>7<i>")
    assert "&lt;i&gt;7" in page.text
    assert "<i>7" not in page.text


def test_text_on_the_button_is_escaped_and_the_button_is_not(trusting: Shop) -> None:
    with trusting.app.test_request_context():
        template = trusting.app.jinja_env.from_string("{{ bdquickpay_button(7, label=label) }}")
        button = template.render(label="Buy <now>")
    assert "Buy &lt;now&gt;" in button
    assert "<form" in button


def test_shop_that_escapes_everything_keeps_its_own_pages(new_shop: NewShop) -> None:
    def prepare(app: Flask) -> None:
        app.jinja_options = {"autoescape": True}
        app.jinja_loader = DictLoader({"bdquickpay/problem.html": "Ours: {{ problem }}"})

    shop = new_shop(prepare=prepare)
    assert shop.client.get("/bdquickpay/success/x").text == "Ours: not_found"

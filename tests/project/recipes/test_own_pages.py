"""The recipe "Your own pages"."""

from __future__ import annotations

from typing import Any

import pytest
from flask import render_template_string

from .bench import Bench, blocks, extension, place, readme_shop

LAYOUT = (
    "<title>{% block title %}{% endblock %}</title>{% block head %}{% endblock %}"
    "<nav>My own shop</nav>{% block content %}{% endblock %}"
)


def ended(bench: Bench, end: str, name: str, code: str, **how: Any) -> str:
    """The page to which a payment leads that ended, in a shop with a template of its own."""
    bench.write("shop.py", readme_shop().replace("@bdquickpay.return_handler", ""))
    bench.write(name, code)
    shop = bench.load("shop")
    app = bench.app(shop)
    place(app, shop, "a1")
    with app.test_request_context():
        payment = extension(app).start("a1")
        outcome = getattr(bench.gateway, end)(payment, **how)
    return app.test_client().get(outcome.return_url).text


def pages() -> list[tuple[str, str]]:
    return blocks("Your own pages")


def test_all_pages_in_the_shops_layout(bench: Bench) -> None:
    bench.write("templates/shop.html", LAYOUT)
    page = ended(bench, "pay", *pages()[0])
    assert "<nav>My own shop</nav>" in page
    assert "Payment successful" in page
    assert "bdquickpay.css" in page


def test_one_block_of_the_layout(bench: Bench) -> None:
    page = ended(bench, "pay", *pages()[1])
    assert "শাপলা বই ঘর" in page
    assert "12 Nilkhet, Dhaka" in page
    assert "bKash payment</span>" not in page
    assert "Payment successful" in page


@pytest.mark.parametrize(
    ("end", "how", "said"),
    [
        ("pay", {}, "We have received ৳500.00."),
        ("pay", {"amount": 5, "completes": True}, "Please do not pay again."),
        ("cancel", {}, "Nothing was paid."),
    ],
)
def test_one_page_of_the_shops_own(bench: Bench, end: str, how: dict[str, Any], said: str) -> None:
    page = ended(bench, end, *pages()[2], **how)
    assert said in page
    assert ("bdqp-button" in page) == (end == "cancel")
    assert "Order a1</title>" in page


def test_button_says_the_amount_and_the_receipt_leads_to_the_order(bench: Bench) -> None:
    (_, button), (name, code) = blocks("The button, and the way to the order")
    bench.write("shop.py", readme_shop().replace("@bdquickpay.return_handler", ""))
    bench.write(name, code)
    shop = bench.load("shop")
    bench.load(name.removesuffix(".py"))
    app = bench.app(shop)
    place(app, shop, "a1")
    with app.test_request_context():
        order = {"reference": "a1", "total": 500}
        assert "Pay ৳500 with bKash" in render_template_string(button, order=order)
        payment = extension(app).start("a1")
        receipt = app.test_client().get(bench.gateway.pay(payment).return_url).text
    assert 'href="/orders/a1"' in receipt

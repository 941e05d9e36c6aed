"""Payment links made at the desk: what they cost, why there is none, and the card."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import abort
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_bdquickpay import GatewayUnavailableError, PaymentRequest, clock
from flask_bdquickpay.web.tokens import read_token

from ..branches import make_branches
from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import NewShop, Shop
from .visits import PAYMENTS, URL, open_desk, put

LINK = f"{URL}/link"
LINES = [("2 × <Tea>", "320"), ("Discount", "-20")]


def ask(client: FlaskClient, reference: str, days: str = "") -> TestResponse:
    return client.get(LINK, query_string={"reference": reference, "days": days})


def url_in(page: TestResponse) -> str:
    assert page.status_code == 200
    found = re.search(r'<input id="url" type="text" readonly value="([^"]+)"', page.text)
    assert found is not None
    return unescape(found[1])


def refused(page: TestResponse) -> str:
    """Why there is no link."""
    assert page.status_code == 400
    assert 'id="url"' not in page.text
    found = re.search(r'<p class="error" id="[^"]+">(.*?)</p>', page.text)
    assert found is not None
    return unescape(found[1])


def cost(shop: Shop, *arguments: Any, **options: Any) -> None:
    shop.bdquickpay.order_loader(lambda reference: PaymentRequest(*arguments, **options))


def test_link_says_what_the_order_costs_and_leads_to_it(shop: Shop, desk: FlaskClient) -> None:
    cost(shop, 300, label="Tea & honey", lines=LINES)
    page = ask(desk, " SHAPLA-7 ", "3")
    for text in ("৳300.00", "Tea &amp; honey", "2 × &lt;Tea&gt;", "−৳20.00", "Order SHAPLA-7"):
        assert text in page.text
    assert "Account" not in page.text
    opened = desk.get(url_in(page))
    assert opened.status_code == 200
    assert "Tea &amp; honey" in opened.text


@pytest.mark.parametrize(("days", "age"), [("", 30), ("1", 1), ("365", 365)])
def test_link_is_good_for_as_long_as_was_chosen(
    shop: Shop, desk: FlaskClient, days: str, age: int
) -> None:
    cost(shop, 300)
    url = url_in(ask(desk, "7", days))
    with shop.app.app_context():
        left = read_token(url.rpartition("/")[2]).expires_at - clock.utcnow()
    assert timedelta(days=age, seconds=-60) < left <= timedelta(days=age)


@pytest.mark.parametrize(
    ("age", "name"), [(2592000, "30 days"), (172800, "2 days"), (5400, "1 h 30 min")]
)
def test_usual_time_is_that_of_the_settings(new_shop: NewShop, age: int, name: str) -> None:
    page = open_desk(new_shop(BDQUICKPAY_LINK_AGE=age)).get(LINK)
    assert f'<option value="" selected>As usual: {name}</option>' in page.text


def test_looking_and_making_change_nothing(shop: Shop, desk: FlaskClient) -> None:
    cost(shop, 300)
    page = ask(desk, "7")
    card = desk.get(card_of(page))
    assert card.status_code == 200
    assert (shop.payments(), shop.events(), shop.gateway.requests) == ([], [], [])


# Refused


def nothing(reference: str) -> None:
    return None


def missing(reference: str) -> None:
    abort(404)


def broken(reference: str) -> None:
    raise RuntimeError("a canary of the shop's")


def asking(reference: str) -> None:
    raise GatewayUnavailableError("a canary of the shop's")


UNKNOWN = "The shop knows no such order, or has nothing to be paid for it."


@pytest.mark.parametrize(
    ("loader", "why"),
    [
        (nothing, UNKNOWN),
        (missing, UNKNOWN),
        (int, "the order loader must return a PaymentRequest"),
        (lambda reference: PaymentRequest(0), "This order can’t be charged: "),
        (broken, "The shop’s own code raised RuntimeError; its log says more."),
        (asking, "The shop’s own code raised GatewayUnavailableError; its log says more."),
    ],
)
def test_order_that_cannot_be_paid_is_refused_in_the_form(
    shop: Shop, desk: FlaskClient, loader: Callable[[str], Any], why: str
) -> None:
    shop.bdquickpay.order_loader(loader)
    page = ask(desk, "4711")
    assert why.lower() in refused(page).lower()
    assert 'value="4711"' in page.text
    assert "canary" not in page.text


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("", "Write the order’s reference."),
        ("x" * 256, "At most 255 characters, please."),
        ("\u202e7", "Only printable characters, please."),
        ("a//b", "No link for the order 'a//b': as part of a URL it would become another one"),
    ],
)
def test_reference_that_no_order_has_is_refused(
    shop: Shop, desk: FlaskClient, reference: str, why: str
) -> None:
    cost(shop, 300)
    assert why in refused(ask(desk, reference))


@pytest.mark.parametrize("days", ["x", "0", "-1", "500", "1.5"])
def test_time_that_is_not_in_the_list_is_refused(shop: Shop, desk: FlaskClient, days: str) -> None:
    cost(shop, 300)
    assert refused(ask(desk, "7", days)) == "Choose one of the list."


def test_account_is_named_and_one_that_nobody_knows_is_refused(new_shop: NewShop) -> None:
    shop = make_branches(new_shop)
    client = open_desk(shop)
    for account, name in {None: "Plain", "dhaka": "dhaka"}.items():
        cost(shop, 300, account=account)
        assert f"<dt>Account</dt><dd>{name}</dd>" in ask(client, "7").text
    cost(shop, 300, account="rajshahi")
    assert "There is no merchant account 'rajshahi'" in refused(ask(client, "7"))


# What became of the order


@pytest.mark.parametrize(
    ("status", "said"),
    [("completed", "Nobody can pay by this link"), ("pending", "the link goes on with it")],
)
def test_payment_that_the_order_has_is_named(
    shop: Shop, desk: FlaskClient, status: str, said: str
) -> None:
    payment = shop.started()
    if status == "completed":
        shop.gateway.pay(payment, webhook=False)
        shop.success(payment)
    page = ask(desk, payment.customer_reference)
    assert said in page.text
    assert f'href="{PAYMENTS}/{payment.id}"' in page.text
    assert ("Card to print" in page.text) is (status == "pending")
    assert url_in(page)


def test_payment_that_can_still_be_paid_leads_to_the_link(shop: Shop, desk: FlaskClient) -> None:
    open_, paid = put(shop), put(shop, status="completed")
    assert f'href="{LINK}?reference=ORDER-' in desk.get(f"{PAYMENTS}/{open_}").text
    assert LINK + "?" not in desk.get(f"{PAYMENTS}/{paid}").text


# The code and the card


def card_of(page: TestResponse) -> str:
    found = re.search(r'href="([^"]+/link/card/[^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_card_has_the_same_code_and_both_languages(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_SHOP={"name": "Shapla <Store>"}, BDQUICKPAY_LANGUAGE="bn")
    cost(shop, "125000.50", label="Tea & honey")
    client = open_desk(shop)
    page = ask(client, "SHAPLA-7")
    card = client.get(card_of(page)).text
    drawn = re.compile(r'<path stroke="#000" d="([^"]+)"')
    assert len(drawn.findall(page.text)) == 1
    assert drawn.findall(page.text) == drawn.findall(card)
    for text in ("Shapla &lt;Store&gt;", "Tea &amp; honey", "SHAPLA-7", "৳1,25,000.50"):
        assert text in card
    assert '<p class="scan" lang="en">Scan with the phone’s camera' in card
    assert '<p class="scan" lang="bn">ফোনের ক্যামেরা দিয়ে' in card
    assert '<span lang="bn">৳১,২৫,০০০.৫০</span>' in card


def test_pages_have_nothing_inline_but_the_code(shop: Shop, desk: FlaskClient) -> None:
    cost(shop, 300)
    page = ask(desk, "7")
    for text in (page.text, desk.get(card_of(page)).text):
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! type=\S+ src)", text)


def test_card_of_an_order_that_is_no_more_leads_back(shop: Shop, desk: FlaskClient) -> None:
    cost(shop, 300)
    card = card_of(ask(desk, "7"))
    shop.bdquickpay.order_loader(nothing)
    answer = desk.get(card)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LINK}?reference=7")


def test_card_of_another_token_or_an_old_one_is_not_found(
    shop: Shop, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost(shop, 300)
    card = card_of(ask(desk, "7", "1"))
    assert desk.get(f"{card[:-1]}{'A' if card[-1] != 'A' else 'B'}").status_code == 404
    later = clock.utcnow() + timedelta(days=1)
    monkeypatch.setattr(clock, "utcnow", lambda: later)
    assert desk.get(card).status_code == 404


def test_without_segno_it_says_what_to_install(
    shop: Shop, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost(shop, 300)
    card = card_of(ask(desk, "7"))
    monkeypatch.setitem(sys.modules, "segno", None)
    page = ask(desk, "7")
    assert url_in(page)
    assert 'pip install "Flask-BDQuickPay[qr]"' in page.text
    assert "/link/card/" not in page.text
    assert desk.get(card).status_code == 404

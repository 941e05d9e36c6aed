"""What is around each page: who it is for, what is real, where nothing is; and the shop's order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import abort
from flask.testing import FlaskClient

from flask_bdquickpay.clock import utcnow

from ..shop import Shop
from .visits import PAYMENTS, URL, flagged, happen, open_desk, press, put, said

PAGES = [f"{URL}/", PAYMENTS, f"{PAYMENTS}/1", f"{URL}/link", f"{URL}/books?since=2026-01-01"]


@pytest.mark.parametrize("is_sandbox", [True, False])
def test_play_money_is_marked_on_every_page(
    shop: Shop, desk: FlaskClient, is_sandbox: bool
) -> None:
    state = shop.app.extensions["bdquickpay"]
    settings = replace(state.settings, sandbox=is_sandbox)
    shop.app.extensions["bdquickpay"] = replace(state, settings=settings)
    put(shop)
    assert [("SANDBOX · no real money" in desk.get(url).text) for url in PAGES] == [is_sandbox] * 5


def test_shop_is_named(new_shop: Callable[..., Shop]) -> None:
    desk = open_desk(new_shop(BDQUICKPAY_SHOP={"name": "Shapla & Store"}))
    text = desk.get(PAYMENTS).text
    assert '<p class="brand">Shapla &amp; Store · bKash</p>' in text
    assert "<title>Payments – bKash · Shapla &amp; Store</title>" in text


def test_flagged_payments_are_counted_in_the_header(shop: Shop, desk: FlaskClient) -> None:
    assert 'class="badge"' not in desk.get(f"{URL}/books?since=2026-01-01").text
    for _ in range(2):
        put(shop, status="flagged")
    badge = f'class="badge" href="{PAYMENTS}?show=flagged"><span class="hidden">Flagged: </span>2<'
    assert badge in desk.get(f"{URL}/books?since=2026-01-01").text


def test_what_is_not_there_is_said_on_a_page_of_the_desk(shop: Shop, desk: FlaskClient) -> None:
    for url in (f"{PAYMENTS}/999", f"{PAYMENTS}/x", f"{URL}/nothing/here", f"{URL}/link/card/x"):
        page = desk.get(url)
        assert page.status_code == 404
        assert "There is nothing at this address" in page.text
        assert f'href="{PAYMENTS}"' in page.text


def test_host_that_hides_the_desk_shows_nothing_of_it(shop: Shop) -> None:
    desk = open_desk(shop, allow=lambda: abort(404))
    put(shop, status="flagged")
    for url in (*PAGES, f"{URL}/nothing"):
        page = desk.get(url)
        assert page.status_code == 404
        assert "Payments" not in page.text


# The order in the shop


def test_order_is_opened_in_the_shop(shop: Shop) -> None:
    desk = open_desk(
        shop, order_url=lambda payment: f"/orders/{payment.customer_reference}?a=1&b=2"
    )
    number = put(shop, customer_reference="FLN6")
    assert 'href="/orders/FLN6?a=1&amp;b=2"' in desk.get(f"{PAYMENTS}/{number}").text


def broken(payment: Any) -> str:
    raise LookupError(payment.customer_reference)


@pytest.mark.parametrize(
    "order_url",
    [broken, lambda payment: None, lambda payment: 7, lambda payment: "javascript:alert(1)"],
    ids=["raises", "none", "number", "script"],
)
def test_order_that_has_no_address_has_no_link(
    shop: Shop, order_url: Any, caplog: pytest.LogCaptureFixture
) -> None:
    desk = open_desk(shop, order_url=order_url)
    number = put(shop)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            page = desk.get(f"{PAYMENTS}/{number}")
    assert page.status_code == 200
    assert "Open the order in the shop" not in page.text
    assert "javascript" not in page.text
    assert len([one for one in caplog.records if "order_url()" in one.message]) == (
        order_url is broken
    )


# Notes, and what the page of a payment says


def test_note_is_kept_with_a_name_and_changes_nothing(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    changed = list(shop.changed)
    note = "called the customer:\r\nshe pays tomorrow"
    assert said(press(desk, payment.id, "note", note=note)) == "The note is in the timeline."
    last = shop.events(payment)[-1]
    assert (last.source, last.actor, last.note) == ("desk", "Ayesha", note)
    assert (last.old_status, last.new_status) == ("pending", None)
    assert shop.payment(payment).status == "pending"
    assert shop.changed == changed
    assert "she pays tomorrow" in desk.get(f"{PAYMENTS}/{payment.id}").text
    assert "tomorrow" not in shop.success(payment).text


def test_empty_note_is_said_beside_it(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = press(desk, payment.id, "note", note=" ")
    assert page.status_code == 400
    assert page.text.count("Say why: it is kept with the payment.") == 1
    assert 'id="remark-error"' in page.text
    assert "<details open>\n      <summary>Add a note" in page.text


def test_nobody_notes_anything_without_a_name(shop: Shop) -> None:
    desk = open_desk(shop, who=None)
    payment = shop.started()
    assert "Add a note" not in desk.get(f"{PAYMENTS}/{payment.id}").text
    assert "Nobody decides without a name" in said(press(desk, payment.id, "note", note="x"))
    assert len(shop.events(payment)) == 1


def test_other_payment_of_a_transaction_is_a_link(shop: Shop, desk: FlaskClient) -> None:
    other = put(shop)
    reason = f"transaction 9<b>K was already seen on payment {other}"
    number = put(shop, status="flagged", reason=reason)
    text = desk.get(f"{PAYMENTS}/{number}").text
    assert (
        f'9&lt;b&gt;K was already seen on payment <a href="{PAYMENTS}/{other}">{other}</a>' in text
    )


def test_gateway_that_does_not_know_the_invoice_is_told_from_one_that_is_away(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = shop.started()
    shop.change(payment, invoice_id="OTHERS")
    told = said(press(desk, payment.id, "verify"))
    assert told == (
        "bdQuickPay does not know invoice OTHERS. Check that BDQUICKPAY_APP_KEY belongs to the "
        "merchant who made it."
    )
    assert shop.payment(payment).status == "pending"


def test_telling_again_says_what_may_follow(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    text = unescape(desk.get(f"{PAYMENTS}/{payment.id}").text)
    assert "Your shop was told." in text
    assert text.count("To tell the shop again may send the customer’s mail again.") == 1
    happen(shop, number := put(shop), new_status="pending", deliver_after=utcnow())
    assert "Tell it now" in desk.get(f"{PAYMENTS}/{number}").text
    assert "may send" not in desk.get(f"{PAYMENTS}/{number}").text


def test_number_of_a_payment_is_a_name(shop: Shop, desk: FlaskClient) -> None:
    number = put(shop, id=1234567, reason="the order was already paid by payment 1234566")
    text = desk.get(f"{PAYMENTS}/{number}").text
    assert "<dt>Payment</dt><dd>1234567</dd>" in text
    assert ">1234566</a>" in text
    assert "<dd>১২৩৪৫৬৭</dd>" in desk.get(f"{PAYMENTS}/{number}?lang=bn").text


def test_words_of_programs_stand_beside_the_desks(shop: Shop, desk: FlaskClient) -> None:
    number = put(shop, status="completed", previous_status="pending", gateway_status="completed")
    text = unescape(desk.get(f"{PAYMENTS}/{number}").text)
    for fact in (
        "<dt>Status</dt><dd>Paid (completed)</dd>",
        "<dt>Previous status</dt><dd>Waiting</dd>",
        "<dt>Gateway status</dt><dd>completed</dd>",
    ):
        assert fact in text

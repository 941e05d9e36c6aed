"""The page of one payment: it tells all that happened and no secret."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from ..payments.test_pruning import erase
from ..payments.test_refunds import rejected
from ..shop import KEYS, Shop
from .visits import PAYMENTS, URL, exported, flagged, happen, open_desk, paid, put


@pytest.mark.thorough
def test_payment_page_tells_all_that_happened(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    text = desk.get(f"{PAYMENTS}/{payment.id}").text
    for fact in ("৳500.00", "Flagged", payment.invoice_id, payment.trx_id, "came: ৳400.00"):
        assert fact in unescape(text)
    assert "Checkout" in text
    assert "order_id" in text  # the shop's own data
    assert text.count("<time ") == len(shop.events(payment))


def test_erasure_is_called_by_a_word_of_the_desk(shop: Shop, desk: FlaskClient) -> None:
    payment = rejected(shop)
    assert erase(shop, payment.customer_reference).payments == 1
    assert "Erasure of personal data" in desk.get(f"{PAYMENTS}/{payment.id}").text


def test_label_lines_and_channel_are_told(shop: Shop, desk: FlaskClient) -> None:
    lines = [["2 × <Tea>", "520.00"], ["Discount", "-20.00"]]
    link = put(shop, label="Tea & honey", lines=lines, channel="link")
    button, old = put(shop, channel="button"), put(shop)
    text = desk.get(f"{PAYMENTS}/{link}").text
    assert "<dt>Label</dt><dd>Tea &amp; honey</dd>" in text
    assert "<dt>Begun by</dt><dd>Payment link</dd>" in text
    assert re.search(r"2 × &lt;Tea&gt;</th><td [^>]+>৳520\.00<.*>−৳20\.00<", text, re.DOTALL)
    assert "<dt>Begun by</dt><dd>Button</dd>" in desk.get(f"{PAYMENTS}/{button}").text
    assert "Begun by" not in desk.get(f"{PAYMENTS}/{old}").text
    rows = desk.get(PAYMENTS).text
    assert '<span class="aside">Tea &amp; honey</span>' in rows
    assert rows.count('<span class="aside">Payment link</span>') == 2  # on wide and narrow screens
    assert "Button" not in rows
    last, _, first = exported(desk.get(f"{PAYMENTS}.csv"))
    assert (first["Label"], first["Begun by"]) == ("Tea & honey", "Payment link")
    assert last["Begun by"] == ""


@pytest.mark.parametrize("number", ["999", "9" * 18, "9" * 30, "-1", "x"])
def test_unknown_payment(desk: FlaskClient, number: str) -> None:
    assert desk.get(f"{PAYMENTS}/{number}").status_code == 404
    assert desk.post(f"{PAYMENTS}/{number}/verify").status_code in (404, 405)


@pytest.mark.thorough
def test_secrets_are_nowhere(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    urls = [URL + "/", PAYMENTS, f"{PAYMENTS}/{payment.id}", f"{PAYMENTS}.csv"]
    pages = "".join(desk.get(url).text for url in urls)
    for secret in (*KEYS.values(), payment.token, payment.payment_url):
        assert secret not in unescape(pages)


def test_whatever_anybody_wrote_is_text(shop: Shop, desk: FlaskClient) -> None:
    evil = "<script>alert(1)</script>"
    payment = put(shop, customer_reference=evil, reason=evil, payment_metadata={evil: evil})
    answer = {"status": evil}
    happen(shop, payment, note=evil, actor=evil, source="<b>", gateway_answer=answer, error=evil)
    for url in (PAYMENTS, f"{PAYMENTS}/{payment}", URL + "/"):
        assert "<script>" not in desk.get(url).text
        assert "<b>" not in desk.get(url).text


@pytest.mark.parametrize("database_uri", ["sqlite", "postgresql"], indirect=True)
def test_half_of_an_emoji_is_shown_as_well_as_can_be(shop: Shop, desk: FlaskClient) -> None:
    """Not on MariaDB, which keeps no such JSON."""
    half = {"note": "a cup \ud83d"}
    payment = put(shop, payment_metadata=half)
    happen(shop, payment, gateway_answer=half)
    page = desk.get(f"{PAYMENTS}/{payment}")
    assert page.status_code == 200
    assert unescape(page.text).count('"note": "a cup ?"') == 2


@pytest.mark.parametrize("url", [URL + "/", f"{URL}/?period=year", PAYMENTS, f"{PAYMENTS}/1"])
def test_pages_live_under_a_strict_csp(shop: Shop, desk: FlaskClient, url: str) -> None:
    happen(shop, paid(shop), new_status="completed")
    page = desk.get(url)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert not re.search(r"<style|<script(?! type=\"module\" src=)|\sstyle=", page.text)
    assert not re.search(r"\son\w+=|javascript:|</script>(?<!\"></script>)", page.text)
    assert page.headers["Cache-Control"] == "no-store"


def test_policy_of_the_host_stands(shop: Shop) -> None:
    shop.app.after_request(_with_policy)
    page = open_desk(shop).get(PAYMENTS)
    assert page.headers.getlist("Content-Security-Policy") == ["default-src 'none'"]


def _with_policy(answer: Any) -> Any:
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    return answer


@pytest.mark.parametrize("url", [URL + "/", PAYMENTS, f"{PAYMENTS}/1"])
def test_desk_is_shown_in_no_frame_and_posts_to_nobody_else(
    shop: Shop, desk: FlaskClient, url: str
) -> None:
    put(shop)
    policy = desk.get(url).headers["Content-Security-Policy"].split("; ")
    assert {"frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} <= set(policy)

"""Texts that look like our sentences: a page shows them, and turns none into another amount."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from .test_second_look import every
from .visits import PAYMENTS, URL, flagged, happen, press, put, said

#: Amounts that are none, or not the ones for which they could be taken.
ODD = ["...", ",", ".", "1.2.3", "1.250,50", ".5", "1.", "১০০", "1٣"]
AMOUNTS = [
    "sent back {} BDT (bkash)",
    "voided the refund of {} BDT",
    "amount mismatch: {} BDT were paid",
    "amount mismatch: the gateway's payment is of {} BDT",
]


def page_of(desk: FlaskClient, payment_id: int, lang: str = "en") -> str:
    page = desk.get(f"{PAYMENTS}/{payment_id}?lang={lang}")
    assert page.status_code == 200
    return unescape(page.text)


def reason(desk: FlaskClient, payment_id: int, lang: str = "en") -> str:
    """Why the payment is as it is, as its page says it."""
    text = page_of(desk, payment_id, lang)
    found = re.search(r'<p class="reason"><strong>[^<]+</strong>(.*?)</p>', text)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def notes(desk: FlaskClient, payment_id: int, lang: str = "en") -> str:
    return " ".join(re.findall(r'<p class="note">(.*?)</p>', page_of(desk, payment_id, lang)))


# Odd numbers


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("sentence", AMOUNTS[:2])
def test_note_with_an_odd_amount_keeps_it(
    shop: Shop, desk: FlaskClient, sentence: str, odd: str
) -> None:
    payment = put(shop)
    told = press(desk, payment, "note", note=sentence.format(odd))
    assert said(told) == "The note is in the timeline."
    for lang in ("en", "bn"):
        assert re.search(rf"(?<!৳){re.escape(odd)}", notes(desk, payment, lang))


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("sentence", AMOUNTS[2:])
def test_reason_with_an_odd_amount_keeps_it(
    shop: Shop, desk: FlaskClient, sentence: str, odd: str
) -> None:
    payment = put(shop, status="flagged", reason=sentence.format(odd))
    for lang in ("en", "bn"):
        assert re.search(rf"(?<![৳\d]){re.escape(odd)}", reason(desk, payment, lang))
        assert desk.get(f"{URL}/?lang={lang}").status_code == 200


def test_amounts_of_ours_are_still_retold(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop, status="flagged", reason="amount mismatch: 1250.50 BDT were paid")
    happen(shop, payment, note="sent back 1250 BDT (bkash)")
    assert reason(desk, payment) == "another amount came: ৳1,250.50"
    assert notes(desk, payment) == "sent back ৳1,250.00 (bKash)"
    assert "৳১,২৫০.৫০" in reason(desk, payment, "bn")


@pytest.mark.parametrize("number", ["²", "7²"])
def test_payment_that_is_no_number_is_no_link(shop: Shop, desk: FlaskClient, number: str) -> None:
    text = f"the order was already paid by payment {number}"
    payment = put(shop, status="flagged", reason=text)
    assert reason(desk, payment) == text
    assert desk.get(f"{PAYMENTS}?show=flagged").status_code == 200


def test_payment_that_is_a_number_is_a_link(shop: Shop, desk: FlaskClient) -> None:
    first = put(shop)
    text = f"the order was already paid by payment {first}"
    payment = put(shop, status="flagged", reason=text)
    assert f'by payment <a href="{PAYMENTS}/{first}">{first}</a>' in page_of(desk, payment)


# Names in Bangla


@pytest.mark.parametrize("name", ["1042", "1,042.50", "cash", "failed", "payment 7", "refund 12"])
@pytest.mark.parametrize(
    "sentence",
    [
        "the gateway's payment is for another order: {}",
        "the gateway answered with invoice {}, which another payment has",
        "transaction {} was already seen on payment 7",
    ],
)
def test_what_others_have_named_stays_as_it_is_in_bangla(
    shop: Shop, desk: FlaskClient, sentence: str, name: str
) -> None:
    payment = put(shop, status="flagged", reason=sentence.format(name))
    assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", reason(desk, payment, "bn"))


def test_transaction_that_is_taken_stays_as_it_is_in_bangla(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    shop.change(payment, trx_id="90210")
    desk.get(f"{URL}/?lang=bn")
    form = {"decision": "reject", "sent": "y", "refund_trx_id": "90210", "note": "sent"}
    told = every(press(desk, payment.id, "resolve", step="confirm", **form))
    assert any("90210" in sentence for sentence in told)

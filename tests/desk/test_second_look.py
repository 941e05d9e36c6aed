"""A decision is looked at twice, with the facts; giving back can be written down with it."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_bdquickpay import payment_refunded

from ..payments.test_refunds import paid, refund, refunds
from ..shop import Shop
from .test_refunds import carried
from .visits import PAYMENTS, decide, flagged, listed, press, put, said

NOTE = {"note": "too little"}


def look(desk: FlaskClient, payment: Any, **form: str) -> TestResponse:
    """Fill the first form in, and go on to the second look."""
    return press(desk, payment.id, "resolve", step="check", **(NOTE | form))


def confirm(desk: FlaskClient, payment: Any, page: TestResponse, **form: str) -> TestResponse:
    url = f"{PAYMENTS}/{payment.id}/resolve"
    form = carried(page) | {"step": "confirm"} | form
    return desk.post(url, data=form, follow_redirects=True)


def every(page: TestResponse) -> list[str]:
    """All that the page tells the person at the desk."""
    return [unescape(text) for text in re.findall(r'<p class="flash[^>]*>(.*?)</p>', page.text)]


def test_nothing_is_decided_before_the_second_look(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", message="We send it back.", sent="y")
    text = unescape(page.text)
    assert page.status_code == 200
    assert f"Give it back: order {payment.customer_reference} is not paid" in text
    for fact in ("৳500.00", "৳400.00", "৳100.00", payment.trx_id, "too little", "Ayesha"):
        assert fact in text
    assert "yes, ৳400.00: this is written down as a refund" in text
    assert "We send it back." in text
    assert shop.payment(payment).status == "flagged"
    assert refunds(shop) == []


def test_money_is_kept_after_the_tick(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="accept")
    assert "I accept ৳400.00 for the ৳500.00 that the order costs" in unescape(page.text)
    again = confirm(desk, payment, page, accepted="")
    assert again.status_code == 400
    assert "Tick the amount that you accept." in again.text
    assert shop.payment(payment).status == "flagged"
    done = confirm(desk, payment, again, accepted="400.00")
    assert said(done) == "Accepted: the order counts as paid."
    assert shop.payment(payment).is_paid


def test_giving_back_records_the_refund_as_well(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y", refund_trx_id="SENT1")
    done = confirm(desk, payment, page)
    (one,) = refunds(shop)
    assert every(done) == [
        "Rejected by Ayesha: the order is not paid.",
        f"Recorded: refund {one.id} of ৳400.",
    ]
    assert (one.amount, one.trx_id, one.note) == (Decimal(400), "SENT1", "too little")
    assert one.created_by == "Ayesha"
    assert "Rejected by Ayesha: all of the money was sent back." in unescape(done.text)


def test_without_the_tick_the_money_is_owed(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    done = confirm(desk, payment, look(desk, payment, decision="reject"))
    assert refunds(shop) == []
    assert "Owed ৳400" in done.text
    assert listed(desk.get(f"{PAYMENTS}?show=held")) == [payment.id]


def test_second_click_decides_and_records_nothing_more(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y")
    for _ in range(2):
        assert "error" not in confirm(desk, payment, page).text.split("<h1>")[0]
    assert len(refunds(shop)) == 1
    decided = [event for event in shop.events(payment) if event.new_status == "failed"]
    assert len(decided) == 1


def test_refund_that_cannot_be_written_leaves_a_clear_state(shop: Shop, desk: FlaskClient) -> None:
    taken = refund(shop, paid(shop), "1", trx_id="SENT1")
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y", refund_trx_id="SENT1")
    done = confirm(desk, payment, page)
    assert every(done) == [
        "Rejected by Ayesha: the order is not paid.",
        f"Not done: Transaction SENT1 belongs to refund {taken} already.",
        "The decision stands, but the refund was not written down: the money counts as owed. "
        "Record the refund below.",
    ]
    assert shop.payment(payment).status == "failed"
    assert shop.payment(payment).refunded_amount == 0
    assert "Record a refund" in done.text
    assert listed(desk.get(f"{PAYMENTS}?show=held")) == [payment.id]


def test_receiver_of_the_refund_that_raises_leaves_a_clear_state(
    shop: Shop, desk: FlaskClient
) -> None:
    def broken(app: Any, payment: Any, refund: Any) -> None:
        raise ValueError("no such order")

    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y")
    with payment_refunded.connected_to(broken, sender=shop.app):
        done = confirm(desk, payment, page)
    assert "the shop’s own code raised ValueError" in every(done)[1]
    assert "the money counts as owed" in every(done)[2]
    assert (shop.payment(payment).status, refunds(shop)) == ("failed", [])


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"decision": "accept", "sent": "y"}, "You keep the money: then nothing was sent back."),
        ({"decision": "reject", "refund_trx_id": "T1"}, "Tick that you have sent the money back"),
        ({"decision": "reject", "sent": "y", "refund_trx_id": "T" * 129}, "At most 128"),
        ({"decision": "", "sent": "y"}, "Choose one of the two."),
    ],
)
def test_what_does_not_go_together_is_said_and_kept(
    shop: Shop, desk: FlaskClient, form: dict[str, str], wrong: str
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, **form)
    assert page.status_code == 400
    assert wrong in unescape(page.text)
    assert ">too little</textarea>" in page.text.replace("\r\n", "")
    assert page.text.count(" checked") == bool(form["decision"]) + ("sent" in form)
    assert shop.payment(payment).status == "flagged"


def test_what_is_to_be_changed_is_kept(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y", refund_trx_id="T1", message="Sorry")
    again = confirm(desk, payment, page, step="ask")
    assert again.status_code == 200
    kept = carried(SimpleNamespace(text=again.text.partition('id="facts"')[0]))
    assert (kept["refund_trx_id"], kept["note"], kept["message"]) == ("T1", "too little", "Sorry")
    assert again.text.count(" checked") == 2
    assert shop.payment(payment).status == "flagged"


def test_payment_that_changed_meanwhile_is_not_decided(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="accept")
    shop.change(payment, received_amount=Decimal(300))
    done = confirm(desk, payment, page, accepted="300.00")
    assert said(done) == "The payment has changed meanwhile, so nothing was done."
    assert shop.payment(payment).status == "flagged"


def test_decision_of_another_is_not_taken_for_mine(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject")
    shop.change(payment, status="failed", resolved_by="Karim")
    assert "has changed meanwhile" in said(confirm(desk, payment, page))
    assert shop.payment(payment).resolved_by == "Karim"


def test_forged_second_look_decides_nothing(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y")
    done = confirm(desk, payment, page, csrf_token="forged")
    assert done.status_code == 400
    assert "This page had become too old" in done.text
    assert (shop.payment(payment).status, refunds(shop)) == ("flagged", [])


# The next one


def way(page: TestResponse) -> str:
    (nav,) = re.findall(r'<nav class="way".*?</nav>', page.text, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", nav)).split())


def link(page: TestResponse, rel: str) -> int | None:
    found = re.search(rf'rel="{rel}" href="[^"]*/payments/(\d+)\?', page.text)
    return int(found[1]) if found else None


def test_next_flagged_payment_is_offered(shop: Shop, desk: FlaskClient) -> None:
    first, put_between, last = flagged(shop), put(shop), flagged(shop)
    middle = put(shop, status="flagged", received_amount=Decimal(9), trx_id="T9")
    page = desk.get(f"{PAYMENTS}/{last.id}")
    assert way(page) == "‹ Flagged (2 of 3) Previous Next"
    assert (link(page, "prev"), link(page, "next")) == (middle, first.id)
    done = decide(desk, last.id, decision="reject", **NOTE)
    assert said(done) == "Rejected by Ayesha: the money must go back by hand."
    following = desk.get(f"{PAYMENTS}/{last.id}?show=flagged")
    assert way(following) == "‹ Flagged (2) Previous Next"
    assert (link(following, "prev"), link(following, "next")) == (middle, first.id)
    assert way(desk.get(f"{PAYMENTS}/{put_between}")) == "‹ Payments"


def test_after_a_decision_the_next_one_is_one_press_away(shop: Shop, desk: FlaskClient) -> None:
    first, second = flagged(shop), flagged(shop)
    page = desk.get(f"{PAYMENTS}/{second.id}")
    (action,) = re.findall(r'action="([^"]+/resolve[^"]*)"', page.text)
    form = carried(page) | {"decision": "reject", "note": "x", "step": "confirm"}
    form.pop("sent", None)
    done = desk.post(unescape(action), data=form, follow_redirects=True)
    assert link(done, "next") == first.id


def test_way_back_keeps_the_filters(shop: Shop, desk: FlaskClient) -> None:
    made = [put(shop, amount=Decimal(n)) for n in (300, 100, 200)]
    page = desk.get(f"{PAYMENTS}?minimum=150&sort=highest")
    (url,) = re.findall(rf'href="([^"]*/payments/{made[2]}\?[^"]*)"', page.text)
    shown = desk.get(unescape(url))
    assert way(shown) == "‹ Payments (2 of 2) Previous"
    assert link(shown, "prev") == made[0]
    (back,) = re.findall(r'<nav class="way".*?href="([^"]+)"', shown.text, re.DOTALL)
    assert listed(desk.get(unescape(back))) == [made[0], made[2]]
    assert way(desk.get(f"{PAYMENTS}/{made[0]}?show=nonsense")) == "‹ Payments"

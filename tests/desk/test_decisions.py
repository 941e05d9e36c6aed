"""A person who accepts another amount confirms the one that came; the note is for the team."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from ..shop import Shop
from .visits import (
    PAYMENTS,
    URL,
    decide,
    exported,
    flagged,
    listed,
    open_desk,
    paid,
    press,
    put,
    said,
)


def sums(desk: FlaskClient, payment_id: int) -> list[str]:
    """The amounts that stand side by side."""
    text = unescape(desk.get(f"{PAYMENTS}/{payment_id}").text)
    found = re.search(r'<dl class="sums">(.*?)</dl>', text, re.DOTALL)
    return re.findall(r"<d[td]>([^<]*)<", found[1]) if found else []


def accept(desk: FlaskClient, payment: Any, **form: str) -> Any:
    return decide(desk, payment.id, decision="accept", note="seen", **form)


def page_of(desk: FlaskClient, payment: Any) -> str:
    return unescape(desk.get(f"{PAYMENTS}/{payment.id}").text)


# What came


def test_what_was_asked_and_what_came_stand_side_by_side(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    asked, came = ["Order costs", "৳500.00"], ["bKash received", "৳400.00"]
    assert sums(desk, payment.id) == [*asked, *came, "Missing", "৳100.00"]
    shop.change(payment, received_amount=Decimal("500.50"))
    assert sums(desk, payment.id) == [*asked, "bKash received", "৳500.50", "Too much", "৳0.50"]
    shop.change(payment, received_amount=Decimal(500))
    assert sums(desk, payment.id) == [*asked, "bKash received", "৳500.00", "Difference", "none"]
    shop.change(payment, received_amount=None)
    assert sums(desk, payment.id) == [*asked, "bKash received", "not written down"]
    assert sums(desk, paid(shop)) == []


@pytest.mark.parametrize("ticked", [{}, {"accepted": ""}, {"accepted": "500.00"}])
def test_another_amount_is_accepted_only_when_it_is_ticked(
    shop: Shop, desk: FlaskClient, ticked: dict[str, str]
) -> None:
    payment = flagged(shop)
    page = accept(desk, payment, **ticked)
    assert page.status_code == 400
    assert "Tick the amount that you accept." in page.text
    assert 'name="note" value="seen"' in page.text
    assert shop.payment(payment).status == "flagged"
    assert said(accept(desk, payment, accepted="400.00")) == "Accepted: the order counts as paid."
    assert shop.payment(payment).received_amount == 400


def test_the_amount_that_was_asked_needs_no_tick(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    shop.change(payment, received_amount=payment.amount)
    assert 'name="accepted"' not in accept(desk, payment, step="check").text
    assert said(accept(desk, payment)) == "Accepted: the order counts as paid."


def test_an_amount_that_is_not_known_needs_a_tick(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    shop.change(payment, received_amount=None)
    assert "which is what the bKash statement says" in accept(desk, payment, step="check").text
    assert accept(desk, payment).status_code == 400
    assert said(accept(desk, payment, accepted="500.00")) == "Accepted: the order counts as paid."


def test_rejecting_needs_no_tick(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    decide(desk, payment.id, decision="reject", note="too little")
    assert shop.payment(payment).status == "failed"


def test_what_came_is_what_counts(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    text = desk.get(PAYMENTS).text
    assert "৳400.00 came" in text
    accept(desk, payment, accepted="400.00")
    assert "৳400.00" in desk.get(URL + "/").text
    assert "৳500.00" not in desk.get(URL + "/").text
    assert re.search(r'class="number">৳400.00 <[^>]+>৳500.00 asked<', desk.get(PAYMENTS).text)
    assert '<p class="amount">৳400.00 ' in desk.get(f"{PAYMENTS}/{payment.id}").text
    (row,) = exported(desk.get(f"{PAYMENTS}.csv"))
    assert row["Amount asked (BDT)"] == "500.00"
    assert row["Amount received (BDT)"] == "400.00"


@pytest.mark.thorough
def test_list_is_sorted_and_filtered_by_what_counts(shop: Shop, desk: FlaskClient) -> None:
    little = paid(shop, amount=Decimal(900), received_amount=Decimal(5))
    old = paid(shop, amount=Decimal(300))
    unpaid = put(shop, amount=Decimal(200), received_amount=Decimal(1000), status="flagged")
    for sort, wanted in {"highest": [old, unpaid, little], "lowest": [little, unpaid, old]}.items():
        assert listed(desk.get(PAYMENTS, query_string={"sort": sort})) == wanted
    page = desk.get(PAYMENTS, query_string={"minimum": "200", "maximum": "300"})
    assert listed(page) == [unpaid, old]
    following = desk.get(PAYMENTS, query_string={"sort": "highest", "after": str(unpaid)})
    assert listed(following) == [little]


# Note and message


def test_note_is_for_the_team_and_message_for_the_customer(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    message = "আপনার টাকা\r\nফেরত পাঠানো হয়েছে।"
    note = "looks like fraud"
    decide(desk, payment.id, decision="reject", note=note, message=message)
    found = shop.payment(payment)
    assert found.reason == "rejected by the shop: আপনার টাকা ফেরত পাঠানো হয়েছে।"
    assert shop.events(payment)[-1].note == note
    customer = shop.success(payment).text
    assert "ফেরত পাঠানো" in customer
    assert note not in customer


def test_without_a_message_the_customer_hears_nothing_of_the_note(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = flagged(shop)
    decide(desk, payment.id, decision="reject", note="looks like fraud")
    assert shop.payment(payment).reason == "rejected by the shop"
    assert "fraud" not in shop.success(payment).text


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        (
            {"decision": "accept", "message": "thanks"},
            "The customer reads it only if you give the money back",
        ),
        ({"decision": "reject", "message": "x" * 501}, "At most 500 characters"),
        ({"decision": "reject", "message": "a\u202eb"}, "Only printable characters"),
    ],
)
def test_message_that_can_not_be_sent_is_said(
    shop: Shop, desk: FlaskClient, form: dict[str, str], wrong: str
) -> None:
    payment = flagged(shop)
    page = decide(desk, payment.id, note="seen", accepted="400.00", **form)
    assert page.status_code == 400
    assert wrong in page.text
    assert shop.payment(payment).status == "flagged"


# Giving up


@pytest.mark.thorough
def test_payment_that_the_gateway_can_not_tell_of_is_given_up(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = shop.started()
    url = f"{PAYMENTS}/{payment.id}"
    assert "Give up" not in desk.get(url).text
    shop.gateway.fault("500", "verify", None)
    shop.success(payment)
    text = unescape(desk.get(url).text)
    assert "Whether they paid, the gateway cannot tell now." in text
    assert "has not paid yet" not in text
    assert "The customer may still pay on it until" in text
    page = press(desk, payment.id, "give-up", note="bKash has no record of it")
    assert said(page).startswith("Given up: the customer can pay the order anew.")
    found = shop.payment(payment)
    assert (found.status, found.reason) == ("expired", "given up by the shop")
    last = shop.events(payment)[-1]
    assert (last.source, last.actor, last.note) == ("desk", "Ayesha", "bKash has no record of it")
    assert "Money that still comes is flagged." in page.text
    assert "Give up" not in page.text
    shop.gateway.clear_faults()
    shop.click(payment.customer_reference)
    assert len(shop.payments(payment.customer_reference)) == 2


@pytest.mark.thorough
def test_expired_payment_that_still_holds_its_order_is_given_up(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = shop.started()
    shop.gateway.fault("500", "verify", None)
    shop.success(payment)
    shop.change(payment, status="expired")
    assert "Whether they paid, the gateway cannot tell now." in page_of(desk, payment)
    assert "Given up" in said(press(desk, payment.id, "give-up", note="no record of it"))


def test_payment_that_made_way_is_not_given_up(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.fault("500", "verify", None)
    shop.success(payment)
    shop.change(payment, reason="superseded")
    assert "Give up" not in page_of(desk, payment)


def test_giving_up_needs_a_reason(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.fault("500", "verify", None)
    shop.success(payment)
    page = press(desk, payment.id, "give-up", note=" ")
    assert page.status_code == 400
    assert "<details open>" in page.text
    assert "Say why" in page.text
    assert shop.payment(payment).status == "pending"


def test_nobody_gives_up_without_a_name(shop: Shop) -> None:
    desk = open_desk(shop, who=None)
    payment = shop.started()
    shop.gateway.fault("500", "verify", None)
    shop.success(payment)
    assert "does not know your name" in desk.get(f"{PAYMENTS}/{payment.id}").text
    assert "Nobody decides without a name" in said(press(desk, payment.id, "give-up", note="why"))
    assert shop.payment(payment).status == "pending"


def test_money_that_came_is_not_given_up(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    assert "Give up" not in desk.get(f"{PAYMENTS}/{payment.id}").text
    assert "accept or reject it" in said(press(desk, payment.id, "give-up", note="why"))
    page = press(desk, payment.id, "give-up", note="")
    assert page.status_code == 400
    assert "Decide" in page.text
    assert shop.payment(payment).status == "flagged"

"""Money that waits for the shop's own code: the desk says so, and a person can act."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from ..shop import Shop
from ..unserved import no_stock, owed, refused, refusing, unheard
from .visits import PAYMENTS, URL, decide, listed, press, said

NOT_PAID = "has not paid yet"


def page_of(desk: FlaskClient, payment_id: int) -> str:
    return unescape(desk.get(f"{PAYMENTS}/{payment_id}").text)


def tasks(desk: FlaskClient) -> dict[str, tuple[int, list[int]]]:
    """What needs attention: how many, and which ones its link shows."""
    text = desk.get(URL + "/").text
    links = re.findall(r'href="([^"]+)">([^<]+): <strong>(\d+)</strong>', text)
    return {name: (int(number), listed(desk.get(unescape(url)))) for url, name, number in links}


# Refused by the shop's own code


@pytest.mark.thorough
def test_money_that_is_refused_is_never_said_to_be_unpaid(shop: Shop, desk: FlaskClient) -> None:
    payment, other = refused(shop), shop.started()
    text = page_of(desk, payment.id)
    assert NOT_PAID not in text
    assert NOT_PAID in page_of(desk, other.id)
    assert "The money came, but the shop’s own code refuses to book it." in text
    assert f"{no_stock.__module__}.no_stock raised ValueError: sold out" in text
    assert "Paid, not booked" in text
    assert "Paid, not booked" in desk.get(PAYMENTS, query_string={"q": payment.invoice_id}).text


def test_money_that_is_refused_needs_attention_until_it_is_booked(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = refused(shop)
    assert tasks(desk) == {"Paid, not booked": (1, [payment.id])}
    assert "The payment is: Paid." in said(press(desk, payment.id, "verify"))
    assert tasks(desk) == {}
    assert "all money is booked" in desk.get(URL + "/").text
    assert shop.ledger() == [(payment.id, payment.customer_reference)]


def test_money_that_is_refused_can_be_accepted_once_the_code_is_mended(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = refused(shop)
    with refusing(shop):
        page = decide(desk, payment.id, decision="accept", note="the goods are there")
        assert "Not done: the shop’s own code raised ValueError" in said(page)
        assert not shop.payment(payment).is_paid
    page = decide(desk, payment.id, decision="accept", note="the goods are there")
    assert said(page) == "Accepted: the order counts as paid."
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.payment(payment).resolved_by == "Ayesha"


def test_money_that_is_refused_can_be_rejected(shop: Shop, desk: FlaskClient) -> None:
    payment = refused(shop)
    page = decide(desk, payment.id, decision="reject", note="sold out for good")
    assert "the money must go back by hand" in said(page)
    found = shop.payment(payment)
    assert (found.status, found.resolved_by) == ("failed", "Ayesha")
    assert tasks(desk) == {}
    text = page_of(desk, payment.id)
    assert "Rejected by Ayesha: the money must go back by hand." in text
    assert 'id="resolve"' not in text


def test_money_that_the_database_kept_from_being_booked(shop: Shop, desk: FlaskClient) -> None:
    payment = refused(shop)
    shop.change(payment, problem=None)
    text = page_of(desk, payment.id)
    assert "The money came, but the database was in the way." in text
    assert NOT_PAID not in text
    assert "Paid, not booked" in tasks(desk)


# Not told


def test_shop_is_told_of_money_that_it_missed(shop: Shop, desk: FlaskClient) -> None:
    payment = owed(shop)
    assert tasks(desk) == {"Paid, shop not told": (1, [payment.id])}
    text = page_of(desk, payment.id)
    assert "the shop’s own code has not been told of it" in text
    assert "Paid, shop not told" in text
    assert "The shop was told" in said(press(desk, payment.id, "announce"))
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.events(payment)[-1].actor == "Ayesha"
    assert tasks(desk) == {}
    assert "Tell the shop<" not in page_of(desk, payment.id)
    assert "Not done: Nothing is owed" in said(press(desk, payment.id, "announce"))
    assert len(shop.ledger()) == 1


def test_shop_is_not_told_where_nobody_listens(shop: Shop, desk: FlaskClient) -> None:
    payment = owed(shop)
    with unheard(shop):
        page = press(desk, payment.id, "announce")
    assert "Not done: Nobody listens to payment_paid in this process" in said(page)
    assert shop.payment(payment).announced_at is None


def test_receiver_that_refuses_the_news_is_named(shop: Shop, desk: FlaskClient) -> None:
    payment = owed(shop)
    with refusing(shop):
        assert "raised ValueError" in said(press(desk, payment.id, "announce"))
    assert "no_stock raised ValueError: sold out" in page_of(desk, payment.id)
    assert tasks(desk) == {"Paid, shop not told": (1, [payment.id])}

"""The timeline on a payment's page: the newest events, and the way to the others."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_bdquickpay.clock import utcnow

from ..shop import Shop
from .visits import PAYMENTS, neighbour, press, put, said, statements


def lengthen(shop: Shop, payment_id: int, number: int) -> None:
    row = {"payment_id": payment_id, "source": "webhook", "old_status": "pending", "attempts": 0}
    with shop.app.app_context():
        facts = [row | {"created_at": utcnow(), "note": f"fact-{n}"} for n in range(number)]
        shop.db.session.execute(sa.insert(shop.bdquickpay.PaymentEvent.__table__), facts)
        shop.db.session.commit()


def facts(page: TestResponse) -> list[int]:
    assert page.status_code == 200
    return [int(number) for number in re.findall(r"fact-(\d+)<", page.text)]


def test_newest_page_comes_first_and_leads_to_the_others(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop)
    lengthen(shop, payment, 130)
    pages = [desk.get(f"{PAYMENTS}/{payment}")]
    while url := neighbour(pages[-1], "prev"):
        assert url.endswith("#timeline")
        pages.append(desk.get(url))
    assert [facts(page) for page in pages] == [
        list(range(80, 130)),
        list(range(30, 80)),
        list(range(30)),
    ]
    assert neighbour(pages[0], "next") is None
    forth = [pages[-1]]
    while url := neighbour(forth[-1], "next"):
        forth.append(desk.get(url))
    assert [facts(page) for page in forth] == [
        list(range(30)),
        list(range(30, 80)),
        list(range(80, 130)),
    ]
    assert neighbour(forth[-1], "next") is None


def test_short_timeline_has_one_page(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop)
    lengthen(shop, payment, 50)
    page = desk.get(f"{PAYMENTS}/{payment}")
    assert facts(page) == list(range(50))
    assert neighbour(page, "prev") is neighbour(page, "next") is None


def test_page_beyond_the_timeline_is_the_newest(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop)
    lengthen(shop, payment, 3)
    for query in ({"before": "1"}, {"after": "9" * 40}, {"before": "x"}):
        assert facts(desk.get(f"{PAYMENTS}/{payment}", query_string=query)) == [0, 1, 2]


def test_page_reads_no_more_than_it_shows(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop)
    lengthen(shop, payment, 60)
    with statements(shop) as sent:
        desk.get(f"{PAYMENTS}/{payment}")
    (events,) = [sql for sql in sent if sql.startswith("SELECT bdquickpay_payment_event.id")]
    assert "LIMIT" in events


def test_fact_that_repeats_itself_says_how_often(shop: Shop, desk: FlaskClient) -> None:
    payment: Any = shop.started()
    for _ in range(12):
        shop.change(payment, asked_at=None)
        shop.success(payment)
    text = unescape(desk.get(f"{PAYMENTS}/{payment.id}").text)
    assert re.search(r"</time>, 12 times, last at <time ", text)
    assert text.count(" times, last at") == 1  # the transition came once


def test_event_beyond_the_newest_page_is_delivered_again(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    (created,) = shop.events(payment)
    lengthen(shop, payment.id, 60)
    page = press(desk, payment.id, f"events/{created.id}/deliver")
    assert said(page) == "Delivered again."
    assert len(shop.changed) == 2

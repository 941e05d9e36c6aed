"""Events that nobody in this process listens to need nobody's attention, until they were tried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from flask_bdquickpay import payment_changed
from flask_bdquickpay.clock import utcnow

from ..shop import Shop
from .visits import PAYMENTS, URL, happen, listed, paid


@pytest.fixture
def deaf(shop: Shop, desk: FlaskClient) -> FlaskClient:
    """The desk of a process in which nobody listens."""
    for receiver in shop.receivers:
        payment_changed.disconnect(receiver, sender=shop.app)
    return desk


def wait(shop: Shop, **columns: object) -> int:
    payment = paid(shop)
    due = {"new_status": "completed", "deliver_after": utcnow() - timedelta(hours=2)}
    happen(shop, payment, **due, **columns)
    return payment


def test_events_that_wait_for_another_process_need_no_attention(
    shop: Shop, deaf: FlaskClient
) -> None:
    wait(shop)
    wait(shop)
    text = deaf.get(URL + "/").text
    assert "Events not delivered" not in text
    assert "Nothing: no payment is flagged, all money is booked, no check is overdue." in text
    assert "2 events in the outbox, for a day at most: nobody in this process listens" in text
    assert listed(deaf.get(PAYMENTS, query_string={"show": "undelivered"})) == []


def test_events_that_were_tried_need_attention(shop: Shop, deaf: FlaskClient) -> None:
    tried = wait(shop, attempts=1)
    failed = wait(shop, attempts=1, error="the mail server is away")
    wait(shop)
    text = deaf.get(URL + "/").text
    assert "Events not delivered: <strong>2</strong>" in text
    assert "1 event in the outbox" in text
    found = listed(deaf.get(PAYMENTS, query_string={"show": "undelivered"}))
    assert sorted(found) == [tried, failed]


def test_where_somebody_listens_they_need_attention(shop: Shop, desk: FlaskClient) -> None:
    payment = wait(shop)
    text = desk.get(URL + "/").text
    assert "Events not delivered: <strong>1</strong>" in text
    assert "in the outbox" not in text
    assert listed(desk.get(PAYMENTS, query_string={"show": "undelivered"})) == [payment]

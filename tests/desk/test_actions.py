"""The buttons: each asks for its token, and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect

from flask_bdquickpay import payment_changed, payment_paid

from ..shop import Shop
from .visits import PAYMENTS, decide, flagged, happen, listed, open_desk, paid, press, said


@pytest.mark.thorough
def test_verify_now(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    assert "The payment is: Paid." in said(press(desk, payment.id, "verify"))
    assert shop.payment(payment).is_paid
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    last = shop.events(payment)[-1]
    assert (last.source, last.actor, last.new_status) == ("desk", "Ayesha", "completed")
    assert "Verify now" not in desk.get(f"{PAYMENTS}/{payment.id}").text


def test_verify_without_the_gateway_changes_nothing(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.fault("500", times=None)
    assert "could not be asked, nothing has changed" in said(press(desk, payment.id, "verify"))
    assert shop.payment(payment).status == "pending"


def test_receiver_that_raises_is_told(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)

    def broken(app: Flask, payment: Any) -> None:
        raise ZeroDivisionError

    with payment_paid.connected_to(broken, sender=shop.app):
        assert "raised ZeroDivisionError" in said(press(desk, payment.id, "verify"))
    assert shop.payment(payment).status == "pending"


@pytest.mark.parametrize(
    ("decision", "status", "words"),
    [("accept", "completed", "Accepted"), ("reject", "failed", "Rejected")],
)
def test_flagged_payment_is_decided(
    shop: Shop, desk: FlaskClient, decision: str, status: str, words: str
) -> None:
    payment = flagged(shop)
    form = {"decision": decision, "note": " seen in\r\nthe statement ", "accepted": "400.00"}
    page = decide(desk, payment.id, **form)
    assert words in said(page)
    assert shop.payment(payment).status == status
    assert shop.payment(payment).resolved_by == "Ayesha"
    last = shop.events(payment)[-1]
    assert (last.source, last.actor, last.new_status) == ("desk", "Ayesha", status)
    assert last.note == "seen in\r\nthe statement"
    assert len(shop.ledger()) == (decision == "accept")


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "accept"},
        {"decision": "accept", "note": " \r\n "},
        {"decision": "accept", "note": "nul\x00"},
        {"decision": "accept", "note": "x" * 2001},
        {"decision": "maybe", "note": "why not"},
        {"note": "why not"},
    ],
    ids=["no note", "blank", "nul", "long", "maybe", "no decision"],
)
def test_decision_needs_a_word_and_a_reason(
    shop: Shop, desk: FlaskClient, form: dict[str, str]
) -> None:
    payment = flagged(shop)
    page = decide(desk, payment.id, **form)
    assert page.status_code == 400
    assert 'class="error"' in page.text
    assert shop.payment(payment).status == "flagged"


def test_nobody_decides_without_a_name(shop: Shop) -> None:
    client = open_desk(shop, who=None)
    payment = flagged(shop)
    form = {"decision": "accept", "note": "seen"}
    page = client.get(f"{PAYMENTS}/{payment.id}")
    assert "does not know your name" in page.text
    assert "Nobody decides without a name" in said(decide(client, payment.id, **form))
    assert shop.payment(payment).status == "flagged"


def test_remote_user_is_a_name(shop: Shop) -> None:
    client = open_desk(shop, who=None)
    client.environ_base["REMOTE_USER"] = "karim"
    payment = flagged(shop)
    decide(client, payment.id, decision="reject", note="refunded")
    assert shop.payment(payment).resolved_by == "karim"


def test_only_a_flagged_payment_is_decided(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    page = decide(desk, payment.id, decision="accept", note="please", accepted="500.00")
    assert "only a flagged one" in said(page)
    assert shop.payment(payment).status == "pending"
    assert shop.ledger() == []


def test_order_is_not_accepted_twice(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    shop.change(payment, order_key=None)
    reference = payment.customer_reference
    paid(shop, customer_reference=reference, order_key=reference)
    page = decide(desk, payment.id, decision="accept", note="seen", accepted="400.00")
    assert "Not done: " in said(page)
    assert shop.payment(payment).status == "flagged"


ACTIONS = ("verify", "resolve", "give-up", "note", "announce", "events/{event}/deliver")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("token", [None, "", "forged"])
@pytest.mark.parametrize("protected", [False, True])
def test_action_without_its_token_does_nothing(
    shop: Shop, action: str, token: str | None, protected: bool
) -> None:
    if protected:
        CSRFProtect(shop.app)
    client = open_desk(shop)
    payment = flagged(shop)
    before = [(found.status, found.resolved_by) for found in shop.payments()]
    events = [(found.id, found.delivered_at, found.attempts) for found in shop.events()]
    form = {"decision": "accept", "note": "seen"} | ({} if token is None else {"csrf_token": token})
    url = f"{PAYMENTS}/{payment.id}/{action.format(event=events[0][0])}"
    assert client.post(url, data=form).status_code == 400
    assert [(found.status, found.resolved_by) for found in shop.payments()] == before
    assert [(found.id, found.delivered_at, found.attempts) for found in shop.events()] == events


def test_stale_page_says_so_and_keeps_the_note(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    form = {"decision": "accept", "note": "typed for minutes", "csrf_token": "old"}
    page = desk.post(f"{PAYMENTS}/{payment.id}/resolve", data=form)
    assert "too old, so nothing was done" in said(page)
    assert "typed for minutes" in page.text


def test_actions_work_beside_the_hosts_csrf_protect(shop: Shop) -> None:
    CSRFProtect(shop.app)
    client = open_desk(shop)
    payment = flagged(shop)
    page = decide(client, payment.id, decision="accept", note="seen", accepted="400.00")
    assert "Accepted" in said(page)


def test_event_is_delivered_again_under_its_key(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    (created,) = shop.events(payment)
    assert shop.changed == [(created.id, "pending")]
    page = press(desk, payment.id, f"events/{created.id}/deliver")
    assert said(page) == "Delivered again."
    assert shop.changed == [(created.id, "pending")] * 2
    assert shop.events(payment)[0].delivered_at is not None


def test_event_that_fails_again_says_why(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    (created,) = shop.events(payment)

    def broken(app: Flask, payment: Any, event: Any) -> None:
        raise ConnectionError("the mail server is away")

    with payment_changed.connected_to(broken, sender=shop.app):
        page = press(desk, payment.id, f"events/{created.id}/deliver")
    assert said(page) == "Not delivered: ConnectionError: the mail server is away"
    assert payment.id in listed(desk.get(PAYMENTS, query_string={"show": "undelivered"}))


def test_event_waits_where_delivery_is_deferred(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    desk, payment = open_desk(shop), shop.started()
    (created,) = shop.events(payment)
    with shop.app.app_context():
        assert shop.bdquickpay.deliver() == 1
    assert "It is in the outbox" in said(press(desk, payment.id, f"events/{created.id}/deliver"))
    with shop.app.app_context():
        assert shop.bdquickpay.deliver() == 1
    assert shop.changed == [(created.id, "pending")] * 2


def test_only_a_transition_of_this_payment_is_delivered(shop: Shop, desk: FlaskClient) -> None:
    mine, other = shop.started(), shop.started()
    (theirs,) = shop.events(other)
    fact = happen(shop, mine.id)
    for number in (theirs.id, fact, 10**17):
        assert press(desk, mine.id, f"events/{number}/deliver").status_code == 404
    assert len(shop.changed) == 2

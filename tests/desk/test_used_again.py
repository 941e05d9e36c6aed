"""A form that is used again records nothing: what it says now is not said to be written down."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ..payments.test_refunds import paid, refunds, void
from ..shop import Shop
from .test_refunds import NOTE, carried, confirm, fill, new
from .test_second_look import confirm as confirm_decision
from .test_second_look import every, look
from .visits import flagged, said

FIRST = {"amount": "200", "trx_id": "SENT1", "method": "bkash", "reason": "one cup"} | NOTE
CHANGES = [
    {"trx_id": "SENT2"},
    {"trx_id": ""},
    {"method": "cash"},
    {"reason": "two cups"},
    {"reason": ""},
    {"note": "the other half"},
]


def used(desk: FlaskClient, payment: Any) -> TestResponse:
    """A form by which a refund was recorded: its second look."""
    page = fill(desk, new(payment), step="check", **FIRST)
    assert said(confirm(desk, new(payment), page)).startswith("Recorded: refund ")
    return page


def again(desk: FlaskClient, payment: Any, page: TestResponse, **form: str) -> str:
    """What is said when it is sent once more with other contents."""
    form = carried(page) | {"step": "confirm"} | form
    return said(desk.post(new(payment), data=form, follow_redirects=True))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: "-".join(next(iter(change.items()))))
def test_used_form_with_other_contents_is_not_said_to_be_recorded(
    shop: Shop, desk: FlaskClient, change: dict[str, str]
) -> None:
    payment = paid(shop)
    page = used(desk, payment)
    (one,) = refunds(shop)
    told = again(desk, payment, page, **change)
    assert told == f"Nothing new: this form was already used for refund {one.id} of ৳200."
    assert [(kept.trx_id, kept.amount) for kept in refunds(shop)] == [("SENT1", 200)]


def test_used_form_is_not_said_to_be_recorded_after_its_refund_was_voided(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = paid(shop)
    page = used(desk, payment)
    (one,) = refunds(shop)
    void(shop, one.id)
    for form in ({}, {"trx_id": "RIGHT"}):
        assert again(desk, payment, page, **form).startswith("Nothing new: this form was already")
    assert [kept.state for kept in refunds(shop)] == ["void"]


def test_fields_without_contents_are_not_taken_for_others(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="200.00", **NOTE)
    first, second = (confirm(desk, new(payment), page) for _ in range(2))
    assert said(first) == said(second) == f"Recorded: refund {refunds(shop)[0].id} of ৳200."


# Beside a decision


@pytest.mark.parametrize("change", [{"note": "another"}, {"refund_trx_id": "SENT2"}])
def test_used_decision_with_other_contents_is_not_said_to_be_recorded(
    shop: Shop, desk: FlaskClient, change: dict[str, str]
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y", refund_trx_id="SENT1")
    confirm_decision(desk, payment, page)
    (one,) = refunds(shop)
    told = every(confirm_decision(desk, payment, page, **change))
    assert told == [f"Nothing new: this form was already used for refund {one.id} of ৳400."]
    assert [kept.trx_id for kept in refunds(shop)] == ["SENT1"]


def test_used_decision_is_not_said_to_be_recorded_after_its_refund_was_voided(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y")
    confirm_decision(desk, payment, page)
    void(shop, refunds(shop)[0].id)
    told = every(confirm_decision(desk, payment, page))
    assert told[0].startswith("Nothing new: this form was already used for refund ")
    assert [kept.state for kept in refunds(shop)] == ["void"]


# In two tabs


def test_second_tab_does_not_say_that_money_which_went_back_is_owed(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = flagged(shop)
    tabs = [
        look(desk, payment, decision="reject", sent="y", refund_trx_id="SENT1", note=note)
        for note in ("one", "two")
    ]
    assert len({carried(tab)["request_key"] for tab in tabs}) == 2
    confirm_decision(desk, payment, tabs[0])
    told = every(confirm_decision(desk, payment, tabs[1]))
    assert told
    assert not any("owed" in sentence for sentence in told)
    assert shop.payment(payment).refunded_amount == 400

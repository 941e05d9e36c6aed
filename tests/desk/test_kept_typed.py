"""What a receiver refuses, or what has changed meanwhile, is not done; what was typed is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_bdquickpay import FlagPayment, payment_paid, payment_refunded

from ..payments.test_refunds import paid, refunds
from ..shop import Shop
from .test_refunds import carried, confirm, fill, new
from .test_second_look import confirm as confirm_decision
from .test_second_look import look
from .visits import flagged, press, put, said

TYPED = {"note": "typed for minutes"}


@contextmanager
def raising(shop: Shop, error: Exception) -> Iterator[None]:
    """The shop's own code raises whenever money comes or goes."""

    def paid(app: Flask, payment: Any) -> None:
        raise error

    def refunded(app: Flask, payment: Any, refund: Any) -> None:
        raise error

    with (
        payment_paid.connected_to(paid, sender=shop.app),
        payment_refunded.connected_to(refunded, sender=shop.app),
    ):
        yield


def typed(page: TestResponse) -> dict[str, str]:
    """What stands in the form by which a payment is decided about."""
    return carried(SimpleNamespace(text=page.text.partition('id="facts"')[0]))


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (RuntimeError("sold out"), "Not done: the shop’s own code raised RuntimeError"),
        (FlagPayment("the total has changed"), "objects: the total has changed"),
    ],
    ids=["RuntimeError", "FlagPayment"],
)
def test_decision_that_the_shops_code_refuses_is_kept(
    shop: Shop, desk: FlaskClient, error: Exception, why: str
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="accept", **TYPED)
    with raising(shop, error):
        done = confirm_decision(desk, payment, page, accepted="400.00")
    assert why in said(done)
    assert typed(done)["note"] == "typed for minutes"
    assert done.text.count(" checked") == 1
    assert (shop.payment(payment).status, shop.ledger()) == ("flagged", [])


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), FlagPayment("no")], ids=lambda one: type(one).__name__
)
def test_refund_that_the_shops_code_refuses_is_kept(
    shop: Shop, desk: FlaskClient, error: Exception
) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="20", trx_id="SENT1", **TYPED)
    with raising(shop, error):
        done = confirm(desk, new(payment), page)
    assert f"the shop’s own code raised {type(error).__name__}" in said(done)
    kept = carried(done)
    assert (kept["note"], kept["amount"], kept["trx_id"]) == (TYPED["note"], "20", "SENT1")
    assert refunds(shop) == []
    assert said(confirm(desk, new(payment), done)).startswith("Recorded: refund ")


def test_decision_about_a_payment_that_has_changed_meanwhile_is_kept(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", message="Please call us.", **TYPED)
    shop.change(payment, received_amount=Decimal(300))
    done = confirm_decision(desk, payment, page)
    assert done.status_code == 409
    assert said(done) == "The payment has changed meanwhile, so nothing was done."
    assert (typed(done)["note"], typed(done)["message"]) == (TYPED["note"], "Please call us.")


def test_decision_that_was_kept_is_made_after_another_look(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="accept", **TYPED)
    shop.change(payment, received_amount=Decimal(300))
    kept = typed(confirm_decision(desk, payment, page, accepted="300.00"))
    form = {name: kept[name] for name in ("note", "seen") if name in kept}
    again = look(desk, payment, **(form | {"decision": "accept"}))
    confirm_decision(desk, payment, again, accepted="300.00")
    assert shop.payment(payment).is_paid
    assert shop.events(payment)[-1].note == "typed for minutes"


def test_what_was_decided_by_another_has_no_form(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", **TYPED)
    shop.change(payment, status="failed", resolved_by="Karim")
    done = confirm_decision(desk, payment, page)
    assert done.status_code == 409
    assert "has changed meanwhile" in said(done)
    assert 'id="resolve"' not in done.text


# Money whose amount nobody wrote down


@pytest.mark.parametrize("step", ["check", "confirm"])
def test_sending_back_what_is_not_known_is_refused_in_a_sentence(
    shop: Shop, desk: FlaskClient, step: str
) -> None:
    payment = put(shop, status="flagged", trx_id="T1", gateway_status="completed")
    form = {"decision": "reject", "sent": "y", "step": step}
    page = press(desk, payment, "resolve", **form, **TYPED)
    assert page.status_code == 400
    assert "What came is not known: record the refund by itself." in unescape(page.text)
    assert typed(page)["note"] == "typed for minutes"
    assert (shop.payments()[0].status, refunds(shop)) == ("flagged", [])


def test_giving_back_what_is_not_known_is_decided_without_the_refund(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = put(shop, status="flagged", trx_id="T1", gateway_status="completed")
    press(desk, payment, "resolve", decision="reject", step="confirm", **TYPED)
    assert shop.payments()[0].status == "failed"

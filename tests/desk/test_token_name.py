"""A host may call the token of its forms as it likes (WTF_CSRF_FIELD_NAME)."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flask_bdquickpay.clock import utcnow

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..payments.test_refunds import refund, refunds
from ..payments.test_statement import line
from ..shop import NewShop, Shop
from .test_books import BOOKS, STATEMENT, csv_of
from .test_refunds import NOTE, carried, confirm, record
from .test_second_look import confirm as confirm_decision
from .visits import PAYMENTS, open_desk, put, said

NAME = "the_token"


@pytest.fixture
def shop(new_shop: NewShop) -> Shop:
    return new_shop(WTF_CSRF_FIELD_NAME=NAME)


def flagged(shop: Shop) -> Any:
    facts = {"received_amount": Decimal(400), "trx_id": "T1", "customer_reference": shop.order()}
    put(shop, status="flagged", **facts)
    return shop.payments()[-1]


def paid(shop: Shop) -> Any:
    facts = {"received_amount": Decimal(500), "trx_id": "T1", "verified_at": utcnow()}
    put(shop, status="completed", **facts)
    return shop.payments()[-1]


def send(desk: FlaskClient, payment: Any, action: str, **form: str) -> TestResponse:
    """Press a button on a payment's page, with its token unless the form has one."""
    url = f"{PAYMENTS}/{payment.id}"
    token = {NAME: carried(desk.get(url))[NAME]}
    return desk.post(f"{url}/{action}", data=token | form, follow_redirects=True)


@pytest.mark.parametrize("protected", [False, True])
def test_note_is_kept(shop: Shop, protected: bool) -> None:
    if protected:
        CSRFProtect(shop.app)
    desk, payment = open_desk(shop), flagged(shop)
    assert said(send(desk, payment, "note", **NOTE)) == "The note is in the timeline."


def test_payment_is_decided_about(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    page = send(desk, payment, "resolve", decision="accept", step="check", **NOTE)
    assert page.text.count(f'name="{NAME}"') == 1
    done = confirm_decision(desk, payment, page, accepted="400.00")
    assert said(done) == "Accepted: the order counts as paid."


def test_refund_is_recorded(shop: Shop, desk: FlaskClient) -> None:
    assert said(record(desk, paid(shop), amount="200")).startswith("Recorded: refund ")


def test_refund_is_voided(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    url = f"{PAYMENTS}/{payment.id}/refunds/{refund(shop, payment, '200')}/void"
    page = desk.post(url, data=carried(desk.get(url)) | {"step": "check"} | NOTE)
    assert said(confirm(desk, url, page)).startswith("Void: refund ")


def test_statement_is_checked(shop: Shop, desk: FlaskClient) -> None:
    file = FileStorage(io.BytesIO(csv_of(line(paid(shop)))), "march.csv")
    form: dict[str, Any] = {
        NAME: carried(desk.get(BOOKS, follow_redirects=True))[NAME],
        "file": file,
    }
    assert desk.post(STATEMENT, data=form).status_code == 200


@pytest.mark.parametrize("action", ["note", "resolve", "verify", "give-up", "announce"])
def test_forged_token_is_said_to_be_old(shop: Shop, desk: FlaskClient, action: str) -> None:
    form = NOTE | {"decision": "reject", "step": "confirm", NAME: "forged"}
    page = send(desk, flagged(shop), action, **form)
    assert page.status_code == 400
    assert "This page had become too old" in said(page)


def test_forged_token_records_no_refund(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    url = f"{PAYMENTS}/{payment.id}/refunds/new"
    form = carried(desk.get(url)) | NOTE | {"amount": "1", "step": "confirm", NAME: "forged"}
    page = desk.post(url, data=form | {"method": "bkash"})
    assert page.status_code == 400
    assert "This page had become too old" in said(page)
    assert refunds(shop) == []


def test_forged_token_checks_no_statement(shop: Shop, desk: FlaskClient) -> None:
    page = desk.post(STATEMENT, data={NAME: "forged"})
    assert page.status_code == 400
    assert "This page had become too old" in page.text


def test_other_name_is_no_token(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    token = carried(desk.get(f"{PAYMENTS}/{payment.id}"))[NAME]
    form = NOTE | {"csrf_token": token}
    assert desk.post(f"{PAYMENTS}/{payment.id}/note", data=form).status_code == 400
    assert 'name="csrf_token"' not in desk.get(BOOKS, follow_redirects=True).text

"""A desk with payments in it, a visitor who presses its buttons, and what its pages say."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta, timezone
from decimal import Decimal
from html import unescape
from io import StringIO
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_admin import Admin

from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.desk import Desk

from ..shop import Shop

URL = "/admin/bkash"
PAYMENTS = f"{URL}/payments"
DHAKA = timezone(timedelta(hours=6))
_numbers = count(1)


def open_desk(shop: Shop, **options: Any) -> FlaskClient:
    """Mount a desk in the shop's Admin and return a visitor's client."""
    options = {"allow": lambda: True, "who": lambda: "Ayesha"} | options
    Desk(**options).mount(Admin(shop.app, name="Shop"))
    return shop.client


def put(shop: Shop, **columns: Any) -> int:
    """Insert a payment behind the extension's back and return its id."""
    number = next(_numbers)
    now = columns.get("created_at", utcnow())
    row = {
        "token": f"token-{number}",
        "invoice_id": f"INV-{number}",
        "customer_reference": f"ORDER-{number}",
        "amount": Decimal(500),
        "status": "pending",
        "created_at": now,
        "updated_at": now,
    }
    return _insert(shop, shop.bdquickpay.Payment, row | columns)


def happen(shop: Shop, payment_id: int, **columns: Any) -> int:
    """Insert an event behind the extension's back and return its id."""
    row = {"source": "webhook", "old_status": "pending", "created_at": utcnow()}
    return _insert(shop, shop.bdquickpay.PaymentEvent, row | {"payment_id": payment_id} | columns)


def _insert(shop: Shop, model: Any, row: dict[str, Any]) -> int:
    with shop.app.app_context():
        made = shop.db.session.execute(sa.insert(model.__table__).values(row))
        shop.db.session.commit()
        return int(made.inserted_primary_key[0])  # type: ignore[attr-defined]


def paid(shop: Shop, **columns: Any) -> int:
    now = columns.get("verified_at", utcnow())
    return put(shop, **{"status": "completed", "verified_at": now, "created_at": now} | columns)


def flagged(shop: Shop) -> Any:
    """A payment on which the wrong amount was paid."""
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.success(payment)
    payment = shop.payment(payment)
    assert payment.status == "flagged"
    return payment


def listed(page: TestResponse) -> list[int]:
    """The ids of the payments in a list."""
    assert page.status_code == 200
    return [
        int(found) for found in re.findall(r'href="[^"]*/payments/(\d+)(?:\?[^"]*)?"', page.text)
    ]


def neighbour(page: TestResponse, rel: str) -> str | None:
    """The link to the next or previous page."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    return unescape(found[1]) if found else None


def press(client: FlaskClient, payment_id: int, action: str, **form: str) -> TestResponse:
    """Press a button on a payment's page and follow to what it says."""
    page = client.get(f"{PAYMENTS}/{payment_id}")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None, page.text
    url = f"{PAYMENTS}/{payment_id}/{action}"
    return client.post(url, data={"csrf_token": token[1]} | form, follow_redirects=True)


def decide(client: FlaskClient, payment_id: int, **form: str) -> TestResponse:
    """Decide about a payment, as on the second look."""
    return press(client, payment_id, "resolve", **({"step": "confirm"} | form))


def said(page: TestResponse) -> str:
    """What the page tells the person at the desk."""
    found = re.search(r'<p class="flash[^>]*>(.*?)</p>', page.text, re.DOTALL)
    return unescape(found[1]) if found else ""


def rules(app: Flask) -> list[tuple[str, str]]:
    """Each method and URL of the desk, for a payment that may exist."""
    adapter = app.url_map.bind("localhost")
    values = {"payment_id": 1, "event_id": 1, "refund_id": 1, "filename": "desk.css", "token": "a"}
    values["anything"] = "x"
    return [
        (method, adapter.build(rule.endpoint, {k: values[k] for k in rule.arguments}))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("bdquickpay_desk.")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


@contextmanager
def statements(shop: Shop) -> Iterator[list[str]]:
    """The SQL that is sent meanwhile."""
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with shop.app.app_context():
        engine = shop.db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def exported(page: TestResponse) -> list[dict[str, str]]:
    assert page.status_code == 200
    assert page.mimetype == "text/csv"
    return list(csv.DictReader(StringIO(page.text.removeprefix("\ufeff"))))


def connections(shop: Shop) -> int:
    """How many of the shop's connections are in use."""
    with shop.app.app_context():
        return int(shop.db.engine.pool.checkedout())  # type: ignore[attr-defined]

"""A shop whose views somebody wrote by hand: nothing but the work itself.

No timeline, no outbox, no guarantee: two webhooks at once pay an order twice, a crash between two
steps loses money, a slow gateway holds a connection. It is what the extension is measured against.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import requests
import sqlalchemy as sa
from flask import Flask, jsonify, redirect, render_template_string, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import FlaskForm
from requests.adapters import HTTPAdapter

from .gateway import AMOUNT, invoice_of

KEYS = {"X-App-Key": "bench-app-key", "X-Secret-Key": "bench-secret-key"}
_PAGE = """<form method="post" action="/checkout/{{ reference }}">
{{ form.csrf_token }}
<button type="submit">Pay with bKash</button>
</form>"""


def now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Parts:
    """What the views of a shop by hand work with."""

    app: Flask
    db: SQLAlchemy
    Order: Any
    Payment: Any
    base_url: str


def naive_webhook(parts: Parts) -> Callable[[], ResponseReturnValue]:
    """The view that one writes first: objects, and `requests.post`."""
    db = parts.db

    def webhook() -> ResponseReturnValue:
        if request.headers.get("X-App-Key") != KEYS["X-App-Key"]:
            return {"error": "wrong key"}, 401
        invoice = request.get_json()["invoice_id"]
        payment = db.session.scalar(sa.select(parts.Payment).filter_by(invoice_id=invoice))
        if payment is None:
            return {"error": "unknown invoice"}, 404
        if payment.status == "completed":
            return {"received": True}
        url, body = f"{parts.base_url}/payment/verify", {"invoice_id": invoice}
        data = requests.post(url, json=body, headers=KEYS, timeout=4).json()["data"]
        if data["status"] != "completed" or Decimal(data["amount"]) != payment.amount:
            return {"error": "not paid"}, 503
        payment.status = "completed"
        payment.trx_id = data["transaction"]["trx_id"]
        payment.paid_at = now()
        reference = payment.customer_reference
        order = db.session.scalars(sa.select(parts.Order).filter_by(reference=reference)).one()
        order.status = "paid"
        db.session.commit()
        return {"received": True}

    return webhook


def careful_webhook(parts: Parts) -> Callable[[], ResponseReturnValue]:
    """The same as fast as we could: statements built once, a request prepared once.

    It gives the connection back before it asks the gateway.
    """
    db, verify = parts.db, _prepared(f"{parts.base_url}/payment/verify")
    payments, orders = parts.Payment.__table__, parts.Order.__table__
    columns = (payments.c.id, payments.c.amount, payments.c.status, payments.c.customer_reference)
    find = sa.select(*columns).where(payments.c.invoice_id == sa.bindparam("invoice"))
    pay = sa.update(payments).where(
        payments.c.id == sa.bindparam("p_id"), payments.c.status == "pending"
    )
    pay = pay.values(status="completed", trx_id=sa.bindparam("trx"), paid_at=sa.bindparam("at"))
    fulfil = sa.update(orders).where(orders.c.reference == sa.bindparam("p_reference"))
    fulfil = fulfil.values(status="paid")

    def webhook() -> ResponseReturnValue:
        if request.headers.get("X-App-Key") != KEYS["X-App-Key"]:
            return {"error": "wrong key"}, 401
        invoice = json.loads(request.get_data())["invoice_id"]
        seen = db.session.execute(find, {"invoice": invoice}).first()
        db.session.rollback()
        if seen is None:
            return {"error": "unknown invoice"}, 404
        if seen.status == "completed":
            return {"received": True}
        data = verify({"invoice_id": invoice})["data"]
        if data["status"] != "completed" or Decimal(data["amount"]) != seen.amount:
            return {"error": "not paid"}, 503
        paid = {"p_id": seen.id, "trx": data["transaction"]["trx_id"], "at": now()}
        if db.session.connection().execute(pay, paid).rowcount == 1:
            db.session.execute(fulfil, {"p_reference": seen.customer_reference})
        db.session.commit()
        return {"received": True}

    return webhook


def _prepared(url: str) -> Callable[[dict[str, Any]], Any]:
    """What POSTs a document to a URL, all that is the same each time being worked out once."""
    adapter = HTTPAdapter(pool_maxsize=64)
    headers = KEYS | {"Content-Type": "application/json"}
    blank = requests.Request("POST", url, headers=headers).prepare()

    def post(document: dict[str, Any]) -> Any:
        prepared = blank.copy()
        prepared.prepare_body(json.dumps(document).encode(), None)
        return adapter.send(prepared, timeout=4, proxies={}).json()

    return post


def pages(parts: Parts) -> None:
    """Add an order's page, its checkout and a status poll to the app."""
    db = parts.db

    def order(reference: str) -> str:
        return render_template_string(_PAGE, form=FlaskForm(), reference=reference)

    def checkout(reference: str) -> ResponseReturnValue:
        if not FlaskForm().validate_on_submit():
            return "Please try again.", 400
        order = db.session.scalar(sa.select(parts.Order).filter_by(reference=reference))
        if order is None:
            return "There is no such order.", 404
        payment = parts.Payment(customer_reference=reference, amount=order.total)
        db.session.add(payment)
        db.session.commit()
        body = {
            "amount": int(order.total),
            "customer_reference": reference,
            "success_url": f"{request.host_url}success/{payment.id}",
            "cancel_url": f"{request.host_url}cancel/{payment.id}",
            "webhook_url": f"{request.host_url}webhook",
        }
        url = f"{parts.base_url}/payment/create"
        answer = requests.post(url, json=body, headers=KEYS, timeout=4).json()
        payment.invoice_id, payment.status = answer["invoice_id"], "pending"
        db.session.commit()
        return redirect(answer["payment_url"], 303)

    def status(reference: str) -> ResponseReturnValue:
        payment = db.session.scalar(
            sa.select(parts.Payment).filter_by(customer_reference=reference)
        )
        if payment is None:
            return {"error": "not found"}, 404
        return jsonify(status=payment.status, is_final=payment.status == "completed")

    parts.app.add_url_rule("/orders/<reference>", view_func=order)
    parts.app.add_url_rule("/checkout/<reference>", view_func=checkout, methods=["POST"])
    parts.app.add_url_rule("/status/<reference>", view_func=status)


def models(db: SQLAlchemy) -> tuple[Any, Any]:
    """The tables of an order and of a payment, as small as they can be."""

    class Order(db.Model):  # type: ignore[name-defined,misc]
        id = db.Column(db.Integer, primary_key=True)
        reference = db.Column(db.String(64), nullable=False, unique=True)
        total = db.Column(db.Numeric(12, 2), nullable=False, default=Decimal(AMOUNT))
        status = db.Column(db.String(20), nullable=False, default="new")

    class Payment(db.Model):  # type: ignore[name-defined,misc]
        id = db.Column(db.Integer, primary_key=True)
        invoice_id = db.Column(db.String(128), unique=True)
        customer_reference = db.Column(db.String(64), nullable=False, index=True)
        amount = db.Column(db.Numeric(12, 2), nullable=False)
        status = db.Column(db.String(20), nullable=False, default="created")
        trx_id = db.Column(db.String(128), unique=True)
        paid_at = db.Column(db.DateTime(timezone=True))

    return Order, Payment


def pending(reference: str) -> dict[str, Any]:
    """The columns of a payment whose customer is paying."""
    return {
        "invoice_id": invoice_of(reference),
        "customer_reference": reference,
        "amount": Decimal(AMOUNT),
        "status": "pending",
    }

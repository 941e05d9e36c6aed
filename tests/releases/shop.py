"""A shop that every release can run: the one behind the databases of this folder.

It uses nothing but what 0.1.0 had, and imports nothing of the tests.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, PaymentRequest, payment_changed, payment_paid

db = SQLAlchemy()
bdquickpay: Any = BDQuickPay()
#: The sandbox's own keys, by which it is the same gateway on whatever port.
KEYS = {"BDQUICKPAY_APP_KEY": "sandbox-app-key", "BDQUICKPAY_SECRET_KEY": "sandbox-secret-key"}
#: References whose mail can't be sent, so that their event stays in the outbox.
UNMAILED: set[str] = set()


class Order(db.Model):  # type: ignore[name-defined,misc]
    """What is sold; its reference says what becomes of its payment."""

    id = db.Column(db.Integer, primary_key=True)
    reference = db.Column(db.String(16), unique=True, nullable=False)
    total = db.Column(db.Numeric(12, 2), nullable=False)
    status = db.Column(db.String(20), nullable=False, default="new")


def find_order(reference: str) -> Any:
    return db.session.scalar(db.select(Order).filter_by(reference=reference))


@bdquickpay.order_loader  # type: ignore[untyped-decorator]
def load_order(reference: str) -> PaymentRequest | None:
    order = find_order(reference)
    return order and PaymentRequest(amount=order.total, metadata={"order": order.id})


def fulfil(app: Flask, payment: Any) -> None:
    del app
    find_order(payment.customer_reference).status = "paid"


def mail(app: Flask, payment: Any, event: Any) -> None:
    del app, event
    if payment.customer_reference in UNMAILED:
        raise ConnectionError("the mail server is down")


def create_app(**config: Any) -> Flask:
    app = Flask("tests.releases.shop")
    app.config.update(SECRET_KEY="release", SERVER_NAME="shop.example", **KEYS)
    app.config.from_prefixed_env()
    app.config.update(config)
    db.init_app(app)
    bdquickpay.init_app(app)
    Migrate(app, db)
    payment_paid.connect(fulfil, sender=app)  # of this app alone: other tests have theirs
    payment_changed.connect(mail, sender=app)
    return app

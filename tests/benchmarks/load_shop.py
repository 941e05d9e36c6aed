"""The shop of the load test: what its servers serve, and what its workers sweep."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from celery import Celery
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, PaymentRequest, payment_changed, payment_paid
from flask_bdquickpay.celery import register_tasks

from . import byhand
from .byhand import KEYS

VARIABLE = "LOAD_TEST_SHOP"
#: Seconds between two sweeps of a worker.
_PAUSE = 0.5
#: blinker forgets what nobody holds.
_receivers: list[Any] = []


@dataclass(frozen=True)
class LoadShop:
    """An app, and the tables that say what its receivers did.

    :ivar Fulfilment: a row for each time that `payment_paid` came, in the same transaction.
    :ivar Letter: a row for each time that `payment_changed` came.
    """

    app: Flask
    db: SQLAlchemy
    bdquickpay: BDQuickPay[Any, Any]
    Order: Any
    Fulfilment: Any
    Letter: Any
    celery: Celery | None = None


def make(uri: str, base_url: str, broker: str | None = None) -> LoadShop:
    """The shop; its tables are made elsewhere, once.

    :param broker: of Celery, whose workers then do what waits.
    """
    app, db = Flask("tests.benchmarks.load"), SQLAlchemy()
    app.config.update(
        SECRET_KEY="load",
        SQLALCHEMY_DATABASE_URI=uri,
        BDQUICKPAY_BASE_URL=base_url,
        BDQUICKPAY_APP_KEY=KEYS["X-App-Key"],
        BDQUICKPAY_SECRET_KEY=KEYS["X-Secret-Key"],
        BDQUICKPAY_DELIVERY="deferred" if broker else "inline",
    )
    db.init_app(app)
    Order, _ = byhand.models(db)
    Fulfilment, Letter = _models(db)
    bdquickpay = BDQuickPay[Any, Any](app, db)
    celery = None if broker is None else _celery(app, broker)
    shop = LoadShop(app, db, bdquickpay, Order, Fulfilment, Letter, celery)
    app.add_url_rule("/orders/<reference>", view_func=_page)
    _connect(shop)
    return shop


def _celery(app: Flask, broker: str) -> Celery:
    celery = Celery("load", broker=broker)
    celery.flask_app = app
    register_tasks(celery, every=10)
    return celery


def _models(db: SQLAlchemy) -> tuple[Any, Any]:
    class Fulfilment(db.Model):  # type: ignore[name-defined,misc]
        id = db.Column(db.Integer, primary_key=True)
        payment_id = db.Column(db.BigInteger, nullable=False)
        reference = db.Column(db.String(64), nullable=False)

    class Letter(db.Model):  # type: ignore[name-defined,misc]
        id = db.Column(db.Integer, primary_key=True)
        event_id = db.Column(db.BigInteger, nullable=False)

    return Fulfilment, Letter


def _page(reference: str) -> str:
    return render_template_string("{{ bdquickpay_button(reference) }}", reference=reference)


def _connect(shop: LoadShop) -> None:
    db = shop.db

    def find(reference: str) -> Any:
        return db.session.scalar(sa.select(shop.Order).filter_by(reference=reference))

    @shop.bdquickpay.order_loader
    def load(reference: str) -> PaymentRequest | None:
        order = find(reference)
        return order and PaymentRequest(amount=order.total)

    def fulfil(app: Flask, payment: Any) -> None:
        reference = payment.customer_reference
        db.session.add(shop.Fulfilment(payment_id=payment.id, reference=reference))
        find(reference).status = "paid"

    def changed(app: Flask, payment: Any, event: Any) -> None:
        db.session.add(shop.Letter(event_id=event.id))

    connected: list[tuple[Any, Any]] = [(payment_paid, fulfil), (payment_changed, changed)]
    for signal_, receiver in connected:
        _receivers.append(receiver)
        signal_.connect(receiver, sender=shop.app)


def told() -> LoadShop:
    """The shop that this process was started for."""
    return make(**json.loads(os.environ[VARIABLE]))


def create_app() -> Flask:
    """What gunicorn serves."""
    return told().app


def work(shop: LoadShop) -> None:
    """Sweep in a loop until SIGTERM; a sweep under way is finished."""
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    while not stopped:
        with shop.app.app_context():
            shop.bdquickpay.reconcile()
        time.sleep(_PAUSE)


def keep_working(shop: LoadShop) -> None:
    """Have a child of this process work, and another one when it is gone, until SIGTERM."""
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(signal.SIGTERM))
    while not stopped:
        child = os.fork()
        if child == 0:
            work(shop)
            os._exit(0)
        _wait(child, stopped)


def _wait(child: int, stopped: list[int]) -> None:
    """Wait until a child is gone; end it when this process is to stop."""
    told = False
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if stopped and not told:
            os.kill(child, signal.SIGTERM)
            told = True
        time.sleep(_PAUSE / 10)


if __name__ == "__main__":
    keep_working(told())

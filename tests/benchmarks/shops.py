"""The shops that are compared: one that uses the extension, two that somebody wrote by hand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, PaymentRequest, payment_changed, payment_paid

from . import byhand
from .byhand import KEYS, now
from .gateway import invoice_of

#: The subjects of most comparisons.
NAIVE, CAREFUL = "naive view", "careful view"
EXTENSION = "extension"
LISTENER = "extension, delivered"


@dataclass
class Shop:
    """An app with orders and payments, on a database of its own.

    :ivar delivered: released once for each `payment_changed` that a listener took.
    """

    app: Flask
    db: SQLAlchemy
    Order: Any
    payments: sa.Table
    row: Callable[[str], dict[str, Any]]
    webhook_path: str
    bdquickpay: BDQuickPay[Any, Any] | None = None
    receivers: list[Any] = field(default_factory=list)
    delivered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def orders(self, count: int) -> list[str]:
        """Add orders that nobody has paid yet; return their references."""
        references = [f"ORDER-{next(self.numbers):08}" for _ in range(count)]
        self._insert(self.Order.__table__, [{"reference": one} for one in references])
        return references

    def pending(self, count: int, **columns: Any) -> list[str]:
        """Add orders whose customers are paying; return their references."""
        references = self.orders(count)
        self._insert(self.payments, [self.row(one) | columns for one in references])
        return references

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        with self.app.app_context(), self.db.engine.begin() as connection:
            connection.execute(sa.insert(table), rows)

    def check_paid(self, references: Iterable[str]) -> None:
        """Make sure that the work which was measured was done."""
        wanted = set(references)
        column = self.payments.c.customer_reference
        paid = sa.select(column).where(self.payments.c.status == "completed")
        order = self.Order.__table__
        orders = sa.select(order.c.reference).where(order.c.status == "paid")
        with self.app.app_context(), self.db.engine.connect() as connection:
            for statement in (paid, orders):
                missing = wanted - set(connection.scalars(statement))
                assert not missing, f"{len(missing)} of {len(wanted)} were not paid"

    def wait_delivered(self, count: int) -> None:
        """Wait until the listener has taken so many events."""
        for _ in range(count):
            assert self.delivered.acquire(timeout=30), "an event was not delivered"

    def due(self, count: int) -> list[str]:
        """Add payments that the sweep has to look at now."""
        return self.pending(count, check_after=now() - timedelta(minutes=1))

    @property
    def engine(self) -> sa.Engine:
        with self.app.app_context():
            return self.db.engine

    @property
    def has_pages(self) -> bool:
        """Whether there is more than a webhook."""
        return "order" in self.app.view_functions

    @property
    def listens(self) -> bool:
        return "changed" in {receiver.__name__ for receiver in self.receivers}

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        wait_for_outbox()
        self.engine.dispose()


def by_hand(uri: str, base_url: str, *, careful: bool = False, **config: Any) -> Shop:
    """A shop with hand-written views."""
    app, db = _app(uri, config)
    Order, Payment = byhand.models(db)
    _create_all(app, db)
    parts = byhand.Parts(app, db, Order, Payment, base_url)
    view = byhand.careful_webhook if careful else byhand.naive_webhook
    app.add_url_rule("/webhook", view_func=view(parts), methods=["POST"])
    if not careful:
        byhand.pages(parts)
    return Shop(app, db, Order, Payment.__table__, byhand.pending, "/webhook")


def with_extension(uri: str, base_url: str, *, listener: bool = False, **config: Any) -> Shop:
    """A shop that uses the extension.

    :param listener: whether it listens to `payment_changed`.
    """
    keys = {"BDQUICKPAY_APP_KEY": KEYS["X-App-Key"], "BDQUICKPAY_SECRET_KEY": KEYS["X-Secret-Key"]}
    url = {"BDQUICKPAY_BASE_URL": base_url, "BDQUICKPAY_PUBLIC_URL": "http://127.0.0.1"}
    app, db = _app(uri, keys | url | config)
    Order, _ = byhand.models(db)
    bdquickpay = BDQuickPay[Any, Any](app, db)
    _create_all(app, db)
    table = bdquickpay.Payment.__table__
    shop = Shop(app, db, Order, table, lambda _: {}, "/bdquickpay/webhook", bdquickpay)
    app.add_url_rule("/orders/<reference>", "order", _page)
    _connect(shop, bdquickpay, listener)
    shop.row = _rows_like(shop, bdquickpay)
    return shop


def token_of(reference: str) -> str:
    """The unguessable part of an order's URLs, which is to be known here."""
    return f"token-of-{reference}"


def _app(uri: str, config: dict[str, Any]) -> tuple[Flask, SQLAlchemy]:
    app, db = Flask("tests.benchmarks"), SQLAlchemy()
    app.config.update(SECRET_KEY="benchmarks", SQLALCHEMY_DATABASE_URI=uri, **config)
    db.init_app(app)
    return app, db


def _create_all(app: Flask, db: SQLAlchemy) -> None:
    with app.app_context():
        db.create_all()


def _page(reference: str) -> str:
    return render_template_string("{{ bdquickpay_button(reference) }}", reference=reference)


def _connect(shop: Shop, bdquickpay: BDQuickPay[Any, Any], listener: bool) -> None:
    """Register what a shop registers, as the README advises."""
    db = shop.db

    def find(reference: str) -> Any:
        return db.session.scalar(sa.select(shop.Order).filter_by(reference=reference))

    @bdquickpay.order_loader
    def load(reference: str) -> PaymentRequest | None:
        order = find(reference)
        return order and PaymentRequest(amount=order.total)

    def fulfil(app: Flask, payment: Any) -> None:
        find(payment.customer_reference).status = "paid"

    def changed(app: Flask, payment: Any, event: Any) -> None:
        shop.delivered.release()

    heard: list[tuple[Any, Any]] = [
        (payment_paid, fulfil),
        *([(payment_changed, changed)] if listener else []),
    ]
    for signal, receiver in heard:
        shop.receivers.append(receiver)
        signal.connect(receiver, sender=shop.app)


def _rows_like(shop: Shop, bdquickpay: BDQuickPay[Any, Any]) -> Callable[[str], dict[str, Any]]:
    """What makes the columns of a pending payment: those of one that the extension has started."""

    @cache
    def sampled() -> dict[str, Any]:
        (reference,) = shop.orders(1)
        with shop.app.app_context():
            bdquickpay.start(reference)
        wait_for_outbox()
        return sample_of(shop, shop.payments)

    def row(reference: str) -> dict[str, Any]:
        sample = sampled()
        soon = now() + timedelta(minutes=30)
        own = {"token": token_of(reference), "invoice_id": invoice_of(reference)}
        own |= {"customer_reference": reference, "order_key": reference}
        return sample | own | {"amount": Decimal(sample["amount"]), "expires_at": soon}

    return row


def sample_of(shop: Shop, table: sa.Table) -> dict[str, Any]:
    """The columns of any row of a table, but for its id."""
    with shop.engine.connect() as connection:
        sample = dict(connection.execute(sa.select(table).limit(1)).mappings().one())
    del sample["id"]
    return sample


def wait_for_outbox() -> None:
    """Wait until no event is being delivered any more."""
    for thread in threading.enumerate():
        if thread.name == "bdquickpay-outbox":
            thread.join(30)

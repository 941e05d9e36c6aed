"""The shop that the tests sell in: a real app, a real database, the sandbox over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from werkzeug.test import TestResponse

from flask_bdquickpay import (
    BDQuickPay,
    PaymentRequest,
    payment_cancelled,
    payment_changed,
    payment_created,
    payment_expired,
    payment_failed,
    payment_flagged,
    payment_paid,
)
from flask_bdquickpay.sandbox.control import Sandbox
from flask_bdquickpay.sandbox.server import SandboxServer

KEYS = {"BDQUICKPAY_APP_KEY": "test-app-key", "BDQUICKPAY_SECRET_KEY": "canary-secret-key"}
SIGNALS = {
    "created": payment_created,
    "paid": payment_paid,
    "failed": payment_failed,
    "cancelled": payment_cancelled,
    "expired": payment_expired,
    "flagged": payment_flagged,
}


def told_paid(answer: TestResponse) -> bool:
    """Whether somebody who clicked is told that the order is paid, and no more than that."""
    return answer.status_code == 200 and "This order is already paid" in answer.text


@dataclass
class Shop:
    """A shop with orders, and a ledger with a line for each effect of `payment_paid`."""

    app: Flask
    db: SQLAlchemy
    bdquickpay: BDQuickPay[Any, Any, Any]
    server: SandboxServer
    Order: Any
    Ledger: Any
    #: Signals as they came: (name, payment id); also of transactions that rolled back later.
    heard: list[tuple[str, int]] = field(default_factory=list)
    #: `payment_changed` as it came: (event id, new status).
    changed: list[tuple[int, str]] = field(default_factory=list)
    receivers: list[Any] = field(default_factory=list)
    #: The merchant account that an order names: reference to account.
    accounts: dict[str, str] = field(default_factory=dict)

    @property
    def gateway(self) -> Sandbox:
        return self.server.sandbox

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def order(self, total: str = "500", account: str | None = None) -> str:
        """Add an order and return its reference."""
        with self.app.app_context():
            order = self.Order(total=Decimal(total))
            self.db.session.add(order)
            self.db.session.commit()
            reference = str(order.id)
        if account is not None:
            self.accounts[reference] = account
        return reference

    def reprice(self, reference: str, total: str) -> None:
        with self.app.app_context():
            self.db.session.get_one(self.Order, int(reference)).total = Decimal(total)
            self.db.session.commit()

    def click(self, reference: str, client: FlaskClient | None = None) -> TestResponse:
        """Press the pay button in the order's page."""
        client = client or self.client
        page = client.get(f"/orders/{reference}").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None, page
        form = {"csrf_token": token[1]}
        return client.post(f"/bdquickpay/checkout/{reference}", data=form)

    def started(self, total: str = "500", account: str | None = None) -> Any:
        """A new order whose customer was sent to pay: its payment."""
        reference = self.order(total, account)
        assert self.click(reference).status_code == 303
        return self.payments(reference)[-1]

    def webhook(self, payment: Any, event: str = "completed", **overrides: Any) -> TestResponse:
        body = {"event": f"payment.{event}", "invoice_id": payment.invoice_id, "status": event}
        headers = {"X-App-Key": KEYS["BDQUICKPAY_APP_KEY"]}
        return self.client.post("/bdquickpay/webhook", json=body | overrides, headers=headers)

    def success(self, payment: Any) -> TestResponse:
        """Come back in another browser, long enough after the last look for the gateway to be
        asked."""
        self.change(payment, asked_at=None)
        return self.client.get(f"/bdquickpay/success/{payment.token}")

    def cancel(self, payment: Any) -> TestResponse:
        """The same, by the cancel URL."""
        self.change(payment, asked_at=None)
        return self.client.get(f"/bdquickpay/cancel/{payment.token}")

    # What the database says, read anew and detached

    def payments(self, reference: str | None = None) -> list[Any]:
        model = self.bdquickpay.Payment
        statement = sa.select(model).order_by(model.id)
        if reference is not None:
            statement = statement.where(model.customer_reference == reference)
        return self._read(statement)

    def payment(self, payment: Any) -> Any:
        model = self.bdquickpay.Payment
        return self._read(sa.select(model).where(model.id == payment.id))[0]

    def events(self, payment: Any | None = None) -> list[Any]:
        model = self.bdquickpay.PaymentEvent
        statement = sa.select(model).order_by(model.id)
        if payment is not None:
            statement = statement.where(model.payment_id == payment.id)
        return self._read(statement)

    def ledger(self) -> list[tuple[int, str]]:
        """(payment id, reference) for each time that an order was paid."""
        return [(row.payment_id, row.reference) for row in self._read(sa.select(self.Ledger))]

    def found(self, reference: str) -> Any:
        """The order as it stands."""
        return self._read(sa.select(self.Order).where(self.Order.id == int(reference)))[0]

    def order_status(self, reference: str) -> str:
        return str(self.found(reference).status)

    def _read(self, statement: Any) -> list[Any]:
        with self.app.app_context():
            rows = list(self.db.session.scalars(statement))
            self.db.session.expunge_all()
            self.db.session.rollback()
            return rows

    def change(self, payment: Any, **columns: Any) -> None:
        """Change a payment's columns behind the extension's back, as time or a crash would."""
        model = self.bdquickpay.Payment
        with self.app.app_context():
            self.db.session.execute(
                sa.update(model).where(model.id == payment.id).values(**columns)
            )
            self.db.session.commit()


NewShop = Callable[..., Shop]


def _tables() -> tuple[SQLAlchemy, Any, Any]:
    db = SQLAlchemy()

    class Order(db.Model):  # type: ignore[name-defined,misc]
        id = db.Column(db.Integer, primary_key=True)
        total = db.Column(db.Numeric(12, 2), nullable=False)
        status = db.Column(db.String(20), nullable=False, default="new")

    class Ledger(db.Model):  # type: ignore[name-defined,misc]
        id = db.Column(db.Integer, primary_key=True)
        payment_id = db.Column(db.Integer, nullable=False)
        reference = db.Column(db.String(255), nullable=False)

    return db, Order, Ledger


class _Compiled(dict[Any, Any]):
    """Statements compiled once for all engines of a dialect; SQLAlchemy would for each."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


#: What all shops share, each with a database of its own: mapping the same tables and compiling the
#: same statements for each test would be half of the round.
_TABLES, _COMPILED = _tables(), _Compiled()


def check_tables() -> None:
    """No test may leave to the others what it added to the tables that all share."""
    assert len(_TABLES[0].metadatas) == 1
    assert len(_TABLES[0].metadata.tables) <= 5, "needs new_shop(own_tables=True)"


#: How `create_all` makes the tables of an empty database: by dialect.
_CREATION: dict[str, list[str]] = {}


def _create_tables(db: SQLAlchemy) -> None:
    """`create_all`, whose statements are compiled once as well."""
    if db is not _TABLES[0] or sa.inspect(db.engine).get_table_names():
        db.create_all()
    elif db.engine.name not in _CREATION:
        _CREATION[db.engine.name] = _what_creates(db)
    else:
        with db.engine.begin() as connection:
            for statement in _CREATION[db.engine.name]:
                connection.exec_driver_sql(statement)


def _what_creates(db: SQLAlchemy) -> list[str]:
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith("CREATE"):
            said.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    db.create_all()
    sa.event.remove(db.engine, "before_cursor_execute", note)
    return said


def make_shop(
    uri: str,
    server: SandboxServer,
    prepare: Callable[[Flask], object] = lambda app: None,
    *,
    own_tables: bool = False,
    **config: Any,
) -> Shop:
    """Return a shop on the database at `uri`, its tables made, that pays at `server`.

    :param prepare: called with the app before the extensions are initialised.
    :param own_tables: for a shop that adds tables, or has several databases.
    """
    app = Flask("tests.shop")
    app.config.update(SECRET_KEY="tests", SQLALCHEMY_DATABASE_URI=uri, **KEYS)
    app.config.update(
        SQLALCHEMY_ENGINE_OPTIONS={"execution_options": {"compiled_cache": _COMPILED}}
    )
    app.config.update(BDQUICKPAY_BASE_URL=server.base_url, TESTING=True)
    app.config.update(config)
    prepare(app)
    db, Order, Ledger = _tables() if own_tables else _TABLES
    bdquickpay = BDQuickPay[Any, Any, Any]()
    db.init_app(app)
    bdquickpay.init_app(app)
    shop = Shop(app, db, bdquickpay, server, Order, Ledger)
    _listen(shop)
    app.add_url_rule("/orders/<reference>", view_func=_order_page, endpoint="order")
    with app.app_context():
        _create_tables(db)
    return shop


def _order_page(reference: str) -> str:
    return render_template_string("{{ bdquickpay_button(reference) }}", reference=reference)


def _listen(shop: Shop) -> None:
    """Connect the shop's receivers to its own app; `shop.receivers` keeps them alive."""

    @shop.bdquickpay.order_loader
    def load(reference: str) -> PaymentRequest | None:
        order = shop.db.session.get(shop.Order, int(reference) if reference.isdecimal() else 0)
        account = shop.accounts.get(reference)
        if order is None:
            return None
        return PaymentRequest(order.total, {"order_id": order.id}, account=account)

    def fulfil(app: Flask, payment: Any) -> None:
        line = shop.Ledger(payment_id=payment.id, reference=payment.customer_reference)
        shop.db.session.add(line)
        shop.db.session.get_one(shop.Order, int(payment.customer_reference)).status = "paid"

    def changed(app: Flask, payment: Any, event: Any) -> None:
        shop.changed.append((event.id, str(event.new_status)))

    def listener(name: str) -> Any:
        return lambda app, payment: shop.heard.append((name, payment.id))

    connected = [(signal, listener(name)) for name, signal in SIGNALS.items()]
    for signal, receiver in [*connected, (payment_paid, fulfil), (payment_changed, changed)]:
        shop.receivers.append(receiver)
        signal.connect(receiver, sender=shop.app)

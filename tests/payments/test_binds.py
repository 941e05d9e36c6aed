"""The payments' own database: one of several, and not the app's first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import (
    BDQuickPay,
    PaymentEventMixin,
    PaymentMixin,
    PaymentRequest,
    RefundMixin,
    payment_changed,
    payment_paid,
    refund_changed,
)
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.sandbox.server import SandboxServer

from ..console.commandline import run
from ..doctor.patients import OK, check
from ..shop import KEYS, Shop
from .acts import deliver, make_due, sweep

#: Of the payments' database.
KEY = "money"
YEAR = timedelta(days=365)
CLERK: dict[str, Any] = {"by": "Ayesha", "note": "one cup was broken"}


def declared(db: SQLAlchemy) -> tuple[BDQuickPay[Any, Any, Any], Any]:
    """The extension with a shop's own classes, and the shop's ledger beside them."""

    class Payment(PaymentMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__, __bind_key__ = "payments", KEY

    class Event(PaymentEventMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__, __bind_key__ = "payment_events", KEY

    class Refund(RefundMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__, __bind_key__ = "payment_refunds", KEY

    class Ledger(db.Model):  # type: ignore[name-defined,misc]
        __tablename__, __bind_key__ = "ledger", KEY
        id = db.Column(db.Integer, primary_key=True)
        reference = db.Column(db.String(20))

    own = BDQuickPay(payment_model=Payment, event_model=Event, refund_model=Refund)
    return own, Ledger


@pytest.fixture
def shop(database_uri: str, server: SandboxServer, tmp_path: Path) -> Iterator[Shop]:
    """A shop with a second database, which has none of the payments' tables."""
    db = SQLAlchemy()
    bdquickpay, ledger = declared(db)
    app = Flask("tests.binds")
    app.config.update(KEYS, SECRET_KEY="tests", BDQUICKPAY_BASE_URL=server.base_url)
    app.config.update(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/other.sqlite3")
    app.config.update(SQLALCHEMY_BINDS={KEY: database_uri})
    app.config.update(BDQUICKPAY_PUBLIC_URL="https://shop.example", WTF_CSRF_ENABLED=False)
    app.config.update(BDQUICKPAY_DELIVERY="deferred")
    db.init_app(app)
    bdquickpay.init_app(app)
    bdquickpay.order_loader(lambda reference: PaymentRequest(500))
    shop = Shop(app, db, bdquickpay, server, None, ledger)

    def fulfil(app: Flask, payment: Any) -> None:
        db.session.add(ledger(reference=payment.customer_reference))

    with app.app_context(), payment_paid.connected_to(fulfil, sender=app):
        db.create_all()
        yield shop
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def started(shop: Shop) -> Any:
    return shop.bdquickpay.start("1")


def paid(shop: Shop) -> Any:
    payment = started(shop)
    shop.gateway.pay(payment, webhook=False)
    return shop.bdquickpay.confirm(payment)


def rows(shop: Shop, columns: str) -> list[tuple[Any, ...]]:
    """What the payments' database says."""
    with shop.db.engines[KEY].connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(f"SELECT {columns}"))]


def test_payment_is_booked_there(shop: Shop) -> None:
    payment = started(shop)
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    assert rows(shop, "status FROM payments") == [("completed",)]
    assert rows(shop, "reference FROM ledger") == [("1",)]


def test_confirm_and_start_find_it(shop: Shop) -> None:
    payment = started(shop)
    shop.gateway.pay(payment, webhook=False)
    assert shop.bdquickpay.confirm(payment).is_paid
    assert shop.bdquickpay.start("1").token == payment.token


def test_customer_sees_the_receipt(shop: Shop) -> None:
    assert "500" in shop.client.get(f"/bdquickpay/success/{paid(shop).token}").text


def test_customer_who_failed_may_try_again(shop: Shop) -> None:
    shop.gateway.fail(started(shop), webhook=False)
    shop.client.get(f"/bdquickpay/cancel/{rows(shop, 'token FROM payments')[0][0]}")
    assert shop.client.post("/bdquickpay/checkout/1").status_code == 303
    assert rows(shop, "status FROM payments ORDER BY id") == [("failed",), ("pending",)]


def test_sweep_finds_and_books_it(shop: Shop) -> None:
    payment = started(shop)
    shop.gateway.pay(payment, webhook=False)
    make_due(shop, payment)
    report = sweep(shop)
    assert (report.checked, report.changed, report.errors) == (1, 1, 0)
    assert rows(shop, "status FROM payments") == [("completed",)]


def test_outbox_is_delivered(shop: Shop) -> None:
    heard: list[tuple[str, str]] = []

    def hears(app: Flask, payment: Any, event: Any) -> None:
        heard.append((str(event.new_status), payment.customer_reference))

    paid(shop)
    with payment_changed.connected_to(hears, sender=shop.app):
        deliver(shop)
    assert heard == [("pending", "1"), ("completed", "1")]


def test_refund_is_recorded_and_taken_back(shop: Shop) -> None:
    payment = paid(shop)
    refund = shop.bdquickpay.record_refund(payment, 200, **CLERK)
    assert rows(shop, "refunded_amount FROM payments") == [(200,)]
    shop.bdquickpay.void_refund(refund, **CLERK)
    assert rows(shop, "refunded_amount FROM payments") == [(0,)]


def test_refund_is_told_after_its_commit(shop: Shop) -> None:
    heard: list[Decimal] = []

    def hears(app: Flask, payment: Any, refund: Any, event: Any) -> None:
        heard.append(refund.amount)

    with refund_changed.connected_to(hears, sender=shop.app):
        shop.bdquickpay.record_refund(paid(shop), 200, **CLERK)
        deliver(shop)
    assert heard == [Decimal(200)]


def test_health_counts_it(shop: Shop) -> None:
    paid(shop)
    assert shop.bdquickpay.health().day.created == 1


def test_statement_clears_it(shop: Shop) -> None:
    payment = paid(shop)
    day = payment.verified_at.date().isoformat()
    lines = f"Trx ID,Date,Amount\n{payment.trx_id},{day},500\n".encode()
    report = shop.bdquickpay.check_statement(io.BytesIO(lines), zone=timezone.utc, apply=True)
    assert report.counts["matched"] == 1
    assert rows(shop, "count(*) FROM payments WHERE cleared_at IS NOT NULL") == [(1,)]


def test_old_payment_is_pruned(shop: Shop) -> None:
    payment = started(shop)
    shop.gateway.fail(payment, webhook=False)
    shop.bdquickpay.confirm(payment)
    past = utcnow() - 2 * YEAR
    times = {"created_at": past, "expires_at": past, "updated_at": past}
    shop.change(payment, check_after=None, **times)
    forget_events(shop)
    assert shop.bdquickpay.prune(older_than=YEAR, yes=True).payments == 1
    assert rows(shop, "count(*) FROM payments") == [(0,)]


def forget_events(shop: Shop) -> None:
    """Let nothing be left to deliver."""
    model = shop.bdquickpay.PaymentEvent
    shop.db.session.execute(sa.update(model).values(deliver_after=None))
    shop.db.session.commit()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("deliver", "Events delivered: 2"),
        ("erase 1 --note asked", "Payments emptied: 1"),
        ("ledger --csv", "payment: 1, 500.00 BDT"),
        ("metrics", "bdquickpay_unbooked 0"),
        ("payments", "completed"),
        ("prune --older-than 400d", "payments: 0"),
        ("reconcile", "looked at: 0"),
        ("record-refund 1 --all --note broken", "500"),
        ("refunds --owed", "Nothing is owed"),
        ("show 1", "completed"),
        ("verify 1", "completed"),
    ],
)
def test_every_command_works(shop: Shop, command: str, says: str) -> None:
    paid(shop)
    with payment_changed.connected_to(does_nothing, sender=shop.app):
        assert says in run(shop, *command.split()).output


def does_nothing(app: Flask, payment: Any, event: Any) -> None:
    """Somebody to whom events are delivered."""


@pytest.mark.parametrize("page", ["/", "/payments", "/payments/1", "/payments.csv"])
def test_every_page_of_the_desk_works(shop: Shop, page: str) -> None:
    from ..desk.visits import URL, open_desk  # skips the test where Flask-Admin is missing

    desk = open_desk(shop)
    paid(shop)
    answer = desk.get(f"{URL}{page}", follow_redirects=True)
    assert answer.status_code == 200
    assert "500" in answer.text


@pytest.mark.parametrize(
    "name", ["tables", "unique indexes", "transactions", "refused", "flagged", "amounts", "refunds"]
)
def test_doctor_looks_there(shop: Shop, name: str) -> None:
    paid(shop)
    assert check(shop, name).state == OK

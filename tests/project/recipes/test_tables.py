"""The recipes "Your own payment table" and "Flask-Migrate from nothing"."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import NullPool, create_engine, inspect

from .bench import Bench, add, lines, run

# Your own payment table


def test_own_payment_table(
    bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy("Your own payment table", readme=False)
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Order(reference="SHAPLA-1001", total=500))
    with app.test_request_context():
        started = shop.bdquickpay.start("SHAPLA-1001")
        bench.gateway.cancel(started)
        shop.bdquickpay.confirm(started)
        bench.gateway.pay(started)
        shop.db.session.rollback()  # MariaDB would read from the snapshot of before
        order = shop.db.session.scalar(shop.db.select(shop.Order))
        assert [payment.status for payment in order.payments] == ["completed"]
        assert order.payments[0].order is order
        assert order.payments[0].in_books is False
        assert isinstance(order.payments[0].events[0], shop.PaymentEvent)
        tables = inspect(shop.db.engine).get_table_names()
    assert set(tables) == {"order", "shop_payment", "shop_payment_event"}


# Flask-Migrate from nothing


def test_migrations_from_nothing(bench: Bench) -> None:
    bench.copy("Flask-Migrate from nothing", readme=False)
    for command in lines("Flask-Migrate from nothing", "terminal"):
        done = run(bench, command)
        assert done.returncode == 0, done.stdout + done.stderr
    engine = create_engine(os.environ["FLASK_SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    tables = {"order", "alembic_version", "bdquickpay_payment", "bdquickpay_payment_event"}
    assert set(inspect(engine).get_table_names()) == tables
    (migration,) = (bench.folder / "migrations/versions").glob("*.py")
    assert "bdquickpay_payment" in migration.read_text()
    assert "import flask_bdquickpay" not in migration.read_text()
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Order(total=500))
    with app.test_request_context():
        payment = shop.bdquickpay.start(1)
        bench.gateway.pay(payment)
        assert payment.is_paid

"""The recipes "Your own payment table", "Flask-Migrate from nothing" and "From 0.1.0"."""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import NullPool, create_engine, inspect

from .bench import Bench, block, lines, place, run

# Your own payment table


def test_own_payment_table(
    bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy("Your own payment table", readme=False)
    shop = bench.load("shop")
    app = bench.app(shop)
    reference = shop.new_reference()
    assert re.fullmatch(r"SHAPLA-[2-9A-HJ-NP-Z]{12}", reference)
    place(app, shop, reference)
    with app.test_request_context():
        started = shop.bdquickpay.start(reference)
        bench.gateway.cancel(started)
        shop.bdquickpay.confirm(started)
        bench.gateway.pay(started)
        shop.db.session.rollback()  # MariaDB would read from the snapshot of before
        order = shop.db.session.scalar(shop.db.select(shop.Order))
        assert order.status == "paid"
        assert [payment.status for payment in order.payments] == ["completed"]
        assert order.payments[0].order is order
        assert order.payments[0].in_books is False
        assert isinstance(order.payments[0].events[0], shop.PaymentEvent)
        tables = inspect(shop.db.engine).get_table_names()
    assert set(tables) == {"order", "shop_payment", "shop_payment_event", "bdquickpay_refund"}


# Flask-Migrate from nothing

FROM_NOTHING, UPGRADE = "Flask-Migrate from nothing", "From 0.1.0"


def migrate(bench: Bench, *commands: str) -> None:
    for command in commands:
        done = run(bench, command)
        assert done.returncode == 0, done.stdout + done.stderr


def database() -> sa.Engine:
    return create_engine(os.environ["FLASK_SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)


def newest_migration(bench: Bench) -> Path:
    return max(
        (bench.folder / "migrations/versions").glob("*.py"), key=lambda p: p.stat().st_mtime_ns
    )


@pytest.mark.thorough
def test_migrations_from_nothing(bench: Bench) -> None:
    bench.copy(FROM_NOTHING, readme=False)
    migrate(bench, *lines(FROM_NOTHING, "terminal"))
    ours = {f"bdquickpay_{name}" for name in ("payment", "payment_event", "refund")}
    assert set(inspect(database()).get_table_names()) == ours | {"order", "alembic_version"}
    migration = newest_migration(bench).read_text()
    assert "bdquickpay_payment" in migration
    assert "import flask_bdquickpay" not in migration
    shop = bench.load("shop")
    app = bench.app(shop)
    place(app, shop, "a1")
    with app.test_request_context():
        payment = shop.bdquickpay.start("a1")
        bench.gateway.pay(payment)
        assert payment.is_paid
        assert shop.find_order("a1").status == "paid"


# From 0.1.0

#: What Flask-Migrate wrote when 0.1.0 was installed beside the shop of the recipe above.
FIRST = Path(__file__).with_name("migration_of_0_1_0.txt")
EARLIER, LATER = (datetime(2026, 3, day, tzinfo=timezone.utc) for day in (1, 2))


@pytest.fixture
def old_shop(bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A shop whose tables are those of 0.1.0."""
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy(FROM_NOTHING, readme=False)
    init, _, upgrade = lines(FROM_NOTHING, "terminal")
    migrate(bench, init)
    bench.write("migrations/versions/first.py", FIRST.read_text(encoding="utf-8"))
    migrate(bench, upgrade)
    return bench


def keep_payment(number: int, **columns: Any) -> None:
    """Insert a payment as 0.1.0 left it."""
    values = {
        "token": f"token-{number}",
        "customer_reference": f"order-{number}",
        "amount": Decimal(500),
        "status": "completed",
        "created_at": EARLIER,
        "updated_at": LATER,
        "checks": 0,
    }
    engine = database()
    payments = sa.Table("bdquickpay_payment", sa.MetaData(), autoload_with=engine)
    with engine.begin() as connection:
        connection.execute(payments.insert().values(**values | columns))


@pytest.mark.thorough
def test_from_0_1_0(old_shop: Bench) -> None:
    keep_payment(1, verified_at=EARLIER)
    keep_payment(2, resolved_by="Ayesha", reason="amount mismatch: 5 BDT were paid")
    keep_payment(3, resolved_by="Ayesha", reason="paid after it had failed or expired here")
    keep_payment(4, status="failed")
    write, upgrade = lines(UPGRADE, "terminal")
    migrate(old_shop, write)
    migration = newest_migration(old_shop)
    migration.write_text(with_our_lines(migration.read_text()))
    migrate(old_shop, upgrade)
    assert payments_of(old_shop) == [
        (1, Decimal(500), EARLIER),
        (2, None, LATER),
        (3, None, LATER),
        (4, None, None),
    ]


def with_our_lines(migration: str) -> str:
    """The recipe's lines at the end of `upgrade()`."""
    ours = "\n".join(lines(UPGRADE, "migrations/versions/payments_say_what_came_in.py"))
    assert block(UPGRADE, "migrations/versions/payments_say_what_came_in.py").endswith(")\n")
    upgrade, downgrade = migration.split("\n\n\ndef downgrade")
    return f"{upgrade}\n{ours}\n\n\ndef downgrade{downgrade}"


def payments_of(bench: Bench) -> list[tuple[int, Decimal | None, datetime | None]]:
    shop = bench.load("shop")
    app = bench.app(shop)
    with app.app_context():
        payment = shop.bdquickpay.Payment
        chosen = sa.select(payment.id, payment.received_amount, payment.announced_at)
        return [tuple(row) for row in shop.db.session.execute(chosen.order_by(payment.id))]


@pytest.mark.thorough
def test_after_0_1_0_the_shop_sells_and_its_doctor_finds_the_tables(old_shop: Bench) -> None:
    keep_payment(1)
    migrate(old_shop, *lines(UPGRADE, "terminal"))  # without our lines, too
    shop = old_shop.load("shop")
    app = old_shop.app(shop)
    place(app, shop, "a1")
    with app.test_request_context():
        payment = shop.bdquickpay.start("a1")
        old_shop.gateway.pay(payment)
        assert payment.is_paid
        assert shop.bdquickpay.reconcile().changed == 0
    said = app.test_cli_runner().invoke(args=["bdquickpay", "doctor", "--json"]).output
    assert '"tables"' in said
    assert re.search(r'"tables",\s*"state": "ok"', said), said

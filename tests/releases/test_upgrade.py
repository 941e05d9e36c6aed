"""A database that an earlier release wrote is upgraded by the recipe, and its payments live on."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from flask_bdquickpay.sandbox import Sandbox, create_sandbox
from flask_bdquickpay.sandbox.server import SandboxServer

from . import shop

HERE = Path(__file__).parent
RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "migration.txt").exists())
_MANY_STATEMENTS = 1 << 16  # MariaDB's CLIENT_MULTI_STATEMENTS
KINDS = ("sqlite", "postgresql", "mariadb")
#: What became of each order's payment: its name, and its status.
STATUSES = {
    "completed": "completed",
    "pending": "pending",
    "cancelled": "cancelled",
    "failed": "failed",
    "timed-out": "failed",
    "flagged": "flagged",
    "accepted": "completed",
    "rejected": "failed",
    "unanswered": "failed",
    "unmailed": "completed",
}


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def load(dump: str, uri: str) -> None:
    """Fill an empty database from a dump of its kind."""
    url = sa.make_url(uri)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(url.database)) as connection:
            connection.executescript(dump)
    elif url.get_backend_name() == "postgresql":
        with psycopg.connect(uri.replace("+psycopg", ""), autocommit=True) as server:
            server.execute(dump.encode())
    else:
        engine = sa.create_engine(uri, connect_args={"client_flag": _MANY_STATEMENTS})
        with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
            cursor.execute(dump)
            while cursor.nextset():
                pass
            raw.commit()
        engine.dispose()


@dataclass
class Upgraded:
    """A shop on a database of an earlier release, and the gateway that knows its payments."""

    app: Flask
    sandbox: Sandbox

    def payment(self, reference: str) -> Any:
        model = shop.bdquickpay.Payment
        return shop.db.session.scalars(
            sa.select(model).filter_by(customer_reference=reference)
        ).one()


@pytest.fixture
def upgraded(release: str, database_uri: str, tmp_path: Path) -> Iterator[Upgraded]:
    kind = {"mysql": "mariadb"}.get(name := sa.make_url(database_uri).get_backend_name(), name)
    folder = HERE / release
    load((folder / f"{kind}.sql").read_text(encoding="utf-8"), database_uri)
    load(
        (folder / f"{kind}-sandbox.sql").read_text(encoding="utf-8"),
        f"sqlite:///{tmp_path}/sandbox",
    )
    upgrade(release, database_uri, tmp_path)
    sandbox = create_sandbox(*shop.KEYS.values(), path=tmp_path / "sandbox")
    with SandboxServer(sandbox) as server:
        app = shop.create_app(
            SQLALCHEMY_DATABASE_URI=database_uri, BDQUICKPAY_BASE_URL=server.base_url
        )
        with app.app_context():
            yield Upgraded(app, server.sandbox)
            shop.db.session.remove()
            shop.db.engine.dispose()


def upgrade(release: str, uri: str, folder: Path) -> None:
    """Migrate by the recipe."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.releases.upgrade", release, uri],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_release_has_a_database_of_each_kind() -> None:
    assert {"0.1.0", "next"} <= set(RELEASES)
    kinds = [f"{kind}{part}.sql" for kind in KINDS for part in ("", "-sandbox")]
    for name in RELEASES:
        assert sorted(path.name for path in (HERE / name).glob("*.sql")) == sorted(kinds)


@pytest.mark.thorough
def test_payments_of_an_earlier_release_live_on(upgraded: Upgraded) -> None:
    """One upgrade for all that follows: it is the slow part."""
    nothing_is_left_to_migrate()
    every_payment_is_as_it_was(upgraded)
    the_pending_one_is_paid(upgraded)
    what_came_can_be_sent_back(upgraded)
    late_money_still_counts(upgraded)
    a_person_decides_about_the_flagged_one(upgraded)
    the_sweep_delivers_what_was_left(upgraded)
    the_doctor_finds_the_tables(upgraded)


def nothing_is_left_to_migrate() -> None:
    """Alembic, too, finds no difference between the tables and the models."""
    with shop.db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, shop.db.metadata) == []


def every_payment_is_as_it_was(upgraded: Upgraded) -> None:
    assert {name: str(upgraded.payment(name).status) for name in STATUSES} == STATUSES
    for name, status in STATUSES.items():
        payment = upgraded.payment(name)
        assert (payment.amount, payment.refunded_amount) == (Decimal(500), Decimal(0))
        assert payment.events[-1].new_status == status
        assert shop.find_order(name).status == ("paid" if payment.is_paid else "new")
    assert upgraded.payment("completed").received_amount == 500
    assert upgraded.payment("completed").announced_at is not None


def the_pending_one_is_paid(upgraded: Upgraded) -> None:
    payment = upgraded.payment("pending")
    upgraded.sandbox.pay(payment, webhook=False)
    header = {"X-App-Key": shop.KEYS["BDQUICKPAY_APP_KEY"]}
    event = {"event": "payment.completed", "invoice_id": payment.invoice_id}
    shop.db.session.rollback()
    answer = upgraded.app.test_client().post("/bdquickpay/webhook", json=event, headers=header)
    assert answer.status_code == 200
    shop.db.session.rollback()  # MariaDB would read from the snapshot of before
    payment = upgraded.payment("pending")
    assert (payment.status, payment.received_amount) == ("completed", 500)
    assert shop.find_order("pending").status == "paid"


def what_came_can_be_sent_back(upgraded: Upgraded) -> None:
    for name in ("completed", "pending"):
        refund = shop.bdquickpay.record_refund(
            upgraded.payment(name), 120, by="Mina", note="came back", trx_id=f"R-{name}"
        )
        assert refund.amount == 120
        assert upgraded.payment(name).refundable == 380


def late_money_still_counts(upgraded: Upgraded) -> None:
    payment = upgraded.payment("cancelled")
    upgraded.sandbox.pay(payment, late=True, webhook=False)
    assert shop.bdquickpay.confirm(payment).is_paid
    assert shop.find_order("cancelled").status == "paid"


def a_person_decides_about_the_flagged_one(upgraded: Upgraded) -> None:
    invoice = upgraded.payment("flagged").invoice_id
    words = ["bdquickpay", "resolve", invoice, "--accept", "--note", "checked", "--by", "Mina"]
    said = upgraded.app.test_cli_runner().invoke(args=words)
    assert said.exit_code == 0, said.output
    shop.db.session.rollback()
    assert upgraded.payment("flagged").is_paid


def the_sweep_delivers_what_was_left(upgraded: Upgraded) -> None:
    model = shop.bdquickpay.PaymentEvent
    left = sa.select(sa.func.count()).where(
        model.new_status.is_not(None), model.delivered_at.is_(None)
    )
    report = shop.bdquickpay.reconcile()
    assert (report.errors, report.refused, report.unheard) == (0, 0, False)
    shop.db.session.rollback()
    assert shop.db.session.scalar(left) == 0


def the_doctor_finds_the_tables(upgraded: Upgraded) -> None:
    said = upgraded.app.test_cli_runner().invoke(args=["bdquickpay", "doctor", "--json"]).output
    assert re.search(r'"tables",\s*"state": "ok"', said), said

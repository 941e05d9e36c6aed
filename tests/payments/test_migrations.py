"""Flask-Migrate from nothing: the tables, and a migration that stands without us."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).parents[2]
APP = """
import sys
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_bdquickpay import BDQuickPay

db, bdquickpay = SQLAlchemy(), BDQuickPay()
app = Flask(__name__)
app.config.update(SQLALCHEMY_DATABASE_URI=sys.argv[1])
app.config.update(BDQUICKPAY_APP_KEY="a", BDQUICKPAY_SECRET_KEY="s")
app.config.update(BDQUICKPAY_PUBLIC_URL="https://shop.example")


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)


db.init_app(app)
bdquickpay.init_app(app)
Migrate(app, db)
if __name__ == "__main__":
    for command in sys.argv[2:]:
        result = app.test_cli_runner().invoke(args=["db", *command.split()])
        print(result.output, result.exception or "")
        print(f"COMMAND {command}: {result.exit_code}")
"""
#: Stands for an environment without our package, in which an old migration still runs.
WITHOUT_US = """
import sys
sys.modules["flask_bdquickpay"] = None
import alembic.config
alembic.config.main(["-c", "migrations/alone.ini", "upgrade", "head"])
"""
ALONE_ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
"""


def python(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def tables(uri: str) -> set[str]:
    return set(inspector(uri).get_table_names())


def inspector(uri: str) -> sa.Inspector:
    return sa.inspect(sa.create_engine(uri, poolclass=sa.NullPool))


def ended(told: str) -> list[tuple[str, str]]:
    """(command, exit code) of each command."""
    return re.findall(r"^COMMAND (\w+).*: (\d)$", told, re.MULTILINE)


STEPS = ["init", "migrate -m payments", "upgrade", "migrate", "downgrade", "upgrade"]
OURS = {"bdquickpay_payment", "bdquickpay_payment_event"}


def test_flask_migrate_from_nothing(tmp_path: Path, database_uri: str) -> None:
    (tmp_path / "shop.py").write_text(APP)
    told = python(tmp_path, "shop.py", database_uri, *STEPS, "downgrade")
    assert ended(told) == [(step.split()[0], "0") for step in [*STEPS, "downgrade"]], told
    assert "No changes in schema detected" in told
    assert tables(database_uri) == {"alembic_version"}
    (migration,) = (tmp_path / "migrations" / "versions").glob("*.py")
    check_imports(migration.read_text())
    upgrade_without_us(tmp_path, database_uri)
    check_schema(database_uri)


def check_imports(text: str) -> None:
    """A migration imports nothing of ours."""
    assert "flask_bdquickpay" not in text
    imports = {line for line in text.splitlines() if re.match("(from|import) ", line)}
    assert imports == {
        "from alembic import op",
        "import sqlalchemy as sa",
        "from sqlalchemy.dialects import mysql",
    }


def upgrade_without_us(folder: Path, uri: str) -> None:
    """An old migration runs where our package is not installed any more."""
    migrations, url = folder / "migrations", uri.replace("%", "%%")
    (migrations / "env.py").write_text(ALONE_ENV)
    (migrations / "alone.ini").write_text(f"[alembic]\nscript_location = migrations\nurl = {url}\n")
    python(folder, "-c", WITHOUT_US)


def check_schema(uri: str) -> None:
    """What the guarantees rest on is in the migrated database."""
    assert tables(uri) >= OURS | {"order"}
    found = inspector(uri)
    unique = {
        tuple(one["column_names"]) for one in found.get_unique_constraints("bdquickpay_payment")
    }
    assert unique >= {("token",), ("invoice_id",), ("trx_id",), ("order_key",)}
    keys = found.get_foreign_keys("bdquickpay_payment_event")
    assert [key["referred_table"] for key in keys] == ["bdquickpay_payment"]
    indexed = {tuple(one["column_names"]) for one in found.get_indexes("bdquickpay_payment")}
    assert {("check_after",), ("customer_reference",), ("status",), ("created_at",)} <= indexed

"""The sandbox's memory: one SQLite file, or none."""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from .errors import SandboxError
from .messages import plain
from .records import Delivery, Payment

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, invoice_id TEXT NOT NULL UNIQUE,
  token TEXT NOT NULL UNIQUE, app_key TEXT NOT NULL, amount TEXT NOT NULL,
  customer_reference TEXT NOT NULL, success_url TEXT NOT NULL, cancel_url TEXT NOT NULL,
  webhook_url TEXT, metadata TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
  created_at TEXT NOT NULL, expires_at TEXT NOT NULL, trx_id TEXT UNIQUE, paid_amount TEXT,
  verified_at TEXT);
CREATE INDEX IF NOT EXISTS payments_open ON payments (status, expires_at);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, invoice_id TEXT NOT NULL, url TEXT NOT NULL,
  app_key TEXT, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
  created_at TEXT NOT NULL, due_at TEXT, sent_at TEXT, status_code INTEGER,
  answer TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
MOMENTS = {"created_at", "expires_at", "verified_at", "due_at", "sent_at"}
MONEY = {"amount", "paid_amount"}
DOCUMENTS = {"metadata", "body"}


def connect(path: str | Path) -> sqlite3.Connection:
    """Open the state file, or say clearly what is wrong with it."""
    try:
        connection = sqlite3.connect(
            path, timeout=20, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise SandboxError(f"The sandbox cannot open its state file {path}: {error}") from error
    try:
        _prepare(connection)
    except (sqlite3.Error, SandboxError) as error:
        connection.close()
        raise SandboxError(
            f"The sandbox cannot use its state file {path} ({error}). "
            "Delete the file to start with an empty sandbox."
        ) from error
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == VERSION:
        return
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if found or (tables and not _is_ours(connection)):
        raise SandboxError("it was written by another program or another version")
    connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _is_ours(connection: sqlite3.Connection) -> bool:
    # A rival may have made the tables since the version was read.
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == VERSION)


def _to_column(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")  # one form, so that text sorts as time
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, default=plain) if name in DOCUMENTS else value


def _from_column(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in MOMENTS:
        return datetime.fromisoformat(value)
    if name in MONEY:
        return Decimal(value)
    return json.loads(value) if name in DOCUMENTS else value


def _values(kind: type[Payment] | type[Delivery], row: sqlite3.Row) -> dict[str, Any]:
    return {f.name: _from_column(f.name, row[f.name]) for f in fields(kind)}


class Store:
    """Every method is one statement, safe from any thread."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._connection = connect(":memory:" if path is None else path)
        #: Held during each statement; hold it to keep the file at rest.
        self.lock: AbstractContextManager[bool] = threading.RLock()
        self._closing = weakref.finalize(self, self._connection.close)
        # When the process ends, daemon threads may still be in a statement: SQLite would crash.
        self._closing.atexit = False

    def close(self) -> None:
        with self.lock:
            self._closing()

    def _run(self, sql: str, values: Iterable[Any] = ()) -> list[sqlite3.Row]:
        with self.lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    # Settings -------------------------------------------------------------------------------

    def setting(self, name: str, default: Any = None) -> Any:
        rows = self._run("SELECT value FROM settings WHERE name = ?", [name])
        return json.loads(rows[0]["value"]) if rows else default

    def set_setting(self, name: str, value: Any) -> None:
        sql = "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)"
        self._run(sql, [name, json.dumps(value)])

    def setting_once(self, name: str, value: Any) -> Any:
        """The setting, which is given this value if it has none yet."""
        sql = "INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)"
        self._run(sql, [name, json.dumps(value)])
        return self.setting(name)

    # Payments -------------------------------------------------------------------------------

    def add_payment(self, **values: Any) -> Payment:
        return Payment(**_values(Payment, self._insert("payments", values)))

    def payments(self, limit: int = 200) -> list[Payment]:
        """The newest first."""
        rows = self._run("SELECT * FROM payments ORDER BY id DESC LIMIT ?", [limit])
        return [Payment(**_values(Payment, row)) for row in rows]

    def find_payments(self, text: str, status: str, limit: int, offset: int) -> list[Payment]:
        """The newest first; with the text in reference, invoice or transaction id."""
        sql = (
            "SELECT * FROM payments WHERE (? = '' OR status = ?) AND (instr(lower("
            "customer_reference || ' ' || invoice_id || ' ' || coalesce(trx_id, '')), lower(?)) "
            "OR ? = '') ORDER BY id DESC LIMIT ? OFFSET ?"
        )
        rows = self._run(sql, [status, status, text, text, limit, offset])
        return [Payment(**_values(Payment, row)) for row in rows]

    def payment(self, invoice_id: str) -> Payment | None:
        return self._one_payment("invoice_id = ?", invoice_id)

    def payment_by_token(self, token: str) -> Payment | None:
        return self._one_payment("token = ?", token)

    def overdue(self, now: datetime) -> list[Payment]:
        sql = "SELECT * FROM payments WHERE status = 'pending' AND expires_at <= ?"
        rows = self._run(sql, [_to_column("", now)])
        return [Payment(**_values(Payment, row)) for row in rows]

    def change_payment(self, payment: Payment, **values: Any) -> Payment | None:
        """Change the payment if it is still as given; None if somebody else was faster."""
        columns = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE payments SET {columns} WHERE id = ? AND status = ? RETURNING *"  # noqa: S608
        wanted = [_to_column(name, value) for name, value in values.items()]
        rows = self._run(sql, [*wanted, payment.id, payment.status])
        return Payment(**_values(Payment, rows[0])) if rows else None

    def _one_payment(self, where: str, value: str) -> Payment | None:
        rows = self._run(f"SELECT * FROM payments WHERE {where}", [value])  # noqa: S608
        return Payment(**_values(Payment, rows[0])) if rows else None

    # Deliveries -----------------------------------------------------------------------------

    def add_delivery(self, **values: Any) -> Delivery:
        return Delivery(**_values(Delivery, self._insert("deliveries", values)))

    def deliveries(self, limit: int = 200) -> list[Delivery]:
        """The newest first."""
        rows = self._run("SELECT * FROM deliveries ORDER BY id DESC LIMIT ?", [limit])
        return [Delivery(**_values(Delivery, row)) for row in rows]

    def find_deliveries(self, text: str, state: str, limit: int, offset: int) -> list[Delivery]:
        """The newest first; with the text in invoice id or body."""
        sql = (
            "SELECT * FROM deliveries WHERE (? = '' OR state = ?) AND (instr(lower("
            "invoice_id || ' ' || body), lower(?)) OR ? = '') ORDER BY id DESC LIMIT ? OFFSET ?"
        )
        rows = self._run(sql, [state, state, text, text, limit, offset])
        return [Delivery(**_values(Delivery, row)) for row in rows]

    def count_deliveries(self, invoice_id: str) -> int:
        """How many webhooks there are of a payment."""
        sql = "SELECT count(*) AS n FROM deliveries WHERE invoice_id = ?"
        return int(self._run(sql, [invoice_id])[0]["n"])

    def count_due(self, now: datetime) -> int:
        """How many webhooks are due by then."""
        sql = "SELECT count(*) AS n FROM deliveries WHERE due_at <= ?"
        return int(self._run(sql, [_to_column("", now)])[0]["n"])

    def delivery(self, delivery_id: int) -> Delivery | None:
        rows = self._run("SELECT * FROM deliveries WHERE id = ?", [delivery_id])
        return Delivery(**_values(Delivery, rows[0])) if rows else None

    def change_delivery(self, delivery_id: int, **values: Any) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        wanted = [_to_column(name, value) for name, value in values.items()]
        self._run(f"UPDATE deliveries SET {columns} WHERE id = ?", [*wanted, delivery_id])  # noqa: S608

    def claim(self, delivery_id: int) -> Delivery | None:
        """Take a delivery that nobody else is sending right now."""
        return self._claim("id = ? AND state <> 'sending'", delivery_id)

    def claim_due(self, now: datetime) -> Delivery | None:
        """Take the delivery that has been due for longest."""
        oldest = (
            "id = (SELECT id FROM deliveries WHERE due_at <= ? AND state <> 'sending' "
            "ORDER BY due_at, id LIMIT 1)"
        )
        return self._claim(oldest, _to_column("", now))

    def release(self, state: str, now: datetime) -> None:
        """Make every delivery in this state due now: what was held, or cut off by a crash."""
        sql = "UPDATE deliveries SET state = 'queued', due_at = ? WHERE state = ?"
        self._run(sql, [_to_column("", now), state])

    def next_delivery(self) -> datetime | None:
        """When the next delivery is due."""
        rows = self._run("SELECT min(due_at) AS at FROM deliveries WHERE state <> 'sending'")
        moment: datetime | None = _from_column("due_at", rows[0]["at"])
        return moment

    def next_expiry(self) -> datetime | None:
        """When the next payment runs out."""
        rows = self._run("SELECT min(expires_at) AS at FROM payments WHERE status = 'pending'")
        moment: datetime | None = _from_column("expires_at", rows[0]["at"])
        return moment

    def _claim(self, where: str, value: Any) -> Delivery | None:
        sql = (
            "UPDATE deliveries SET state = 'sending', due_at = NULL, attempts = attempts + 1 "  # noqa: S608
            f"WHERE {where} RETURNING *"
        )
        rows = self._run(sql, [value])
        return Delivery(**_values(Delivery, rows[0])) if rows else None

    def _insert(self, table: str, values: Mapping[str, Any]) -> sqlite3.Row:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING *"  # noqa: S608
        return self._run(sql, [_to_column(n, v) for n, v in values.items()])[0]

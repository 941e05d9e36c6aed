"""Bounds how long a transaction waits for a lock that another writer holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text


@contextmanager
def bounded_wait(connection: Connection, seconds: float) -> Iterator[None]:
    """Have the database give up a wait for a lock after `seconds`, for one transaction.

    The connection's own setting is in force again afterwards; PostgreSQL sees to that by itself.
    """
    kind = connection.dialect.name
    if kind == "postgresql":
        wait = text("SELECT set_config('lock_timeout', :wait, true)")
        connection.execute(wait, {"wait": str(_milliseconds(seconds))})
        yield
    elif kind == "sqlite":
        before = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_milliseconds(seconds)}")
        with _restored(connection, f"PRAGMA busy_timeout = {int(before)}"):
            yield
    elif kind in ("mysql", "mariadb"):
        before = connection.exec_driver_sql("SELECT @@innodb_lock_wait_timeout").scalar_one()
        whole = max(1, math.floor(seconds))
        connection.exec_driver_sql(f"SET innodb_lock_wait_timeout = {whole}")
        with _restored(connection, f"SET innodb_lock_wait_timeout = {int(before)}"):
            yield
    else:
        yield


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


@contextmanager
def _restored(connection: Connection, statement: str) -> Iterator[None]:
    try:
        yield
    finally:
        if not (connection.closed or connection.invalidated):
            connection.exec_driver_sql(statement)

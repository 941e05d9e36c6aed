"""Bounds how long the database may keep us waiting: for locks, and for a connection of the pool."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.pool import Pool

from ..deadline import time_left

#: A connection's own patience may end so many seconds after ours.
_SLACK = 0.5
_OWN = "bdquickpay_own_patience"


@contextmanager
def bounded_wait(connection: Connection, seconds: float) -> Iterator[None]:
    """Have the database give up a wait for a lock after `seconds`, for one transaction.

    The connection's own setting is in force again afterwards; PostgreSQL sees to that by itself.
    Where it ends soon enough anyway, nothing is sent.
    """
    kind = connection.dialect.name
    if kind == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_milliseconds(seconds)}")
        yield
    elif kind == "sqlite":
        (patience,) = _own(connection, "PRAGMA busy_timeout")
        if patience <= _milliseconds(seconds + _SLACK):
            yield
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_milliseconds(seconds)}")
        with _restored(connection, f"PRAGMA busy_timeout = {patience}"):
            yield
    elif kind in ("mysql", "mariadb"):
        # The second is for the locks of ALTER TABLE, for which a SELECT waits, too.
        own = _own(connection, "SELECT @@innodb_lock_wait_timeout, @@lock_wait_timeout")
        whole = max(1, math.floor(seconds))
        setting = "SET innodb_lock_wait_timeout = {}, lock_wait_timeout = {}"
        connection.exec_driver_sql(setting.format(whole, whole))
        with _restored(connection, setting.format(*own)):
            yield
    else:
        yield


def _own(connection: Connection, question: str) -> tuple[int, ...]:
    """The connection's own setting, asked for once."""
    if _OWN not in connection.info:
        row = connection.exec_driver_sql(question).one()
        connection.info[_OWN] = tuple(int(value) for value in row)
    own: tuple[int, ...] = connection.info[_OWN]
    return own


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


@contextmanager
def _restored(connection: Connection, statement: str) -> Iterator[None]:
    try:
        yield
    finally:
        if not (connection.closed or connection.invalidated):
            connection.exec_driver_sql(statement)


class _Patience(float):
    """A pool's time-out in seconds, which ends no later than the deadline of whoever waits."""

    def __radd__(self, now: Any) -> float:
        return float(now) + min(float(self), max(time_left(), 0.0))


def bound_pool(pool: Pool) -> None:
    """Let nobody wait for a connection beyond the deadline that is in force there.

    SQLAlchemy takes the time-out of a pool, not of a wait; it adds it to the time of its begin.
    """
    own = vars(pool).get("_timeout")
    if isinstance(own, (int, float)) and not isinstance(own, _Patience):
        vars(pool)["_timeout"] = _Patience(own)

"""One transaction on the app's session: whole or not at all, repeated when it must be."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

from ..deadline import deadline, time_left
from .grounds import check_rollback, is_same, refuse_write
from .locks import bounded_wait

T = TypeVar("T")
_running: ContextVar[Connection | None] = ContextVar("running", default=None)
_delivering: ContextVar[bool] = ContextVar("delivering", default=False)
_logger = logging.getLogger(__name__)
#: Tells a session in which database something is.
Bind = dict[str, Any]
#: Seconds after which a transaction that keeps colliding is given up.
PATIENCE = 5.0
#: Seconds that a lock is waited for even at the end of a deadline.
_SHORTEST = 0.25
_TRANSIENT = (
    *("40001", "40P01", "55P03"),  # serialization failure, deadlock, lock not available
    *(1020, 1205, 1213),  # record changed, lock wait time-out, deadlock
)
_DUPLICATE = ("23505", 1062)


def is_running() -> bool:
    """Whether the caller is inside of one: a signal receiver, say."""
    return _running.get() is not None


def connection() -> Connection:
    """The connection of the transaction that the caller is in."""
    running = _running.get()
    assert running is not None, "only in a transaction of ours"  # noqa: S101
    return running


def watch(sessions: scoped_session[Any]) -> None:
    """Have a receiver refused that writes by a session of the app, but not in our transaction."""
    if not event.contains(sessions, "after_begin", _joined):
        event.listen(sessions, "after_begin", _joined)


def _joined(_session: Session, _transaction: object, joined: Connection) -> None:
    ours = _running.get()
    if ours is not None and joined is not ours:
        event.listen(joined, "before_cursor_execute", _refuse)


def _refuse(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    refuse_write(statement)


@event.listens_for(Engine, "before_cursor_execute")
def _executed(other: Connection, _cursor: object, statement: str, *_: object) -> None:
    """Refuse a receiver that writes to another database, by whichever engine of the process."""
    ours = _running.get()
    if ours is not None and other is not ours and not is_same(ours.engine, other.engine):
        refuse_write(statement)


@contextmanager
def delivering() -> Iterator[None]:
    """Have what a receiver writes after the commit rolled back when it raises, savepoints too."""
    token = _delivering.set(True)
    try:
        yield
    finally:
        _delivering.reset(token)


@event.listens_for(Engine, "savepoint")
def _saved(connection: Connection, _name: str) -> None:
    """Begin before a savepoint: SQLite's driver does so at a write alone, and a savepoint that is
    released outside of a transaction is committed.
    """
    if _delivering.get() and connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN")


def run(
    session: Session,
    work: Callable[[], T],
    bind: Bind,
    check: Callable[[Connection], None] = check_rollback,
) -> T:
    """Return what `work` returned, once it is committed.

    `work` runs again after a deadlock, a serialization failure or a locked database, until
    :data:`PATIENCE` or the thread's deadline ends. Whatever it raises rolls everything back.

    :param bind: what tells the session in which database the transaction is.
    :param check: looks at the connection before `work` begins.
    """
    with deadline(PATIENCE):
        for attempt in range(1_000_000):
            try:
                return _once(session, work, bind, check)
            except DBAPIError as error:
                pause = random.uniform(0.2, 1.0) * min(0.01 * 2**attempt, 0.25)  # noqa: S311
                if not is_transient(error) or pause >= time_left():
                    raise
                _logger.info("Transaction repeated after %s", type(error.orig).__name__)
            time.sleep(pause)
    raise AssertionError("unreachable")


def _once(
    session: Session,
    work: Callable[[], T],
    bind: Bind,
    check: Callable[[Connection], None],
) -> T:
    try:
        ours = session.connection(bind_arguments=bind)
        with _commit_withheld(session, ours):
            check(ours)
            with bounded_wait(ours, max(time_left(), _SHORTEST)):
                result = work()
                session.flush()  # what receivers left to be written waits for locks too
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return result


@contextmanager
def _commit_withheld(session: Session, ours: Connection) -> Iterator[None]:
    """Turn a receiver's ``db.session.commit()`` into a flush, so that all commits at the end.

    Its ``begin()`` is a savepoint.
    """

    def flush() -> None:
        session.flush()
        session.expire_all()

    begin = session.begin

    def savepoint(nested: bool = False) -> SessionTransaction:
        del nested  # it is in a transaction in any case
        return begin(nested=True)

    session.commit, session.begin = flush, savepoint  # type: ignore[method-assign]
    token = _running.set(ours)
    try:
        yield
    finally:
        _running.reset(token)
        del session.commit, session.begin


def is_transient(error: DBAPIError) -> bool:
    """Whether the same transaction may well succeed when it is repeated."""
    said = str(error.orig)
    return _says(error, *_TRANSIENT) or "database is locked" in said or "table is locked" in said


def is_duplicate(error: DBAPIError) -> bool:
    """Whether a unique value belongs to another row."""
    return _says(error, *_DUPLICATE) or "UNIQUE constraint failed" in str(error.orig)


def _says(error: DBAPIError, *codes: object) -> bool:
    """Whether one of these is PostgreSQL's SQLSTATE or MySQL's error number, wherever the driver
    keeps it."""
    cause: Any = error.orig
    first = cause.args[0] if cause.args else None
    found = [getattr(cause, name, None) for name in ("sqlstate", "pgcode")]
    found.append(first.get("C") if isinstance(first, dict) else first)
    return any(code in codes for code in found)

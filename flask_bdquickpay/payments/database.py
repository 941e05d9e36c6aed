"""The app's session: transactions and reads of ours, bounded and checked."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    Row,
    Select,
    Table,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, SessionTransactionOrigin
from sqlalchemy.pool import StaticPool

from ..deadline import time_left
from ..errors import BDQuickPayError, ConfigurationError
from . import transaction
from .grounds import cannot_roll_back, check_rollback
from .locks import bound_pool, bounded_wait
from .tables import Models

T = TypeVar("T")


def storable(text: str | None) -> str | None:
    """What every database takes as text, of bounded length."""
    if text is None:
        return None
    return text[:10_000].replace("\0", "").encode("utf-8", "replace").decode()


class Conflict(Exception):
    """Another payment already has the order, the transaction id or the invoice."""


@contextmanager
def conflicts() -> Iterator[None]:
    """
    :raises Conflict: where a unique value belongs to another row.
    """
    try:
        yield
    except IntegrityError as error:
        if not transaction.is_duplicate(error):
            raise  # a NOT NULL or CHECK of the shop's own model, say: no rival's doing
        raise Conflict from error


class Database:
    """Runs our statements on the app's session.

    Reading leaves no connection checked out. Writing belongs into :meth:`transaction`.
    """

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        transaction.watch(db.session)
        self._turns = threading.Lock()
        self._is_checked = False
        self.models: Models = models
        self.payments: Table = models.payment.__table__
        self.events: Table = models.event.__table__
        #: Says which of the app's databases is meant.
        self.bind: transaction.Bind = {"clause": update(self.payments)}

    @property
    def session(self) -> Session:
        """The app's session of this context."""
        session: Session = self._db.session()
        return session

    @property
    def single_connection(self) -> bool:
        """Whether all threads share one connection, as with an SQLite database in memory."""
        return isinstance(self.engine.pool, StaticPool)

    def transaction(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction of its own: see :func:`transaction.run`."""
        self.settle_host()
        with self._turn():
            try:
                return transaction.run(self.session, work, self.bind, self._check)
            except BaseException:
                self.session.rollback()  # also a session that a receiver has put in its place
                raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the threads of a process that write to SQLite take turns, which it does not."""
        engine = self.engine
        bound_pool(engine.pool)
        mine = engine.dialect.name == "sqlite" and self._turns.acquire(
            timeout=max(0.0, min(time_left(), transaction.PATIENCE))
        )
        try:
            yield
        finally:
            if mine:
                self._turns.release()

    @property
    def engine(self) -> Engine:
        """The engine of our tables."""
        return self.session.get_bind(**self.bind).engine

    def _check(self, connection: Connection) -> None:
        check_rollback(connection)
        if not self._is_checked:
            lasting = cannot_roll_back(connection, [self.payments, self.events])
            if lasting:
                raise ConfigurationError(
                    f"{' and '.join(lasting)} can't roll back: run ALTER TABLE … ENGINE = InnoDB."
                )
            self._is_checked = True

    def guard(self) -> Callable[[], None]:
        """Return a check that the transaction of now is still open, and writes what waits.

        :raises BDQuickPayError: from the check, when somebody rolled it back.
        """
        session = self.session
        begun = session.get_transaction()

        def check() -> None:
            if self.session is not session or session.get_transaction() is not begun:
                raise BDQuickPayError(
                    "A signal receiver rolled back or closed db.session, and with it the payment. "
                    "Let it raise instead; for 'insert, or go on when it is there', write "
                    "'with db.session.begin_nested():' around the insert, and catch IntegrityError "
                    "around that."
                )
            session.flush()  # here it is known who left it

        return check

    def settle_host(self) -> None:
        """Commit what the host has begun, so that no connection is held and nothing is lost.

        :raises BDQuickPayError: in a receiver, or in a block of the host's own: its transaction is
            not ours to end.
        """
        if transaction.is_running():
            raise BDQuickPayError(
                "start(), confirm(), record_refund() and the like can't be called in a signal "
                "receiver: its transaction is still open. Use payment_changed, which comes after "
                "the commit."
            )
        begun = self.session.get_transaction()
        if begun is None:
            return
        own = self.session.in_nested_transaction()
        if own or begun.origin is not SessionTransactionOrigin.AUTOBEGIN:
            raise BDQuickPayError(
                "start(), confirm(), record_refund() and the like commit db.session, and can't be "
                "called in a block of db.session.begin() or begin_nested(). Call them after it."
            )
        self.session.commit()

    @contextmanager
    def beside_host(self) -> Iterator[None]:
        """Read without a gateway call: what the host has begun is left as it is."""
        begun = self.session.in_transaction()
        try:
            yield
        finally:
            if not begun:
                self.session.rollback()

    def ask(self, statement: Executable, values: Any = None, **options: Any) -> Any:
        """Return the result of a statement; the session goes on with its transaction."""
        return self.session.execute(statement, values, bind_arguments=self.bind, **options)

    def row(self, statement: Select[Any], values: dict[str, object]) -> Row[Any] | None:
        """Return the first row that a statement finds."""
        self.settle_host()
        with self._reading() as connection:
            return connection.execute(statement, values).first()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Wait for a connection and for locks no longer than the deadline, if there is one."""
        bound_pool(self.engine.pool)
        try:
            connection = self.session.connection(bind_arguments=self.bind)
            if math.isinf(time_left()):
                yield connection
                return
            with bounded_wait(connection, max(time_left(), 0)):
                yield connection
        finally:
            self.session.rollback()  # only read: gives the connection back without a COMMIT

    def keep_loaded(self) -> None:
        """Give the connection back while the loaded objects stay as they are."""
        session = self.session
        expire, session.expire_on_commit = session.expire_on_commit, False
        session.commit()
        session.expire_on_commit = expire

    def execute(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        """Execute a statement of a transaction."""
        return transaction.connection().execute(statement, values)

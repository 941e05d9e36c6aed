"""The sweep and the outbox as tasks of the shop's Celery.

    from flask_bdquickpay.celery import register_tasks

    register_tasks(celery_app)

Needs the extra ``Flask-BDQuickPay[celery]``. The database stays the queue: a message only says that
there may be work, so that it may be lost, come late or come many times.
"""

from __future__ import annotations

import logging
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakSet

from flask import Flask, current_app, has_app_context
from sqlalchemy.pool import StaticPool

from .errors import ConfigurationError
from .payments import outbox, reconcile
from .payments.dispatch import DEFAULT_DISPATCHER
from .state import State, current_state

try:
    from celery import Celery, Task, signals
except ModuleNotFoundError as _error:
    if _error.name != "celery":
        raise
    raise ModuleNotFoundError(
        "The tasks need Celery: pip install 'Flask-BDQuickPay[celery]'", name=_error.name
    ) from _error

__all__ = ["register_tasks"]

_logger = logging.getLogger(__name__)
_RECONCILE, _DELIVER_EVENT = "bdquickpay.reconcile", "bdquickpay.deliver_event"
#: How much one message is about at most. It rings again when there is more.
_PAYMENTS, _EVENTS = 100, 1000
#: Seconds after which a message looks at no other payment, and delivers no other event.
_SWEEPING, _DELIVERING = 120.0, 180.0
#: Seconds for which a task has what it has taken; it must end before somebody else takes it.
_LEASE = min(outbox.LEASE, reconcile.LEASE).total_seconds()
#: A broker is given up so soon. The transports take what they know of it.
_IMPATIENT = {
    "socket_timeout": 2.0,
    "socket_connect_timeout": 2.0,
    "read_timeout": 2.0,
    "write_timeout": 2.0,
    "max_retries": 1,
    "interval_start": 0,
}


def register_tasks(celery_app: Celery, *, queue: str = "bdquickpay", every: float = 60) -> None:
    """Give a Celery app the tasks that do the shop's work, and have its beat ring for the sweep.

    Call it once the Celery app is made: inside of ``app.app_context()``, or with a task class that
    pushes the app's context, as in Flask's documentation, or after ``celery_app.flask_app = app``.
    Any number of beats and workers may run; the workers need ``--queues`` with `queue`.

    With ``BDQUICKPAY_DELIVERY = "deferred"`` the app then hands its events to these tasks, unless
    the shop has a ``@bdquickpay.dispatcher`` of its own.

    :param queue: where the messages of these tasks wait.
    :param every: seconds between two sweeps, from 10 to 900. A message that nobody has taken
        by then is dropped.
    :raises ValueError: for other seconds.
    """
    if not 10 <= every <= 900:
        raise ValueError(f"every is a number of seconds from 10 to 900, such as 60, not {every}.")
    shop = _Shop(celery_app)
    base = _task_class(celery_app.Task, shop, queue, every)
    for name, run in _TASKS.items():
        celery_app.task(run, name=name, base=base, bind=True, shared=False)
    _add_to_beat(celery_app, {"queue": queue, "expires": every}, every)
    if shop.app is None:
        _logger.warning("No Flask app is known here. %s", _HOW)
    else:
        shop.app.extensions[DEFAULT_DISPATCHER] = _Sender(celery_app)


def _task_class(base: type[Any], shop: _Shop, queue: str, every: float) -> type[Any]:
    """The host's own class of tasks, with what must hold for these."""

    def apply_async(self: Any, *args: Any, **options: Any) -> Any:
        return base.apply_async(self, *args, **{"queue": queue, **options})

    rules = {
        "shop": shop,
        "apply_async": apply_async,
        "abstract": True,
        "acks_late": True,
        "reject_on_worker_lost": False,  # what kills a worker would kill the next one, too
        "ignore_result": True,
        "store_errors_even_if_ignored": False,
        "autoretry_for": (),  # the next beat is the retry
        "max_retries": 0,
        "expires": every,
        "soft_time_limit": _LEASE - 60,
        "time_limit": _LEASE - 30,
    }
    return type("BDQuickPayTask", (base,), rules)


def _add_to_beat(celery_app: Celery, options: dict[str, Any], every: float) -> None:
    """Add the beat's entry, now and whenever the Celery app reads its configuration anew."""
    entry = {"task": _RECONCILE, "schedule": float(every), "options": options}

    def add(source: Any, **_: Any) -> None:
        source.beat_schedule = {**source.beat_schedule, _RECONCILE: entry}

    celery_app.on_after_configure.connect(add, weak=False)
    if celery_app.configured:
        add(celery_app.conf)


# What the tasks do


def _reconcile(task: Any, limit: int = _PAYMENTS) -> dict[str, int]:
    """Look at payments that are due, then deliver; ring again while there is more."""
    turn = _Turn()
    with task.shop.state() as state:
        more = _sweep(state, limit, turn)
        delivered = state.outbox.deliver(_EVENTS, turn.is_over)
        if more or state.outbox.is_due():
            task.apply_async((limit,))
    return {"checked": turn.checked, "delivered": delivered}


def _deliver(task: Any, limit: int = _EVENTS) -> dict[str, int]:
    """Tell the shop what it is owed and deliver events; ring again while there is more."""
    with task.shop.state() as state:
        delivered = state.reconciliation.deliver(limit, _Turn().is_over)
        if state.outbox.is_due():
            task.apply_async((limit,))
    return {"delivered": delivered}


def _deliver_event(task: Any, event_id: int) -> bool:
    """Deliver one event, unless that is done or under way."""
    with task.shop.state() as state:
        delivered: bool = state.outbox.deliver_event(event_id)
    return delivered


_TASKS: dict[str, Callable[..., Any]] = {
    _RECONCILE: _reconcile,
    "bdquickpay.deliver": _deliver,
    _DELIVER_EVENT: _deliver_event,
}


def _sweep(state: State, limit: int, turn: _Turn) -> bool:
    """Look at so many payments that are due; return whether there are more."""
    try:
        report = state.reconciliation.sweep(limit, progress=turn.look_up)
    except _Enough:
        return True
    full = report.checked >= limit and not report.left
    return full and state.reconciliation.is_due()


class _Enough(Exception):
    """Ends a sweep, which then gives back what it has not looked at."""


class _Turn:
    """How long one message may take."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.checked = 0

    def look_up(self, checked: int, _due: int) -> None:
        """Look, between two payments, whether it is enough."""
        self.checked = checked
        if self._is_over(_SWEEPING):
            raise _Enough

    def is_over(self) -> bool:
        """Whether no other event is to be delivered."""
        return self._is_over(_DELIVERING)

    def _is_over(self, seconds: float) -> bool:
        return bool(_ending[0]) or time.monotonic() - self._begun > seconds


#: Whether the worker is shutting down, in memory that it shares with the processes of its pool: it
#: alone hears of it, and then waits for them.
_ending = mmap.mmap(-1, 1)


def _begin(**_: Any) -> None:
    _ending[0] = 0


def _end(**_: Any) -> None:
    _ending[0] = 1


signals.worker_init.connect(_begin)
signals.worker_shutting_down.connect(_end)


# Whose work it is

_HOW = (
    "Call register_tasks(celery_app) inside of app.app_context(), or after "
    "celery_app.flask_app = app, or make the Celery app with a task class that pushes the app's "
    "context, as in Flask's documentation."
)


class _Shop:
    """The Flask app that belongs to a Celery app."""

    def __init__(self, celery_app: Celery) -> None:
        self._celery_app = celery_app
        self._found = _app_of_tasks(celery_app)
        _shops.add(self)

    @property
    def app(self) -> Flask | None:
        """The app, if it is known."""
        told: Flask | None = getattr(self._celery_app, "flask_app", None)
        return told or self._found

    @contextmanager
    def state(self) -> Iterator[State]:
        """Work in the app's context: the host's, where a task class of its own has pushed it."""
        if self.app is None and not has_app_context():
            raise ConfigurationError(f"A task does not know its Flask app. {_HOW}")
        if self.app in (None, _current_app()):
            yield current_state()
            return
        with self.app.app_context():
            yield current_state()


def _current_app() -> Flask | None:
    return cast("Any", current_app)._get_current_object() if has_app_context() else None


def _app_of_tasks(celery_app: Celery) -> Flask | None:
    """Return the app whose context the host's class of tasks pushes, else the present one."""
    base = celery_app.Task
    if base.__call__ is Task.__call__:
        return _current_app()
    question = type("BDQuickPayQuestion", (base,), {"run": staticmethod(_current_app)})()
    question.bind(celery_app)
    try:
        answer = question()
    except Exception:
        _logger.warning("The host's class of tasks cannot be called yet", exc_info=True)
        return None
    return answer if isinstance(answer, Flask) else None


_shops: WeakSet[_Shop] = WeakSet()


def _forget_connections(**_: Any) -> None:
    """Leave the parent its connections to the database, in a process of the pool."""
    for app in {shop.app for shop in _shops}:
        if app is not None and "sqlalchemy" in app.extensions:
            with app.app_context():
                for engine in app.extensions["sqlalchemy"].engines.values():
                    if not isinstance(engine.pool, StaticPool):  # an SQLite database in memory
                        engine.dispose(close=False)


signals.worker_process_init.connect(_forget_connections)


# The dispatcher


class _Sender:
    """Sends the ids of events, over a connection that gives up soon and is then made anew."""

    def __init__(self, celery_app: Celery) -> None:
        self._celery_app = celery_app
        self._connection: Any = None
        self._process = 0

    def __call__(self, event_id: int) -> None:
        task = self._celery_app.tasks[_DELIVER_EVENT]
        try:
            task.apply_async((event_id,), connection=self.connection(), retry=False)
        except BaseException:
            self._give_up()
            raise

    def connection(self) -> Any:
        """The connection of this process: none survives a fork."""
        if self._connection is None or self._process != os.getpid():
            told = self._celery_app.conf.broker_transport_options
            options = {**_IMPATIENT, **told}
            self._connection = self._celery_app.connection_for_write(transport_options=options)
            self._process = os.getpid()
        return self._connection

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect()  # closes it without asking the other side

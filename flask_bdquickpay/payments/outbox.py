"""The outbox: delivers `payment_changed` at least once, after the commit."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakSet

from blinker import NamedSignal
from flask import Flask

from . import clock, signals
from .models import PaymentEventMixin, PaymentMixin
from .store import Store
from .waiting import OutboxEvent, Waiting

_logger = logging.getLogger(__name__)
#: Seconds that whoever caused an event waits for its delivery at most.
COURTESY = 0.2
#: How long a delivery under way keeps others from the event; doubled each time that it was tried,
#: so that a receiver that hangs does not tie up one process after the other.
LEASE = timedelta(minutes=5)
#: How long an event waits for a process that has a receiver, when this one has none.
UNHEARD = timedelta(days=1)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=6)
_BATCH = 100


class Outbox:
    """Delivers the events of one app, each from one thread at a time in all processes.

    :param inline: whether events are delivered right after their commit, by a thread of its own
        so that no answer waits for a slow receiver; else only by :meth:`deliver`.
    """

    def __init__(self, app: Flask, store: Store, *, inline: bool) -> None:
        self._app = app
        self._store = store
        self._waiting = Waiting(store)
        self._inline = inline
        self._lock = threading.Lock()
        self._queue: deque[tuple[OutboxEvent, threading.Event]] = deque()
        self._worker: threading.Thread | None = None
        _outboxes.add(self)

    @property
    def is_heard(self) -> bool:
        """Whether anybody in this process listens to `payment_changed`."""
        return self._hears(is_refund=False)

    @property
    def heard(self) -> list[bool]:
        """Which events anybody in this process listens to: those about refunds or the others."""
        return [kind for kind in (False, True) if self._hears(is_refund=kind)]

    def _hears(self, *, is_refund: bool) -> bool:
        return any(True for _ in _signal(is_refund).receivers_for(self._app))

    def columns(self) -> dict[str, Any]:
        """The outbox's columns of a new event."""
        return {"deliver_after": clock.utcnow()}

    def committed(self, event: OutboxEvent) -> None:
        """Deliver a new event, unless that is left to :meth:`deliver` or to another process."""
        if not self._inline or not self._hears(is_refund=event.is_refund):
            return
        if self._store.single_connection:
            self._deliver_one(event)
            return
        done = threading.Event()
        with self._lock:
            self._queue.append((event, done))
            if not self._is_working():
                self._start()
            if self._worker is None:
                self._queue.clear()
                return
        done.wait(COURTESY)

    def _is_working(self) -> bool:
        """Whether there is a thread that delivers; none survives a fork."""
        return self._worker is not None and self._worker.is_alive()

    def reset(self) -> None:
        """Begin anew in a process that was forked."""
        self._lock, self._worker = threading.Lock(), None
        self._queue.clear()

    def _start(self) -> None:
        self._worker = threading.Thread(target=self._work, name="bdquickpay-outbox")
        try:
            self._worker.start()
        except RuntimeError:  # the machine has no thread to spare
            self._worker = None
            _logger.exception("Events are left to the sweep")

    def deliver_again(self, event: OutboxEvent) -> None:
        """Deliver an event once more, as if it were new."""
        self._waiting.reopen_event(event.id)
        self.committed(replace(event, attempts=0))

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._worker = None
                    return
                event, done = self._queue.popleft()
            try:
                self._deliver_one(event)
            except BaseException:  # a receiver's SystemExit too: later events need this thread
                _logger.exception("Event %s stays in the outbox", event.id)
            done.set()

    def deliver(self, limit: int | None = None) -> int:
        """Deliver what is due, at most `limit` events, and return how many were delivered.

        An event whose receiver raises is kept with the error, and tried again ever more rarely.
        """
        begun = clock.utcnow()
        heard = self.heard
        with self._app.app_context():
            for kind in {False, True}.difference(heard):
                name = _signal(kind).name.rpartition(".")[2]
                self._waiting.close_unheard(begun - UNHEARD, name, refunds=kind)
        if not heard:
            return 0
        tried = delivered = 0
        while limit is None or tried < limit:
            size = _BATCH if limit is None else min(_BATCH, limit - tried)
            with self._app.app_context():
                batch = self._waiting.due_events(begun, size, heard)
            if not batch:
                break
            tried += len(batch)
            delivered += sum(self._deliver_one(event) for event in batch)
        return delivered

    def _deliver_one(self, event: OutboxEvent) -> bool:
        """Return whether the event was ours to deliver, and every receiver took it."""
        with self._app.app_context():  # with it comes a clean db.session
            now = clock.utcnow()
            if not self._waiting.claim_event(event, now, now + _lease(event.attempts)):
                return False
            loaded = self._store.load_event(event.id)
            if loaded is None:
                self._waiting.close_event(event.id, "its payment is gone", None)
                return False
            error = self._call_receivers(*loaded)
            self._waiting.close_event(event.id, error, _again(event.attempts))
        return error is None

    def _call_receivers(self, event: PaymentEventMixin, payment: PaymentMixin) -> str | None:
        """Call every receiver, whatever the others do; return what went wrong."""
        event_id, errors = event.id, []
        arguments: dict[str, Any] = {"payment": payment, "event": event}
        if event.refund_id is not None:
            arguments["refund"] = self._store.session.get(
                self._store.models.refund, event.refund_id
            )
        self._store.keep_loaded()
        signal = _signal(event.refund_id is not None)
        for call in signals.calls(signal, self._app, **arguments):
            try:
                call()
                self._store.keep_loaded()
            except Exception as error:
                self._store.session.rollback()
                _logger.exception("A receiver of %s raised (event %s)", signal.name, event_id)
                errors.append(f"{type(error).__name__}: {error}")
        return "\n".join(errors) or None


def _signal(is_refund: bool) -> NamedSignal:
    return signals.refund_changed if is_refund else signals.payment_changed


_outboxes: WeakSet[Outbox] = WeakSet()


def _after_fork() -> None:
    """The child has none of the parent's threads, and none of their work to do."""
    for outbox in _outboxes:
        outbox.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _lease(attempts: int) -> timedelta:
    lease: timedelta = min(LEASE * 2 ** min(attempts, 20), _LONGEST_PAUSE)
    return lease


def _again(attempts: int) -> datetime:
    pause: timedelta = min(_FIRST_PAUSE * 2 ** min(attempts, 20), _LONGEST_PAUSE)
    return clock.utcnow() + pause

"""The outbox: delivers `payment_changed` at least once, after the commit."""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from . import signals
from .clock import utcnow
from .store import Store

_logger = logging.getLogger(__name__)
#: Seconds that whoever caused an event waits for its delivery at most.
COURTESY = 0.2
#: How long a delivery under way keeps others from the event.
LEASE = timedelta(minutes=5)
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
        self._inline = inline
        self._lock = threading.Lock()
        self._queue: deque[tuple[int, threading.Event]] = deque()
        self._running = False

    def columns(self) -> dict[str, Any]:
        """The outbox's columns of a new event."""
        now = utcnow()
        if self._inline and not signals.payment_changed.receivers:
            return {"delivered_at": now}  # nobody listens: delivered
        return {"deliver_after": now}

    def committed(self, event_id: int) -> None:
        """Deliver a new event, unless that is left to :meth:`deliver`."""
        if not self._inline or not signals.payment_changed.receivers:
            return
        if self._store.single_connection:
            self._deliver_one(event_id)
            return
        done = threading.Event()
        with self._lock:
            self._queue.append((event_id, done))
            if not self._running:
                self._running = self._start()
            if not self._running:
                self._queue.clear()
                return
        done.wait(COURTESY)

    def _start(self) -> bool:
        """Return whether there is a thread to deliver."""
        try:
            threading.Thread(target=self._work, name="bdquickpay-outbox").start()
        except RuntimeError:  # the machine has no thread to spare
            _logger.exception("Events are left to the sweep")
            return False
        return True

    def deliver_again(self, event_id: int) -> None:
        """Deliver an event once more, as if it were new."""
        self._store.reopen_event(event_id)
        self.committed(event_id)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._running = False
                    return
                event_id, done = self._queue.popleft()
            try:
                self._deliver_one(event_id)
            except BaseException:  # a receiver's SystemExit too: later events need this thread
                _logger.exception("Event %s stays in the outbox", event_id)
            done.set()

    def deliver(self, limit: int | None = None) -> int:
        """Deliver what is due, at most `limit` events, and return how many were delivered.

        An event whose receiver raises is kept with the error, and tried again ever more rarely.
        """
        begun = utcnow()
        tried = delivered = 0
        while limit is None or tried < limit:
            with self._app.app_context():
                batch = self._store.due_events(begun, min(_BATCH, (limit or _BATCH) - tried))
            if not batch:
                break
            tried += len(batch)
            delivered += sum(self._deliver_one(event_id) for event_id in batch)
        return delivered

    def _deliver_one(self, event_id: int) -> bool:
        """Return whether the event was ours to deliver, and every receiver took it."""
        with self._app.app_context():  # with it comes a clean db.session
            attempts = self._store.claim_event(event_id, utcnow(), LEASE)
            if attempts is None:
                return False
            error = self._call_receivers(event_id)
            self._store.close_event(event_id, error, _again(attempts))
        return error is None

    def _call_receivers(self, event_id: int) -> str | None:
        """Call every receiver, whatever the others do; return what went wrong."""
        errors = []
        event = self._store.load_event(event_id)
        arguments = {"payment": self._store.load(event.payment_id), "event": event}
        self._store.keep_loaded()
        for call in signals.calls(signals.payment_changed, self._app, **arguments):
            try:
                call()
                self._store.keep_loaded()
            except Exception as error:
                self._store.session.rollback()
                _logger.exception("A receiver of payment_changed raised (event %s)", event_id)
                errors.append(f"{type(error).__name__}: {error}")
        return "\n".join(errors) or None


def _again(attempts: int) -> datetime:
    pause: timedelta = min(_FIRST_PAUSE * 2 ** min(attempts, 20), _LONGEST_PAUSE)
    return utcnow() + pause

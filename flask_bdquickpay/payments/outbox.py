"""The outbox: delivers `payment_changed` at least once, after the commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from blinker import NamedSignal
from flask import Flask

from .. import clock
from . import signals
from .courier import Courier
from .dispatch import Dispatch
from .observers import Observer, unobserved
from .store import Store
from .transaction import delivering
from .verdict import Snapshot
from .waiting import OutboxEvent, Waiting

_logger = logging.getLogger(__name__)
#: How long a delivery under way keeps others from the event; doubled each time that it was tried,
#: so that a receiver that hangs does not tie up one process after the other.
LEASE = timedelta(minutes=5)
#: How long an event waits for a process that has a receiver, when this one has none.
UNHEARD = timedelta(days=1)
#: How long an event may wait for its turn without being taken anew.
_FRESH = timedelta(seconds=30)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=6)
_BATCH = 100


def never() -> bool:
    """Nothing is to stop."""
    return False


class Outbox:
    """Delivers the events of one app, each from one thread at a time in all processes.

    :param dispatch: who is told of a new event; ``None``: it is delivered right after its commit,
        by a thread of its own so that no answer waits for a slow receiver.
    :param observe: told how long each receiver took.
    """

    def __init__(
        self,
        app: Flask,
        store: Store,
        dispatch: Dispatch | None = None,
        observe: Observer = unobserved,
    ) -> None:
        self._app = app
        self._observe = observe
        self._store = store
        self._waiting = Waiting(store)
        self._dispatch = dispatch
        self._courier = Courier()

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

    def entry(self, seen: Snapshot, source: str, *, is_refund: bool = False) -> OutboxEvent:
        """What is to be written of a new event; taken already, if it is delivered here at once."""
        event = OutboxEvent(
            id=0,
            payment_id=seen.id,
            token=seen.token,
            is_refund=is_refund,
            source=source,
            invoice_id=seen.invoice_id,
            customer_reference=seen.customer_reference,
        )
        if self._dispatch is not None or not self._hears(is_refund=is_refund):
            return event
        return replace(event, attempts=1, taken_until=clock.utcnow() + LEASE)

    def committed(self, event: OutboxEvent) -> None:
        """Deliver a new event, or have it delivered; what comes to nothing the sweep does."""
        if self._dispatch is not None:
            self._dispatch.dispatch(event.id)
        elif not self._hears(is_refund=event.is_refund):
            return
        elif self._store.single_connection:
            self._try_to_deliver(event)
        else:
            name, job = f"Event {event.id}", lambda: self._deliver_one(event)
            if not self._courier.take(name, job, event.about):
                self._give_back(event)

    def _give_back(self, event: OutboxEvent) -> None:
        """Leave an event to the sweep; what it is about is committed, whatever happens here."""
        try:
            self._waiting.give_back(event)
        except Exception:  # the end of its lease brings it back
            _logger.exception("Event %s could not be given back", event.id, extra=event.about)

    def deliver_again(self, event_id: int) -> None:
        """Deliver an event once more, as if it were new."""
        event = self._waiting.reopen_event(event_id)
        if event is not None:
            self.committed(event)

    def deliver(self, limit: int | None = None, stop: Callable[[], bool] = never) -> int:
        """Deliver what is due, at most `limit` events, and return how many were delivered.

        An event whose receiver raises is kept with the error, and tried again ever more rarely.

        :param stop: asked before each event; when it says so, the rest is left.
        """
        begun = clock.utcnow()
        heard = self.heard
        with self._app.app_context():
            for kind in {False, True}.difference(heard):
                name = signals.short_name(_signal(kind))
                self._waiting.close_unheard(begun - UNHEARD, name, refunds=kind)
        if not heard:
            return 0
        tried: set[int] = set()
        delivered = 0
        while limit is None or len(tried) < limit:
            size = _BATCH if limit is None else min(_BATCH, limit - len(tried))
            with self._app.app_context():
                batch = self._waiting.due_events(begun, size, heard)
            fresh = [event for event in batch if event.id not in tried]
            if not fresh:
                break
            for event in fresh:
                if stop():
                    return delivered
                tried.add(event.id)
                delivered += self._try_to_deliver(event)
        return delivered

    def _try_to_deliver(self, event: OutboxEvent) -> bool:
        """As :meth:`_deliver_one`; one bad event stops nobody."""
        try:
            return self._deliver_one(event)
        except Exception:
            _logger.exception("Event %s stays in the outbox", event.id, extra=event.about)
            return False

    def is_due(self) -> bool:
        """Whether there is something that this process could deliver now."""
        heard = self.heard
        with self._app.app_context():
            return bool(heard and self._waiting.due_events(clock.utcnow(), 1, heard))

    def deliver_event(self, event_id: int) -> bool:
        """Deliver one event, unless somebody else does or has; return whether it was delivered.

        For the worker whom the dispatcher has told of it. Any number may be told, any time.
        """
        with self._app.app_context():
            event = self._waiting.due_event(event_id, clock.utcnow())
        if event is None:
            return False
        if not self._hears(is_refund=event.is_refund):
            name = _signal(event.is_refund).name
            text = "Event %s is left: nobody listens to %s here"
            _logger.warning(text, event_id, name, extra=event.about)
            return False
        return self._deliver_one(event)

    def _deliver_one(self, event: OutboxEvent) -> bool:
        """Return whether the event was ours to deliver, and every receiver took it."""
        with self._app.app_context():  # with it comes a clean db.session
            if not self._take(event, clock.utcnow()):
                return False
            loaded = self._load(event)
            if loaded is None:
                self._waiting.close_event(event, "its payment is gone", None)
                return False
            error = self._call_receivers(event, loaded)
            self._waiting.close_event(event, error, _again(event.attempts))
        return error is None

    def _take(self, event: OutboxEvent, now: datetime) -> bool:
        """Return whether the event is ours to deliver, as it is while it is fresh from here."""
        if event.taken_until is not None and now < event.taken_until - LEASE + _FRESH:
            return True
        return self._waiting.claim_event(event, now, now + _lease(event.attempts))

    def _load(self, event: OutboxEvent) -> dict[str, Any] | None:
        """What receivers get, which stays as it is; ``None`` when the payment is gone."""
        loaded = event.token and self._store.load_event(event.id, event.token)
        if not loaded:
            return None
        arguments: dict[str, Any] = {"event": loaded[0], "payment": loaded[1]}
        if event.is_refund:
            refund = self._store.models.refund
            arguments["refund"] = self._store.session.get(refund, loaded[0].refund_id)
        self._store.keep_loaded()
        return arguments

    def _call_receivers(self, event: OutboxEvent, arguments: dict[str, Any]) -> str | None:
        """Call every receiver, whatever the others do; return what went wrong."""
        errors = []
        signal = _signal(event.is_refund)
        send = signals.Send(signal, self._app, event.source, observe=self._observe)
        for call in send.calls(arguments):
            try:
                if arguments["payment"] not in self._store.session:  # a receiver let go of it
                    arguments.update(self._load(event) or {})
                with delivering():
                    call()
                self._store.keep_loaded()
            except Exception as error:
                self._store.session.rollback()
                text = "A receiver of %s raised (event %s)"
                _logger.exception(text, signal.name, event.id, extra=event.about)
                errors.append(f"{type(error).__name__}: {error}")
        return "\n".join(errors) or None


def _signal(is_refund: bool) -> NamedSignal:
    return signals.refund_changed if is_refund else signals.payment_changed


def _lease(attempts: int) -> timedelta:
    lease: timedelta = min(LEASE * 2 ** min(attempts, 20), _LONGEST_PAUSE)
    return lease


def _again(attempts: int) -> datetime:
    pause: timedelta = min(_FIRST_PAUSE * 2 ** min(attempts, 20), _LONGEST_PAUSE)
    return clock.utcnow() + pause

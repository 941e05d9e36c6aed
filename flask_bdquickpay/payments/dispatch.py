"""Tells the shop's work queue which events wait for their delivery."""

from __future__ import annotations

import logging

from flask import Flask

from ..repeated import RepeatedWarning
from ..text import first_line
from .courier import Courier
from .hooks import Dispatcher, Hooks

_logger = logging.getLogger(__name__)
#: Where an app keeps the dispatcher that is used unless the shop has registered one.
DEFAULT_DISPATCHER = "bdquickpay_dispatcher"
#: So many events may wait for a broker that is slow; later ones are left to the sweep.
_MOST = 100
#: Seconds between two log records about a broker that is down.
_SILENCE = 60.0


class Dispatch(Courier):
    """Calls the dispatcher with the id of each new event, after its commit.

    A broker that is down or slow costs whoever caused the event a moment. What it does not take,
    the sweep delivers.
    """

    def __init__(self, app: Flask, hooks: Hooks) -> None:
        super().__init__(_MOST, daemon=True)  # it may never answer, and the process wants to end
        self._app = app
        self._hooks = hooks
        text = "Events not dispatched, but left to the sweep: %s (%s)"
        self._leave_to_the_sweep = RepeatedWarning(_logger, text, seconds=_SILENCE)

    def dispatch(self, event_id: int) -> None:
        """Hand an event over, if there is a dispatcher."""
        dispatcher = self._dispatcher()
        if dispatcher is None:
            return
        if not self.take(f"Event {event_id}", lambda: self._call(dispatcher, event_id)):
            self._leave_to_the_sweep("earlier ones still wait for the dispatcher")

    def _dispatcher(self) -> Dispatcher | None:
        default: Dispatcher | None = self._app.extensions.get(DEFAULT_DISPATCHER)
        return self._hooks.dispatcher or default

    def _call(self, dispatcher: Dispatcher, event_id: int) -> None:
        try:
            with self._app.app_context():
                self._app.ensure_sync(dispatcher)(event_id)
        except Exception as error:
            self._leave_to_the_sweep(f"{type(error).__name__}: {first_line(error)}")

"""Delivers an event of the timeline once more."""

from __future__ import annotations

from ..payments.records import EventRecord
from ..payments.reports import Reports
from ..state import State
from .language import say


def deliver_again(state: State, event: EventRecord) -> str:
    """Put an event back into the outbox and return what came of it.

    Its receivers know it by `event.id`, the idempotency key that they were promised.
    """
    state.outbox.deliver_again(event.id)
    return _outcome(state, event)


def _outcome(state: State, event: EventRecord) -> str:
    now = Reports(state.store).event(event.payment_id, event.id) or event
    if now.error is not None:
        return say("Not delivered: %(why)s", why=now.error)
    if now.delivered_at is not None:
        return say("Delivered again.")
    return say("It is in the outbox and will be delivered next.")

"""The webhook: the gateway's reason for us to ask it."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, LengthRequired

from ..deadline import deadline
from ..errors import BDQuickPayError
from ..gateway.answers import as_name, parse
from ..payments.about import about, about_ids
from ..payments.accounts import LookupFailed
from ..payments.verdict import Snapshot
from ..repeated import RepeatedWarning
from ..state import State, current_state
from .body import read_body

_logger = logging.getLogger(__name__)
#: A webhook larger than this is none of the gateway's, in bytes.
MAX_WEBHOOK = 64 * 1024
#: Seconds for a webhook, which must be answered within 10, and for the gateway call in it.
_DEADLINE = 9.0
_TIMEOUT = 8.0
Answer = tuple[dict[str, object], int]
_AGAIN: Answer = {"error": "could not be verified now; please retry"}, 503


def wrong_keys() -> RepeatedWarning:
    """What one app logs of refused keys: anybody can send them, as many as they like."""
    text = "Webhook refused: wrong or missing X-App-Key (%s of them since this was last said)"
    return RepeatedWarning(_logger, text, seconds=10)


def webhook(account: str = "") -> ResponseReturnValue:
    """Take a webhook as a reason to ask the gateway; nothing in it is believed.

    :param account: which merchant account's keys to compare, and whose payments it may be about;
        the plain settings' has no name.
    """
    begun = monotonic()
    state = current_state()
    body, code = _answer(state, account)
    state.hooks.observers("webhook", monotonic() - begun, {"answer": str(code)})
    return body, code


def _answer(state: State, account: str) -> Answer:
    try:
        with deadline(_DEADLINE):
            return _receive(state, account)
    except HTTPException as error:
        return {"error": error.name}, error.code or 400
    except LookupFailed:  # which is logged where it was looked up
        return _AGAIN
    except Exception as error:
        return _not_applied(error, about_ids("webhook"))


def _not_applied(error: Exception, extra: dict[str, Any]) -> Answer:
    if isinstance(error, BDQuickPayError):
        _logger.warning("Webhook not applied: %s", error, extra=extra)
    else:
        _logger.error("Webhook not applied", exc_info=error, extra=extra)
    return _AGAIN


def _receive(state: State, account: str) -> Answer:
    client = state.accounts.find(account)
    key = request.headers.get("X-App-Key", "")
    matches = (client or state.client).account.takes(key)  # a comparison in any case
    if client is None or not matches:
        state.wrong_keys()
        return {"error": "wrong X-App-Key"}, 401
    try:
        event = _event()
    except TimeoutError:
        _logger.warning("Webhook not read: its body did not arrive in time")
        return {"error": "the body did not arrive in time; please retry"}, 503
    if event is None:
        return {"error": "the body must be a JSON object"}, 400
    invoice = as_name(event.get("invoice_id"))
    if not isinstance(invoice, str) or not 0 < len(invoice) <= 128 or not invoice.isprintable():
        return {"error": "invoice_id names no payment"}, 404
    seen = state.store.find("invoice_id", invoice)
    if seen is None or seen.account != account:
        return {"error": "unknown invoice_id"}, 404
    return _apply(state, seen, event)


def _apply(state: State, seen: Snapshot, event: dict[str, Any]) -> Answer:
    try:
        return _settle(state, seen, event)
    except Exception as error:
        return _not_applied(error, about(seen, "webhook"))


def _settle(state: State, seen: Snapshot, event: dict[str, Any]) -> Answer:
    timeout = min(state.settings.timeout, _TIMEOUT)
    promised = event.get("event") == "payment.completed"
    seen = state.settlement.settle(seen, "webhook", timeout=timeout, promised=promised)
    settled = seen.is_closed or seen.is_over_at_gateway
    if promised and not settled:
        return {"error": "the gateway does not call it completed yet; please retry"}, 503
    return {"received": True}, 200


def _event() -> dict[str, Any] | None:
    try:
        body = read_body(request, MAX_WEBHOOK)
    except LengthRequired:
        _logger.warning(
            "Webhook not read: it came in chunks, which this server does not undo. Put a proxy "
            "before it that sends a Content-Length, such as nginx."
        )
        raise
    except BadRequest as error:
        _logger.warning("Webhook not read: its body is cut off or malformed (%r)", error.__cause__)
        raise
    return parse(body)

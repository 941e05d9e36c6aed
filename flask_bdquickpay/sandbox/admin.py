"""A small JSON API under `/sandbox/api`, so that another process can drive the sandbox.

The package's docstring lists its calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from .api import refuse, sandbox
from .errors import SandboxError
from .messages import moment, number
from .records import Answer, Outcome

PREFIX = "/sandbox/api"
HIDDEN = {"app_key", "token", "success_url", "cancel_url"}
bp: Blueprint = Blueprint("admin", __name__, url_prefix=PREFIX)


@bp.get("/identity")
def identity() -> ResponseReturnValue:
    """Answered from memory: whoever looks for a live sandbox may be holding its file."""
    box = sandbox()
    return jsonify(sandbox=True, id=box.identity, now=moment(box.clock.now()))


@bp.get("/payments")
def payments() -> ResponseReturnValue:
    sandbox().settle_expired()
    return jsonify([plain(payment) for payment in sandbox().payments])


@bp.get("/deliveries")
def deliveries() -> ResponseReturnValue:
    return jsonify([plain(delivery) for delivery in sandbox().deliveries])


@bp.get("/requests")
def requests() -> ResponseReturnValue:
    return jsonify([plain(request) for request in sandbox().requests])


@bp.post("/payments/<invoice_id>/<any(pay, cancel, fail, time_out):action>")
def buyer(invoice_id: str, action: str) -> ResponseReturnValue:
    act: Callable[..., Outcome] = getattr(sandbox(), action)
    return jsonify(plain(act(invoice_id, **_options())))


@bp.post("/payments/<invoice_id>/webhook")
def send_webhook(invoice_id: str) -> ResponseReturnValue:
    return jsonify(plain(sandbox().send_webhook(invoice_id, **_options())))


@bp.post("/deliveries/<int:delivery_id>/send")
def send_again(delivery_id: int) -> ResponseReturnValue:
    answer = sandbox().webhooks.send_again(delivery_id)
    if answer is None:
        return refuse(404, "There is no such delivery, or it is being sent right now.")
    return jsonify(plain(answer))


@bp.get("/faults")
def faults() -> ResponseReturnValue:
    return jsonify([plain(fault) for fault in sandbox().faults.active()])


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    return jsonify(plain(sandbox().fault(**_options()))), 201


@bp.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    sandbox().clear_faults()
    return jsonify([])


@bp.get("/switches")
def switches() -> ResponseReturnValue:
    return jsonify(sandbox().switches)


@bp.post("/switches")
def turn_switches() -> ResponseReturnValue:
    sandbox().switch(**_options())
    return jsonify(sandbox().switches)


@bp.get("/scenario")
def scenario() -> ResponseReturnValue:
    return jsonify(name=sandbox().scenarios.next)


@bp.post("/scenario")
def choose_scenario() -> ResponseReturnValue:
    sandbox().choose_scenario(**_options())
    return scenario()


@bp.post("/clock")
def clock() -> ResponseReturnValue:
    return jsonify(now=moment(sandbox().advance(float(_options().get("advance", 0)))))


@bp.errorhandler(SandboxError)
@bp.errorhandler(TypeError)
@bp.errorhandler(ValueError)
def refused(error: Exception) -> ResponseReturnValue:
    """The call's own words: which option is wrong, or why a payment cannot be paid."""
    return refuse(422, str(error))


def _options() -> dict[str, Any]:
    found = request.get_json(silent=True) if request.data else {}
    if not isinstance(found, dict):
        raise ValueError("The body must be a JSON object, sent as application/json.")
    return found


def plain(value: Any) -> Any:
    """A record as JSON, without what could be used to act as the shop or as the buyer."""
    if isinstance(value, Answer):
        return {"status_code": value.status_code, "json": value.json, "error": value.error}
    if is_dataclass(value) and not isinstance(value, type):
        value = {f: v for f, v in vars(value).items() if f not in HIDDEN}
    if isinstance(value, Mapping):
        return {str(name): plain(found) for name, found in value.items()}
    if isinstance(value, datetime):
        return moment(value)
    return number(value) if isinstance(value, Decimal) else value

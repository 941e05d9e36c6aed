"""The gateway's API as documented: `POST /payment/create` and `POST /payment/verify`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from . import messages, validation
from .control import Sandbox
from .wire import MADE

PREFIX = "/api/bkash/v1"
bp: Blueprint = Blueprint("api", __name__, url_prefix=PREFIX)


def sandbox() -> Sandbox:
    found: Sandbox = current_app.extensions["bdquickpay_sandbox"]
    return found


@bp.before_request
def authenticate() -> ResponseReturnValue | None:
    """Keys first, then the account, then the body: who is refused learns nothing more."""
    app_key = request.headers.get("X-App-Key", "")
    if not sandbox().knows(app_key, request.headers.get("X-Secret-Key", "")):
        return refuse(401, messages.UNAUTHORIZED)
    if not sandbox().switches["merchant_active"]:
        return refuse(403, messages.INACTIVE)
    return None


@bp.post("/payment/create", provide_automatic_options=False)
def create() -> ResponseReturnValue:
    body = _body()
    validation.check_create(body)
    payment = sandbox().create(request.headers["X-App-Key"], body)
    request.environ[MADE].append(payment.invoice_id)
    home = current_app.config["PUBLIC_URL"] or request.host_url
    address = home.rstrip("/") + url_for("hosted.page", token=payment.token)
    return jsonify(messages.created(payment, address))


@bp.post("/payment/verify", provide_automatic_options=False)
def verify() -> ResponseReturnValue:
    body = _body()
    validation.check_verify(body)
    sandbox().settle_expired()
    payment = sandbox().store.payment(body["invoice_id"])
    whose = sandbox().merchant_of
    if payment is None or whose(payment.app_key) != whose(request.headers["X-App-Key"]):
        return refuse(404, messages.NOT_FOUND)
    return jsonify(messages.retrieved(payment))


@bp.errorhandler(validation.InvalidBody)
def invalid(error: validation.InvalidBody) -> ResponseReturnValue:
    return refuse(422, messages.INVALID, errors=error.errors)


def refuse(status: int, message: str, **more: Any) -> ResponseReturnValue:
    return jsonify(messages.refusal(message, **more)), status


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Unknown routes, wrong methods and whatever else Werkzeug refuses, as the API says it."""
    response = error.get_response()
    response.set_data(jsonify(messages.refusal(error.description or error.name)).get_data())
    response.content_type = "application/json"
    return response


def _body() -> dict[str, Any]:
    return validation.parse(request.mimetype, request.get_data())

"""The blueprint: HTTP in, one call of the payments, HTTP out."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..errors import (
    BDQuickPayError,
    GatewayError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
    OrderNotFoundError,
)
from ..payments import clock
from ..payments.models import PaymentMixin
from ..payments.settlement import ASKING_PAUSE
from ..payments.status import BELIEFS, MONEY_CAME
from ..payments.verdict import Snapshot
from ..state import current_state
from . import pages
from .forms import PayForm
from .webhook import webhook

_logger = logging.getLogger(__name__)


def make_blueprint() -> Blueprint:
    """Return the blueprint ``bdquickpay``, one for each app."""
    blueprint = Blueprint(
        "bdquickpay",
        __name__,
        template_folder=str(_template_folder()),
        static_folder="static",
    )
    blueprint.add_url_rule("/checkout/<path:reference>", view_func=checkout, methods=["POST"])
    blueprint.add_url_rule("/success/<path:token>", view_func=success)
    blueprint.add_url_rule("/cancel/<path:token>", view_func=cancel)
    blueprint.add_url_rule("/status/<path:token>", view_func=status)
    blueprint.add_url_rule("/webhook", view_func=webhook, methods=["POST"])
    blueprint.after_request(_private)
    return blueprint


def _template_folder() -> Path:
    """The templates: in the package when installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def _private(response: Response) -> Response:
    """Keep the token in our URLs from caches and from the sites that a page links to."""
    if request.endpoint != "bdquickpay.static":
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Robots-Tag"] = "noindex"
    return response


# The customer


def checkout(reference: str) -> ResponseReturnValue:
    """Send the customer to pay an order."""
    if not PayForm().validate_on_submit():
        return _problem("stale", 400, reference)
    try:
        payment = current_state().checkout.start(reference)
    except OrderNotFoundError:
        return _problem("not_found", 404)
    except GatewayUnavailableError as error:
        _logger.warning("No payment for order %r: %s", reference, error)
        return _problem("unreachable", 504 if error.status_code is None else 502, reference)
    except GatewayError as error:
        _logger.error("No payment for order %r: %s %s", reference, error, error.errors)
        return _problem("rejected", 502, reference)
    if not payment.is_payable:
        return redirect(url_for("bdquickpay.success", token=payment.token), 303)
    return redirect(str(payment.payment_url), 303)


def success(token: str) -> ResponseReturnValue:
    """Show a customer who comes back what the gateway says, not what the URL says."""
    return _back(token, "return")


def cancel(token: str) -> ResponseReturnValue:
    """Cancel a payment that the gateway still calls unpaid."""
    return _back(token, "cancel")


def _back(token: str, source: str) -> ResponseReturnValue:
    seen = _find(token)
    if seen is None:
        return _problem("not_found", 404)
    reached = _try_to_settle(seen, source, gave_up=source == "cancel")
    payment = current_state().store.load_kept(seen)
    if payment.is_final and (reached or payment.status in MONEY_CAME):
        return _result(payment)
    if source == "cancel" and not reached:
        page = pages.render("problem.html", problem="cancel_unreachable", payment=payment)
        return page, 200
    return _confirming(payment, reached)


def _try_to_settle(seen: Snapshot, source: str, **options: Any) -> bool:
    """Return whether the truth is known; a failure leaves the payment as it was."""
    try:
        current_state().settlement.settle(seen, source, **options)
    except InvoiceNotFoundError as error:
        _log_unsettled(seen, error)
        return seen.status.is_final  # what the gateway has forgotten stays as it was
    except Exception as error:  # whatever it is, the customer's money is safe and asked about again
        _log_unsettled(seen, error)
        return False
    return True


def _log_unsettled(seen: Snapshot, error: Exception) -> None:
    if isinstance(error, BDQuickPayError):
        _logger.warning("Payment %s could not be verified: %s", seen.id, error)
    else:
        _logger.exception("Payment %s could not be settled", seen.id)


def _result(payment: PaymentMixin) -> ResponseReturnValue:
    handler = current_state().hooks.return_handler
    if handler is not None:
        answer: ResponseReturnValue = handler(payment)
        return answer
    retry = payment.status in BELIEFS and not _paid_otherwise(payment)
    return pages.render("result.html", payment=payment, retry=retry)


def _paid_otherwise(payment: PaymentMixin) -> bool:
    holder = current_state().store.find("order_key", payment.customer_reference)
    return holder is not None and holder.id != payment.id and holder.money_came


#: Pauses between two loads of the waiting page without JavaScript, in seconds: then it stops.
_PATIENCE = timedelta(minutes=10)


def _confirming(payment: PaymentMixin, reached: bool) -> ResponseReturnValue:
    waited = clock.utcnow() - payment.created_at
    end = (
        max(payment.expires_at or clock.utcnow(), payment.created_at)
        - payment.created_at
        + _PATIENCE
    )
    refresh = None if waited > end else 5 if waited < timedelta(minutes=5) else 20
    # Of a payment that is believed over the status has nothing to tell: only this page asks.
    status_url = None if payment.is_final else url_for("bdquickpay.status", token=payment.token)
    page = pages.render(
        "confirming.html",
        payment=payment,
        status_url=status_url,
        refresh=refresh,
        unreachable=not reached,
    )
    return page, 200


def status(token: str) -> ResponseReturnValue:
    """Answer a page that waits; asks the gateway at most once in 3 seconds."""
    seen = _find(token)
    if seen is None:
        return {"error": "not found"}, 404
    if not seen.status.is_final:
        now = clock.utcnow()
        if current_state().store.claim_asking(seen.id, now, now - ASKING_PAUSE):
            _try_to_settle(seen, "status")
        seen = current_state().store.find("id", seen.id) or seen
    return {"status": seen.status.value, "is_final": seen.status.is_final}


_TOKEN = re.compile(r"[\w-]{20,64}", re.ASCII)


def _find(token: str) -> Snapshot | None:
    """The payment of a token, whatever the gateway appended to it."""
    token = re.split(r"[?&]", token, maxsplit=1)[0].rstrip("/")
    return current_state().store.find("token", token) if _TOKEN.fullmatch(token) else None


def _problem(problem: str, code: int, reference: str | None = None) -> ResponseReturnValue:
    return pages.render("problem.html", problem=problem, reference=reference), code

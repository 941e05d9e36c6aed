"""What a customer is shown when no payment could be started: nothing was charged."""

from __future__ import annotations

import logging
from functools import singledispatch
from typing import Any

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from ..errors import (
    ConfigurationError,
    GatewayError,
    GatewayUnavailableError,
    InvalidPaymentRequest,
    OrderNotFoundError,
)
from ..payments.about import about_ids
from ..state import current_state
from . import pages

_logger = logging.getLogger(__name__)


def problem(
    name: str, code: int, reference: str | None = None, error_code: str | None = None
) -> ResponseReturnValue:
    """Answer with `problem.html`; with a fresh button when there is a reference.

    :param error_code: what the shop's developer finds in the log.
    """
    page = pages.render("problem.html", problem=name, reference=reference, error_code=error_code)
    return page, code


def _code(error: GatewayError) -> str | None:
    """What page and log call an answer of the gateway."""
    return None if error.status_code is None else f"BD-{error.status_code}"


def _about(error: Exception, reference: str) -> dict[str, Any]:
    """The `extra` of a log record about a payment that was not started."""
    invoice_id = getattr(error, "invoice_id", None)
    return about_ids("checkout", invoice_id=invoice_id, customer_reference=reference)


@singledispatch
def answer_to(error: Exception, reference: str) -> ResponseReturnValue:
    """Log why the payment of an order was not started, and tell the customer so.

    Whatever the shop's own code raises gets here, so that it reaches no customer.
    """
    extra = _about(error, reference)
    _logger.error("No payment for order %r", reference, exc_info=error, extra=extra)
    current_state().store.session.rollback()  # what failed may have left it unusable
    return problem("shop_error", 500, reference)


@answer_to.register(HTTPException)
def _(error: HTTPException, reference: str) -> ResponseReturnValue:
    """What the shop's code said with ``abort()``: a redirect, to its login say, is its wish."""
    answer = error.get_response()
    if 300 <= answer.status_code < 400:
        return answer
    if answer.status_code in (401, 403):
        return problem("refused", 403)
    if answer.status_code == 404:  # as of db.get_or_404()
        return problem("not_found", 404)
    return answer_to.dispatch(Exception)(error, reference)


@answer_to.register(OrderNotFoundError)
def _(error: OrderNotFoundError, reference: str) -> ResponseReturnValue:
    extra = _about(error, reference)
    _logger.debug("No payment for order %r: %s", reference, error, extra=extra)
    return problem("not_found", 404)


@answer_to.register(InvalidPaymentRequest)
def _(error: InvalidPaymentRequest, reference: str) -> ResponseReturnValue:
    text, extra = "Order %r can't be charged: %s", _about(error, reference)
    _logger.error(text, reference, error, exc_info=error, extra=extra)
    return problem("not_chargeable", 422, reference)


@answer_to.register(ConfigurationError)
def _(error: ConfigurationError, reference: str) -> ResponseReturnValue:
    extra = _about(error, reference)
    _logger.error("No payment for order %r: %s", reference, error, extra=extra)
    return problem("not_ready", 503, reference)


@answer_to.register(GatewayError)
def _(error: GatewayError, reference: str) -> ResponseReturnValue:
    text, extra = "No payment for order %r (%s): %s %s", _about(error, reference)
    _logger.error(text, reference, _code(error), error, error.errors, extra=extra)
    return problem("rejected", 502, reference, _code(error))


@answer_to.register(GatewayUnavailableError)
def _(error: GatewayUnavailableError, reference: str) -> ResponseReturnValue:
    extra = _about(error, reference)
    text = "No payment for order %r (%s): %s"
    _logger.warning(text, reference, _code(error) or "no answer", error, extra=extra)
    status = 504 if error.status_code is None else 502
    return problem("unreachable", status, reference, _code(error))

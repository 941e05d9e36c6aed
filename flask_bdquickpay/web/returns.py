"""The way back from the gateway: success, cancel, and the status for a page that waits."""

from __future__ import annotations

import logging
import re
from enum import Enum
from typing import Any

from flask import Response, current_app, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from ..errors import BDQuickPayError
from ..payments.about import about, about_ids
from ..payments.hooks import ReturnHandler, ask
from ..payments.models import PaymentMixin
from ..payments.status import MONEY_CAME
from ..payments.verdict import Snapshot
from ..state import current_state
from . import pages
from .confirming import confirming
from .failures import problem
from .receipts import remember
from .shown import ShownPayment, show

_logger = logging.getLogger(__name__)
_TOKEN = re.compile(r"[\w-]{20,64}", re.ASCII)


class Word(Enum):
    """What is known of the gateway's word about a payment."""

    KNOWN = "known"
    AWAITED = "awaited"  #: another page has asked just now
    OUT_OF_REACH = "out of reach"  #: it could not be asked, or its answer not be applied


def success(token: str) -> ResponseReturnValue:
    """Show a customer who comes back what the gateway says, not what the URL says."""
    return _back(token, "return")


def cancel(token: str) -> ResponseReturnValue:
    """Cancel a payment that the gateway still calls unpaid."""
    return _back(token, "cancel")


def status(token: str) -> ResponseReturnValue:
    """Answer a page that waits."""
    try:
        return _status(token)
    except HTTPException:
        raise
    except Exception:
        _not_shown("status")
        return {"error": "can't be read now; please retry"}, 503


def _status(token: str) -> ResponseReturnValue:
    seen = _find(token)
    if seen is None:
        return {"error": "not found"}, 404
    if not seen.status.is_final:
        _look(seen, "status")
        seen = current_state().store.again(seen)
    return {"status": seen.status.value, "is_final": seen.status.is_final}


def _find(token: str) -> Snapshot | None:
    """The payment of a token, whatever the gateway appended to it."""
    token = re.split(r"[?&]", token, maxsplit=1)[0].rstrip("/")
    return current_state().store.find("token", token) if _TOKEN.fullmatch(token) else None


def _back(token: str, source: str) -> ResponseReturnValue:
    try:
        return _shown(token, source)
    except HTTPException:
        raise
    except Exception:  # the database is away, say: who has paid is told that it counts
        _not_shown(source)
        return problem("unread", 503)


def _not_shown(source: str) -> None:
    _logger.exception("A payment could not be shown to who came back", extra=about_ids(source))
    current_state().store.session.rollback()  # what failed may have left it unusable


def _shown(token: str, source: str) -> ResponseReturnValue:
    seen = _find(token)
    if seen is None:
        return problem("not_found", 404)
    remember(seen.token)
    word = _look(seen, source)
    payment = current_state().store.load_kept(seen)
    shown = show(payment)  # judged and rendered from this one read
    if shown.is_unbooked:
        return _confirming(shown, word)
    if shown.is_final and (word is Word.KNOWN or shown.status in MONEY_CAME):
        return _from_handler(payment, about(seen, source)) or _result(shown)
    if source == "cancel" and word is not Word.KNOWN:
        return pages.render("problem.html", problem="cancel_unreachable", payment=shown)
    return _confirming(shown, word)


def _look(seen: Snapshot, source: str) -> Word:
    """Bring the payment up to date; a failure leaves it as it was."""
    try:
        known = current_state().settlement.look(seen, source, gave_up=source == "cancel")
    except BDQuickPayError as error:
        text = "Payment %s could not be verified: %s"
        _logger.warning(text, seen.id, error, extra=about(seen, source))
    except Exception:  # whatever it is, the customer's money is safe and asked about again
        _logger.exception("Payment %s could not be settled", seen.id, extra=about(seen, source))
    else:
        return Word.KNOWN if known else Word.AWAITED
    return Word.OUT_OF_REACH


def _from_handler(payment: PaymentMixin, extra: dict[str, Any]) -> Response | None:
    """What the shop's return handler says; ``None``, and a line in the log, if that is no page."""
    handler = current_state().hooks.return_handler
    if handler is None:
        return None
    try:
        return _heard(handler, payment)
    except Exception:
        text = "The return handler failed; payment %s is shown without it"
        _logger.exception(text, extra["payment_id"], extra=extra)
        current_state().store.session.rollback()  # what failed may have left it unusable
        return None


def _heard(handler: ReturnHandler, payment: PaymentMixin) -> Response:
    try:
        answer = ask(handler, payment)
    except HTTPException as error:
        answer = error.get_response()
        if not 300 <= answer.status_code < 400:  # a redirect is the shop's wish, also from abort()
            raise
    if answer is None:
        raise TypeError("it returned None instead of a response")
    return current_app.make_response(answer)


def _result(shown: ShownPayment) -> ResponseReturnValue:
    retry = shown.is_believed_over and not _is_paid(shown.customer_reference)
    return pages.render("result.html", payment=shown, retry=retry)


def _is_paid(reference: str) -> bool:
    holder = current_state().store.find("order_key", reference)
    return holder is not None and (holder.money_came or holder.is_unbooked)


def _confirming(shown: ShownPayment, word: Word) -> ResponseReturnValue:
    # Of a payment that is believed over the status has nothing to tell: only this page asks.
    status_url = None if shown.is_final else url_for("bdquickpay.status", token=shown.token)
    return confirming(shown, status_url=status_url, unreachable=word is Word.OUT_OF_REACH)

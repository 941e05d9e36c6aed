"""What the pages of the desk share: their frame, who is there, what is said, the way back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..errors import BDQuickPayError, GatewayError
from ..payments.about import about
from ..payments.records import PaymentRecord
from ..state import current_state
from . import money_back, sums, words
from .listing import Listing

_logger = logging.getLogger(__name__)
#: A payment in the URL.
PAYMENT = "<int(max=999999999999999999):payment_id>"
FRESH = "This page had become too old, so nothing was done. Please press the button again."
NAMELESS = "Nobody decides without a name: give the desk one with Desk(who=…)."
_LARGEST = 10**18


@dataclass(frozen=True)
class Frame:
    """The frame of one desk.

    :ivar name: what the desk is called.
    :ivar actor: the name of the person at the desk, if it is known.
    :ivar way_out: the name and URL of the page around the desk, if there is one.
    """

    name: str
    actor: Callable[[], str | None]
    way_out: Callable[[], tuple[str, str] | None]

    def render(self, template: str, **context: Any) -> str:
        """Return a page of the desk."""
        tools = {
            "desk": self,
            "words": words,
            "sums": sums,
            "money_back": money_back,
            "accounts": current_state().accounts,
        }
        return render_template(f"bdquickpay/desk/{template}", **tools, **context)


def listing() -> Listing:
    """The payments of the current app."""
    state = current_state()
    return Listing(state.store, heard=state.outbox.heard)


def payment_or_404(payment_id: int) -> PaymentRecord:
    """Return a payment, or end with a page that says that there is none."""
    payment: PaymentRecord = found(listing().one(payment_id))
    return payment


def found(value: Any) -> Any:
    """Return what was found, or end with a page that says that it was not."""
    if value is None:
        abort(404)
    return value


def outcome(payment: PaymentRecord, work: Callable[[], str]) -> tuple[str, str]:
    """Return what to say, and whether it is good news."""
    try:
        return work(), "success"
    except GatewayError as error:
        return f"The gateway could not be asked, nothing has changed: {error.message}", "error"
    except BDQuickPayError as error:
        return f"Not done: {error}", "error"
    except Exception as error:
        return receiver_raised(payment, error), "error"


def receiver_raised(payment: PaymentRecord, error: Exception) -> str:
    """Log that the shop's own code is in the way, and return what to say."""
    text = "A receiver raised at the desk (payment %s)"
    _logger.exception(text, payment.id, extra=about(payment, "desk"))
    return f"Not done: the shop’s own code raised {type(error).__name__}; its log says more."


def back(payment_id: int) -> ResponseReturnValue:
    """The way back to a payment's page."""
    return redirect(url_for(".payment", payment_id=payment_id), code=303)


def download(name: str, lines: Iterable[str]) -> Response:
    """A CSV file of that name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, mimetype="text/csv", headers=headers)


def argument(name: str) -> int | None:
    """The payment or event beyond which a page begins."""
    text = request.args.get(name, "")
    if not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:20]), _LARGEST)

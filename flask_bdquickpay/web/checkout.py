"""The way to the gateway: the pay button's form, and a page with the button."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from .. import clock
from ..money import PaymentRequest
from ..payments.status import MONEY_CAME, PaymentStatus
from ..payments.verdict import Snapshot
from ..state import current_state
from . import pages
from .confirming import confirming
from .failures import answer_to, problem
from .forms import PayForm
from .receipts import has_session_cookie, holds
from .shown import ShownPayment, show


def checkout(reference: str) -> ResponseReturnValue:
    """Send the customer to pay an order; by GET (a bookmark, a login's `next`) show the button."""
    try:
        if request.method == "POST" and not PayForm().validate_on_submit():
            return _not_from_the_button(reference)
        wanted = _permitted(reference)
        show_or_send = _show_button if request.method == "GET" else _send
        return show_or_send(reference, wanted)
    except Exception as error:  # whatever it is, it is logged and nothing was charged
        return answer_to(error, reference)


def _not_from_the_button(reference: str) -> ResponseReturnValue:
    """Offer a fresh button, unless no browser would ever get further with it."""
    return problem("stale" if has_session_cookie() else "no_cookie", 400, reference)


def _permitted(reference: str) -> PaymentRequest:
    """Return what to charge, if the visitor may pay for it.

    :raises Forbidden: when the shop's `checkout_check` says no.
    """
    hooks = current_state().hooks
    wanted = hooks.load_order(reference)
    if not hooks.may_pay(reference):
        raise Forbidden
    return wanted


def _show_button(reference: str, wanted: PaymentRequest) -> ResponseReturnValue:
    store = current_state().store
    holder = store.find("order_key", reference)
    if holder is not None and is_done(holder):
        return _not_payable(show(store.load_kept(holder)))
    return pages.render("checkout.html", reference=reference, amount=wanted.amount)


def is_done(holder: Snapshot) -> bool:
    """Whether a click on the button would end on a page of ours, too."""
    now = clock.utcnow()
    waits = holder.status == PaymentStatus.PENDING and holder.has_expired(now)
    in_grace = waits and not holder.has_expired(now - holder.grace)
    return holder.money_came or holder.is_unbooked or in_grace


def _send(reference: str, wanted: PaymentRequest) -> ResponseReturnValue:
    payment = current_state().checkout.start(reference, wanted, channel="button")
    if payment.is_payable:
        return redirect(str(payment.payment_url), 303)
    return _not_payable(show(payment))


def _not_payable(shown: ShownPayment) -> ResponseReturnValue:
    """Show how it stands to who came back with its token; to others that nothing is to be paid."""
    if holds(shown.token):
        return redirect(url_for("bdquickpay.success", token=shown.token), 303)
    if shown.status in MONEY_CAME or shown.is_unbooked:
        return problem("paid", 200)
    return confirming(shown)  # past its end, while the gateway may still report the money

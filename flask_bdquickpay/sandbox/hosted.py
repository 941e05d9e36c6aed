"""The hosted payment page, where the buyer pays, or does not."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from .api import sandbox
from .errors import SandboxError
from .records import COMPLETED, PENDING, Outcome, Payment
from .texts import language, translate

bp: Blueprint = Blueprint("hosted", __name__, url_prefix="/pay/bkash")


@bp.get("/<token>")
def page(token: str) -> ResponseReturnValue:
    return _page(_payment(token))


@bp.post("/<token>")
def act(token: str) -> ResponseReturnValue:
    """What the buyer did; then back to the shop. A second click ends where the first did."""
    payment = _payment(token)
    late = request.form.get("action") == "late"
    if payment.status == COMPLETED or (payment.status != PENDING and not late):
        return redirect(sandbox().return_url(payment), 303)
    try:
        outcome = _do(request.form.get("action", ""), payment)
    except SandboxError as error:
        return _page(_payment(token), error=str(error)), 422
    return redirect(outcome.return_url, 303)


def _do(action: str, payment: Payment) -> Outcome:
    box, wait = sandbox(), sandbox().synchronous
    if action in {"pay", "late"}:
        return box.pay(payment, late=action == "late", wait=wait)
    if action == "cancel":
        return box.cancel(payment, wait=wait)
    if action == "time_out":
        return box.time_out(payment, wait=wait)
    if action != "other":
        abort(400, "The page sent no known action.")
    completes = "completes" in request.form or None
    return box.pay(payment, _other_amount(), completes=completes, wait=wait)


def _other_amount() -> Decimal:
    try:
        return Decimal(request.form.get("amount", ""))
    except InvalidOperation:
        raise SandboxError(translate(language())("bad_amount")) from None


def _payment(token: str) -> Payment:
    sandbox().settle_expired()
    payment = sandbox().store.payment_by_token(token)
    if payment is None:
        abort(404, "There is no payment at this address.")
    return payment


def _page(payment: Payment, error: str = "") -> str:
    left = (payment.expires_at - sandbox().clock.now()).total_seconds()
    return render_template(
        "hosted.html",
        payment=payment,
        error=error,
        seconds_left=max(int(left), 0),
        back=sandbox().return_url(payment),
    )

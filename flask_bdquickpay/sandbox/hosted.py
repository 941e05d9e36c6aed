"""The hosted payment page, where the buyer pays, or does not."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .api import sandbox
from .errors import SandboxError
from .journal import BUYER
from .records import COMPLETED, PENDING, Outcome, Payment
from .scenarios import CLOSE_TAB, JUST_WORK, SCENARIOS, TIME_OUT, WRONG_AMOUNT
from .texts import language, translate

bp: Blueprint = Blueprint("hosted", __name__, url_prefix="/pay/bkash")


@bp.get("/<token>")
def page(token: str) -> ResponseReturnValue:
    payment = _payment(token)
    if request.method == "GET":
        sandbox().journal.add(BUYER, "opened the payment page", payment.invoice_id)
    return _page(payment)


@bp.post("/<token>")
def act(token: str) -> ResponseReturnValue:
    """What the buyer did; then back to the shop. A second click ends where the first did."""
    payment = _payment(token)
    late = request.form.get("action") == "late"
    if payment.status == COMPLETED or (payment.status != PENDING and not late):
        return _send_back(payment, sandbox().return_url(payment))
    try:
        outcome = _do(request.form.get("action", ""), payment)
    except SandboxError as error:
        return _page(_payment(token), error=str(error)), 422
    return _send_back(outcome.payment, outcome.return_url)


def _send_back(payment: Payment, url: str) -> ResponseReturnValue:
    """To the shop; or nowhere, where the scenario keeps the buyer from it."""
    scenario = sandbox().scenarios.of(payment.invoice_id)
    paid = payment.status == COMPLETED
    late = request.form.get("action") == "pay" and not paid and scenario == TIME_OUT
    if late or (paid and scenario == CLOSE_TAB):
        if paid:
            sandbox().journal.add(BUYER, "closes the tab", payment.invoice_id)
        return redirect(url_for(".page", token=payment.token), 303)
    what = f"is sent back to {urlsplit(url).path}"
    sandbox().journal.add(BUYER, what, payment.invoice_id, result="303", is_good=paid)
    return redirect(url, 303)


def _do(action: str, payment: Payment) -> Outcome:
    box, wait = sandbox(), sandbox().synchronous
    scenario = box.scenarios.of(payment.invoice_id) if action == "pay" else ""
    if scenario == WRONG_AMOUNT:
        less = payment.amount - 1 if payment.amount > 1 else payment.amount + 1
        return box.pay(payment, less, completes=True, wait=wait)
    if scenario == TIME_OUT:
        return box.time_out(payment, wait=wait)
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


def _way_back(payment: Payment, scenario: str) -> str:
    """Where the button leads; nowhere, when the story is that the tab was closed."""
    closed = scenario == CLOSE_TAB and payment.status == COMPLETED
    return "" if closed else sandbox().return_url(payment)


def _page(payment: Payment, error: str = "") -> str:
    scenario = sandbox().scenarios.of(payment.invoice_id)
    left = (payment.expires_at - sandbox().clock.now()).total_seconds()
    return render_template(
        "hosted.html",
        payment=payment,
        error=error,
        seconds_left=max(int(left), 0),
        back=_way_back(payment, scenario),
        scenario="" if scenario == JUST_WORK else SCENARIOS[scenario].title,
        form=request.form,
    )

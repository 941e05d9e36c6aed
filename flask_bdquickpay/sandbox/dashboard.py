"""The developer's pages: payments, webhook log, fault switches, the clock, what is assumed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .api import sandbox
from .control import SWITCHES
from .faults import KINDS

bp: Blueprint = Blueprint("dashboard", __name__)

DOCUMENTED = (
    "POST /payment/create and POST /payment/verify: their parameters, answers and error codes "
    "(401, 403, 404, 422, 500), and that every error is JSON with a status of false and a message.",
    "verify of a pending payment has neither customer_reference nor dates, and its transaction is "
    "null; verify of a completed one has them all.",
    "An invoice is the merchant's whose keys made it: with other keys verify says 404.",
    "The webhook's body and its X-App-Key header, payment.completed and payment.failed (timeout or "
    "amount mismatch).",
    "A webhook wants a 2xx answer within 10 seconds; else it is retried after 5 minutes, and can "
    "be sent again by hand.",
    "The buyer goes to success_url after paying, and to cancel_url after cancelling or failing.",
)
ASSUMED = (
    "Statuses: verify says pending, completed or failed; switches make it say cancelled or "
    "expired.",
    "verify of a payment that failed looks like that of a pending one, with another status.",
    "Cancelling leaves the payment pending: it can still be paid until it expires. No webhook is "
    "sent about it.",
    "A payment can be paid for 30 minutes.",
    "The details in the return URLs: invoice_id, payment_id, customer_reference, amount, status "
    "and (when paid) trx_id, after a ? (or an & where the URL has a ? already), on success_url and "
    "cancel_url alike.",
    "Amounts are JSON numbers above 0 with at most two decimals, up to 999,999,999.99; a number in "
    "quotes is refused. A whole amount is answered without decimals.",
    "Texts are at most 255 characters long, URLs 2048 and ASCII, over http or https.",
    "What is absent may be left out; null is refused like any other wrong type.",
    "A body that is not a JSON object is answered with 422. Keys are checked before the body.",
    "A failed webhook is tried up to five times by itself. A redirect is no 2xx and not followed.",
    "Whether the webhook or the buyer arrives first is left to chance, as with the real gateway.",
    "A payment the gateway called failed can still be completed late, by hand.",
)


@bp.get("/")
def index() -> str:
    sandbox().settle_expired()
    return render_template("payments.html", payments=sandbox().payments)


@bp.get("/webhooks")
def webhooks() -> str:
    return render_template("webhooks.html", deliveries=sandbox().deliveries)


@bp.post("/webhooks/<int:delivery_id>/send")
def send_again(delivery_id: int) -> ResponseReturnValue:
    if sandbox().store.delivery(delivery_id) is None:
        abort(404, "There is no such delivery.")
    sandbox().webhooks.queue_again(delivery_id)
    return redirect(url_for(".webhooks"), 303)


@bp.get("/faults")
def faults() -> str:
    return _faults_page()


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    form = request.form
    try:
        times = None if "until_cleared" in form else int(form.get("times", "1"))
        sandbox().fault(form.get("kind", ""), form.get("endpoint") or None, times, **_seconds(form))
    except ValueError as error:
        return _faults_page(str(error)), 422
    return redirect(url_for(".faults"), 303)


@bp.post("/faults/clear")
def clear_faults() -> ResponseReturnValue:
    fault_id = request.form.get("id", type=int)
    sandbox().faults.clear(fault_id)
    return redirect(url_for(".faults"), 303)


@bp.get("/clock")
def clock() -> str:
    return render_template("clock.html", switches=SWITCHES)


@bp.post("/clock")
def advance() -> ResponseReturnValue:
    try:
        sandbox().advance(float(request.form.get("minutes", "")) * 60)
    except ValueError:
        return render_template("clock.html", switches=SWITCHES, error=WRONG_MINUTES), 422
    return redirect(url_for(".clock"), 303)


@bp.post("/switches")
def switches() -> ResponseReturnValue:
    try:
        sandbox().switch(**{name: _switch(name) for name in SWITCHES})
    except ValueError as error:
        abort(422, str(error))
    return redirect(url_for(".clock"), 303)


@bp.get("/assumptions")
def assumptions() -> str:
    return render_template("assumptions.html", documented=DOCUMENTED, assumed=ASSUMED)


WRONG_MINUTES = "Write the minutes as a number from 0 on; the clock only moves forward."


def _faults_page(error: str = "") -> str:
    return render_template(
        "faults.html", kinds=KINDS, active=sandbox().faults.active(), error=error
    )


def _seconds(form: Any) -> dict[str, float]:
    """The one option that the page offers; the API has them all."""
    given = form.get("seconds", "").strip()
    known = KINDS.get(form.get("kind", ""), ((), "", {}))[2]
    return {"seconds": float(given)} if given and "seconds" in known else {}


def _switch(name: str) -> Any:
    values = SWITCHES[name][0]
    given = request.form.get(name, "")
    return name in request.form if isinstance(values[0], bool) else given

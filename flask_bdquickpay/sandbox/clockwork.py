"""The developer's page that moves the clock and turns the switches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .api import sandbox
from .control import ENDED, Sandbox
from .journal import GATEWAY
from .records import Payment
from .switches import SWITCHES

bp: Blueprint = Blueprint("clockwork", __name__)
WRONG_MINUTES = "Write the minutes as a number from 0 on; the clock only moves forward."


@bp.get("/clock")
def clock() -> str:
    return render_template("clock.html", switches=SWITCHES, minutes="5")


@bp.post("/clock")
def advance() -> ResponseReturnValue:
    """Move it, and lead to the live page, which says what came of it."""
    given = request.form.get("minutes", "")
    box, before = sandbox(), sandbox().journal.version
    try:
        seconds = float(given) * 60
        due = box.store.count_due(box.clock.now() + timedelta(seconds=seconds))
        box.advance(seconds)
    except (ValueError, OverflowError):
        page = render_template("clock.html", switches=SWITCHES, minutes=given, error=WRONG_MINUTES)
        return page, 422
    expired = _expired_since(box, before)
    due += sum(payment.webhook_url is not None for payment in expired)
    facts: dict[str, Any] = {"moved": int(seconds), "expired": len(expired), "due": due}
    return redirect(url_for("dashboard.index", **facts), 303)


def _expired_since(box: Sandbox, version: int) -> list[Payment]:
    """The payments that ran out of time since the journal was at this version."""
    entries = (one for one in box.journal.entries() if one.number > version)
    ended = [one.invoice_id for one in entries if one.who == GATEWAY and one.what.startswith(ENDED)]
    return [box.find(invoice_id) for invoice_id in ended]


@bp.post("/switches")
def switches() -> ResponseReturnValue:
    try:
        sandbox().switch(**{name: _switch(name) for name in SWITCHES})
    except ValueError as error:
        abort(422, str(error))
    return redirect(url_for(".clock"), 303)


def _switch(name: str) -> Any:
    values = SWITCHES[name][0]
    given = request.form.get(name, "")
    return name in request.form if isinstance(values[0], bool) else given

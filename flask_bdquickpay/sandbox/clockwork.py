"""The developer's page that moves the clock and turns the switches."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .api import sandbox
from .journal import GATEWAY
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
        now = box.advance(seconds)
    except ValueError:
        page = render_template("clock.html", switches=SWITCHES, minutes=given, error=WRONG_MINUTES)
        return page, 422
    entries = [one for one in box.journal.entries() if one.number > before]
    expired = sum(one.who == GATEWAY and one.what.startswith("the time ran out") for one in entries)
    sent = sum(one.delivery_id is not None for one in entries)
    due = sent + box.store.count_due(now)
    return redirect(url_for("dashboard.index", moved=int(seconds), expired=expired, due=due), 303)


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

"""The developer's page that switches faults on: each with the fields that it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .api import sandbox
from .faults import KINDS

bp: Blueprint = Blueprint("mishaps", __name__)

#: What an option is called, where its name does not say it.
LABELS: Mapping[str, str] = {
    "seconds": "Seconds",
    "drip.seconds": "Seconds for each byte",
    "drip_headers.seconds": "Seconds for each byte",
    "retry_after": "Retry-After, in seconds",
    "invoice_id": "Invoice id instead",
    "amount": "Amount instead (empty: one taka more)",
    "reference": "Customer reference instead",
    "word": "Status instead",
    "size": "Bytes",
    "location": "Location",
    "code": "HTTP status",
    "status": "HTTP status",
    "body": "Body",
    "content_type": "Content-Type",
    "copies": "How often",
    "app_key": "App key instead",
}


@bp.get("/faults")
def faults() -> str:
    return _page({"kind": "latency"})


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    form = request.form
    kind = form.get("kind", "")
    try:
        times = None if "until_cleared" in form else _whole(form.get("times", "1"))
        endpoint = form.get(f"{kind}.endpoint") or None
        sandbox().fault(kind, endpoint, times, **_options(kind, form))
    except ValueError as error:
        return _page(form, str(error)), 422
    return redirect(url_for(".faults"), 303)


@bp.post("/faults/clear")
def clear_faults() -> ResponseReturnValue:
    sandbox().faults.clear(request.form.get("id", type=int))
    return redirect(url_for(".faults"), 303)


def _page(form: Mapping[str, str], error: str = "") -> str:
    active = sandbox().faults.active()
    return render_template(
        "faults.html", kinds=KINDS, labels=LABELS, active=active, error=error, form=form
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("Write for how many calls as a whole number, such as 1.") from None


def _options(kind: str, form: Mapping[str, str]) -> dict[str, Any]:
    """The options of that kind, as far as something was written; each of its default's type."""
    known = KINDS[kind][2] if kind in KINDS else {}
    given = {name: form.get(f"{kind}.{name}", "").strip() for name in known}
    return {name: _value(text, known[name]) for name, text in given.items() if text}


def _value(text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number; write it like 5 or 0.5.") from None
    return int(number) if number.is_integer() else number

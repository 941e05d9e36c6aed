"""The developer's pages: what happens live, payments, webhooks, what is assumed."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .api import PREFIX, sandbox
from .assumed import ASSUMED, DOCUMENTED
from .calls import curl, secret_of
from .keys import APP_KEY
from .records import COMPLETED, FAILED, PENDING
from .scenarios import SCENARIOS
from .story import stories, story

bp: Blueprint = Blueprint("dashboard", __name__)
Row = TypeVar("Row")

PAGE = 25
STATUSES = (PENDING, COMPLETED, FAILED, "cancelled", "expired")
STATES = ("queued", "sending", "held", "delivered", "failed", "dropped")


@bp.get("/")
def index() -> str:
    box = sandbox()
    box.settle_expired()
    return render_template(
        "live.html",
        version=box.journal.version,
        stories=stories(box),
        scenarios=SCENARIOS,
        example=_example(),
        shop_secret=secret_of(box.app_key),
        paused="pause" in request.args,
        moved=_moved(),
    )


@bp.get("/live/version")
def version() -> ResponseReturnValue:
    """A number that grows whenever something has happened."""
    sandbox().settle_expired()
    return jsonify(version=sandbox().journal.version)


@bp.post("/scenario")
def scenario() -> ResponseReturnValue:
    try:
        sandbox().choose_scenario(request.form.get("name", ""))
    except ValueError as error:
        abort(422, str(error))
    return redirect(url_for(".index"), 303)


@bp.get("/payments")
def payments() -> str:
    sandbox().settle_expired()
    status, text, page = _wanted("status", STATUSES)
    found = sandbox().store.find_payments(text, status, PAGE + 1, page * PAGE)
    return render_template(
        "payments.html",
        payments=found[:PAGE],
        counts={one.id: sandbox().store.count_deliveries(one.invoice_id) for one in found[:PAGE]},
        statuses=STATUSES,
        **_page(found, status=status, q=text, page=page),
    )


@bp.get("/payments/<invoice_id>")
def payment(invoice_id: str) -> str:
    sandbox().settle_expired()
    found = sandbox().store.payment(invoice_id)
    if found is None:
        abort(404, "There is no such payment.")
    version = sandbox().journal.version
    return render_template("payment.html", story=story(sandbox(), found), version=version)


@bp.get("/webhooks")
def webhooks() -> str:
    state, text, page = _wanted("state", STATES)
    found = sandbox().store.find_deliveries(text, state, PAGE + 1, page * PAGE)
    return render_template(
        "webhooks.html",
        deliveries=found[:PAGE],
        states=STATES,
        sent=request.args.get("sent", type=int),
        **_page(found, state=state, q=text, page=page),
    )


@bp.post("/webhooks/<int:delivery_id>/send")
def send_again(delivery_id: int) -> ResponseReturnValue:
    delivery = sandbox().store.delivery(delivery_id)
    if delivery is None:
        abort(404, "There is no such delivery.")
    sandbox().webhooks.queue_again(delivery_id)
    where = url_for(".webhooks", q=delivery.invoice_id, sent=delivery_id)
    return redirect(where, 303)


@bp.get("/assumptions")
def assumptions() -> str:
    return render_template("assumptions.html", documented=DOCUMENTED, assumed=ASSUMED)


def _wanted(name: str, words: tuple[str, ...]) -> tuple[str, str, int]:
    """What a list is narrowed to, the text that is searched for, and the page, from 0 on."""
    word = request.args.get(name, "")
    page = request.args.get("page", 0, type=int)
    return (
        word if word in words else "",
        request.args.get("q", "").strip(),
        min(max(page, 0), 10**6),
    )


def _page(found: list[Row], *, page: int, **narrowed: str) -> dict[str, Any]:
    """What a list's template needs to show its filters, and to lead to the pages beside it."""
    kept: dict[str, Any] = {name: value for name, value in narrowed.items() if value}

    def address(number: int) -> str:
        return url_for(request.endpoint or "", **kept, page=number)

    newer = address(page - 1) if page else ""
    older = address(page + 1) if len(found) > PAGE else ""
    return {**narrowed, "newer": newer, "older": older}


def _moved() -> dict[str, int]:
    """What moving the clock has just done: by how many seconds, and what came of it."""
    names = ("moved", "expired", "due")
    return {name: max(0, request.args.get(name, 0, type=int)) for name in names}


def _example() -> str:
    """A command that makes a payment, with keys that work."""
    home, key = request.host_url.rstrip("/"), sandbox().app_key
    body = (
        '{"amount": 500, "customer_reference": "ORDER-1", '
        f'"success_url": "{home}/", "cancel_url": "{home}/"}}'
    )
    key = APP_KEY if sandbox().any_keys else key
    headers = {
        "X-App-Key": key,
        "X-Secret-Key": secret_of(key) or "YOUR-SECRET-KEY",
        "Content-Type": "application/json",
    }
    return curl(f"{home}{PREFIX}/payment/create", headers, body)

"""The customer's orders: a page for each, and a list by a signed link."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import selectinload

from flask_bdquickpay import PaymentMixin, PaymentStatus

from .districts import local_name
from .forms import LinkForm
from .mail import post, send_pay_link
from .models import Order, OrderLine, db, find_order
from .payments import bdquickpay
from .security import public_url

LINK_LIFETIME = 7 * 24 * 3600  # seconds
bp = Blueprint("orders", __name__)
bp.add_app_template_filter(local_name, "district")


@bp.get("/orders/<reference>")
def show(reference: str) -> str:
    """The reference can't be guessed: only its customer knows this address."""
    order = _order_or_404(reference)
    payment, sent = _payment(order), "sent" in request.args
    events = _timeline(order)
    return render_template("order.html", order=order, payment=payment, events=events, sent=sent)


@bp.get("/orders/<reference>/status")
def status(reference: str) -> ResponseReturnValue:
    """How the order stands, for a page that was left open."""
    return {"status": _order_or_404(reference).state}, {"Cache-Control": "no-store"}


@bp.post("/orders/<reference>/link")
def send_link(reference: str) -> ResponseReturnValue:
    """Mail the customer a payment link: to pay on another phone, or for somebody else to pay."""
    order = _order_or_404(reference)
    if order.can_be_paid:
        send_pay_link(order, bdquickpay.pay_link(order.reference, expires_in=LINK_LIFETIME))
    page = url_for("orders.show", reference=order.reference, sent=1, _anchor="link")
    return redirect(page, 303)


def _order_or_404(reference: str) -> Order:
    return find_order(reference) or abort(404)


def _payment(order: Order) -> PaymentMixin | None:
    """The payment that paid the order, or is under review; else the latest, if there is one."""
    model, flagged = bdquickpay.Payment, PaymentStatus.FLAGGED
    found = db.session.scalars(sa.select(model).where(model.customer_reference == order.reference))
    return max(found, key=lambda one: (one.is_paid, one.status == flagged, one.id), default=None)


def _timeline(order: Order) -> Iterable[Any]:
    """What happened to the order's payments, of which there may be several."""
    payment, event = bdquickpay.Payment, bdquickpay.PaymentEvent
    events = sa.select(event).join(payment, payment.id == event.payment_id)
    mine = events.where(payment.customer_reference == order.reference)
    return db.session.scalars(mine.where(event.new_status.is_not(None)).order_by(event.id))


@bp.route("/my-orders", methods=["GET", "POST"])
def ask() -> str:
    """Send the link to the e-mail address. The answer never tells who is a customer."""
    form = LinkForm()
    sent = form.validate_on_submit()
    if sent:
        _send_link(form.email.data or "")
    return render_template("ask.html", form=form, sent=sent)


def _send_link(email: str) -> None:
    if db.session.scalar(sa.select(Order.id).where(Order.email == email).limit(1)) is None:
        return
    token = _serializer().dumps(email)
    text = render_template("mail/link.txt", url=public_url("orders.mine", token=token))
    post(f"my-orders-{secrets.token_hex(8)}", email, gettext("Your orders"), text)


@bp.get("/my-orders/<token>")
def mine(token: str) -> str:
    try:
        email = _serializer().loads(token, max_age=LINK_LIFETIME)
    except BadData:
        abort(404)
    goods = selectinload(Order.lines).joinedload(OrderLine.product)
    found = sa.select(Order).where(Order.email == email).order_by(Order.id.desc()).options(goods)
    return render_template("orders.html", orders=db.session.scalars(found))


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="my-orders")

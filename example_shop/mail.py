"""Mails and SMS: written as files into the outbox folder, which the demo shows on a page."""

from __future__ import annotations

import email
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from flask import Blueprint, Flask, abort, current_app, render_template
from flask_babel import force_locale, gettext

from flask_bdquickpay import PaymentEventMixin, PaymentMixin, PaymentStatus, payment_changed

from .models import Order, find_order

_TEN_MINUTES = 600  # seconds
bp = Blueprint("mail", __name__, url_prefix="/outbox")


def init_app(app: Flask) -> None:
    payment_changed.connect(tell_customer, sender=app)


def tell_customer(_app: Flask, payment: PaymentMixin, event: PaymentEventMixin) -> None:
    """Write to the customer when money came.

    This may be called twice for one event, so the mail is named after it and written once.
    """
    if event.new_status not in (PaymentStatus.COMPLETED, PaymentStatus.FLAGGED):
        return
    order = find_order(payment.customer_reference)
    assert order is not None  # noqa: S101  # orders are never deleted
    name = f"{order.reference}-{event.id}"
    if not _file(name).exists():
        with force_locale(order.language):
            subject = _subject(event.new_status, order.reference)
            context = {"order": order, "payment": payment, "event": event}
            sms = render_template("mail/payment_sms.txt", **context)
            post(name, order.email, subject, render_template("mail/payment.txt", **context), sms)


def _subject(status: PaymentStatus, reference: str) -> str:
    subject: str = gettext("We are checking your payment: order %(reference)s", reference=reference)
    if status == PaymentStatus.COMPLETED:
        subject = gettext("Payment received: order %(reference)s", reference=reference)
    return subject


def send_pay_link(order: Order, url: str) -> None:
    """Write to the customer how to pay later; once in ten minutes, however often they ask."""
    name = f"{order.reference}-link-{int(time.time()) // _TEN_MINUTES}"
    if not _file(name).exists():
        with force_locale(order.language):
            subject = gettext("Pay for your order %(reference)s", reference=order.reference)
            text = render_template("mail/pay.txt", order=order, url=url)
            sms = render_template("mail/pay_sms.txt", order=order, url=url)
            post(name, order.email, subject, text, sms)


def post(name: str, to: str, subject: str, text: str, sms: str | None = None) -> None:
    """Write a mail, and the SMS that says the same to a phone.

    A real shop would hand them to its mail server and its SMS provider here.
    """
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", to, subject
    mail.set_content(text, cte="8bit")
    draft = _file(name).with_suffix(".draft")
    draft.parent.mkdir(parents=True, exist_ok=True)
    if sms is not None:
        _sms_file(name).write_text(sms, encoding="utf-8")
    draft.write_bytes(bytes(mail))
    draft.replace(_file(name))  # whole or not at all


def _file(name: str) -> Path:
    return Path(current_app.config["OUTBOX"]) / f"{name}.eml"


def _sms_file(name: str) -> Path:
    return _file(name).with_suffix(".sms")


# The pages, in the demo only: they show every customer's mails to everybody.


@bp.before_request
def only_in_the_demo() -> None:
    if not current_app.config["DEMO"]:
        abort(404)


@bp.get("")
def index() -> str:
    return render_template("outbox.html", outbox=_read_all())


@bp.get("/<name>")
def show(name: str) -> str:
    outbox = _read_all()
    if name not in outbox:
        abort(404)
    return render_template("mail.html", sent=outbox[name])


@dataclass(frozen=True)
class Sent:
    mail: EmailMessage
    sms: str | None


def _read_all() -> dict[str, Sent]:
    """All that was sent, by name, the newest first."""
    files = Path(current_app.config["OUTBOX"]).glob("*.eml")
    newest = sorted(files, key=lambda file: file.stat().st_mtime_ns, reverse=True)
    return {file.stem: _read(file) for file in newest}


def _read(file: Path) -> Sent:
    mail = email.message_from_bytes(file.read_bytes(), policy=default)
    sms = _sms_file(file.stem)
    return Sent(mail, sms.read_text(encoding="utf-8") if sms.exists() else None)

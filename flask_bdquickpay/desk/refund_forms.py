"""What is filled in about money that went back: each form is looked at twice."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from wtforms import DateTimeLocalField, Form, StringField, ValidationError
from wtforms.validators import Optional

from ..errors import BDQuickPayError, InvalidPaymentRequest, RefundTooLarge
from ..money import parse_amount
from ..payments.models import MAX_ID
from ..payments.records import PaymentRecord
from ..payments.statement_values import Unreadable, read_amount
from ..web.language import DHAKA
from .forms import SteppedForm, at_most, choice, needed, one_line, printable
from .language import M_, say
from .money_back import METHODS, taka

_AMOUNT = M_("Write an amount such as 450 or 450.50.")
_KEY = M_("Open the form anew.")
_MINUTE = timedelta(minutes=1)
_TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


def _amount(_form: Form, field: Any) -> None:
    try:
        parse_amount(read_amount(field.data))
    except (Unreadable, InvalidPaymentRequest):
        raise ValidationError(say(_AMOUNT)) from None


class MomentField(DateTimeLocalField):
    """A time; what is none stays in the field as it was written."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(say("Write a time such as 2026-11-25 16:30.")) from None


class RefundForm(SteppedForm):
    """Money that a person has sent back."""

    amount: StringField = StringField(
        M_("Amount sent back, ৳"), filters=[one_line], validators=[needed(_AMOUNT), _amount]
    )
    method: StringField = choice(M_("How"), METHODS, "bkash")
    trx_id: StringField = StringField(
        M_("Transaction ID (TrxID) of the refund"),
        filters=[one_line],
        validators=[at_most(MAX_ID), printable],
    )
    sent_at: MomentField = MomentField(
        M_("When, in Bangladesh time; empty: now"), format=_TIMES, validators=[Optional()]
    )
    reason: StringField = StringField(
        M_("Reason, for the customer (optional)"),
        filters=[one_line],
        validators=[at_most(500), printable],
    )
    #: A name for this entry: sent twice, it is recorded once.
    request_key: StringField = StringField(validators=[needed(_KEY), at_most(MAX_ID)])
    options: ClassVar[dict[str, dict[str, str]]] = {"method": METHODS}

    def begin(self, payment: PaymentRecord) -> RefundForm:
        """Fill in what is known before anybody has written anything."""
        self.amount.data = f"{payment.refundable:.2f}"
        self.request_key.data = f"desk-{secrets.token_urlsafe(24)}"
        return self

    def refused(self, error: BDQuickPayError) -> None:
        """Say what was wrong, beside the amount where it is that."""
        remains = error.remains if isinstance(error, RefundTooLarge) else None
        if remains is None:
            super().refused(error)
        else:
            self.amount.errors = [
                say("That is more than remains: %(amount)s.", amount=taka(remains))
            ]

    @property
    def taka(self) -> Decimal:
        """The amount, once it is in order."""
        return parse_amount(read_amount(self.amount.data))

    def moment(self, came: datetime | None) -> datetime | None:
        """When it was sent; in the minute in which the money `came`, not before it."""
        if self.sent_at.data is None:
            return None
        sent = self.sent_at.data.replace(tzinfo=DHAKA)
        in_that_minute = came is not None and sent < came < sent + _MINUTE
        return came if in_that_minute else sent

    @property
    def told(self) -> dict[str, Any]:
        """What it says, as it is recorded."""
        names = ("method", "trx_id", "reason", "note")
        return {"amount": self.taka} | {name: self.data[name] for name in names}

    def facts(self, came: datetime | None) -> dict[str, Any]:
        """The amount, and what says when and by which transaction it left."""
        return {
            "amount": self.taka,
            "trx_id": self.trx_id.data or None,
            "sent_at": self.moment(came),
        }


class VoidForm(SteppedForm):
    """A refund that was written down wrongly."""

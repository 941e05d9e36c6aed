"""What is filled in about money that went back: each form is looked at twice."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from wtforms import DateTimeLocalField, Form, StringField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from ..errors import BDQuickPayError, InvalidPaymentRequest, RefundTooLarge
from ..money import parse_amount
from ..payments.models import MAX_ID
from ..payments.records import PaymentRecord
from ..payments.statement_values import Unreadable, read_amount
from ..web.language import DHAKA
from .forms import NoteForm, choice, one_line, printable
from .money_back import METHODS, taka

_AMOUNT = "Write an amount such as 500 or 1250.50."
_MINUTE = timedelta(minutes=1)
_TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


def _amount(_form: Form, field: Any) -> None:
    try:
        parse_amount(read_amount(field.data))
    except (Unreadable, InvalidPaymentRequest):
        raise ValidationError(_AMOUNT) from None


class SteppedForm(NoteForm):
    """A form that is shown again, to be confirmed, before anything is done.

    :ivar problem: what is wrong with all of it, from whoever was to do it.
    """

    problem: str = ""

    def carried(self) -> dict[str, str]:
        """What is filled in, for the page on which it is confirmed."""
        fields: list[Any] = [field for field in self if field.name != "csrf_token"]
        return {field.name: field._value() for field in fields}

    def refused(self, error: BDQuickPayError) -> None:
        """Say what was wrong."""
        self.problem = str(error)


class RefundForm(SteppedForm):
    """Money that a person has sent back."""

    amount: StringField = StringField(
        "Amount sent back, ৳", filters=[one_line], validators=[InputRequired(_AMOUNT), _amount]
    )
    method: StringField = choice("How", METHODS, "bkash")
    trx_id: StringField = StringField(
        "Transaction ID (TrxID) of the refund",
        filters=[one_line],
        validators=[Length(max=MAX_ID), printable],
    )
    sent_at: DateTimeLocalField = DateTimeLocalField(
        "When, in Bangladesh time; empty: now", format=_TIMES, validators=[Optional()]
    )
    reason: StringField = StringField(
        "Reason, for the customer (optional)",
        filters=[one_line],
        validators=[Length(max=500), printable],
    )
    #: A name for this entry: sent twice, it is recorded once.
    request_key: StringField = StringField(validators=[InputRequired(), Length(max=MAX_ID)])
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
            self.amount.errors = [f"That is more than remains: {taka(remains)}."]

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

    def facts(self, came: datetime | None) -> dict[str, Any]:
        """The amount, and what says when and by which transaction it left."""
        return {
            "amount": self.taka,
            "trx_id": self.trx_id.data or None,
            "sent_at": self.moment(came),
        }


class VoidForm(SteppedForm):
    """A refund that was written down wrongly."""

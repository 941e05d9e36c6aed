"""What is filled in when a person decides about money that came: looked at twice."""

from __future__ import annotations

import secrets
from decimal import Decimal

from wtforms import BooleanField, StringField, TextAreaField, ValidationError
from wtforms.validators import AnyOf

from ..payments.models import MAX_ID
from ..payments.verdict import Snapshot
from .forms import SteppedForm, at_most, one_line, printable
from .language import M_, say

KEEP, GIVE_BACK = "accept", "reject"


class DecisionForm(SteppedForm):
    """Keep the money, or give it back.

    :ivar confirms: whether this is the second look.
    """

    decision: StringField = StringField(
        validators=[AnyOf([KEEP, GIVE_BACK], M_("Choose one of the two."))]
    )
    #: Whether the money has left already, by which transaction.
    sent: BooleanField = BooleanField()
    refund_trx_id: StringField = StringField(
        M_("Transaction ID (TrxID) of the refund"),
        filters=[one_line],
        validators=[at_most(MAX_ID), printable],
    )
    message: TextAreaField = TextAreaField(
        M_("Message to the customer"), filters=[one_line], validators=[at_most(500), printable]
    )
    #: The amount that was ticked on the second look, and what must be.
    accepted: StringField = StringField()
    must_tick: str = ""
    #: How the payment stood when it was looked at; `stands` is how it does now.
    seen: StringField = StringField()
    stands: str = ""
    #: A name for the refund that is written down with it: sent twice, it is recorded once.
    request_key: StringField = StringField(validators=[at_most(MAX_ID)])
    confirms: bool = False
    came: Decimal | None = None

    def about(self, payment: Snapshot, *, confirms: bool = False) -> DecisionForm:
        """Hold what is filled in against a payment."""
        asked, came = payment.amount, payment.received_amount
        self.came = came
        self.must_tick = "" if came == asked else f"{asked if came is None else came:.2f}"
        self.stands = f"{payment.status.value} {asked} {came}"
        self.confirms = confirms
        self.request_key.data = self.request_key.data or f"desk-{secrets.token_urlsafe(24)}"
        return self

    @property
    def keeps(self) -> bool:
        return self.decision.data == KEEP

    @property
    def refunds(self) -> bool:
        """Whether a refund is to be written down as well."""
        return not self.keeps and bool(self.sent.data)

    @property
    def ticked(self) -> Decimal:
        """The amount that is to be ticked."""
        return Decimal(self.must_tick)

    def carried(self) -> dict[str, str]:
        """As of every form, with how the payment stands now; the tick is made by a person."""
        found = super().carried() | {"seen": self.stands}
        if not self.sent.data:
            del found["sent"]
        del found["accepted"]
        return found

    def validate_sent(self, field: BooleanField) -> None:
        if self.keeps and field.data:
            raise ValidationError(say("You keep the money: then nothing was sent back."))
        if field.data and self.came is None:
            raise ValidationError(say("What came is not known: record the refund by itself."))

    def validate_refund_trx_id(self, field: StringField) -> None:
        if field.data and not self.sent.data:
            raise ValidationError(say("Tick that you have sent the money back, or empty this."))

    def validate_message(self, field: TextAreaField) -> None:
        if self.keeps and field.data:
            raise ValidationError(
                say("The customer reads it only if you give the money back. Empty it to keep it.")
            )

    def validate_accepted(self, field: StringField) -> None:
        if self.confirms and self.keeps and self.must_tick and field.data != self.must_tick:
            raise ValidationError(say("Tick the amount that you accept."))

    @property
    def is_stale(self) -> bool:
        """Whether the payment has changed since it was looked at."""
        return bool(self.seen.data) and self.seen.data != self.stands

"""What is filled in at the desk: filters and actions, the latter with a CSRF token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from wtforms import (
    DateField,
    DecimalField,
    Form,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from ..payments.models import MAX_REFERENCE
from ..text import is_harmless
from ..web.forms import FlaskForm
from ..web.language import DHAKA
from .listing import (
    CLEARED,
    HELD,
    OVERDUE,
    OWED,
    PARTLY,
    REFUNDED,
    REFUSED,
    SORTS,
    UNCLEARED,
    UNDELIVERED,
    Wanted,
)
from .words import PLAIN, STATUSES, UNBOOKED, UNTOLD

_MOST = Decimal("9999999999.99")
_EARLIEST, _LATEST = date(2000, 1, 1), date(2999, 12, 31)
_SHOWN = {
    "": "All payments",
    **{status.value: name for status, name in STATUSES.items()},
    REFUSED: UNBOOKED,
    OWED: UNTOLD,
    OVERDUE: "Overdue checks",
    UNDELIVERED: "Events not delivered",
    HELD: "Rejected, money owed",
    PARTLY: "Partly refunded",
    REFUNDED: "Refunded",
    CLEARED: "Cleared by a statement",
    UNCLEARED: "Paid, not cleared",
}
_ORDERS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "highest": "Highest amount first",
    "lowest": "Lowest amount first",
}
_USUAL = next(iter(SORTS))


def stripped(text: str | None) -> str:
    return (text or "").strip()


def one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def printable(_form: Form, field: Any) -> None:
    if not is_harmless(field.data or ""):
        raise ValidationError("Only printable characters, please.")


def _sensible(_form: Form, field: Any) -> None:
    if field.data is not None and not _EARLIEST <= field.data <= _LATEST:
        raise ValidationError("Choose a day of this millennium.")


def day(label: str) -> DateField:
    return DateField(label, validators=[Optional(), _sensible])


def _amount(label: str) -> DecimalField:
    message = "Write an amount such as 500 or 1250.50."
    return DecimalField(label, validators=[Optional(), NumberRange(0, _MOST, message)])


def choice(label: str, options: Mapping[str, str], default: str) -> StringField:
    """One of a few words, drawn as a `<select>`.

    Not a SelectField: how its choices are written changes between the versions of WTForms.
    """
    known = AnyOf(list(options), "Choose one of the list.")
    return StringField(label, default=default, validators=[known])


def account(id: str | None = None) -> StringField:
    """The name of a merchant account; empty: of all, and PLAIN: of the plain settings."""
    validators = [Length(max=40), printable]
    return StringField("Account", id=id, filters=[stripped], validators=validators)


def account_in(field: StringField) -> str | None:
    """The account that was chosen, ``None`` for all."""
    return "" if field.data == PLAIN else field.data or None


class FilterForm(Form):
    """The filters in the URL of the list; nothing that it does needs a CSRF token."""

    q: StringField = StringField(
        "Search", filters=[stripped], validators=[Length(max=MAX_REFERENCE), printable]
    )
    show: StringField = choice("Show", _SHOWN, "")
    since: DateField = day("From day")
    until: DateField = day("To day")
    minimum: DecimalField = _amount("From ৳")
    maximum: DecimalField = _amount("To ৳")
    account: StringField = account()
    sort: StringField = choice("Order", _ORDERS, _USUAL)
    options: ClassVar[dict[str, dict[str, str]]] = {"show": _SHOWN, "sort": _ORDERS}

    def validate_until(self, field: DateField) -> None:
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError("This is before the first day.")

    def validate_maximum(self, field: DecimalField) -> None:
        lowest, highest = self.minimum.data, field.data
        if lowest is not None and highest is not None and highest < lowest:
            raise ValidationError("This is below the lowest amount.")

    @property
    def narrows_more(self) -> bool:
        """Whether a day or an amount is filled in, or was filled in wrongly."""
        fields = (self.since, self.until, self.minimum, self.maximum)
        return any(field.data is not None or field.errors for field in fields)

    @property
    def wanted(self) -> Wanted:
        """What passes the filters; days are those of Bangladesh, the last one included."""
        return Wanted(
            text=self.q.data or "",
            show=self.show.data or "",
            since=_begin(self.since.data),
            until=_begin(self.until.data and self.until.data + timedelta(days=1)),
            minimum=self.minimum.data,
            maximum=self.maximum.data,
            sort=self.sort.data or _USUAL,
            account=account_in(self.account),
        )

    def arguments(self) -> dict[str, str]:
        """The filters as the URL has them, without those that say nothing."""
        found = {field.name: field.data for field in self}
        usual = {"sort": _USUAL}
        return {
            name: str(value)
            for name, value in found.items()
            if value not in (None, "", usual.get(name))
        }


def _begin(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), DHAKA) if day else None


class ActionForm(FlaskForm):
    """A button that does something."""


class NoteForm(FlaskForm):
    """What a person does with a reason, which is kept with the payment."""

    note: TextAreaField = TextAreaField(
        "Why? For the team; the customer never sees it",
        filters=[stripped],
        validators=[InputRequired("Say why: it is kept with the payment."), Length(max=2000)],
    )

    def validate_note(self, field: TextAreaField) -> None:
        if not field.data:
            raise ValidationError("Say why: it is kept with the payment.")
        if not all(is_harmless(line.replace("\t", " ")) for line in field.data.splitlines()):
            raise ValidationError("Only printable characters, please.")


class ResolveForm(NoteForm):
    """A person's decision about money that came."""

    decision: StringField = StringField(
        validators=[AnyOf(["accept", "reject"], "Accept it or reject it.")]
    )
    #: The amount that was ticked.
    accepted: StringField = StringField()
    message: TextAreaField = TextAreaField(
        "What the customer is told, if you reject it (optional)",
        filters=[one_line],
        validators=[Length(max=500)],
    )
    #: The amount that must be ticked before it is accepted, as it stands in the form.
    must_tick: str = ""

    def about(self, asked: Decimal, came: Decimal | None) -> ResolveForm:
        """Have the amount confirmed, unless what came is what was asked."""
        self.must_tick = "" if came == asked else f"{asked if came is None else came:.2f}"
        return self

    @property
    def accepts(self) -> bool:
        return self.decision.data == "accept"

    def validate_accepted(self, field: StringField) -> None:
        if self.accepts and self.must_tick and field.data != self.must_tick:
            raise ValidationError("Tick the amount that you accept.")

    def validate_message(self, field: TextAreaField) -> None:
        if self.accepts and field.data:
            raise ValidationError("The customer reads it only if you reject. Empty it to accept.")
        printable(self, field)

"""What is filled in at the desk: filters, and what every form of it needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from wtforms import Form, StringField, TextAreaField, ValidationError
from wtforms.validators import AnyOf, StopValidation

from ..errors import BDQuickPayError
from ..payments.models import MAX_REFERENCE
from ..payments.statement_values import Unreadable, read_amount
from ..text import is_harmless
from ..web.forms import FlaskForm
from ..web.language import DHAKA
from .language import M_, say
from .listing import SORTS
from .retold import not_done
from .wanted import (
    CLEARED,
    CREATED,
    HELD,
    OVERDUE,
    OWED,
    PAID,
    PARTLY,
    REFUNDED,
    REFUSED,
    UNCLEARED,
    UNDELIVERED,
    Wanted,
)
from .words import PLAIN, STATUSES, UNBOOKED, UNTOLD

_MOST = Decimal("9999999999.99")
_EARLIEST, _LATEST = date(2000, 1, 1), date(2999, 12, 31)
_LONGEST = timedelta(days=3 * 366)
_LATIN = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")
_SHOWN = {
    "": M_("All payments"),
    **{status.value: name for status, name in STATUSES.items()},
    REFUSED: UNBOOKED,
    OWED: UNTOLD,
    OVERDUE: M_("Overdue checks"),
    UNDELIVERED: M_("Events not delivered"),
    HELD: M_("Rejected, money owed"),
    PARTLY: M_("Partly refunded"),
    REFUNDED: M_("Refunded"),
    CLEARED: M_("Cleared by a statement"),
    UNCLEARED: M_("Paid, not cleared"),
}
_ORDERS = {
    "newest": M_("Newest first"),
    "oldest": M_("Oldest first"),
    "highest": M_("Highest amount first"),
    "lowest": M_("Lowest amount first"),
}
_DAYS_OF = {CREATED: M_("of the order"), PAID: M_("of the payment")}
_USUAL = {"sort": next(iter(SORTS)), "by": CREATED}
_LIST = M_("Choose one of the list.")
_AMOUNT = M_("Write an amount such as 450 or 450.50.")
_DAY = M_("Write a day such as 2026-11-25.")
_WHY = M_("Say why: it is kept with the payment.")


def stripped(text: str | None) -> str:
    return (text or "").strip()


def one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def printable(_form: Form, field: Any) -> None:
    if not is_harmless(field.data or ""):
        raise ValidationError(say("Only printable characters, please."))


def needed(message: str) -> Any:
    """A validator for what must be filled in."""

    def check(_form: Form, field: Any) -> None:
        if not field.data:
            field.errors = []
            raise StopValidation(say(message))

    check.field_flags = {"required": True}  # type: ignore[attr-defined]  # read by WTForms
    return check


def at_most(characters: int) -> Any:
    """A validator for text that must not be longer."""

    def check(_form: Form, field: Any) -> None:
        if len(field.data or "") > characters:
            raise ValidationError(say("At most %(n)s characters, please.", n=characters))

    return check


class DayField(StringField):
    """A day; what is none stays in the field as it was written."""

    day: date | None = None

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  # as WTForms calls it
        self.day = None
        if not self.data:
            return
        try:
            found = datetime.strptime(self.data.translate(_LATIN), "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            raise StopValidation(say(_DAY)) from None
        if not _EARLIEST <= found <= _LATEST:
            raise StopValidation(say("Choose a day of this millennium."))
        self.day = found


class AmountField(StringField):
    """An amount in BDT; what is none stays in the field as it was written."""

    amount: Decimal | None = None

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  # as WTForms calls it
        self.amount = None
        if not self.data:
            return
        try:
            found = read_amount(self.data)
        except Unreadable:
            raise StopValidation(say(_AMOUNT)) from None
        if not 0 <= found <= _MOST:
            raise StopValidation(say(_AMOUNT))
        self.amount = found


def day(label: str) -> DayField:
    return DayField(label, filters=[stripped])


def choice(label: str, options: Mapping[str, str], default: str) -> StringField:
    """One of a few words, drawn as a `<select>`.

    Not a SelectField: how its choices are written changes between the versions of WTForms.
    """
    return StringField(label, default=default, validators=[AnyOf(list(options), _LIST)])


def account(id: str | None = None) -> StringField:
    """The name of a merchant account; empty: of all, and PLAIN: of the plain settings."""
    validators = [at_most(40), printable]
    return StringField(M_("Account"), id=id, filters=[stripped], validators=validators)


def account_in(field: StringField) -> str | None:
    """The account that was chosen, ``None`` for all."""
    return "" if field.data == PLAIN else field.data or None


def begins_before_it_ends(form: Any, field: DayField) -> None:
    """Check the last day of a period."""
    if form.since.day and field.day and field.day < form.since.day:
        raise ValidationError(say("This is before the first day."))


class FilterForm(Form):
    """The filters in the URL of the list; nothing that it does needs a CSRF token."""

    q: StringField = StringField(
        M_("Search"), filters=[stripped], validators=[at_most(MAX_REFERENCE), printable]
    )
    show: StringField = choice(M_("Show"), _SHOWN, "")
    since: DayField = day(M_("From day"))
    until: DayField = day(M_("To day"))
    by: StringField = choice(M_("Days are those"), _DAYS_OF, CREATED)
    minimum: AmountField = AmountField(M_("From ৳"), filters=[stripped])
    maximum: AmountField = AmountField(M_("To ৳"), filters=[stripped])
    account: StringField = account()
    sort: StringField = choice(M_("Sort by"), _ORDERS, _USUAL["sort"])
    options: ClassVar[dict[str, dict[str, str]]] = {
        "show": _SHOWN,
        "sort": _ORDERS,
        "by": _DAYS_OF,
    }

    def validate_until(self, field: DayField) -> None:
        begins_before_it_ends(self, field)

    def validate_maximum(self, field: AmountField) -> None:
        lowest, highest = self.minimum.amount, field.amount
        if lowest is not None and highest is not None and highest < lowest:
            raise ValidationError(say("This is below the lowest amount."))

    @property
    def narrows_more(self) -> bool:
        """Whether anything but the search and the tab is chosen, or chosen wrongly."""
        plain = {"q", "show"}
        return bool(self.arguments().keys() - plain or self.errors.keys() - {"q"})

    @property
    def wanted(self) -> Wanted:
        """What passes the filters; days are those of Bangladesh, the last one included."""
        return Wanted(
            text=self.q.data or "",
            show=self.show.data or "",
            since=_begin(self.since.day),
            until=_begin(self.until.day and self.until.day + timedelta(days=1)),
            by=self.by.data or CREATED,
            minimum=self.minimum.amount,
            maximum=self.maximum.amount,
            sort=self.sort.data or _USUAL["sort"],
            account=account_in(self.account),
        )

    def arguments(self) -> dict[str, str]:
        """The filters as the URL has them, without those that say nothing."""
        found = {field.name: field.data for field in self}
        return {
            name: str(value)
            for name, value in found.items()
            if value not in (None, "", _USUAL.get(name))
        }


class PeriodForm(Form):
    """The days of the dashboard, where they are chosen by hand."""

    since: DayField = day(M_("From day"))
    until: DayField = day(M_("To day"))

    def validate_until(self, field: DayField) -> None:
        begins_before_it_ends(self, field)
        if bool(self.since.data) != bool(field.data):
            raise ValidationError(say("Write both days."))
        if self.since.day and field.day and field.day - self.since.day > _LONGEST:
            raise ValidationError(say("At most three years, please."))


def presets(today: date) -> dict[str, dict[str, str]]:
    """Days that are often asked for, as the URL has them."""
    yesterday, week = today - timedelta(days=1), today - timedelta(days=6)
    periods = {
        M_("Today"): (today, today),
        M_("Yesterday"): (yesterday, yesterday),
        M_("7 days"): (week, today),
        M_("This month"): (today.replace(day=1), today),
    }
    return {
        name: {"since": since.isoformat(), "until": until.isoformat()}
        for name, (since, until) in periods.items()
    }


def _begin(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), DHAKA) if day else None


class ActionForm(FlaskForm):
    """A button that does something."""


class NoteForm(FlaskForm):
    """What a person does with a reason, which is kept with the payment."""

    note: TextAreaField = TextAreaField(
        M_("Why? For the team; the customer never sees it"),
        filters=[stripped],
        validators=[needed(_WHY), at_most(2000)],
    )

    def validate_note(self, field: TextAreaField) -> None:
        lines = (field.data or "").splitlines()
        if not all(is_harmless(line.replace("\t", " ")) for line in lines):
            raise ValidationError(say("Only printable characters, please."))


class SteppedForm(NoteForm):
    """A form that is shown again, to be confirmed, before anything is done.

    :ivar problem: what is wrong with all of it, from whoever was to do it.
    """

    problem: str = ""

    def carried(self) -> dict[str, str]:
        """What is filled in, for the page on which it is confirmed."""
        token = self.meta.csrf_field_name
        fields: list[Any] = [field for field in self if field.name != token]
        return {field.name: field._value() for field in fields}

    def refused(self, error: BDQuickPayError) -> None:
        """Say what was wrong."""
        self.problem = not_done(error)

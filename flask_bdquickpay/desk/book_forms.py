"""What is filled in about the books: their days, and a provider's statement."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from wtforms import BooleanField, Form, StringField, ValidationError
from wtforms import FileField as File

from ..payments.books import Span
from ..payments.statement_file import FIELDS
from ..web.forms import FlaskForm
from .forms import (
    DayField,
    account,
    at_most,
    begins_before_it_ends,
    choice,
    day,
    one_line,
    printable,
)
from .language import M_, say

_ORDERS = {
    "": M_("as the file shows"),
    "day": M_("day, month, year"),
    "month": M_("month, day, year"),
}


class DaysForm(Form):
    """The days of the books, in Bangladesh, both included."""

    since: DayField = day(M_("From day"))
    until: DayField = day(M_("To day"))
    account: StringField = account()

    def validate_until(self, field: DayField) -> None:
        begins_before_it_ends(self, field)

    @property
    def span(self) -> Span:
        """The days."""
        return Span(self.since.day, self.until.day)

    def arguments(self) -> dict[str, str]:
        """The days as the URL has them."""
        days = {"since": self.since.day, "until": self.until.day}
        return {name: value.isoformat() for name, value in days.items() if value} | self.kept

    @property
    def kept(self) -> dict[str, str]:
        """What stays when other days are chosen."""
        return {"account": self.account.data} if self.account.data else {}


def months(today: date) -> dict[str, dict[str, str]]:
    """The days of this month and of the one before, as the URL has them."""
    first = today.replace(day=1)
    last_of_before = first - timedelta(days=1)
    before = last_of_before.replace(day=1)
    return {
        M_("Last month"): {"since": before.isoformat(), "until": last_of_before.isoformat()},
        M_("This month"): {"since": first.isoformat(), "until": today.isoformat()},
    }


def _heading(label: str) -> StringField:
    return StringField(label, filters=[one_line], validators=[at_most(200), printable])


class StatementForm(FlaskForm):
    """A statement, and how to read it where that can't be seen. The file is read, never kept."""

    file: File = File(M_("Statement (CSV or XLSX, 10 MB at most)"))
    trx_id: StringField = _heading(M_("Transaction ID"))
    amount: StringField = _heading(M_("Amount"))
    date: StringField = _heading(M_("Date"))
    type: StringField = _heading(M_("Type"))
    fee: StringField = _heading(M_("Fee"))
    account: StringField = account("of_account")
    order: StringField = choice(M_("Dates are written"), _ORDERS, "")
    #: What was checked, when it is to be applied: see :meth:`mark`.
    checked: StringField = StringField(validators=[at_most(64)])
    agreed: BooleanField = BooleanField()
    options: ClassVar[dict[str, dict[str, str]]] = {"order": _ORDERS}

    def validate_file(self, field: Any) -> None:
        if not getattr(field.data, "filename", ""):
            raise ValidationError(say("Choose a file."))

    def validate_agreed(self, field: BooleanField) -> None:
        if self.checked.data and not field.data:
            raise ValidationError(say("Tick that you have looked at the exceptions."))

    @property
    def mapping(self) -> dict[str, str]:
        """The headings that were named."""
        return {name: self[name].data for name in FIELDS if self[name].data}

    @property
    def day_first(self) -> bool | None:
        """Whether dates begin with the day, if that was said."""
        return None if not self.order.data else self.order.data == "day"

    @property
    def reading(self) -> Mapping[str, str]:
        """How the file is to be read, for the form with which it is applied."""
        return {name: self[name].data or "" for name in (*FIELDS, "account", "order")}

    def mark(self, content: bytes) -> str:
        """Return what tells a file, and how it is read, from any other."""
        return hashlib.sha256(repr(sorted(self.reading.items())).encode() + content).hexdigest()

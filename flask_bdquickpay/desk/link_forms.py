"""What is filled in for a payment link: for which order, and for how long."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.datastructures import MultiDict
from wtforms import Form, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from ..payments.models import MAX_REFERENCE
from . import words
from .forms import printable, stripped

_DAYS = {1: "1 day", 3: "3 days", 7: "7 days", 30: "30 days", 90: "90 days", 365: "1 year"}
_DAY = timedelta(days=1)


def _usual(age: timedelta) -> str:
    days, rest = divmod(age, _DAY)
    said = words.duration(int(age.total_seconds()))
    return f"As usual: {said if rest else _DAYS.get(days, f'{days} days')}"


class LinkForm(Form):
    """It is read from the URL and needs no CSRF token: making a link changes nothing.

    :param usual: for how long a link is good where nobody says it.
    """

    reference: StringField = StringField(
        "Order",
        filters=[stripped],
        validators=[
            InputRequired("Write the order’s reference."),
            Length(max=MAX_REFERENCE),
            printable,
        ],
    )
    days: StringField = StringField("Good for", default="")

    def __init__(self, arguments: MultiDict[str, str] | None, usual: timedelta) -> None:
        super().__init__(arguments)
        self.choices: dict[str, str] = {"": _usual(usual)} | {
            str(days): name for days, name in _DAYS.items()
        }
        self.days.validators = [AnyOf(list(self.choices), "Choose one of the list.")]

    @property
    def age(self) -> timedelta | None:
        """For how long, ``None`` for the usual time."""
        return timedelta(days=int(self.days.data)) if self.days.data else None

"""What is filled in for a payment link: for which order, and for how long."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.datastructures import MultiDict
from wtforms import Form, StringField
from wtforms.validators import AnyOf

from ..payments.models import MAX_REFERENCE
from . import words
from .forms import at_most, needed, printable, stripped
from .language import M_, say

_DAYS = (1, 3, 7, 30, 90, 365)
_LIST = M_("Choose one of the list.")
_DAY = timedelta(days=1)


def _usual(age: timedelta) -> str:
    days, rest = divmod(age, _DAY)
    said = words.duration(int(age.total_seconds())) if rest else _days(days)
    return say("As usual: %(age)s", age=said)


def _days(count: int) -> str:
    return words.some(count, M_("%(n)s day"), M_("%(n)s days"))


class LinkForm(Form):
    """It is read from the URL and needs no CSRF token: making a link changes nothing.

    :param usual: for how long a link is good where nobody says it.
    """

    reference: StringField = StringField(
        M_("Order"),
        filters=[stripped],
        validators=[
            needed(M_("Write the order’s reference.")),
            at_most(MAX_REFERENCE),
            printable,
        ],
    )
    days: StringField = StringField(M_("Good for"), default="")

    def __init__(self, arguments: MultiDict[str, str] | None, usual: timedelta) -> None:
        super().__init__(arguments)
        self.choices: dict[str, str] = {"": _usual(usual)} | {
            str(days): _days(days) for days in _DAYS
        }
        self.days.validators = [AnyOf(list(self.choices), _LIST)]

    @property
    def age(self) -> timedelta | None:
        """For how long, ``None`` for the usual time."""
        return timedelta(days=int(self.days.data)) if self.days.data else None

"""The forms: an address, and an e-mail address."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Length, Regexp

from .districts import DISTRICTS, local_name

_PHONE = r"01[3-9][0-9]{8}\Z"
_EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z"
_BANGLA_DIGITS = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")


def plain_phone(text: str | None) -> str:
    """Return `+880 1712-345678` or `০১৭১২৩৪৫৬৭৮` as `01712345678`."""
    digits = re.sub(r"[\s()-]", "", text or "").translate(_BANGLA_DIGITS)
    return re.sub(r"^(\+|00)?880?(?=1)", "0", digits)


def _tidy(text: str | None) -> str:
    return (text or "").strip()


def _at_most(characters: int) -> Length:
    return Length(max=characters, message=lazy_gettext("This is too long."))


def _email(description: str = "") -> EmailField:
    return EmailField(
        lazy_gettext("E-mail"),
        description=description,
        filters=[_tidy, str.lower],
        validators=[
            DataRequired(lazy_gettext("Write your e-mail address.")),
            Regexp(_EMAIL, message=lazy_gettext("This e-mail address is not complete.")),
            _at_most(200),
        ],
        render_kw={"autocomplete": "email"},
    )


class AddressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is not typed
    """Who gets the goods, and where. It has no amount: the order knows what it costs."""

    name = StringField(
        lazy_gettext("Name"),
        filters=[_tidy],
        validators=[DataRequired(lazy_gettext("Write your name.")), _at_most(100)],
        render_kw={"autocomplete": "name"},
    )
    phone = TelField(
        lazy_gettext("Mobile number"),
        description=lazy_gettext("Such as 01712 345678."),
        filters=[plain_phone],
        validators=[
            DataRequired(lazy_gettext("Write your mobile number.")),
            Regexp(_PHONE, message=lazy_gettext("Write 11 digits, such as 01712 345678.")),
        ],
        render_kw={"autocomplete": "tel"},
    )
    email = _email(lazy_gettext("We send the receipt there."))
    address = TextAreaField(
        lazy_gettext("House, road and area"),
        filters=[_tidy],
        validators=[DataRequired(lazy_gettext("Write where to deliver.")), _at_most(500)],
        render_kw={"autocomplete": "street-address", "rows": 3},
    )
    district = SelectField(
        lazy_gettext("District"),
        validate_choice=False,  # AnyOf says it in our words
        validators=[
            DataRequired(lazy_gettext("Choose your district.")),
            AnyOf(DISTRICTS, lazy_gettext("Choose your district.")),
        ],
        render_kw={"autocomplete": "address-level1"},
    )

    def __init__(self) -> None:
        super().__init__()
        names = sorted((local_name(district), district) for district in DISTRICTS)
        empty = ("", lazy_gettext("Choose…"))
        self.district.choices = [empty, *((district, name) for name, district in names)]


class LinkForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is not typed
    """Where to send the link to one's orders."""

    email = _email()

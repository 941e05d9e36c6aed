"""The extension's own words, amounts and times in the customer's language."""

# Babel is imported where it is needed: it is heavy, and a webhook says nothing to a customer.
# ruff: noqa: PLC0415

from __future__ import annotations

import gettext
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from flask import current_app

from .. import clock
from ..money import exactly

_logger = logging.getLogger(__name__)
ENGLISH, BANGLA = "en", "bn"

DHAKA = clock.DHAKA

#: The catalogue of each language but English.
_WORDS = str(Path(__file__).parent / "translations" / "{}" / "LC_MESSAGES" / "bdquickpay.po")
_DATE_PATTERNS = {ENGLISH: "d MMMM y, h:mm a", BANGLA: "d MMMM y, B h:mm"}
#: What is spoken meanwhile, whatever the host says.
_spoken: ContextVar[str | None] = ContextVar("bdquickpay_language", default=None)
_BANGLA_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


def N_(message: str) -> str:
    """Mark a message that is translated later."""
    return message


def current_language() -> str:
    """`"bn"` or `"en"`: the host's Flask-Babel locale, else `BDQUICKPAY_LANGUAGE`."""
    if spoken := _spoken.get():
        return spoken
    if "babel" in current_app.extensions:
        return BANGLA if _host_language() == BANGLA else ENGLISH
    language: str = current_app.extensions["bdquickpay"].settings.language
    return language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Meanwhile say everything in that language, for paper that has both."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def translate(message: str, /, **values: object) -> str:
    """Return `message` in the current language with its `%(name)s` filled in."""
    text = catalogue(_WORDS, current_language()).gettext(message)
    return text % values if values else text


def knows(message: str) -> bool:
    """Whether `message` is one of the extension's own."""
    return catalogue(_WORDS, BANGLA).gettext(message) != message


def format_money(amount: Decimal) -> str:
    """`৳1,00,000.00`: taka, in lakhs as Bangladesh writes them."""
    from babel.numbers import format_decimal

    sign = "−" if amount < 0 else ""
    with exactly():
        digits = format_decimal(amount.copy_abs(), "#,##,##0.00", locale=ENGLISH)
    return f"{sign}৳{localized(digits)}"


def format_price(amount: Decimal) -> str:
    """The same without paisa where there are none, as a price is written: `৳680`."""
    return format_money(amount).removesuffix(localized(".00"))


def format_moment(moment: datetime) -> str:
    """The day and time in Bangladesh."""
    from babel.dates import format_datetime

    language = current_language()
    pattern = _DATE_PATTERNS[language]
    return localized(format_datetime(moment, pattern, tzinfo=DHAKA, locale=language))


def _host_language() -> str | None:
    from flask_babel import get_locale  # optional: the host's, when it uses it

    try:
        locale = get_locale()
    except Exception:  # of the shop's own selector: no reason to show a customer nothing
        _logger.exception("The shop's locale selector failed; the page is in English")
        return None
    return locale.language if locale else None


@lru_cache
def catalogue(files: str, language: str) -> gettext.NullTranslations:
    """Return the words of a language.

    :param files: the path of the catalogues, ``{}`` where it names the language.
    """
    if language == ENGLISH:  # the messages themselves are the English text
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with Path(files.format(language)).open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def localized(text: str) -> str:
    """Return a text with the digits of the current language."""
    return text.translate(_BANGLA_DIGITS) if current_language() == BANGLA else text

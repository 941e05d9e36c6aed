"""English and Bangla: which one, and how it writes amounts and times."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from babel.numbers import format_decimal
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, format_datetime, get_locale

LANGUAGES = {"en": "English", "bn": "বাংলা"}
_BANGLA_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
babel = Babel()


def init_app(app: Flask) -> None:
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Asia/Dhaka")
    babel.init_app(app, locale_selector=choose)
    app.before_request(remember)
    app.context_processor(lambda: {"lang": str(get_locale()), "languages": LANGUAGES})
    for template_filter in (money, moment, digits):
        app.add_template_filter(template_filter)


def remember() -> None:
    """A link with `?lang=bn` switches the language for all that follows."""
    if request.args.get("lang") in LANGUAGES:
        session["lang"] = request.args["lang"]


def choose() -> str | None:
    if not has_request_context():
        return None
    return session.get("lang") or request.accept_languages.best_match(LANGUAGES)


def digits(text: object) -> str:
    return str(text).translate(_BANGLA_DIGITS) if str(get_locale()) == "bn" else str(text)


def money(amount: Decimal, exact: bool = False) -> str:
    """`৳1,25,000`: taka, in lakhs as Bangladesh writes them.

    :param exact: with paisa, as a receipt has it; else only where there are any.
    """
    pattern = "#,##,##0" if amount == int(amount) and not exact else "#,##,##0.00"
    return "৳" + digits(format_decimal(amount, pattern, locale="en"))


def moment(time: datetime) -> str:
    """The day and time in Bangladesh."""
    pattern = "d MMMM y, B h:mm" if str(get_locale()) == "bn" else "d MMMM y, h:mm a"
    return digits(format_datetime(time, pattern))

"""The pay form: a CSRF token with a button. The browser never names an amount."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SubmitField


class PayForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is not typed
    """Posted by the button to ``bdquickpay.checkout``."""

    submit = SubmitField("Pay")

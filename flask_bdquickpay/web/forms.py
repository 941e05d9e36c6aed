"""The pay form: a CSRF token with a button. The browser never names an amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wtforms import Form, SubmitField

if TYPE_CHECKING:  # Flask-WTF is not typed: this is what we use of it

    class FlaskForm(Form):
        """A form with a CSRF token."""

        def validate_on_submit(self) -> bool:
            """Whether it was posted, and is in order."""
            return self.validate()

else:
    from flask_wtf import FlaskForm

__all__ = ["FlaskForm", "PayForm"]


class PayForm(FlaskForm):
    """Posted by the button to ``bdquickpay.checkout``."""

    submit: SubmitField = SubmitField("Pay")

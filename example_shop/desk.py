"""The merchant's desk, open without a login: in the demo alone.

Don't copy `allow` and `who` from here. A real shop has staff accounts, and asks for them at every
request; with Flask-Login:

    Desk(
        allow=lambda: current_user.is_authenticated and current_user.is_staff,
        who=lambda: current_user.email,
    ).mount(app)
"""

from __future__ import annotations

from flask import Flask, url_for

from flask_bdquickpay.desk import Desk

from .demo import is_tried_out


def init_app(app: Flask) -> None:
    Desk(
        allow=is_tried_out,
        who=lambda: "Demo",
        name="bKash (demo)",
        order_url=lambda payment: url_for("orders.show", reference=payment.customer_reference),
    ).mount(app)

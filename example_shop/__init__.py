"""A small shop that takes bKash payments: `flask --app example_shop run`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask
from flask_wtf import CSRFProtect

from . import cart, catalogue, checkout, demo, errors, language, mail, orders, payments, security
from .config import configure
from .models import db
from .products import prepare_database

csrf = CSRFProtect()


def create_app(config: Mapping[str, Any] | None = None, instance_path: str | None = None) -> Flask:
    """Return the shop, its database ready.

    :param config: settings that go before those of the environment.
    :param instance_path: the folder for the database, the mails and the sandbox's state.
    """
    app = Flask(__name__, instance_path=instance_path)
    configure(app, config or {})
    db.init_app(app)
    csrf.init_app(app)
    for part in (language, payments, mail, security, errors, demo):
        part.init_app(app)
    if app.config["CELERY_BROKER_URL"]:
        import_module(".work", __name__).init_app(app)  # it alone needs Celery
    if app.config["BDQUICKPAY_SANDBOX"] and find_spec("flask_admin"):
        import_module(".desk", __name__).init_app(app)  # it alone needs Flask-Admin
    for part in (catalogue, cart, checkout, orders, mail):
        app.register_blueprint(part.bp)
    with app.app_context():
        prepare_database()
    return app

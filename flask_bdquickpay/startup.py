"""What an app brings when it is prepared: its settings and its database."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from .errors import ConfigurationError
from .keys import SANDBOX_APP_KEY, SANDBOX_SECRET_KEY, MerchantAccount, sandbox_account
from .settings import Settings, unknown_settings


def check_first(app: Flask) -> None:
    """
    :raises ConfigurationError: for an app that has a BDQuickPay.
    """
    if "bdquickpay" in app.extensions:
        raise ConfigurationError(
            "This app has a BDQuickPay already, whose order loader and receivers a second one "
            "would replace. Call init_app(app) once, and import that one object where it is needed."
        )


def read_settings(app: Flask) -> Settings:
    """Return what the app's configuration says; what is doubtful in it is logged.

    With ``BDQUICKPAY_SANDBOX`` the embedded sandbox runs from now on.

    :raises ConfigurationError: naming the key that is wrong.
    """
    settings = Settings.from_config(app.config)
    for doubt in unknown_settings(app.config):
        app.logger.warning(doubt)
    if settings.sandbox:
        return _in_sandbox(app, settings)
    if settings.accounts:
        _name_incomplete(app, settings)
    elif not settings.app_key or not settings.secret_key:
        app.logger.warning(
            "BDQUICKPAY_APP_KEY or BDQUICKPAY_SECRET_KEY is not set: no payment can be taken."
        )
    return settings


def _name_incomplete(app: Flask, settings: Settings) -> None:
    for name, merchant in settings.accounts.items():
        if not merchant.is_complete:
            app.logger.warning(
                "BDQUICKPAY_ACCOUNTS[%r] has no app_key or no secret_key: it can take no payment.",
                name,
            )


def _in_sandbox(app: Flask, settings: Settings) -> Settings:
    from .sandbox.server import embedded  # noqa: PLC0415  # no live shop waits for it

    plain = MerchantAccount(SANDBOX_APP_KEY, SANDBOX_SECRET_KEY)
    given = MerchantAccount(settings.app_key, settings.secret_key)
    pairs = [(given, plain)]
    pairs += [(one, sandbox_account(name)) for name, one in settings.accounts.items()]
    if not all(_is_at_most(one, allowed) for one, allowed in pairs):
        raise ConfigurationError(
            "BDQUICKPAY_SANDBOX is on beside real keys. Remove the keys to try things out, "
            "or BDQUICKPAY_SANDBOX to take real payments."
        )
    named = {"merchant": settings.shop.name} if settings.shop.name else {}
    sandbox = embedded(app.instance_path, **named)  # which knows the keys of sandbox_account()

    @app.before_request
    def keep_sandbox_running() -> None:
        sandbox.ensure()  # the process that ran it may be gone

    if not _is_our_command():
        app.logger.warning("SANDBOX: no real money moves. Its pages: %s", sandbox.url)
    app_key, secret_key = plain.app_key, plain.secret_key
    return replace(settings, app_key=app_key, secret_key=secret_key, base_url=sandbox.base_url)


def _is_our_command() -> bool:
    """Whether `flask bdquickpay …` runs, which says it itself, or a shell completes a command."""
    if "_FLASK_COMPLETE" in os.environ:
        return True
    return os.environ.get("FLASK_RUN_FROM_CLI") == "true" and "bdquickpay" in sys.argv[1:]


def _is_at_most(given: MerchantAccount, allowed: MerchantAccount) -> bool:
    """Whether it has no other keys than these."""
    return given.app_key in ("", allowed.app_key) and given.secret_key in ("", allowed.secret_key)


def find_database(app: Flask) -> SQLAlchemy:
    """Return the app's Flask-SQLAlchemy.

    :raises ConfigurationError: when it has none.
    """
    db = app.extensions.get("sqlalchemy")
    if not isinstance(db, SQLAlchemy):
        raise ConfigurationError(
            "Flask-SQLAlchemy was not found: call db.init_app(app) before "
            "bdquickpay.init_app(app), or pass it: bdquickpay.init_app(app, db)."
        )
    return db

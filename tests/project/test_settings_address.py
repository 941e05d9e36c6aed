"""A shop that takes real money says where it is: a request's Host is its sender's choice."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, ConfigurationError, PaymentRequest
from flask_bdquickpay.gateway.account import Account
from flask_bdquickpay.gateway.client import BDQuickPayClient

KEYS = {"BDQUICKPAY_APP_KEY": "canary-app-key", "BDQUICKPAY_SECRET_KEY": "canary-secret-key"}
LOOPBACK = "http://127.0.0.1:9/api"


def start(**config: Any) -> tuple[Flask, BDQuickPay[Any, Any]]:
    app, db = Flask("tests.address"), SQLAlchemy()
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite://", **config)
    db.init_app(app)
    bdquickpay = BDQuickPay(app)
    bdquickpay.order_loader(lambda _reference: PaymentRequest(500))
    with app.app_context():
        db.create_all()
    return app, bdquickpay


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"BDQUICKPAY_BASE_URL": "https://gateway.example/api"},
        {"BDQUICKPAY_PUBLIC_URL": ""},
        {"SERVER_NAME": None, "TRUSTED_HOSTS": None},
        {"SERVER_NAME": "", "TRUSTED_HOSTS": []},
    ],
)
def test_without_an_address_it_does_not_start(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        start(**KEYS, **config)
    for name in ("BDQUICKPAY_PUBLIC_URL", "'https://shop.example.com'", "SERVER_NAME"):
        assert name in str(caught.value)
    assert "TRUSTED_HOSTS" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        {"BDQUICKPAY_PUBLIC_URL": "https://shop.example.com"},
        {"SERVER_NAME": "shop.example.com"},
        {"TRUSTED_HOSTS": ["shop.example.com", ".shop.example.net"]},
        {"BDQUICKPAY_BASE_URL": LOOPBACK},
    ],
)
def test_any_of_them_will_do_and_a_stand_in_needs_none(config: dict[str, Any]) -> None:
    app, _ = start(**KEYS, **config)
    assert "bdquickpay" in app.extensions
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


@pytest.mark.parametrize("missing", KEYS)
def test_an_app_without_keys_has_nothing_to_lose_yet(missing: str) -> None:
    app, bdquickpay = start(**KEYS | {missing: ""})
    with app.test_request_context():
        with pytest.raises(ConfigurationError, match="SECRET_KEY"):
            bdquickpay.start("1")
        app.extensions["sqlalchemy"].engine.dispose()


def test_one_that_started_at_a_stand_in_does_not_go_live_without() -> None:
    """As after the test kit, which stands in for the gateway while its fixture is active."""
    stand_in = Account(LOOPBACK, "a", "s", frozenset())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BDQuickPayClient, "account", property(lambda _client: stand_in))
        app, bdquickpay = start(**KEYS)
    with app.test_request_context():
        with pytest.raises(ConfigurationError, match="BDQUICKPAY_PUBLIC_URL"):
            bdquickpay.start("1")
        assert app.extensions["sqlalchemy"].session.query(bdquickpay.Payment).count() == 0
        app.extensions["sqlalchemy"].session.remove()
        app.extensions["sqlalchemy"].engine.dispose()

"""The test kit and an app that does not say where it is, as production would demand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, PaymentRequest
from flask_bdquickpay.sandbox.kit import Gateway

# The plugin is loaded by its entry point where the package is installed; here in any case.
from flask_bdquickpay.testing import bdquickpay_gateway

from .tools import listening

__all__ = ["bdquickpay_gateway"]
KEYS = {"BDQUICKPAY_APP_KEY": "merchants-app-key", "BDQUICKPAY_SECRET_KEY": "merchants-secret"}
MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    apps: list[Flask] = []

    def make(**config: Any) -> Flask:
        app, db, bdquickpay = Flask("tests.kit"), SQLAlchemy(), BDQuickPay()
        app.config.update(SECRET_KEY="x", WTF_CSRF_ENABLED=False, **config)
        app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/shop.sqlite3"
        db.init_app(app)
        bdquickpay.init_app(app)
        bdquickpay.order_loader(lambda _reference: PaymentRequest(500))
        with app.app_context():
            db.create_all()
        apps.append(app)
        return app

    yield make
    for app in apps:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


def buy(app: Flask, gateway: Gateway, base_url: str = "http://localhost") -> Any:
    """The gateway's view of a new payment, whose customer clicked at this address."""
    answer = app.test_client().post("/bdquickpay/checkout/1", base_url=base_url)
    assert answer.status_code == 303
    return gateway.payments[0]


def test_an_app_with_keys_starts_under_the_fixture(
    bdquickpay_gateway: Gateway, make_app: MakeApp
) -> None:
    payment = buy(make_app(**KEYS), bdquickpay_gateway)
    answer = bdquickpay_gateway.pay(payment.invoice_id).webhook
    assert answer is not None
    assert answer.json == {"received": True}


def test_an_app_without_keys_may_be_made_first(
    make_app: MakeApp, request: pytest.FixtureRequest
) -> None:
    app = make_app()
    gateway = request.getfixturevalue("bdquickpay_gateway")
    payment = buy(app, gateway)
    assert gateway.pay(payment.invoice_id).webhook.status_code == 200


def test_the_key_goes_to_nobody_whom_a_request_names(
    bdquickpay_gateway: Gateway, make_app: MakeApp
) -> None:
    app = make_app(**KEYS)
    with listening() as stranger:
        home = stranger.url.removesuffix("/bdquickpay/webhook")
        payment = buy(app, bdquickpay_gateway, home)
        bdquickpay_gateway.sandbox.webhooks.transport = bdquickpay_gateway._over_http
        bdquickpay_gateway.sandbox.pay(payment.invoice_id)
        assert stranger.headers == []
    assert payment.webhook_url == "http://localhost/bdquickpay/webhook"
    assert re.match(re.escape(home), payment.success_url)


def test_a_webhook_still_reaches_the_app_itself(
    bdquickpay_gateway: Gateway, make_app: MakeApp
) -> None:
    payment = buy(make_app(**KEYS), bdquickpay_gateway, "http://shop.example/mounted")
    assert payment.webhook_url == "http://localhost/mounted/bdquickpay/webhook"
    answer = bdquickpay_gateway.pay(payment.invoice_id).webhook
    assert answer is not None
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "config",
    [
        {},
        {**KEYS, "BDQUICKPAY_PUBLIC_URL": "http://shop.example"},
        {**KEYS, "TRUSTED_HOSTS": ["shop.example"]},
    ],
)
def test_an_app_that_says_where_it_is_or_has_no_keys_is_left_alone(
    bdquickpay_gateway: Gateway, make_app: MakeApp, config: dict[str, Any]
) -> None:
    payment = buy(make_app(**config), bdquickpay_gateway, "http://shop.example")
    assert payment.webhook_url == "http://shop.example/bdquickpay/webhook"


def test_the_client_alone_needs_no_extension(bdquickpay_gateway: Gateway) -> None:
    from flask_bdquickpay import BDQuickPayClient

    client = BDQuickPayClient("a", "s")
    with Flask("tests.bare").app_context():
        created = client.create_payment(
            amount=5,
            customer_reference="1",
            success_url=f"{bdquickpay_gateway.server.url}/ok",
            cancel_url=f"{bdquickpay_gateway.server.url}/no",
            webhook_url="http://shop.example/webhook",
        )
    assert requests.get(created.payment_url, timeout=5).status_code == 200
    assert bdquickpay_gateway.payments[0].webhook_url == "http://shop.example/webhook"

"""The extension object: many apps, many instances, clear words when something is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import (
    BDQuickPay,
    ConfigurationError,
    InvalidPaymentRequest,
    OrderNotFoundError,
    PaymentRequest,
)
from flask_bdquickpay.sandbox.server import SandboxServer

from .shop import KEYS, Shop

HOME = {"BDQUICKPAY_PUBLIC_URL": "https://shop.example"}


def bare_app(**config: Any) -> Flask:
    app = Flask("tests.bare")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite://", **config)
    return app


def test_app_without_a_database_is_told_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"db\.init_app"):
        BDQuickPay(bare_app())


def test_extension_that_was_not_initialised_says_so() -> None:
    bdquickpay = BDQuickPay()
    with pytest.raises(ConfigurationError, match="init_app"):
        _ = bdquickpay.Payment
    with bare_app().app_context(), pytest.raises(ConfigurationError, match="init_app"):
        bdquickpay.deliver()


def test_models_are_there_at_once_when_the_database_is_given() -> None:
    db = SQLAlchemy()
    assert BDQuickPay(db=db).Payment.__table__.name in db.metadata.tables


def test_second_instance_on_one_database_defines_no_table_twice() -> None:
    db = SQLAlchemy()
    first, second = BDQuickPay(db=db), BDQuickPay(db=db)
    assert first.Payment is second.Payment
    assert first.PaymentEvent is second.PaymentEvent


def test_factory_may_be_called_many_times() -> None:
    db, bdquickpay = SQLAlchemy(), BDQuickPay()
    for _ in range(20):
        app = bare_app(**KEYS, **HOME)
        db.init_app(app)
        bdquickpay.init_app(app)
    assert len(db.metadata.tables) == 3


def test_two_apps_with_different_keys_in_one_process(
    server: SandboxServer, new_shop: Callable[..., Shop]
) -> None:
    right = new_shop()
    wrong = new_shop(BDQUICKPAY_SECRET_KEY="another-key")
    assert wrong.click(wrong.order()).status_code == 502
    assert right.click(right.order()).status_code == 303


@pytest.mark.thorough
def test_missing_keys_are_warned_of_and_raise_at_first_use(
    new_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = new_shop(BDQUICKPAY_APP_KEY="")
    assert "BDQUICKPAY_APP_KEY" in caplog.text
    with shop.app.test_request_context(), pytest.raises(ConfigurationError, match="SECRET_KEY"):
        shop.bdquickpay.start(shop.order())
    assert shop.payments()[0].status == "failed"


def test_missing_order_loader_is_a_clear_error(database_uri: str, server: SandboxServer) -> None:
    app = bare_app(**KEYS, **HOME)
    SQLAlchemy(app)
    bdquickpay = BDQuickPay(app)
    with app.test_request_context(), pytest.raises(ConfigurationError, match="order_loader"):
        bdquickpay.start("1")


@pytest.fixture
def request_context(shop: Shop) -> Iterator[Shop]:
    with shop.app.test_request_context():
        yield shop


def test_loader_that_stumbles_over_a_reference_means_not_found(request_context: Shop) -> None:
    request_context.bdquickpay.order_loader(lambda reference: PaymentRequest(int(reference)))
    with pytest.raises(OrderNotFoundError):
        request_context.bdquickpay.start("abc")
    with pytest.raises(InvalidPaymentRequest):
        request_context.bdquickpay.start("0")


def test_client_is_the_apps_own(request_context: Shop) -> None:
    payment = request_context.bdquickpay.start(request_context.order("99.50"))
    answer = request_context.bdquickpay.client.verify_payment(payment.invoice_id)
    assert (answer.status, answer.amount, answer.transaction) == ("pending", payment.amount, None)


def test_url_prefix_is_a_setting(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_URL_PREFIX="/pay")
    assert 'action="/pay/checkout/1"' in shop.client.get("/orders/1").text
    assert shop.client.post("/pay/webhook").status_code == 401


@pytest.mark.parametrize("reference", ["A-1", "2026/001", "অর্ডার ৭", "a&b=c?d#e", "1%2F2"])
def test_any_printable_reference_makes_the_round_trip(shop: Shop, reference: str) -> None:
    shop.bdquickpay.order_loader(lambda found: PaymentRequest(5) if found == reference else None)
    with shop.app.test_request_context():
        page = shop.app.jinja_env.from_string("{{ bdquickpay_button(r) }}").render(r=reference)
    action = re.search(r'action="([^"]+)"', page)
    assert action is not None
    shop.app.config["WTF_CSRF_ENABLED"] = False
    assert shop.client.post(action[1].replace("&amp;", "&")).status_code == 303
    assert shop.payments()[0].customer_reference == reference


def test_button_takes_label_and_attributes_and_escapes_them(shop: Shop) -> None:
    source = """{{ bdquickpay_button(1, label="<Pay>", class="wide", data_x='"') }}"""
    with shop.app.test_request_context():
        page = shop.app.jinja_env.from_string(source).render()
    assert "&lt;Pay&gt;" in page
    assert "wide" in page
    assert 'data-x="&#34;"' in page or 'data-x="&quot;"' in page


def test_sandbox_runs_by_itself_and_its_state_survives(tmp_path: Path) -> None:
    def shop() -> tuple[Flask, BDQuickPay[Any, Any, Any]]:
        app = Flask("tests.sandboxed", instance_path=str(tmp_path))
        app.config.update(SECRET_KEY="x", BDQUICKPAY_SANDBOX=True)
        app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/shop.sqlite3"
        db = SQLAlchemy(app)
        bdquickpay = BDQuickPay(app)
        bdquickpay.order_loader(lambda reference: PaymentRequest(5))
        with app.app_context():
            db.create_all()
        return app, bdquickpay

    app, bdquickpay = shop()
    with app.test_request_context():
        payment = bdquickpay.start("1")
        invoice, url = payment.invoice_id, payment.payment_url
        app.extensions["sqlalchemy"].engine.dispose()
    app, bdquickpay = shop()  # as after a restart
    with app.test_request_context():
        assert bdquickpay.start("1").payment_url == url
        assert bdquickpay.client.verify_payment(invoice).status == "pending"
        app.extensions["sqlalchemy"].engine.dispose()


def test_sandbox_shows_the_buyer_who_is_paid(tmp_path: Path) -> None:
    app = Flask("tests.sandboxed", instance_path=str(tmp_path))
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", SECRET_KEY="x", BDQUICKPAY_SANDBOX=True)
    app.config["BDQUICKPAY_SHOP"] = {"name": "Shapla Store"}
    db = SQLAlchemy(app)
    bdquickpay = BDQuickPay(app)
    bdquickpay.order_loader(lambda reference: PaymentRequest(5))
    with app.test_request_context():
        db.create_all()
        page = requests.get(bdquickpay.start("1").payment_url or "", timeout=10).text
        db.engine.dispose()
    assert "<dd>Shapla Store</dd>" in page


def test_sandbox_beside_real_keys_is_refused(tmp_path: Path) -> None:
    app = Flask("tests.sandboxed", instance_path=str(tmp_path))
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", BDQUICKPAY_SANDBOX=True)
    app.config.update(BDQUICKPAY_APP_KEY="live-key", BDQUICKPAY_SECRET_KEY="live-secret")
    SQLAlchemy(app)
    with pytest.raises(ConfigurationError, match="real keys") as raised:
        BDQuickPay(app)
    assert "live-" not in str(raised.value)

"""Keys, SECRET_KEY, loader and receivers, ill and healthy; the ill one says the cure."""

from __future__ import annotations

import pytest
from flask import Flask

from flask_bdquickpay import BDQuickPay, doctor, payment_changed, payment_paid
from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY

from ..databases import on_sqlite
from ..shop import KEYS, NewShop, Shop
from .patients import OK, RED, WARNING, check, with_account


@on_sqlite
def test_missing_keys_are_red(new_shop: NewShop) -> None:
    result = check(new_shop(BDQUICKPAY_APP_KEY="", BDQUICKPAY_SECRET_KEY=""), "configuration")
    assert result.state == RED
    assert "BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY not set: copy from" in result.message


@on_sqlite
def test_the_sandbox_keys_at_the_real_gateway_are_red(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = with_account(shop, monkeypatch, app_key=APP_KEY, secret_key=SECRET_KEY)
    result = check(shop, "configuration")
    assert result.state == RED
    assert "put the merchant's own in BDQUICKPAY_APP_KEY" in result.message


@on_sqlite
def test_a_stand_in_for_the_gateway_is_worth_a_warning(shop: Shop) -> None:
    result = check(shop, "configuration")
    assert result.state == WARNING
    assert "remove BDQUICKPAY_SANDBOX or BDQUICKPAY_BASE_URL" in result.message


@on_sqlite
def test_keys_for_the_real_gateway_are_fine(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    result = check(with_account(shop, monkeypatch), "configuration")
    assert result == (OK, "Keys are set for https://gateway.example/api.")


@on_sqlite
def test_a_shop_without_order_loader_is_red(shop: Shop) -> None:
    assert check(shop, "order loader").state == OK
    bare = Flask("tests.bare")
    bare.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", **KEYS)
    bare.config["BDQUICKPAY_PUBLIC_URL"] = "https://shop.example"
    bare.extensions["sqlalchemy"] = shop.db
    BDQuickPay(bare)
    with bare.app_context():
        patient = doctor.Patient(bare.extensions["bdquickpay"])
        result = doctor.CHECKS["order loader"](patient)
    assert result.state == RED
    assert "@bdquickpay.order_loader" in result.message


@on_sqlite
@pytest.mark.parametrize(("secret", "state"), [(None, RED), ("dev", WARNING), ("x" * 32, OK)])
def test_secret_key(new_shop: NewShop, secret: str | None, state: doctor.Level) -> None:
    result = check(new_shop(SECRET_KEY=secret), "SECRET_KEY")
    assert result.state == state
    assert state == OK or "Set SECRET_KEY to the output of: python -c" in result.message


@on_sqlite
def test_shop_that_does_not_listen(shop: Shop) -> None:
    assert check(shop, "receivers").state == OK
    for receiver in shop.receivers:
        payment_paid.disconnect(receiver, sender=shop.app)
        payment_changed.disconnect(receiver, sender=shop.app)
    result = check(shop, "receivers")
    assert result.state == RED
    assert "module level" in result.message

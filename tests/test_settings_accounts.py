"""BDQUICKPAY_ACCOUNTS: accounts by name; what is wrong is told without a key."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, ConfigurationError, MerchantAccount, PaymentRequest
from flask_bdquickpay.settings import Settings

KEYS = {"app_key": "canary-app", "secret_key": "canary-secret"}


def read(accounts: Any) -> Settings:
    return Settings.from_config({"BDQUICKPAY_ACCOUNTS": accounts})


def test_accounts_are_read_by_name() -> None:
    previous = KEYS | {"previous_app_keys": "old, older"}
    ready = MerchantAccount("a", "s")
    found = read({"dhaka": KEYS, "the-2nd": previous, "x": ready, "a" * 40: {}}).accounts
    assert list(found) == ["dhaka", "the-2nd", "x", "a" * 40]
    assert found["dhaka"] == MerchantAccount("canary-app", "canary-secret")
    assert found["the-2nd"].previous_app_keys == ("old", "older")
    assert found["x"] is ready
    assert not found["a" * 40].is_complete


def test_accounts_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_BDQUICKPAY_ACCOUNTS__dhaka__app_key", "12345")
    monkeypatch.setenv("FLASK_BDQUICKPAY_ACCOUNTS__dhaka__secret_key", "s")
    app = Flask(__name__)
    app.config.from_prefixed_env()
    assert Settings.from_config(app.config).accounts == {"dhaka": MerchantAccount("12345", "s")}


@pytest.mark.parametrize(
    "name", ["", "Dhaka", "dhaka_1", "a b", "a" * 41, "ঢাকা", "dhaka\n", "../x", "app_key", 7, None]
)
def test_name_that_is_no_part_of_a_url_is_refused(name: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"1 to 40 of a-z, 0-9 and -, such as 'dhaka'"):
        read({name: KEYS})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["canary"], "must be a dict"),
        ("canary", "must be a dict"),
        ({"canary-key-": "canary"}, r"\['canary-key-'\] must be a dict of app_key, secret_key"),
        ({"dhaka": ["canary"]}, r"\['dhaka'\] must be a dict of app_key, secret_key"),
        ({"dhaka": KEYS | {"canary": 1}}, r"\['dhaka'\] must be a dict of app_key, secret_key"),
        ({"dhaka": KEYS | {"app_key": "canary\0"}}, r"\['dhaka'\]: app_key has control"),
        ({"dhaka": KEYS | {"secret_key": 1.5}}, r"\['dhaka'\]: secret_key must be text"),
        ({"dhaka": KEYS | {"previous_app_keys": 1.5}}, "previous_app_keys must be a list"),
        ({"dhaka": KEYS | {"previous_app_keys": ["canary\0"]}}, "previous_app_keys has control"),
    ],
)
def test_what_is_wrong_is_named_without_a_key(wrong: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as raised:
        read(wrong)
    assert "canary" not in str(raised.value).replace("'canary-key-'", "")


def test_two_accounts_may_have_the_same_keys() -> None:
    assert len(read({"one": KEYS, "two": KEYS}).accounts) == 2


# At start


def app_with(folder: Path, **config: Any) -> Flask:
    app = Flask("tests.accounts", instance_path=str(folder))
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/shop.sqlite3")
    app.config.update({f"BDQUICKPAY_{name}": value for name, value in config.items()})
    SQLAlchemy(app)
    return app


def test_shop_with_named_accounts_alone_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BDQUICKPAY_PUBLIC_URL"):
        BDQuickPay(app_with(tmp_path, ACCOUNTS={"dhaka": KEYS}))
    app = app_with(tmp_path)
    bdquickpay = BDQuickPay(app)
    bdquickpay.order_loader(lambda reference: PaymentRequest(5, account="dhaka"))
    bdquickpay.account_loader(lambda name: MerchantAccount(**KEYS))
    shop = app.test_request_context()
    with shop, pytest.raises(ConfigurationError, match="BDQUICKPAY_PUBLIC_URL"):
        bdquickpay.start("1")


@pytest.mark.parametrize(
    ("accounts", "warned"),
    [({"dhaka": KEYS}, []), ({"dhaka": {"app_key": "canary"}, "sylhet": KEYS}, ["dhaka"])],
)
def test_account_without_its_keys_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, accounts: Any, warned: list[str]
) -> None:
    BDQuickPay(app_with(tmp_path, ACCOUNTS=accounts, PUBLIC_URL="https://shop.example"))
    said = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(said) == len(warned)
    assert all(f"'{name}'" in text for name, text in zip(warned, said, strict=True))
    assert "canary" not in caplog.text


# The sandbox


def test_sandbox_beside_an_account_s_real_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="real keys") as raised:
        BDQuickPay(app_with(tmp_path, SANDBOX=True, ACCOUNTS={"dhaka": KEYS}))
    assert "canary" not in str(raised.value)


def test_sandbox_beside_its_own_keys_starts(tmp_path: Path) -> None:
    keys = {"app_key": "sandbox-app-key-dhaka", "secret_key": "sandbox-secret-key-dhaka"}
    BDQuickPay(app_with(tmp_path, SANDBOX=True, ACCOUNTS={"dhaka": keys}))
    with pytest.raises(ConfigurationError, match="real keys"):
        BDQuickPay(app_with(tmp_path, SANDBOX=True, ACCOUNTS={"sylhet": keys}))


def test_embedded_sandbox_serves_every_account(tmp_path: Path) -> None:
    app = app_with(tmp_path, SANDBOX=True, ACCOUNTS={"dhaka": {}})
    bdquickpay = BDQuickPay(app)
    bdquickpay.order_loader(lambda name: PaymentRequest(5, account=name.strip("-")))
    bdquickpay.account_loader(lambda name: MerchantAccount(**KEYS) if name == "sylhet" else None)
    with app.test_request_context():
        app.extensions["sqlalchemy"].create_all()
        payments = [bdquickpay.start(name) for name in ("dhaka", "sylhet", "-")]
        assert [one.account for one in payments] == ["dhaka", "sylhet", ""]
        assert {one.made_with for one in payments} == {"sandbox"}  # no order is paid with it
        assert [bdquickpay.confirm(one).status for one in payments] == ["pending"] * 3
        clients = [app.extensions["bdquickpay"].accounts.client(one.account) for one in payments]
        assert [client.account.app_key for client in clients] == [
            "sandbox-app-key-dhaka",
            "sandbox-app-key-sylhet",  # the seller's own keys go nowhere
            "sandbox-app-key",
        ]
        with pytest.raises(ConfigurationError, match="no merchant account"):
            bdquickpay.start("nobody")
        app.extensions["sqlalchemy"].engine.dispose()

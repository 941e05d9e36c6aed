"""Settings are read once, and a wrong one is named with a value that works."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import BDQuickPay, ConfigurationError
from flask_bdquickpay.keys import Secret, check_key
from flask_bdquickpay.settings import DEFAULT_BASE_URL, Settings, is_loopback
from flask_bdquickpay.shop import ShopDetails


def read(**config: Any) -> Settings:
    return Settings.from_config({f"BDQUICKPAY_{name}": value for name, value in config.items()})


DEFAULTS: dict[str, Any] = {
    "APP_KEY": "",
    "SECRET_KEY": "",
    "PREVIOUS_APP_KEYS": (),
    "BASE_URL": "https://bdquickpay.com/api/bkash/v1",
    "PAYMENT_HOSTS": frozenset(),
    "PUBLIC_URL": None,
    "URL_PREFIX": "/bdquickpay",
    "WEBHOOK": True,
    "TIMEOUT": 4.0,
    "LATE_PAYMENTS": "accept",
    "LATE_WINDOW": 86400.0,
    "LANGUAGE": "en",
    "DELIVERY": "inline",
    "SANDBOX": False,
    "SHOP": ShopDetails(),
    "ACCOUNTS": {},
    "LINK_AGE": 2592000,
    "PRUNE_FLOOR": 365,
}


def test_the_defaults() -> None:
    assert {name.upper(): value for name, value in vars(read()).items()} == DEFAULTS


def test_none_means_the_default() -> None:
    assert read(**dict.fromkeys(DEFAULTS)) == read()


def test_other_settings_of_the_app_are_left_alone() -> None:
    assert Settings.from_config({"SECRET_KEY": "x", "TIMEOUT": "x"}) == Settings()


GOOD: list[tuple[str, Any, Any]] = [
    ("APP_KEY", " key ", "key"),
    ("APP_KEY", 123456, "123456"),
    ("APP_KEY", "ké", "ké"),
    ("PREVIOUS_APP_KEYS", "old, older,", ("old", "older")),
    ("PREVIOUS_APP_KEYS", ["old", 5], ("old", "5")),
    ("PREVIOUS_APP_KEYS", 123456, ("123456",)),
    ("PREVIOUS_APP_KEYS", "", ()),
    ("PREVIOUS_APP_KEYS", ["", " "], ()),
    ("BASE_URL", "https://bdquickpay.com/api/", "https://bdquickpay.com/api"),
    ("BASE_URL", " https://bdquickpay.com/api\n", "https://bdquickpay.com/api"),
    ("BASE_URL", "http://127.0.0.1:5000/api", "http://127.0.0.1:5000/api"),
    (
        "PAYMENT_HOSTS",
        "pay.example.com, Other.example:8443",
        {"pay.example.com", "other.example:8443"},
    ),
    ("PAYMENT_HOSTS", ["pay.example.com"], {"pay.example.com"}),
    ("PUBLIC_URL", "", None),
    ("PUBLIC_URL", "https://shop.example/", "https://shop.example"),
    ("PUBLIC_URL", "http://192.168.1.5:5000", "http://192.168.1.5:5000"),
    ("URL_PREFIX", "/pay/", "/pay"),
    ("WEBHOOK", False, False),
    ("TIMEOUT", 7, 7.0),
    ("TIMEOUT", "2.5", 2.5),
    ("LATE_WINDOW", 3600, 3600.0),
    ("LATE_PAYMENTS", "flag", "flag"),
    ("LANGUAGE", "bn", "bn"),
    ("DELIVERY", "deferred", "deferred"),
    ("SANDBOX", True, True),
]


@pytest.mark.parametrize(("name", "value", "kept"), GOOD)
def test_a_value_that_works(name: str, value: Any, kept: Any) -> None:
    assert getattr(read(**{name: value}), name.lower()) == kept


BAD: list[tuple[str, Any, str]] = [
    ("APP_KEY", True, "'the-key'"),
    ("APP_KEY", 1.5, "quotes of its own"),
    ("APP_KEY", ["key"], "'the-key'"),
    ("APP_KEY", b"key", "'the-key'"),
    ("APP_KEY", "a\x00b", "control"),
    ("APP_KEY", "a\nb", "control"),
    ("APP_KEY", "ab\n", "control"),
    ("APP_KEY", "চাবি", "non-Latin-1"),
    ("SECRET_KEY", "a\x7fb", "control"),
    ("SECRET_KEY", {"key": 1}, "'the-key'"),
    ("PREVIOUS_APP_KEYS", {"a": 1}, r"\['old-key'\]"),
    ("PREVIOUS_APP_KEYS", True, r"\['old-key'\]"),
    ("PREVIOUS_APP_KEYS", ["চাবি"], "non-Latin-1"),
    ("BASE_URL", "http://bdquickpay.com/api", DEFAULT_BASE_URL),
    ("BASE_URL", "bdquickpay.com/api", DEFAULT_BASE_URL),
    ("BASE_URL", "ftp://bdquickpay.com", DEFAULT_BASE_URL),
    ("BASE_URL", "https://", DEFAULT_BASE_URL),
    ("BASE_URL", "https://bdquickpay.com:port", DEFAULT_BASE_URL),
    ("BASE_URL", "https://bdquickpay.com:0", DEFAULT_BASE_URL),
    ("BASE_URL", "https://bdquickpay.com/?x=1", DEFAULT_BASE_URL),
    ("BASE_URL", "https://bdquickpay.com/#x", DEFAULT_BASE_URL),
    ("BASE_URL", "https://me:word@bdquickpay.com/", DEFAULT_BASE_URL),
    ("BASE_URL", "https://bdquick pay.com/", DEFAULT_BASE_URL),
    ("BASE_URL", "https://[bdquickpay.com/", DEFAULT_BASE_URL),
    ("BASE_URL", "", DEFAULT_BASE_URL),
    ("BASE_URL", 5, DEFAULT_BASE_URL),
    ("PAYMENT_HOSTS", "https://pay.example.com", "pay.example.com"),
    ("PAYMENT_HOSTS", [""], "pay.example.com"),
    ("PAYMENT_HOSTS", ["a b"], "pay.example.com"),
    ("PAYMENT_HOSTS", {"a": 1}, "pay.example.com"),
    ("PUBLIC_URL", "shop.example.com", "https://shop.example.com"),
    ("PUBLIC_URL", "https://shop.example.com/?a=b", "https://shop.example.com"),
    ("PUBLIC_URL", True, "https://shop.example.com"),
    ("URL_PREFIX", "pay", "'/bdquickpay'"),
    ("URL_PREFIX", "/", "'/bdquickpay'"),
    ("URL_PREFIX", "", "'/bdquickpay'"),
    ("URL_PREFIX", 5, "'/bdquickpay'"),
    ("URL_PREFIX", "/<lang>/pay", "'/bdquickpay'"),
    ("URL_PREFIX", "/pay/<int:shop>", "'/bdquickpay'"),
    ("WEBHOOK", "False", "true or false"),
    ("WEBHOOK", 0, "True or False"),
    ("TIMEOUT", 0, "4.0"),
    ("TIMEOUT", -1, "4.0"),
    ("TIMEOUT", "soon", "4.0"),
    ("TIMEOUT", True, "4.0"),
    ("TIMEOUT", float("nan"), "4.0"),
    ("TIMEOUT", float("inf"), "4.0"),
    ("TIMEOUT", 1e300, "4.0"),
    ("TIMEOUT", [4], "4.0"),
    ("LATE_WINDOW", 1e18, "at most 100000000"),
    ("LATE_PAYMENTS", "Flag", "'accept' or 'flag'"),
    ("LATE_PAYMENTS", False, "'accept' or 'flag'"),
    ("LANGUAGE", "bangla", "'en' or 'bn'"),
    ("LANGUAGE", [], "'en' or 'bn'"),
    ("DELIVERY", "later", "'inline' or 'deferred'"),
    ("SANDBOX", "yes", "True or False"),
    ("SANDBOX", 1, "True or False"),
]


@pytest.mark.parametrize(("name", "value", "example"), BAD)
def test_a_wrong_value_is_refused_by_name_with_an_example(
    name: str, value: Any, example: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(**{name: value})
    assert str(caught.value).startswith(f"BDQUICKPAY_{name} ")
    assert re.search(example.replace("'old-key'", '"old-key"'), str(caught.value))


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_setting_refuses_an_object(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"BDQUICKPAY_{name} "):
        read(**{name: object()})


# From the environment


def from_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"FLASK_BDQUICKPAY_{name}", value)
    app = Flask(__name__)
    app.config.from_prefixed_env()
    return Settings.from_config(app.config)


VARIABLES: list[tuple[str, str, Any]] = [
    ("APP_KEY", "abc", "abc"),
    ("APP_KEY", "12345678901234567890123456789012", "12345678901234567890123456789012"),
    ("APP_KEY", "0123", "0123"),
    ("APP_KEY", '"12e5"', "12e5"),
    ("PREVIOUS_APP_KEYS", "old,older", ("old", "older")),
    ("PREVIOUS_APP_KEYS", '["old", "older"]', ("old", "older")),
    ("PREVIOUS_APP_KEYS", "123", ("123",)),
    ("WEBHOOK", "false", False),
    ("SANDBOX", "true", True),
    ("TIMEOUT", "2.5", 2.5),
    ("PUBLIC_URL", "https://shop.example", "https://shop.example"),
    ("PAYMENT_HOSTS", "pay.example", {"pay.example"}),
]


@pytest.mark.parametrize(("name", "text", "kept"), VARIABLES)
def test_an_environment_variable_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, kept: Any
) -> None:
    assert getattr(from_environment(monkeypatch, **{name: text}), name.lower()) == kept


@pytest.mark.parametrize("text", ["12e5", "true", "1.50"])
def test_a_key_that_json_would_change_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Read as JSON it is another text; the wrong key would be sent."""
    with pytest.raises(ConfigurationError, match="BDQUICKPAY_SECRET_KEY must be text"):
        from_environment(monkeypatch, SECRET_KEY=text)


# Secrets


def test_a_secret_does_not_print_itself() -> None:
    secret = check_key("canary", "app_key")
    assert secret == "canary"
    assert "canary" not in repr([secret, {"key": secret}, Secret("canary")])
    assert "canary" not in repr(
        read(APP_KEY="canary", SECRET_KEY="canary", PREVIOUS_APP_KEYS="canary")
    )


LOOPBACK = ["localhost", "127.0.0.1", "127.9.9.9", "::1"]
ELSEWHERE = [
    None,
    "",
    "10.0.0.1",
    "0.0.0.0",
    "localhost.example",
    "127.0.0.1.example",
    "bdquickpay.com",
]


def test_what_is_loopback() -> None:
    assert [host for host in [*LOOPBACK, *ELSEWHERE] if is_loopback(host)] == LOOPBACK


def test_init_app_names_every_setting() -> None:
    documented = BDQuickPay.init_app.__doc__ or ""
    assert [name for name in DEFAULTS if f"_{name}``" not in documented] == []

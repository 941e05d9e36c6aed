"""A setting that nobody reads is told at start, with what was probably meant."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay
from flask_bdquickpay.settings import unknown_settings

MEANT = [
    ("APPKEY", "APP_KEY"),
    ("SECRET", "SECRET_KEY"),
    ("PUBLICURL", "PUBLIC_URL"),
    ("PREVIOUS_KEYS", "PREVIOUS_APP_KEYS"),
    ("LATE_PAYMENT", "LATE_PAYMENTS"),
    ("TIME_OUT", "TIMEOUT"),
]


@pytest.mark.parametrize(("written", "meant"), MEANT)
def test_the_nearest_name_is_told(written: str, meant: str) -> None:
    assert list(unknown_settings({f"BDQUICKPAY_{written}": "x"})) == [
        f"BDQUICKPAY_{written} is not a setting; did you mean BDQUICKPAY_{meant}?"
    ]


def test_a_name_that_is_near_to_nothing_is_told_alone() -> None:
    assert list(unknown_settings({"BDQUICKPAY_CURRENCY": "BDT"})) == [
        "BDQUICKPAY_CURRENCY is not a setting."
    ]


def test_settings_and_those_of_others_are_not_told() -> None:
    known = {"BDQUICKPAY_APP_KEY": "x", "BDQUICKPAY_LATE_WINDOW": 1, "BDQUICKPAY_SANDBOX": False}
    assert list(unknown_settings(known | {"APPKEY": "x", "BDQUICK_KEY": "x"})) == []


def test_an_app_is_warned_at_start_without_the_value(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("tests.unknown")
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", BDQUICKPAY_APPKEY="canary")
    SQLAlchemy(app)
    BDQuickPay(app)
    warnings = [record for record in caplog.records if "APPKEY" in record.getMessage()]
    assert [record.getMessage() for record in warnings] == [
        "BDQUICKPAY_APPKEY is not a setting; did you mean BDQUICKPAY_APP_KEY?"
    ]
    assert warnings[0].levelno == logging.WARNING
    assert "canary" not in caplog.text

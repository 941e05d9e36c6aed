"""A sandbox that customers can reach gives everything away: red."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import BDQuickPay, doctor


def configuration(folder: Path, **config: Any) -> Any:
    app = Flask("tests.sandboxed", instance_path=str(folder))
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", BDQUICKPAY_SANDBOX=True, **config)
    SQLAlchemy(app)
    BDQuickPay(app)
    with app.app_context():
        patient = doctor.Patient(app.extensions["bdquickpay"])
        return doctor.CHECKS["configuration"](patient)


@pytest.mark.parametrize(
    "config",
    [
        {"BDQUICKPAY_PUBLIC_URL": "https://shop.example.com"},
        {"SERVER_NAME": "shop.example.com", "PREFERRED_URL_SCHEME": "https"},
    ],
)
def test_beside_a_public_address_it_is_red(tmp_path: Path, config: dict[str, Any]) -> None:
    result = configuration(tmp_path, **config)
    assert result.state == doctor.Level.RED
    assert "https://shop.example.com: whoever buys there pays with nothing" in result.message
    assert "Remove BDQUICKPAY_SANDBOX" in result.message


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"BDQUICKPAY_PUBLIC_URL": "https://localhost:5000"},
        {"BDQUICKPAY_PUBLIC_URL": "https://127.0.0.1"},
        {"BDQUICKPAY_PUBLIC_URL": "http://192.168.1.5:5000"},
    ],
)
def test_on_a_desk_it_is_a_warning(tmp_path: Path, config: dict[str, Any]) -> None:
    assert configuration(tmp_path, **config).state == doctor.Level.WARNING

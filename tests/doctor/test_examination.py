"""All checks at once, by `flask bdquickpay doctor`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from flask_bdquickpay import doctor
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.doctor.findings import Result

from ..databases import on_sqlite
from ..shop import KEYS, NewShop, Shop
from .patients import change_event, port_of, served


def run(shop: Shop, *args: str) -> Any:
    return shop.app.test_cli_runner().invoke(args=["bdquickpay", "doctor", *args])


@on_sqlite
def test_a_healthy_shop_has_exit_code_0(at_home: Shop) -> None:
    with served(at_home.app, port_of(at_home)):
        result = run(at_home)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == len(doctor.CHECKS) + 2
    signs = [line.split()[0] for line in lines[:-2]]
    assert signs == sorted(signs, reverse=True)  # warnings, then what is ok
    assert set(signs) == {"warning", "ok"}
    warnings, well = signs.count("warning"), signs.count("ok")
    assert lines[-1].startswith(f"{warnings} warnings, {well} ok. Start with: ")


@on_sqlite
def test_something_red_has_exit_code_1(at_home: Shop) -> None:
    result = run(at_home)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("RED      webhook")
    assert re.fullmatch(r"1 red, \d+ warnings?, \d+ ok\. Start with: webhook\.", lines[-1])


@on_sqlite
def test_json_is_all_that_is_printed(at_home: Shop) -> None:
    result = run(at_home, "--json")
    document = json.loads(result.stdout)
    assert document["healthy"] is False
    assert [entry["check"] for entry in document["checks"]] == list(doctor.CHECKS)
    states = {entry["check"]: entry["state"] for entry in document["checks"]}
    assert (states["webhook"], states["tables"]) == ("red", "ok")


@on_sqlite
def test_a_database_that_does_not_answer_stops_no_other_check(new_shop: NewShop) -> None:
    shop = new_shop()
    with shop.app.app_context():
        shop.db.drop_all()
    result = run(shop)
    assert result.exit_code == 1
    assert "RED      tables" in result.stdout
    assert "RED      sweep           The database says: no such table" in result.stdout
    assert "RED      unique indexes  There is no table bdquickpay_payment" in result.stdout
    assert "ok       gateway" in result.stdout


@on_sqlite
def test_a_check_that_breaks_is_red(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(patient: doctor.Patient) -> Result:
        raise ZeroDivisionError("oops")

    monkeypatch.setitem(doctor.CHECKS, "gateway", broken)
    result = run(shop)
    assert "RED      gateway         The check itself failed: ZeroDivisionError" in result.stdout


@on_sqlite
def test_no_key_is_shown(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred", BDQUICKPAY_PREVIOUS_APP_KEYS=["old-key"])
    payment = shop.started()
    error = f"sent {KEYS['BDQUICKPAY_APP_KEY']} {KEYS['BDQUICKPAY_SECRET_KEY']} old-key"
    change_event(shop, payment, attempts=4, error=error, deliver_after=utcnow())
    result = run(shop)
    assert "(attempts: 4): sent *** *** ***" in result.stdout
    assert not any(key in result.output for key in (*KEYS.values(), "old-key"))

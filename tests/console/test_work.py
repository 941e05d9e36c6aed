"""`reconcile` and `deliver`: the work that waits is done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import payment_changed

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .commandline import due, run


@pytest.mark.thorough
def test_reconcile_verifies_what_is_due(shop: Shop) -> None:
    due(shop, 3)
    result = run(shop, "reconcile", "--limit", 2, "--concurrency", 1)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Payments looked at: 2, changed: 2, not verified: 0, ")
    assert len(shop.ledger()) == 2


def test_reconcile_prints_json(shop: Shop) -> None:
    due(shop, 3)
    result = run(shop, "reconcile", "--json")
    report = json.loads(result.stdout)
    assert (report["checked"], report["changed"], report["errors"]) == (3, 3, 0)
    assert report["refused"] == 0
    assert report["delivered"] == 0


def test_a_sweep_that_could_not_verify_has_exit_code_1(shop: Shop) -> None:
    due(shop, 2)
    shop.gateway.fault("html", times=1)
    result = run(shop, "reconcile", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["errors"] == 1
    assert len(shop.ledger()) == 1


def test_deliver_empties_the_outbox(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    for _ in range(3):
        shop.started()
    assert run(shop, "deliver", "--limit", 2).stdout == "Events delivered: 2.\n"
    assert json.loads(run(shop, "deliver", "--json").stdout) == {"delivered": 1}
    assert len(shop.changed) == 3


@on_sqlite
def test_deliver_says_what_was_not_delivered(new_shop: NewShop) -> None:
    def broken(app: Flask, **_: Any) -> None:
        raise RuntimeError("no mail today")

    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    with payment_changed.connected_to(broken, sender=shop.app):
        shop.started()
        result = shop.app.test_cli_runner().invoke(args=["bdquickpay", "deliver", "--json"])
    assert json.loads(result.stdout) == {"delivered": 0}
    assert "Not delivered yet: event 1 (attempts: 1): RuntimeError: no mail" in result.stderr

"""Commands of a shop with several merchant accounts."""

from __future__ import annotations

import json

import pytest

from ..branches import make_branches
from ..databases import on_sqlite
from ..payments.acts import make_due
from ..shop import NewShop, Shop
from .commandline import listed, run

pytestmark = [on_sqlite]


@pytest.fixture
def branches(new_shop: NewShop) -> Shop:
    shop = make_branches(new_shop)
    make_due(shop, *(shop.started(account=name) for name in ("dhaka", "sylhet", "")))
    return shop


def test_payments_of_one_account_are_listed(branches: Shop) -> None:
    assert [one["account"] for one in listed(branches)] == ["", "sylhet", "dhaka"]
    assert [one["account"] for one in listed(branches, "--account", "dhaka")] == ["dhaka"]
    assert [one["account"] for one in listed(branches, "--account", "")] == [""]
    assert listed(branches, "--account", "nobody") == []


def test_account_is_told_where_there_is_one(branches: Shop, shop: Shop) -> None:
    heading, *rows = run(branches, "payments").stdout.splitlines()
    assert "Account" in heading
    assert "sylhet" in rows[1]
    assert "Account" not in run(branches, "payments", "--account", "").stdout
    dhaka, _, plain = branches.payments()
    assert "dhaka" in run(branches, "show", dhaka.invoice_id).stdout
    assert "Account" not in run(branches, "show", plain.invoice_id).stdout


def test_sweep_of_one_account(branches: Shop) -> None:
    result = run(branches, "reconcile", "--account", "dhaka", "--json")
    assert json.loads(result.stdout)["checked"] == 1
    assert json.loads(run(branches, "reconcile", "--json").stdout)["checked"] == 2


def test_doctor_has_lines_for_each_account(branches: Shop) -> None:
    found = json.loads(run(branches, "doctor", "--json").stdout)
    names = {one["check"]: one["state"] for one in found["checks"]}
    assert names["gateway dhaka"] == names["gateway sylhet"] == names["accounts"] == "ok"

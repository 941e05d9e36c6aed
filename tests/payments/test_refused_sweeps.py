"""Money that the shop refuses is told by every sweep, until it is booked."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from flask_bdquickpay import payment_paid
from flask_bdquickpay.clock import utcnow

from ..branches import make_branches, post
from ..console.commandline import run
from ..shop import NewShop, Shop
from .acts import confirm, make_due, sweep
from .test_refused import refused, ship


@pytest.fixture
def resting(shop: Shop) -> Any:
    """Refused money that no sweep tries again yet."""
    payment = refused(shop)
    shop.change(payment, check_after=utcnow() + timedelta(hours=1))
    return payment


def test_sweep_that_does_not_try_again_tells_all_the_same(shop: Shop, resting: Any) -> None:
    reports = [sweep(shop) for _ in range(3)]
    assert [(one.checked, one.refused) for one in reports] == [(0, 1)] * 3


def test_one_that_is_tried_again_is_counted_once(shop: Shop, resting: Any) -> None:
    other = refused(shop)
    make_due(shop, other)
    with payment_paid.connected_to(ship, sender=shop.app):
        report = sweep(shop)
    assert (report.checked, report.refused) == (1, 2)


def test_command_ends_with_1_at_every_sweep(shop: Shop, resting: Any) -> None:
    results = [run(shop, "reconcile", "--json") for _ in range(3)]
    said = [(one.exit_code, json.loads(one.stdout)["refused"]) for one in results]
    assert said == [(1, 1)] * 3


def test_nothing_is_told_once_it_is_booked(shop: Shop, resting: Any) -> None:
    assert confirm(shop, resting) == "completed"
    result = run(shop, "reconcile", "--json")
    assert (result.exit_code, json.loads(result.stdout)["refused"]) == (0, 0)


@pytest.mark.parametrize(("account", "count"), [("dhaka", 1), ("sylhet", 0), (None, 1)])
def test_sweep_of_an_account_tells_of_its_own(
    new_shop: NewShop, account: str | None, count: int
) -> None:
    shop = make_branches(new_shop)
    payment = shop.started(account="dhaka")
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(ship, sender=shop.app):
        assert post(shop, payment).status_code == 503
    shop.change(payment, check_after=utcnow() + timedelta(hours=1))
    assert sweep(shop, account=account).refused == count

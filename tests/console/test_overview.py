"""`flask bdquickpay` alone: is all well, and what to type next."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from flask_bdquickpay import clock
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from ..unserved import refused
from .commandline import due, flagged, run

NOON = datetime(2026, 3, 21, 6, 0, tzinfo=timezone.utc)  # in Dhaka


def lines(shop: Shop) -> dict[str, str]:
    """What is said, by the name in front."""
    result = run(shop)
    assert (result.exit_code, result.stderr) == (0, "")
    found = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert [name for name, _ in found] == ["Today", "Flagged", "Sweep", "Webhooks", "Next:"]
    return {name: said.strip() for name, said in found}


def paid(shop: Shop, amount: str = "500.00", **values: Any) -> Any:
    payment = shop.started(amount)
    shop.gateway.pay(payment, webhook=False)
    run(shop, "verify", payment.id)
    shop.change(payment, **values)
    return payment


@on_sqlite
def test_a_new_shop_is_told_that_nothing_waits(shop: Shop) -> None:
    assert lines(shop) == {
        "Today": "0.00 BDT in 0 payments, since midnight in Dhaka",
        "Flagged": "none",
        "Sweep": "nothing is due",
        "Webhooks": "nothing was paid in the last 7 days",
        "Next:": "flask bdquickpay payments --today",
    }


def test_what_came_since_midnight_in_dhaka_is_added_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(shop, "145000.50", verified_at=NOON - timedelta(hours=12))
    paid(shop, "200", verified_at=NOON)
    paid(shop, "400", verified_at=NOON - timedelta(hours=12, seconds=1))
    shop.change(shop.started(), verified_at=NOON)  # a fact of one that is not paid
    monkeypatch.setattr(clock, "utcnow", lambda: NOON)
    said = lines(shop)
    assert said["Today"] == "1,45,200.50 BDT in 2 payments, since midnight in Dhaka"
    assert said["Webhooks"] == "for 0% of 3 payments of the last 7 days"


def test_flagged_money_is_added_up_by_what_came(shop: Shop) -> None:
    flagged(shop)
    said = lines(shop)
    assert said["Flagged"] == "1 payment, 450.00 BDT: a person decides"
    assert said["Next:"] == "flask bdquickpay payments --status flagged"


@on_sqlite
def test_work_that_nobody_does_is_told_before_what_a_person_decides(shop: Shop) -> None:
    flagged(shop)
    for payment in due(shop, 2):
        shop.change(payment, check_after=utcnow() - timedelta(minutes=20))
    said = lines(shop)
    assert said["Sweep"] == "2 payments due, the oldest for 20 min: nobody sweeps"
    assert said["Next:"].startswith("flask bdquickpay reconcile ")


@on_sqlite
def test_work_that_has_just_become_due_is_no_alarm(shop: Shop) -> None:
    due(shop, 1)
    said = lines(shop)
    assert said["Sweep"] == "1 payment due, the oldest for 1 min"
    assert said["Next:"] == "flask bdquickpay payments --today"


@on_sqlite
def test_money_that_the_shop_refuses_leads_to_the_doctor(shop: Shop) -> None:
    refused(shop)
    assert lines(shop)["Next:"].startswith("flask bdquickpay doctor ")


@on_sqlite
def test_rejected_money_that_was_not_sent_back_is_told(shop: Shop) -> None:
    payment = flagged(shop)
    run(shop, "resolve", payment.id, "--reject", "--note", "why")
    assert lines(shop)["Next:"].startswith("flask bdquickpay refunds --owed ")


@pytest.mark.thorough
@on_sqlite
def test_missed_webhooks_are_told(shop: Shop) -> None:
    for _ in range(5):
        payment = shop.started()
        shop.gateway.pay(payment, webhook=False)
        run(shop, "verify", payment.id)
    said = lines(shop)
    assert said["Webhooks"] == "for 0% of 5 payments of the last 7 days"
    assert said["Next:"] == "flask bdquickpay doctor   (webhooks are missed)"


@on_sqlite
def test_webhooks_that_are_off_say_so(new_shop: NewShop) -> None:
    assert lines(new_shop(BDQUICKPAY_WEBHOOK=False))["Webhooks"] == "off"


@on_sqlite
def test_what_cannot_be_told_has_exit_code_1(shop: Shop) -> None:
    with shop.app.app_context():
        shop.db.drop_all()
    result = run(shop)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "'flask bdquickpay doctor' looks for the cause." in result.stderr


@on_sqlite
def test_help_is_still_help(shop: Shop) -> None:
    result = run(shop, "--help")
    assert result.exit_code == 0
    assert "Commands:" in result.stdout
    assert "reconcile" in result.stdout

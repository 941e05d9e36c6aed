"""`show` of a long timeline, and of money that waits."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from flask_bdquickpay.clock import DHAKA, utcnow

from ..databases import on_sqlite
from ..shop import Shop
from ..unserved import owed, refused
from .commandline import run


def lengthen(shop: Shop, payment: Any, number: int) -> None:
    row = {"payment_id": payment.id, "source": "webhook", "old_status": "pending", "attempts": 0}
    with shop.app.app_context():
        facts = [row | {"created_at": utcnow(), "note": f"fact {n}"} for n in range(number)]
        shop.db.session.execute(sa.insert(shop.bdquickpay.PaymentEvent.__table__), facts)
        shop.db.session.commit()


@on_sqlite
def test_of_a_long_timeline_the_end_is_shown(shop: Shop) -> None:
    payment = shop.started()
    lengthen(shop, payment, 202)
    result = run(shop, "show", payment.id)
    assert re.findall(r"fact (\d+)", result.stdout) == [str(n) for n in range(2, 202)]
    said = f"Payment {payment.id}: only the newest 200 events; 'show --all' has 3 more.\n"
    assert result.stderr == said


@on_sqlite
def test_all_of_a_long_timeline_is_shown_when_it_is_wanted(shop: Shop) -> None:
    payment = shop.started()
    lengthen(shop, payment, 202)
    result = run(shop, "show", payment.id, "--all")
    assert result.stdout.count("fact ") == 202
    assert "checkout" in result.stdout
    assert result.stderr == ""


@on_sqlite
def test_a_timeline_as_long_as_the_bound_is_whole(shop: Shop) -> None:
    payment = shop.started()
    lengthen(shop, payment, 199)
    assert run(shop, "show", payment.id).stderr == ""


@on_sqlite
def test_json_holds_all_up_to_a_bound(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = shop.started()
    lengthen(shop, payment, 300)
    result = run(shop, "show", payment.id, "--json")
    assert len(json.loads(result.stdout)[0]["events"]) == 301
    assert result.stderr == ""
    monkeypatch.setattr("flask_bdquickpay.console.payments._EXACT_EVENTS", 250)
    result = run(shop, "show", payment.id, "--json")
    (found,) = json.loads(result.stdout)
    assert [event["note"] for event in found["events"]] == [f"fact {n}" for n in range(50, 300)]
    assert result.stderr == (
        f"Payment {payment.id}: only the newest 250 events; 'show --all' has 51 more.\n"
    )
    whole = run(shop, "show", payment.id, "--json", "--all").stdout
    assert len(json.loads(whole)[0]["events"]) == 301


@on_sqlite
def test_repeated_fact_says_how_often_it_came(shop: Shop) -> None:
    payment = shop.started()
    for _ in range(3):
        shop.change(payment, asked_at=None)
        shop.success(payment)
    text = run(shop, "show", payment.id).stdout
    last = shop.events(payment)[-1].repeated_at
    assert f"3 times, last at {last.astimezone(DHAKA):%Y-%m-%d %H:%M:%S} Dhaka" in text
    text = run(shop, "show", payment.id, "--utc").stdout
    assert f"3 times, last at {last:%Y-%m-%d %H:%M:%S} UTC" in text
    assert "Dhaka" not in text
    (found,) = json.loads(run(shop, "show", payment.id, "--json").stdout)
    assert found["events"][-1]["count"] == 3


def test_money_that_the_shop_refuses_is_told(shop: Shop) -> None:
    payment = refused(shop)
    text = run(shop, "show", payment.id).stdout
    assert "tests.unserved.no_stock raised ValueError: sold out" in text
    assert "500.00 BDT" in text.partition("Received")[2].partition("\n")[0]
    assert f"flask bdquickpay resolve {payment.id} " in text
    (found,) = json.loads(run(shop, "payments", "--json").stdout)
    assert found["problem"] == payment.problem
    assert found["received_amount"] == "500.00"


def test_payment_of_which_the_shop_was_not_told_says_so(shop: Shop) -> None:
    text = run(shop, "show", owed(shop).id).stdout
    assert "not yet" in text.partition("Shop told")[2].partition("\n")[0]
    (found,) = json.loads(run(shop, "payments", "--json").stdout)
    assert found["announced_at"] is None

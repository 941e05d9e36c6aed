"""The recipe "A JSON API with your own front end"."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from .bench import Bench, bench_down, place


@pytest.fixture
def api(bench: Bench) -> Flask:
    bench.copy("A JSON API with your own front end")
    app = bench.app(bench.load("api"))
    place(app, bench.load("shop"), "a1")
    return app


def three_seconds_pass(app: Flask, bench: Bench) -> None:
    """So that a page has bKash asked again."""
    shop = bench.load("shop")
    with app.app_context():
        shop.db.session.execute(sa.update(shop.bdquickpay.Payment).values(asked_at=None))
        shop.db.session.commit()


def test_json_api_sells(api: Flask, bench: Bench) -> None:
    client = api.test_client()
    started: Any = client.post("/api/orders/a1/payment").json
    (payment,) = bench.gateway.payments
    assert started["status"] == "pending"
    assert started["pay_at"].endswith(f"/pay/bkash/{payment.token}")
    assert client.get(started["status_url"]).json == {"status": "pending", "is_final": False}
    outcome = bench.gateway.pay(payment, webhook=False)
    three_seconds_pass(api, bench)
    back = client.get(outcome.return_url)
    assert (back.status_code, back.location.partition("?")[0]) == (303, "/#/orders/a1")
    assert client.get(started["status_url"]).json == {"status": "completed", "is_final": True}
    paid: Any = client.post("/api/orders/a1/payment").json
    assert (paid["status"], paid["pay_at"]) == ("completed", None)
    assert len(bench.gateway.payments) == 1


def test_json_api_checks_at_once(api: Flask, bench: Bench) -> None:
    client = api.test_client()
    started: Any = client.post("/api/orders/a1/payment").json
    client.get(started["status_url"])
    bench.gateway.pay(bench.gateway.payments[0], webhook=False)
    assert client.get(started["status_url"]).json == {"status": "pending", "is_final": False}
    checked: Any = client.post(started["check_url"]).json
    assert checked["status"] == "completed"


def test_json_api_says_what_went_wrong(api: Flask, bench: Bench) -> None:
    client = api.test_client()
    assert client.post("/api/orders/A1/payment").status_code == 404
    assert client.post("/api/payments/unknown/check").status_code == 404
    with bench_down(bench):
        assert client.post("/api/orders/a1/payment").status_code == 502
    started: Any = client.post("/api/orders/a1/payment").json
    with bench_down(bench):
        assert client.post(started["check_url"]).status_code == 503

"""The recipe "A marketplace whose sellers' keys are encrypted in its own database"."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from .bench import Bench, database, lines, press, settings

HEADING = "A marketplace whose sellers' keys are encrypted in its own database"


class Market:
    """The shop of the recipe, with two sellers who have an order each."""

    def __init__(self, bench: Bench) -> None:
        bench.copy(HEADING, readme=False)
        self.bench, self.shop = bench, bench.load("shop")
        self.app: Flask = bench.app(self.shop)
        for name in ("rima", "babul"):
            self.join(name)

    def join(self, name: str) -> None:
        with self.app.app_context():
            seller = self.shop.Seller(
                account=name, app_key=f"canary-app-{name}", secret_key=f"canary-secret-{name}"
            )
            order = self.shop.Order(reference=f"of-{name}", seller=seller, total=Decimal(500))
            database(self.app).session.add(order)
            database(self.app).session.commit()

    def buy(self, name: str) -> Any:
        client = self.app.test_client()
        assert press(client, f"/bdquickpay/checkout/of-{name}").status_code == 303
        return self.bench.gateway.payments[0]

    def pay(self, payment: Any) -> int:
        """Pay at the gateway; return the shop's answer to its webhook."""
        told = self.bench.gateway.pay(payment).webhook
        assert told is not None
        return told.status_code or 0

    def status(self, name: str) -> str:
        order = self.shop.Order
        statement = database(self.app).select(order.status).filter_by(reference=f"of-{name}")
        with self.app.app_context():
            return str(database(self.app).session.scalar(statement))

    def change(self, name: str, **values: str | None) -> None:
        with self.app.app_context():
            seller = database(self.app).session.scalar(
                database(self.app).select(self.shop.Seller).filter_by(account=name)
            )
            for column, text in values.items():
                setattr(seller, column, text)
            database(self.app).session.commit()


@pytest.fixture
def market(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Market:
    for name, text in settings(lines(HEADING, ".env")).items():
        monkeypatch.setenv(name, text)
    return Market(bench)


def test_each_seller_is_paid_into_their_own_account(market: Market) -> None:
    for name in ("rima", "babul"):
        payment = market.buy(name)
        assert payment.app_key == f"canary-app-{name}"
        assert market.pay(payment) == 200
        assert market.status(name) == "paid"


def test_the_database_alone_opens_no_account(market: Market, tmp_path: Path) -> None:
    market.bench.gateway.pay(market.buy("rima"))
    for file in tmp_path.glob("*.sqlite3*"):
        assert b"canary" not in file.read_bytes()


def test_one_seller_s_key_opens_nothing_of_another(market: Market) -> None:
    payment = market.buy("rima")
    market.bench.gateway.pay(payment, webhook=False)
    said = market.bench.gateway.send_webhook(payment, app_key="canary-app-babul")
    assert said.status_code == 401
    assert market.status("rima") == "new"


def test_seller_changes_their_keys(market: Market) -> None:
    payment = market.buy("rima")
    market.change("rima", app_key="canary-new", secret_key="s", previous_app_key="canary-app-rima")
    assert market.pay(payment) == 200  # with the old key
    assert market.status("rima") == "paid"
    assert market.bench.gateway.requests[-1].headers["X-App-Key"] == "canary-new"


def test_key_of_the_keys_is_changed(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = Fernet.generate_key().decode(), market.app.config["SELLER_KEYS"]
    market.app.config["SELLER_KEYS"] = f"{new},{old}"
    payment = market.buy("rima")
    market.change("rima", app_key="canary-app-rima ")
    market.change("rima", app_key="canary-app-rima", secret_key="canary-secret-rima ")
    market.change("rima", secret_key="canary-secret-rima")
    market.app.config["SELLER_KEYS"] = new
    assert market.pay(payment) == 200


def test_lost_key_of_the_keys_loses_no_payment(market: Market) -> None:
    payment, old = market.buy("rima"), market.app.config["SELLER_KEYS"]
    market.app.config["SELLER_KEYS"] = Fernet.generate_key().decode()
    assert market.pay(payment) == 503
    page = market.app.test_client().get("/orders/of-rima")
    assert page.status_code == 200
    market.app.config["SELLER_KEYS"] = old
    assert market.bench.gateway.send_webhook(payment).status_code == 200
    assert market.status("rima") == "paid"

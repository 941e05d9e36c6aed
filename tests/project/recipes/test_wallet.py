"""The recipe "A wallet"."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from .bench import Bench, add, bench_down, database, press


@pytest.fixture
def wallet(bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy("A wallet", readme=False)
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Customer(id=7), shop.Customer(id=8))
    client = app.test_client()
    with client.session_transaction() as session:
        session["customer_id"] = 7
    return client


def balances(client: FlaskClient, bench: Bench) -> list[int]:
    customer = bench.load("shop").Customer
    with client.application.app_context():
        db = database(client.application)
        found = db.session.scalars(db.select(customer.balance).order_by(customer.id))
        return [int(balance) for balance in found]


def test_wallet_takes_many_payments_each_once(wallet: FlaskClient, bench: Bench) -> None:
    for amount in ("100", "500", "500"):
        assert press(wallet, "/wallet", amount=amount).status_code == 303
        (payment, *_) = bench.gateway.payments
        outcome = bench.gateway.pay(payment)
        bench.gateway.send_webhook(payment)
        assert wallet.get(outcome.return_url).location == "/wallet"
    assert balances(wallet, bench) == [1100, 0]
    assert len({payment.customer_reference for payment in bench.gateway.payments}) == 3
    assert "৳1100" in wallet.get("/wallet").text


def test_wallet_counts_two_top_ups_at_once(wallet: FlaskClient, bench: Bench) -> None:
    for _ in range(2):
        press(wallet, "/wallet", amount="500")
    invoices = [payment.invoice_id for payment in bench.gateway.payments]
    bench.gateway.race(*(lambda found=found: bench.gateway.pay(found) for found in invoices))
    assert balances(wallet, bench) == [1000, 0]


def test_wallet_grows_by_what_came_in(wallet: FlaskClient, bench: Bench) -> None:
    press(wallet, "/wallet", amount="500")
    (payment,) = bench.gateway.payments
    bench.gateway.pay(payment, amount=5, completes=True)
    assert balances(wallet, bench) == [0, 0]
    decision = ["bdquickpay", "resolve", payment.invoice_id, "--accept", "--note", "it is theirs"]
    done = wallet.application.test_cli_runner().invoke(args=decision)
    assert done.exit_code == 0, done.output
    assert balances(wallet, bench) == [5, 0]


def test_wallet_refuses(wallet: FlaskClient, bench: Bench) -> None:
    assert press(wallet, "/wallet", amount="1").status_code == 400
    assert wallet.application.test_client().get("/wallet").status_code == 404
    with bench_down(bench):
        assert press(wallet, "/wallet", amount="100").status_code == 502
    assert balances(wallet, bench) == [0, 0]

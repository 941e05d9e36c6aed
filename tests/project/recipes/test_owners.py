"""The recipe "Orders that belong to somebody"."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from .bench import Bench, add, csrf_token, value

CHECKOUT = "/bdquickpay/checkout/a1"


class OwnedShop:
    """The shop of the recipe: an order of customer 7, and somebody else's browser."""

    def __init__(self, bench: Bench) -> None:
        bench.copy("Orders that belong to somebody", readme=False)
        self.bench, self.shop = bench, bench.load("shop")
        self.app = bench.app(self.shop)
        add(self.app, self.shop.Customer(id=7), self.shop.Customer(id=8))
        add(self.app, self.shop.Order(reference="a1", customer_id=7, total=500))

    def customer(self, number: int | None) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as session:
            if number is not None:
                session["customer_id"] = number
        return client

    def click(self, client: FlaskClient) -> int:
        token = csrf_token(client.get("/orders/a1").text)
        return client.post(CHECKOUT, data={"csrf_token": token}).status_code


@pytest.fixture
def owned(bench: Bench) -> OwnedShop:
    return OwnedShop(bench)


def test_its_customer_sees_and_pays_it(owned: OwnedShop) -> None:
    customer = owned.customer(7)
    page = customer.get("/orders/a1")
    assert page.status_code == 200
    assert "/bdquickpay/checkout/a1" in page.text
    assert owned.click(customer) == 303
    (payment,) = owned.bench.gateway.payments
    owned.bench.gateway.pay(payment)
    assert value(owned.app, owned.shop.Order.status) == "paid"


@pytest.mark.parametrize("somebody_else", [8, None])
def test_nobody_else_sees_or_pays_it(owned: OwnedShop, somebody_else: int | None) -> None:
    stranger = owned.customer(somebody_else)
    assert stranger.get("/orders/a1").status_code == 404
    assert stranger.get(CHECKOUT).status_code == 403
    form = {"csrf_token": form_token(stranger, somebody_else)}
    assert stranger.post(CHECKOUT, data=form).status_code == 403
    assert owned.bench.gateway.requests == []


def form_token(client: FlaskClient, number: int | None) -> str:
    """A token that is good in this browser, as from any page with a button."""
    with client.session_transaction() as session:
        session["customer_id"] = 7
    token = csrf_token(client.get("/orders/a1").text)
    with client.session_transaction() as session:
        session["customer_id"] = number
    return token


def test_a_job_may_start_it_where_nobody_is_logged_in(owned: OwnedShop) -> None:
    with owned.app.test_request_context():
        assert owned.shop.bdquickpay.start("a1").status == "pending"


def test_who_comes_back_in_another_browser_gets_a_receipt(owned: OwnedShop) -> None:
    owned.click(owned.customer(7))
    outcome = owned.bench.gateway.pay(owned.bench.gateway.payments[0])
    page = owned.customer(None).get(outcome.return_url)
    assert page.status_code == 200
    assert str(outcome.payment.trx_id) in page.text

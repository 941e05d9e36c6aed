"""The recipe "Stock that is set aside"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .bench import Bench, add, bench_down, csrf_token, press, value


class StockShop:
    """The shop of the recipe, with one product and as many orders as are asked for."""

    def __init__(self, bench: Bench, stock: int, orders: int) -> None:
        self.gateway, self.shop = bench.gateway, bench.load("shop")
        self.app = bench.app(self.shop)
        add(self.app, self.shop.Product(id=1, stock=stock))
        bought = {"product_id": 1, "quantity": 2, "total": 500}
        add(self.app, *(self.shop.Order(reference=f"a{n + 1}", **bought) for n in range(orders)))

    def press(self, order: int) -> int:
        return press(self.app.test_client(), f"/orders/a{order}").status_code

    def payment(self, order: int = 1) -> Any:
        """The order's newest payment, read anew."""
        payment = self.shop.bdquickpay.Payment
        mine = self.shop.db.select(payment).filter_by(customer_reference=f"a{order}")
        with self.app.app_context():
            return self.shop.db.session.scalar(mine.order_by(payment.id.desc()))

    def change(self, entity: Any, **values: Any) -> None:
        with self.app.app_context():
            self.shop.db.session.execute(self.shop.db.update(entity).values(**values))
            self.shop.db.session.commit()

    def ends(self, act: Callable[..., Any], payment: Any, **how: Any) -> None:
        """The gateway's side ends a payment, and the customer comes back."""
        self.app.test_client().get(act(payment, **how).return_url)

    @property
    def stock(self) -> int:
        return int(value(self.app, self.shop.Product.stock))

    def status(self, order: int = 1) -> str:
        with self.app.app_context():
            return str(self.shop.find_order(f"a{order}").status)


@pytest.fixture
def stocked(
    bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, int], StockShop]:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy("Stock that is set aside", readme=False)
    return lambda stock, orders: StockShop(bench, stock, orders)


Stocked = Callable[[int, int], StockShop]


def test_stock_is_set_aside_once_and_sold(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    assert (shop.press(1), shop.stock) == (303, 3)
    assert (shop.press(1), shop.stock) == (303, 3)
    shop.ends(shop.gateway.pay, shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("paid", 3)
    assert (shop.press(1), shop.stock) == (303, 3)
    assert len(shop.gateway.payments) == 1


@pytest.mark.parametrize("end", ["fail", "time_out", "cancel"])
def test_stock_comes_back_and_is_set_aside_anew(stocked: Stocked, end: str) -> None:
    shop = stocked(2, 1)
    shop.press(1)
    shop.gateway.switch(expired_status="expired")
    shop.ends(getattr(shop.gateway, end), shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("new", 2)
    assert (shop.press(1), shop.stock) == (303, 0)
    shop.ends(shop.gateway.pay, shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("paid", 0)


def test_sold_out_sends_nobody_to_pay(stocked: Stocked) -> None:
    shop = stocked(3, 2)
    assert (shop.press(1), shop.press(2), shop.stock) == (303, 409, 1)
    shop.ends(shop.gateway.cancel, shop.gateway.payments[1])
    assert (shop.press(2), shop.stock) == (303, 1)


def test_late_money_takes_the_goods_again(stocked: Stocked) -> None:
    shop = stocked(2, 1)
    shop.press(1)
    (payment,) = shop.gateway.payments
    shop.ends(shop.gateway.time_out, payment)
    assert shop.stock == 2
    shop.ends(shop.gateway.pay, payment, late=True)
    assert (shop.status(), shop.stock) == ("paid", 0)


def test_late_money_for_goods_that_are_gone(stocked: Stocked) -> None:
    shop = stocked(2, 2)
    shop.press(1)
    (late,) = shop.gateway.payments
    shop.ends(shop.gateway.time_out, late)
    shop.press(2)
    shop.ends(shop.gateway.pay, late, late=True)
    assert (shop.status(1), shop.status(2), shop.stock) == ("new", "new", 0)
    assert (shop.payment(1).status, shop.payment(1).reason) == (
        "flagged",
        "the goods are sold out",
    )
    assert resolved(shop, "stays flagged") == 1
    shop.change(shop.shop.Product, stock=2)
    assert resolved(shop, "is completed") == 0
    assert (shop.status(1), shop.status(2), shop.stock) == ("paid", "new", 0)


def resolved(shop: StockShop, said: str) -> int:
    """Accept the flagged payment: the exit code."""
    invoice = shop.payment(1).invoice_id
    decision = ["bdquickpay", "resolve", invoice, "--accept", "--note", "there are more now"]
    done = shop.app.test_cli_runner().invoke(args=decision)
    assert said in done.output, done.output
    return done.exit_code


def test_order_that_grew_while_it_was_paid_sells_nothing(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    shop.press(1)
    shop.change(shop.shop.Order, total=900)
    shop.ends(shop.gateway.pay, shop.gateway.payments[0])
    assert (shop.status(), shop.payment().reason) == ("new", "the order's total has changed")
    assert (shop.press(1), shop.stock) == (303, 3)
    assert len(shop.gateway.payments) == 1


def test_late_money_beside_a_new_payment_takes_the_goods_once(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    shop.press(1)
    (late,) = shop.gateway.payments
    shop.ends(shop.gateway.time_out, late)
    shop.press(1)
    shop.ends(shop.gateway.pay, late, late=True)
    shop.ends(shop.gateway.time_out, shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("paid", 3)


def test_end_of_an_older_payment_frees_nothing(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    shop.press(1)
    shop.change(shop.shop.Order, total=600)
    shop.press(1)
    new, old = shop.gateway.payments
    assert shop.stock == 3
    shop.ends(shop.gateway.fail, old)
    assert shop.stock == 3
    shop.ends(shop.gateway.fail, new)
    assert shop.stock == 5


def test_stock_when_an_expired_payment_is_found_by_the_click(stocked: Stocked) -> None:
    shop = stocked(2, 1)
    shop.press(1)
    shop.gateway.time_out(shop.gateway.payments[0], webhook=False)
    shop.change(shop.shop.bdquickpay.Payment, expires_at=shop.payment().created_at)
    assert (shop.press(1), shop.stock) == (303, 0)
    assert len(shop.gateway.payments) == 2


def test_two_buyers_of_the_last_goods_at_once(stocked: Stocked) -> None:
    shop = stocked(2, 2)
    answers = shop.gateway.race(lambda: shop.press(1), lambda: shop.press(2))
    assert sorted(answers) == [303, 409]
    assert shop.stock == 0


def test_order_of_another_spelling_is_none(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    client = shop.app.test_client()
    token = csrf_token(client.get("/orders/a1").text)
    assert client.post("/orders/A1", data={"csrf_token": token}).status_code == 404
    assert (shop.stock, shop.gateway.payments) == (5, [])


def test_stock_stays_when_bkash_is_away(stocked: Stocked, bench: Bench) -> None:
    shop = stocked(2, 1)
    with bench_down(bench):
        assert (shop.press(1), shop.stock) == (502, 2)

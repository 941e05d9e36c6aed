"""The shop's own code on the buyer's way: what fails in it is logged, and the buyer sees a page."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, Response, abort, current_app, g, redirect, url_for
from flask_babel import Babel
from jinja2 import DictLoader

from flask_bdquickpay import (
    ConfigurationError,
    InvalidPaymentRequest,
    OrderNotFoundError,
    PaymentRequest,
)

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop

NOTHING_TAKEN = "No money was taken"


def returned(shop: Shop) -> Any:
    """What the buyer who has paid is shown."""
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    answer = shop.success(payment)
    assert shop.payment(payment).status == "completed"
    return answer


# The return handler


def broken(payment: Any) -> str:
    words: dict[str, str] = {}
    return words["thanks"]


def unfit(payment: Any) -> object:
    return object()


def forgot(payment: Any) -> None:
    payment.is_paid  # noqa: B018


def missing(payment: Any) -> str:
    return url_for("no.such.page")


def aborts(payment: Any) -> None:
    abort(404)


async def breaks_later(payment: Any) -> str:
    raise KeyError("thanks")


@pytest.mark.parametrize(
    ("handler", "said"),
    [(broken, "KeyError: 'thanks'"), (unfit, "TypeError"), (forgot, "it returned None"),
     (missing, "no.such.page"), (aborts, "404 Not Found"), (breaks_later, "KeyError: 'thanks'")],
)  # fmt: skip
def test_return_handler_that_fails_is_logged_and_the_built_in_page_shown(
    shop: Shop, handler: Callable[[Any], Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop.bdquickpay.return_handler(handler)
    answer = returned(shop)
    assert answer.status_code == 200
    assert "Payment successful" in answer.text
    assert "return handler failed" in caplog.text
    assert said in caplog.text


@pytest.mark.thorough
def test_return_handler_that_breaks_the_transaction_leaves_the_page_alone(shop: Shop) -> None:
    @shop.bdquickpay.return_handler
    def after(payment: Any) -> str:
        shop.db.session.add(shop.Ledger(payment_id=None, reference="half done"))
        shop.db.session.flush()
        return "unreachable"

    assert "Payment successful" in returned(shop).text
    assert len(shop.ledger()) == 1
    payment = shop.started()
    assert "<form" in shop.cancel(payment).text  # which looks whether the order was paid


@pytest.mark.parametrize("aborted", [True, False])
def test_return_handler_may_redirect_by_abort(shop: Shop, aborted: bool) -> None:
    @shop.bdquickpay.return_handler
    def after(payment: Any) -> Any:
        target = redirect(f"/orders/{payment.customer_reference}", 303)
        return abort(target) if aborted else target

    answer = returned(shop)
    assert (answer.status_code, answer.location) == (303, "/orders/1")


@pytest.mark.parametrize(
    "answer", ["thanks", ("thanks", 201), {"thanks": 1}, Response("thanks"), b"thanks"], ids=repr
)
def test_return_handler_may_answer_as_a_view_does(shop: Shop, answer: Any) -> None:
    shop.bdquickpay.return_handler(lambda payment: answer)
    assert "thanks" in returned(shop).text


def test_return_handler_may_be_async(shop: Shop) -> None:
    @shop.bdquickpay.return_handler
    async def after(payment: Any) -> str:
        await asyncio.sleep(0)
        line = shop.db.session.query(shop.Ledger).one()
        return f"{current_app.name} thanks for {line.reference}"

    assert returned(shop).text == "tests.shop thanks for 1"


def test_return_handler_gets_the_shops_own_payment(shop: Shop) -> None:
    @shop.bdquickpay.return_handler
    def after(payment: Any) -> str:
        assert isinstance(payment, shop.bdquickpay.Payment)
        return str([event.source for event in payment.events])

    assert returned(shop).text == "['checkout', 'return']"


# The order loader


def test_order_loader_may_be_async(shop: Shop) -> None:
    @shop.bdquickpay.order_loader
    async def load(reference: str) -> PaymentRequest | None:
        await asyncio.sleep(0)
        order = shop.db.session.get(shop.Order, int(reference))
        g.asked = reference
        return PaymentRequest(order.total) if order else None

    assert shop.click(shop.order("99.50")).status_code == 303
    assert shop.payments()[0].amount == Decimal("99.50")
    assert shop.click("4711").status_code == 404
    assert shop.click("x").status_code == 404


def test_async_order_loader_may_be_asked_from_a_running_loop(shop: Shop) -> None:
    @shop.bdquickpay.order_loader
    async def load(reference: str) -> PaymentRequest:
        return PaymentRequest(5)

    async def view() -> Any:
        return shop.bdquickpay.start("1")

    with shop.app.test_request_context():
        assert asyncio.run(view()).amount == 5


def load_badly(reference: str) -> PaymentRequest:
    return json.loads("{}")["total"]  # type: ignore[no-any-return]


async def load_badly_later(reference: str) -> PaymentRequest:
    raise KeyError("total")


@pytest.mark.parametrize("loader", [load_badly, load_badly_later])
def test_order_loader_that_raises_is_logged_and_a_page(
    shop: Shop, loader: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reference = shop.order()
    shop.bdquickpay.order_loader(loader)
    answer = shop.click(reference)
    assert answer.status_code == 500
    assert NOTHING_TAKEN in answer.text
    assert "KeyError: 'total'" in caplog.text
    assert "test_host_code.py" in caplog.text  # the traceback
    assert shop.payments() == shop.gateway.requests == []
    with shop.app.test_request_context(), pytest.raises(KeyError):
        shop.bdquickpay.start(reference)


def test_order_loader_that_breaks_the_transaction_is_a_page(shop: Shop) -> None:
    @shop.bdquickpay.order_loader
    def load(reference: str) -> None:
        shop.db.session.add(shop.Ledger(payment_id=None, reference="half done"))
        shop.db.session.flush()

    assert NOTHING_TAKEN in shop.click("1").text
    assert shop.ledger() == []


@pytest.mark.parametrize("error", [ValueError("'1,200.00' is no number"), OverflowError("too far")])
def test_order_loader_that_stumbles_over_the_reference_says_why_when_asked(
    shop: Shop, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    @shop.bdquickpay.order_loader
    def load(reference: str) -> PaymentRequest:
        raise error

    with caplog.at_level(logging.INFO):
        assert shop.click("1").status_code == 404
    assert str(error) not in caplog.text
    with caplog.at_level(logging.DEBUG):
        assert shop.click("1").status_code == 404
    assert str(error) in caplog.text


@pytest.mark.parametrize("total", [Decimal(0), 19.9, Decimal("100.005"), "", -1], ids=repr)
def test_amount_that_cannot_be_charged_is_a_page(
    shop: Shop, total: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shop.bdquickpay.order_loader(lambda reference: PaymentRequest(total))
    answer = shop.click("1")
    assert answer.status_code == 422
    assert NOTHING_TAKEN in answer.text
    assert "<form" not in answer.text
    assert [record.levelname for record in caplog.records if "can't be charged" in record.message]
    assert "amount" in caplog.text
    assert shop.payments() == []
    with shop.app.test_request_context(), pytest.raises(InvalidPaymentRequest):
        shop.bdquickpay.start("1")


@pytest.mark.parametrize("came", [500, Decimal(500), "500", {"amount": 500}, True, ()], ids=repr)
def test_what_is_no_payment_request_is_named(
    shop: Shop, came: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shop.bdquickpay.order_loader(lambda reference: came)
    assert shop.click("1").status_code == 503
    assert f"it returned {type(came).__name__}" in caplog.text
    with shop.app.test_request_context(), pytest.raises(ConfigurationError, match="PaymentReq"):
        shop.bdquickpay.start("1")


def test_shop_without_keys_shows_a_page(
    new_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = new_shop(BDQUICKPAY_APP_KEY="")
    answer = shop.click(shop.order())
    assert answer.status_code == 503
    assert NOTHING_TAKEN in answer.text
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert "BDQUICKPAY_APP_KEY" in errors[0]


def test_shop_without_an_order_loader_shows_a_page(shop: Shop) -> None:
    shop.bdquickpay._hooks.order_loader = None
    assert shop.click("1").status_code == 503


# One spelling


def test_order_has_one_spelling(shop: Shop) -> None:
    @shop.bdquickpay.order_loader
    def load(reference: str) -> PaymentRequest | None:
        order = shop.db.session.get(shop.Order, int(reference))
        return order and PaymentRequest(order.total, reference=str(order.id))

    reference = shop.order()
    assert shop.click(reference).status_code == 303
    for other in (f"0{reference}", f"+{reference}", "১", "0_1"):
        assert shop.click(other).status_code == 404
        with shop.app.test_request_context(), pytest.raises(OrderNotFoundError, match="called '1'"):
            shop.bdquickpay.start(other)
    assert len(shop.payments()) == 1


# What goes wrong behind us


def test_database_that_fails_is_a_page(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.bdquickpay.order_loader(lambda reference: PaymentRequest(5))
    with shop.app.app_context():
        shop.db.drop_all()
    answer = shop.click("1")
    assert answer.status_code == 500
    assert NOTHING_TAKEN in answer.text
    assert "bdquickpay_payment" in caplog.text
    assert shop.gateway.requests == []


# The shop's own languages


def test_locale_selector_that_fails_does_not_take_the_page_along(
    new_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    def select() -> str:
        raise KeyError("lang")

    shop = new_shop(prepare=lambda app: Babel(app, locale_selector=select))
    assert "Payment successful" in returned(shop).text
    assert "KeyError: 'lang'" in caplog.text


# The shop's own templates


def with_templates(**templates: str) -> Callable[[Flask], None]:
    def prepare(app: Flask) -> None:
        loader = DictLoader({f"bdquickpay/{name}.html": text for name, text in templates.items()})
        app.jinja_loader = loader

    return prepare


@pytest.mark.parametrize(
    "layout", ["{{ no.such }}", "{% extends 'gone.html' %}", "{% broken", "{{ url_for('gone') }}"]
)
def test_layout_that_fails_does_not_take_the_page_along(
    new_shop: Callable[..., Shop], layout: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = new_shop(prepare=with_templates(base=layout))
    answer = returned(shop)
    assert answer.status_code == 200
    assert "Payment successful" in answer.text
    assert "bdquickpay.css" in answer.text
    assert "templates around bdquickpay/result.html failed" in caplog.text
    payment = shop.started()
    assert "<form" in shop.cancel(payment).text


def test_shops_template_finds_every_fact_of_the_payment(new_shop: Callable[..., Shop]) -> None:
    own = (
        "{{ payment.amount }} {{ payment.status }} {{ payment.status.value }} {{ payment.trx_id }} "
        "{{ payment.is_paid }} {{ payment.is_final }} {{ payment.verified_at.year }} "
        "{{ payment.events | length }} {{ payment.payment_metadata.order_id }} {{ payment.lease }} "
        "{{ payment.customer_reference }} {{ payment.no_such_thing }}{{ retry }}"
    )
    shop = new_shop(prepare=with_templates(result=own))
    words = returned(shop).text.split()
    (payment,) = shop.payments()
    year = str(payment.verified_at.year)
    assert words == ["500.00", "completed", "completed", payment.trx_id,
                     "True", "True", year, "2", "1", "None", "1", "False"]  # fmt: skip

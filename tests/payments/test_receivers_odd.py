"""Receivers that raise, answer or let go in their own way stop nobody else."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import payment_changed, payment_paid

from ..shop import NewShop, Shop
from .acts import confirm, deliver, hear, make_due, raises, sweep

Receiver = Callable[..., Any]


class Timeout(BaseException):
    """As gevent's: no Exception."""


def late(app: Flask, payment: Any) -> None:
    """A receiver of the shop that took too long."""
    raise Timeout("5 seconds")


@pytest.fixture
def deferred(new_shop: NewShop) -> Shop:
    return new_shop(BDQUICKPAY_DELIVERY="deferred")


@pytest.fixture
def paid_at_the_gateway(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return payment


# An exception that is no Exception


def test_webhook_of_a_receiver_that_timed_out_is_to_come_again(
    shop: Shop, paid_at_the_gateway: Any
) -> None:
    with payment_paid.connected_to(late, sender=shop.app):
        assert shop.webhook(paid_at_the_gateway).status_code == 503
    assert (shop.payment(paid_at_the_gateway).status, shop.ledger()) == ("pending", [])
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert len(shop.ledger()) == 1


def test_problem_names_the_receiver_that_timed_out(shop: Shop, paid_at_the_gateway: Any) -> None:
    with payment_paid.connected_to(late, sender=shop.app):
        shop.webhook(paid_at_the_gateway)
    problem = shop.payment(paid_at_the_gateway).problem
    assert f"{__name__}.late raised" in problem
    assert "Timeout: 5 seconds" in problem


def test_payment_whose_receiver_times_out_holds_back_no_other(shop: Shop) -> None:
    payments = [shop.started() for _ in range(3)]
    for payment in payments:
        shop.gateway.pay(payment, webhook=False)
    make_due(shop, *payments)

    def late_for_one(app: Flask, payment: Any) -> None:
        if payment.id == payments[0].id:
            raise Timeout

    with payment_paid.connected_to(late_for_one, sender=shop.app):
        report = sweep(shop)
    assert (report.checked, report.changed, report.refused) == (3, 2, 1)
    found = [shop.payment(payment).status for payment in payments]
    assert found == ["pending", "completed", "completed"]


def test_receiver_that_times_out_after_the_commit_stops_no_other(deferred: Shop) -> None:
    payments = [deferred.started() for _ in range(2)]
    with payment_changed.connected_to(raises(Timeout("5 seconds")), sender=deferred.app):
        assert deliver(deferred) == 0
    assert len(deferred.changed) == len(payments)  # the other receiver heard of both
    errors = [deferred.events(payment)[0].error for payment in payments]
    assert all("Timeout: 5 seconds" in error for error in errors)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_end_of_the_program_in_a_receiver_ends_it(
    shop: Shop, paid_at_the_gateway: Any, end: type[BaseException]
) -> None:
    with payment_paid.connected_to(raises(end()), sender=shop.app), pytest.raises(end):
        confirm(shop, paid_at_the_gateway)
    assert (shop.payment(paid_at_the_gateway).status, shop.ledger()) == ("pending", [])


# Async, though nobody can see it


def decorated(function: Callable[..., Coroutine[Any, Any, None]]) -> Receiver:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def in_a_lambda(function: Callable[..., Coroutine[Any, Any, None]]) -> Receiver:
    return lambda app, payment, **more: function(app, payment=payment, **more)


def as_an_object(function: Callable[..., Coroutine[Any, Any, None]]) -> Receiver:
    class Receiving:
        async def __call__(self, *args: Any, **kwargs: Any) -> None:
            await function(*args, **kwargs)

    return Receiving()


WRAPPERS = [decorated, in_a_lambda, as_an_object]


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_receiver_that_returns_a_coroutine_is_awaited(
    shop: Shop, paid_at_the_gateway: Any, wrap: Callable[..., Receiver]
) -> None:
    async def books(app: Flask, payment: Any) -> None:
        await asyncio.sleep(0)
        shop.db.session.add(shop.Ledger(payment_id=payment.id, reference="async"))

    hear(shop, payment_paid, wrap(books))
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert "async" in [reference for _, reference in shop.ledger()]


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_coroutine_that_raises_books_nothing(
    shop: Shop, paid_at_the_gateway: Any, wrap: Callable[..., Receiver]
) -> None:
    async def fails(app: Flask, payment: Any) -> None:
        raise RuntimeError("stock service is down")

    with payment_paid.connected_to(wrap(fails), sender=shop.app):
        assert shop.webhook(paid_at_the_gateway).status_code == 503
    assert (shop.payment(paid_at_the_gateway).status, shop.ledger()) == ("pending", [])
    assert "stock service is down" in shop.payment(paid_at_the_gateway).problem


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_coroutine_after_the_commit_is_awaited(
    deferred: Shop, wrap: Callable[..., Receiver]
) -> None:
    heard: list[int] = []

    async def mails(app: Flask, payment: Any, event: Any) -> None:
        await asyncio.sleep(0)
        heard.append(payment.id)

    payment = deferred.started()
    hear(deferred, payment_changed, wrap(mails))
    assert deliver(deferred) == 1
    assert heard == [payment.id]


# A session that was let go of


def remove(shop: Shop, payment: Any) -> None:
    shop.db.session.remove()


def close(shop: Shop, payment: Any) -> None:
    shop.db.session.close()


def expunge_all(shop: Shop, payment: Any) -> None:
    shop.db.session.expunge_all()


def expunge(shop: Shop, payment: Any) -> None:
    shop.db.session.expunge(payment)


@pytest.mark.parametrize("let_go", [remove, close, expunge_all, expunge])
def test_receiver_that_lets_go_of_the_payment_leaves_it_to_the_next(
    deferred: Shop, let_go: Callable[[Shop, Any], None]
) -> None:
    called: list[int] = []
    seen: list[tuple[str, int, int]] = []

    def receiver() -> Receiver:
        def lets_go_or_reads(app: Flask, payment: Any, event: Any) -> None:
            called.append(event.id)
            if len(called) == 1:
                let_go(deferred, payment)
            else:
                seen.append((event.new_status, payment.amount, len(payment.events)))

        return lets_go_or_reads

    payment = deferred.started()
    for _ in range(2):
        hear(deferred, payment_changed, receiver())
    assert deliver(deferred) == 1
    assert seen == [("pending", 500, 1)]
    assert deferred.events(payment)[0].error is None

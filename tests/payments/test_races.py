"""Threads that race on one payment and on one order: one ledger entry."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_bdquickpay import GatewayError, payment_paid
from flask_bdquickpay.clock import utcnow

from ..shop import Shop, told_paid


def race(*rivals: Callable[[], Any]) -> list[Any]:
    """Run the rivals at once, each from the same instant on, and return their results."""
    barrier = threading.Barrier(len(rivals))

    def run(rival: Callable[[], Any]) -> Any:
        barrier.wait(30)
        return rival()

    with ThreadPoolExecutor(len(rivals)) as threads:
        return [future.result(60) for future in [threads.submit(run, rival) for rival in rivals]]


def confirm(shop: Shop, payment: Any) -> bool:
    with shop.app.app_context():
        model = shop.bdquickpay.Payment
        paid: bool = shop.bdquickpay.confirm(shop.db.session.get(model, payment.id)).is_paid
        return paid


def sweep(shop: Shop) -> None:
    with shop.app.app_context():
        shop.bdquickpay.reconcile(concurrency=2)


def all_ways(shop: Shop, payment: Any) -> list[Callable[[], Any]]:
    return [
        lambda: shop.webhook(payment),
        lambda: shop.webhook(payment),
        lambda: shop.success(payment),
        lambda: shop.cancel(payment),
        lambda: shop.client.get(f"/bdquickpay/status/{payment.token}"),
        lambda: confirm(shop, payment),
        lambda: sweep(shop),
    ]


def test_every_way_to_learn_of_a_payment_at_once_pays_once(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.change(payment, check_after=utcnow() - timedelta(minutes=1))
    race(*all_ways(shop, payment))
    assert shop.payment(payment).status == "completed"
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert [s for s in (e.new_status for e in shop.events(payment)) if s == "completed"] == [
        "completed"
    ]


def test_money_wins_over_every_rival_belief(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, expires_at=utcnow() - timedelta(seconds=1))

    def pay() -> None:
        shop.gateway.pay(payment, webhook=False, late=True)
        shop.webhook(payment)

    race(pay, *all_ways(shop, payment))
    assert shop.payment(payment).status == "completed"
    assert len(shop.ledger()) == 1


def test_many_clicks_at_once_end_at_one_gateway_payment(shop: Shop) -> None:
    reference = shop.order()
    answers = race(*[lambda: shop.click(reference)] * 8)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert len(shop.gateway.payments) == len(shop.payments()) == 1


def test_clicks_on_many_orders_do_not_disturb_each_other(shop: Shop) -> None:
    references = [shop.order() for _ in range(8)]
    answers = race(*[lambda r=reference: shop.click(r) for reference in references])
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 8


def two_payments_of_one_order(shop: Shop) -> tuple[Any, Any]:
    first = shop.started()
    shop.change(first, status="expired", order_key=None)
    shop.click(first.customer_reference)
    second = shop.payments()[-1]
    for payment in (first, second):
        shop.gateway.pay(payment, webhook=False)
    return first, second


def test_two_payments_of_one_order_at_once_are_one_paid_and_one_flagged(shop: Shop) -> None:
    first, second = two_payments_of_one_order(shop)
    race(*[lambda p=p: shop.webhook(p) for p in (first, second, first, second)])
    assert sorted(p.status for p in shop.payments()) == ["completed", "flagged"]
    assert len(shop.ledger()) == 1


def test_one_transaction_on_two_payments_at_once_is_paid_once(shop: Shop) -> None:
    first, second = shop.started(), shop.started()
    shop.gateway.pay(first, webhook=False)
    shop.gateway.pay(second, webhook=False)
    answer = {"trx_id": "SAME", "payment_method": "bkash", "amount": 500, "status": "completed"}
    client = shop.app.extensions["bdquickpay"].client
    ask = client.verify_payment

    def same(invoice_id: str, **options: Any) -> Any:
        found = ask(invoice_id, **options)
        object.__setattr__(found.transaction, "trx_id", answer["trx_id"])
        return found

    client.verify_payment = same
    race(lambda: shop.webhook(first), lambda: shop.webhook(second))
    assert sorted(p.status for p in shop.payments()) == ["completed", "flagged"]
    assert len(shop.ledger()) == 1


def test_price_change_while_the_old_payment_is_paid(shop: Shop) -> None:
    payment = shop.started()
    shop.reprice(payment.customer_reference, "600")

    def pay() -> None:
        shop.gateway.pay(payment, webhook=False)
        shop.webhook(payment)

    race(pay, lambda: shop.click(payment.customer_reference))
    first, *others = shop.payments()
    if others:  # superseded before the money came
        assert (first.status, others[0].status) == ("flagged", "pending")
        assert shop.ledger() == []
    else:
        assert first.status == "completed"
        assert len(shop.ledger()) == 1


def test_resolving_while_the_other_payment_completes(shop: Shop) -> None:
    first, second = two_payments_of_one_order(shop)
    shop.change(first, status="flagged")

    def accept() -> str:
        with shop.app.app_context():
            state = shop.app.extensions["bdquickpay"]
            seen = state.store.find("id", first.id)
            try:
                resolve = state.resolution.resolve
                return str(resolve(seen, accept=True, note="ok", actor="me").status)
            except Exception as error:
                return type(error).__name__

    outcome, _ = race(accept, lambda: shop.webhook(second))
    statuses = sorted(p.status for p in shop.payments())
    assert statuses == ["completed", "flagged"]
    assert outcome in ("completed", "ResolutionError")
    assert len(shop.ledger()) == 1


def test_sweeps_at_once_ask_about_each_payment_once(shop: Shop) -> None:
    payments = [shop.started() for _ in range(6)]
    for payment in payments:
        shop.change(payment, check_after=utcnow() - timedelta(minutes=1))
    before = len(shop.gateway.requests)
    race(*[lambda: sweep(shop)] * 3)
    assert len(shop.gateway.requests) - before == len(payments)


def test_deliveries_at_once_call_a_receiver_once(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    for _ in range(4):
        shop.started()

    def deliver() -> int:
        with shop.app.app_context():
            return shop.bdquickpay.deliver()

    assert sum(race(*[deliver] * 4)) == 4
    assert len({event for event, _ in shop.changed}) == len(shop.changed) == 4


def test_fifty_webhooks_at_once_on_a_pool_of_five(
    new_shop: Callable[..., Shop], database_uri: str
) -> None:
    options = {"pool_size": 5, "max_overflow": 0, "pool_timeout": 8}
    shop = new_shop(SQLALCHEMY_ENGINE_OPTIONS=options)
    payments = [shop.started() for _ in range(50)]
    for payment in payments:
        shop.gateway.pay(payment, webhook=False)
    shop.gateway.fault("latency", endpoint="verify", times=None, seconds=0.2)
    for _ in range(3):  # a busy machine may answer 503; the gateway tries again
        answers = race(*[lambda p=p: shop.webhook(p) for p in payments])
        assert {answer.status_code for answer in answers} <= {200, 503}
        if {answer.status_code for answer in answers} == {200}:
            break
    assert len(shop.ledger()) == 50


@pytest.fixture
def writer(shop: Shop) -> Any:
    """Another writer, which holds what the payment's transaction needs until it is released."""
    release = threading.Event()
    locked = threading.Event()

    def hold(row: Any) -> None:
        with shop.app.app_context():
            engine = shop.db.engine
        table = sa.inspect(type(row)).local_table
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            same = sa.update(table).where(table.c.id == row.id)
            connection.execute(same.values(status=row.status))
            locked.set()
            release.wait(30)
            connection.rollback()

    threads: list[threading.Thread] = []

    def start(row: Any) -> threading.Event:
        threads.append(threading.Thread(target=hold, args=(row,)))
        threads[0].start()
        assert locked.wait(10)
        return release

    yield start
    release.set()
    for thread in threads:
        thread.join(30)


@pytest.mark.thorough
@pytest.mark.parametrize("what", ["payment", "order"])
def test_webhook_beside_a_writer_that_never_ends_is_503_in_time(
    shop: Shop, writer: Any, what: str
) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    writer(payment if what == "payment" else shop.found(payment.customer_reference))
    begun = time.monotonic()
    assert shop.webhook(payment).status_code == 503
    assert time.monotonic() - begun < 10  # the gateway's own limit, not a benchmark
    assert shop.ledger() == []


def test_webhook_waits_for_a_writer_that_ends(shop: Shop, writer: Any) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    release = writer(payment)
    client = shop.app.extensions["bdquickpay"].client
    ask = client.verify_payment
    asked = threading.Event()

    def watched(*args: Any, **options: Any) -> Any:
        asked.set()
        return ask(*args, **options)

    client.verify_payment = watched
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(shop.webhook, payment)
        assert asked.wait(10)
        release.set()
        assert answer.result(20).status_code == 200
    assert len(shop.ledger()) == 1


@pytest.mark.thorough
def test_dripping_gateway_does_not_hold_up_a_webhook(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_TIMEOUT=60)
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.gateway.fault("drip", endpoint="verify", times=None, seconds=1.0)
    begun = time.monotonic()
    assert shop.webhook(payment).status_code == 503
    assert time.monotonic() - begun < 10
    shop.gateway.clear_faults()
    assert shop.webhook(payment).status_code == 200


def test_deadlock_between_receivers_is_repeated_without_asking_again(shop: Shop) -> None:
    """Two payments whose receivers lock two rows crosswise."""
    orders = [shop.order(), shop.order()]
    payments = [shop.started(), shop.started()]
    barrier = threading.Barrier(2)
    first_try: set[int] = set()

    def crosswise(app: Flask, payment: Any) -> None:
        rows = orders if payment.id == payments[0].id else orders[::-1]
        for number, row in enumerate(rows):
            shop.db.session.execute(
                sa.update(shop.Order).where(shop.Order.id == int(row)).values(status="touched")
            )
            if number == 0 and payment.id not in first_try:
                first_try.add(payment.id)
                if shop.db.engine.dialect.name != "sqlite":  # one writer at a time there
                    barrier.wait(20)

    for payment in payments:
        shop.gateway.pay(payment, webhook=False)
    asked = len(shop.gateway.requests)
    with payment_paid.connected_to(crosswise, sender=shop.app):
        answers = race(*[lambda p=p: shop.webhook(p) for p in payments])
    assert {answer.status_code for answer in answers} == {200}
    assert len(shop.ledger()) == 2
    assert len(shop.gateway.requests) - asked == 2


@pytest.mark.thorough
def test_slow_creation_makes_the_second_click_wait_for_it(shop: Shop) -> None:
    reference = shop.order()
    shop.gateway.fault("latency", endpoint="create", seconds=1.5)
    first, second = race(lambda: shop.click(reference), lambda: shop.click(reference))
    assert first.location == second.location
    assert len(shop.gateway.payments) == 1


def test_creation_given_up_by_a_rival_is_not_handed_out(shop: Shop) -> None:
    """The answer comes after the payment was failed: nobody is sent to its URL."""
    client = shop.app.extensions["bdquickpay"].client
    create = client.create_payment
    reference = shop.order()

    def slow(**options: Any) -> Any:
        answer = create(**options)
        client.create_payment = create
        (payment,) = shop.payments(reference)
        shop.change(payment, created_at=utcnow() - timedelta(seconds=20))
        assert race(lambda: shop.click(reference))[0].status_code == 303  # the rival
        return answer

    client.create_payment = slow
    location = shop.click(reference).location
    first, second = shop.payments(reference)
    assert (first.status, second.status) == ("failed", "pending")
    assert location == second.payment_url


def test_order_paid_while_another_payment_is_being_created_is_not_charged(shop: Shop) -> None:
    old = shop.started()
    shop.change(old, status="expired", order_key=None)
    client = shop.app.extensions["bdquickpay"].client
    create = client.create_payment

    def overtaken(**options: Any) -> Any:
        client.create_payment = create
        shop.gateway.pay(old, webhook=False)
        assert race(lambda: shop.webhook(old))[0].status_code == 200
        return create(**options)

    client.create_payment = overtaken
    assert told_paid(shop.click(old.customer_reference))
    assert [p.status for p in shop.payments()] == ["completed", "pending"]


def test_gateway_error_leaves_the_payment_unchanged(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("500", endpoint="verify", times=None)
    with pytest.raises(GatewayError) as raised:
        confirm(shop, payment)
    assert raised.value.invoice_id == payment.invoice_id
    assert shop.payment(payment).status == "pending"

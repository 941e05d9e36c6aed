"""The sweep finds what nobody told us."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_bdquickpay import ReconcileReport, payment_paid
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.payments.settlement import Settlement

from ..shop import Shop

SOON = timedelta(seconds=1)


def sweep(shop: Shop, **options: Any) -> ReconcileReport:
    with shop.app.app_context():
        report: ReconcileReport = shop.bdquickpay.reconcile(**options)
        return report


def due(shop: Shop, *payments: Any) -> None:
    for payment in payments:
        shop.change(payment, check_after=utcnow() - SOON)


def test_new_payment_is_asked_about_by_the_next_sweep_and_then_later(shop: Shop) -> None:
    shop.started()
    assert sweep(shop) == ReconcileReport(checked=1)
    assert sweep(shop) == ReconcileReport()


def test_paid_payment_that_nobody_told_us_of_is_found(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    due(shop, payment)
    assert sweep(shop) == ReconcileReport(checked=1, changed=1)
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.payment(payment).check_after is None
    assert sweep(shop) == ReconcileReport()


def test_pending_payment_is_looked_at_more_and_more_rarely(shop: Shop) -> None:
    payment = shop.started()
    pauses = []
    for _ in range(4):
        due(shop, payment)
        begun = utcnow()
        assert sweep(shop).checked == 1
        pauses.append(shop.payment(payment).check_after - begun)
    assert pauses == sorted(pauses)
    assert pauses[-1] > 4 * pauses[0]


def test_pending_payment_expires_and_is_watched_during_the_late_window(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, expires_at=utcnow() - timedelta(minutes=3), check_after=utcnow() - SOON)
    assert sweep(shop).changed == 1
    payment = shop.payment(payment)
    assert payment.status == "expired"
    shop.gateway.pay(payment, webhook=False, late=True)
    assert sweep(shop).changed == 1
    assert shop.payment(payment).previous_status == "expired"
    assert len(shop.ledger()) == 1


@pytest.mark.parametrize("status", ["expired", "cancelled", "failed"])
def test_after_the_late_window_a_belief_is_let_go(shop: Shop, status: str) -> None:
    payment = shop.started()
    shop.change(payment, status=status, expires_at=utcnow() - timedelta(hours=25))
    due(shop, payment)
    assert sweep(shop).checked == 1
    assert shop.payment(payment).check_after is None


def test_late_window_is_a_setting(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_LATE_WINDOW=30 * 86400)
    payment = shop.started()
    shop.change(payment, status="expired", expires_at=utcnow() - timedelta(hours=25))
    due(shop, payment)
    sweep(shop)
    assert shop.payment(payment).check_after > utcnow()


def test_creation_without_an_answer_is_closed(shop: Shop) -> None:
    payment = shop.started()
    crashed = {"status": "created", "invoice_id": None, "payment_url": None, "expires_at": None}
    shop.change(payment, **crashed, created_at=utcnow() - timedelta(minutes=1))
    due(shop, payment)
    assert sweep(shop) == ReconcileReport(checked=1, changed=1)
    payment = shop.payment(payment)
    assert payment.status == "failed"
    assert "lost" in payment.reason
    assert payment.check_after is None


def test_bad_payment_stops_nobody(shop: Shop) -> None:
    bad, good = shop.started(), shop.started()
    shop.gateway.pay(good, webhook=False)
    shop.change(bad, invoice_id="UNKNOWN")
    due(shop, bad, good)
    assert sweep(shop) == ReconcileReport(checked=2, changed=1, errors=1)
    assert shop.payment(bad).check_after > utcnow()
    assert "could not be asked" in shop.events(bad)[-1].note


@pytest.mark.thorough
def test_receiver_that_raises_stops_nobody(shop: Shop) -> None:
    bad, good = shop.started(), shop.started()
    for payment in (bad, good):
        shop.gateway.pay(payment, webhook=False)

    def raises(app: Flask, payment: Any) -> None:
        if payment.id == bad.id:
            raise RuntimeError("no")

    due(shop, bad, good)
    with payment_paid.connected_to(raises, sender=shop.app):
        assert sweep(shop) == ReconcileReport(checked=2, changed=1, refused=1)
    due(shop, bad)
    assert sweep(shop).changed == 1
    assert len(shop.ledger()) == 2


def test_limit_is_kept(shop: Shop) -> None:
    payments = [shop.started() for _ in range(3)]
    due(shop, *payments)
    assert sweep(shop, limit=2).checked == 2
    assert sweep(shop).checked == 1


def test_progress_counts_up_to_what_is_due(shop: Shop) -> None:
    due(shop, *[shop.started() for _ in range(3)])
    told: list[tuple[int, int]] = []
    sweep(shop, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_concurrency_is_bounded(shop: Shop) -> None:
    due(shop, *[shop.started() for _ in range(6)])
    client = shop.app.extensions["bdquickpay"].client
    ask, lock = client.verify_payment, threading.Lock()
    now, most = [0], [0]

    def watched(*args: Any, **options: Any) -> Any:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        try:
            return ask(*args, **options)
        finally:
            with lock:
                now[0] -= 1

    client.verify_payment = watched
    shop.gateway.fault("latency", endpoint="verify", times=None, seconds=0.1)
    assert sweep(shop, concurrency=2).checked == 6
    assert most[0] == 2


def test_interrupt_gives_back_what_was_not_looked_at(shop: Shop) -> None:
    payments = [shop.started() for _ in range(4)]
    due(shop, *payments)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(shop, concurrency=1, progress=interrupt)
    assert sweep(shop).checked == 3


def test_sweep_of_a_process_that_died_is_taken_over_after_its_lease(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, lease="dead", check_after=utcnow() + timedelta(minutes=5))
    assert sweep(shop).checked == 0
    shop.change(payment, check_after=utcnow() - SOON)
    assert sweep(shop).checked == 1


def test_sweep_delivers_the_outbox(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    shop.started()
    assert sweep(shop) == ReconcileReport(checked=1, delivered=1)


def test_what_is_due_is_found_by_an_index(shop: Shop) -> None:
    """So that a sweep costs what is due, however many payments there ever were."""
    table = shop.bdquickpay.Payment.__table__
    events = shop.bdquickpay.PaymentEvent.__table__
    with shop.app.app_context():
        look = sa.inspect(shop.db.engine)
        indexed = [(table.name, "check_after"), (table.name, "customer_reference")]
        for name, column in (*indexed, (events.name, "deliver_after")):
            assert [column] in [index["column_names"] for index in look.get_indexes(name)]


def test_payment_that_can_not_even_be_put_off_stops_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise RuntimeError("the database is locked")

    bad, good = shop.started(), shop.started()
    shop.gateway.pay(good, webhook=False)
    shop.change(bad, invoice_id="UNKNOWN")
    monkeypatch.setattr(Settlement, "postpone", locked)
    assert sweep(shop, concurrency=1) == ReconcileReport(checked=2, changed=1, errors=1)
    assert shop.payment(bad).check_after > utcnow()  # leased: it comes back by itself


def test_creation_under_way_is_left_alone(shop: Shop) -> None:
    client = shop.app.extensions["bdquickpay"].client
    create, reports = client.create_payment, []

    def swept(**options: Any) -> Any:
        sweeper = threading.Thread(target=lambda: reports.append(sweep(shop)))
        sweeper.start()
        sweeper.join()
        return create(**options)

    client.create_payment = swept
    assert shop.started().status == "pending"
    assert reports == [ReconcileReport()]


@pytest.mark.parametrize("known", [True, False])
def test_only_an_answer_ends_the_looking_after_the_late_window(shop: Shop, known: bool) -> None:
    payment = shop.started()
    shop.change(payment, status="expired", expires_at=utcnow() - timedelta(hours=25))
    if known:
        shop.gateway.fault("reset_before", endpoint="verify", times=None)
    else:
        shop.change(payment, invoice_id="FORGOTTEN")
    due(shop, payment)
    assert sweep(shop).errors == 1
    assert (shop.payment(payment).check_after is None) is not known

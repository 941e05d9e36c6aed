"""`payment_changed`: at least once, after the commit, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_bdquickpay import payment_changed, refund_changed
from flask_bdquickpay.clock import utcnow

from ..shop import Shop
from .clock import time_passes
from .test_refunds import paid, refund


@pytest.fixture
def deferred(new_shop: Callable[..., Shop]) -> Shop:
    return new_shop(BDQUICKPAY_DELIVERY="deferred")


def deliver(shop: Shop, limit: int | None = None) -> int:
    with shop.app.app_context():
        delivered: int = shop.bdquickpay.deliver(limit)
        return delivered


def make_due(shop: Shop) -> None:
    """Let the pause before another try be over."""
    table = shop.bdquickpay.PaymentEvent.__table__
    with shop.app.app_context():
        waiting = sa.update(table).where(table.c.deliver_after.is_not(None))
        shop.db.session.execute(waiting.values(deliver_after=utcnow() - timedelta(seconds=1)))
        shop.db.session.commit()


def test_deferred_events_wait_for_deliver(deferred: Shop) -> None:
    payment = deferred.started()
    assert deferred.changed == []
    assert deliver(deferred) == 1
    (event,) = deferred.events(payment)
    assert deferred.changed == [(event.id, "pending")]
    assert event.delivered_at is not None
    assert deliver(deferred) == 0


def test_inline_events_come_right_after_the_commit(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    assert [status for _, status in shop.changed] == ["pending", "completed"]
    assert deliver(shop) == 0


def test_limit_is_kept(deferred: Shop) -> None:
    for _ in range(3):
        deferred.started()
    assert deliver(deferred, limit=2) == 2
    assert deliver(deferred) == 1


def test_receiver_that_raises_is_tried_again_with_its_error_kept(deferred: Shop) -> None:
    payment = deferred.started()

    def raises(app: Flask, payment: Any, event: Any) -> None:
        deferred.db.session.add(deferred.Ledger(payment_id=0, reference="half"))
        raise RuntimeError("smtp down")

    with payment_changed.connected_to(raises, sender=deferred.app):
        assert deliver(deferred) == 0
    (event,) = deferred.events(payment)
    assert event.error == "RuntimeError: smtp down"
    assert event.deliver_after > utcnow()
    assert event.attempts == 1
    assert deferred.ledger() == []  # rolled back
    assert len(deferred.changed) == 1  # the other receiver was called all the same
    make_due(deferred)
    assert deliver(deferred) == 1
    assert deferred.events(payment)[0].error is None


def in_a_savepoint(session: Any, line: Any) -> None:
    with session.begin_nested():
        session.add(line)


def in_a_savepoint_within_another(session: Any, line: Any) -> None:
    with session.begin_nested():
        in_a_savepoint(session, line)


@pytest.mark.parametrize("way", [in_a_savepoint, in_a_savepoint_within_another])
def test_savepoint_of_a_receiver_that_raises_is_rolled_back(
    deferred: Shop, way: Callable[[Any, Any], None]
) -> None:
    deferred.started()

    def raises(app: Flask, payment: Any, event: Any) -> None:
        way(deferred.db.session, deferred.Ledger(payment_id=0, reference="half"))
        raise RuntimeError("smtp down")

    with payment_changed.connected_to(raises, sender=deferred.app):
        assert deliver(deferred) == 0
    assert deferred.ledger() == []


def test_savepoint_of_a_receiver_that_returns_is_committed(deferred: Shop) -> None:
    deferred.started()

    def writes(app: Flask, payment: Any, event: Any) -> None:
        in_a_savepoint(deferred.db.session, deferred.Ledger(payment_id=0, reference="mail"))

    with payment_changed.connected_to(writes, sender=deferred.app):
        assert deliver(deferred) == 1
    assert len(deferred.ledger()) == 1


def test_savepoint_of_a_refunds_receiver_that_raises_is_rolled_back(deferred: Shop) -> None:
    refund(deferred, paid(deferred), 200)

    def raises(app: Flask, payment: Any, refund: Any, event: Any) -> None:
        in_a_savepoint(deferred.db.session, deferred.Ledger(payment_id=0, reference="half"))
        raise RuntimeError("smtp down")

    before = deferred.ledger()
    with refund_changed.connected_to(raises, sender=deferred.app):
        deliver(deferred)
    assert deferred.ledger() == before


def test_poisoned_event_holds_back_only_itself(deferred: Shop) -> None:
    poisoned = deferred.started()
    others = [deferred.started() for _ in range(2)]

    def raises(app: Flask, payment: Any, event: Any) -> None:
        if payment.id == poisoned.id:
            raise RuntimeError("poison")

    with payment_changed.connected_to(raises, sender=deferred.app):
        assert deliver(deferred) == len(others)


@pytest.mark.thorough
def test_pauses_grow(deferred: Shop) -> None:
    payment = deferred.started()

    def raises(app: Flask, payment: Any, event: Any) -> None:
        raise RuntimeError

    pauses = []
    with payment_changed.connected_to(raises, sender=deferred.app):
        for _ in range(4):
            make_due(deferred)
            begun = utcnow()
            deliver(deferred)
            pauses.append(deferred.events(payment)[0].deliver_after - begun)
    assert pauses == sorted(pauses)
    assert timedelta(seconds=30) <= pauses[0] < timedelta(seconds=60)
    assert pauses[-1] > 3 * pauses[0]


def test_receiver_has_a_clean_session_and_what_it_writes_is_committed(deferred: Shop) -> None:
    deferred.started()
    dirty = []

    def writes(app: Flask, payment: Any, event: Any) -> None:
        dirty.append(list(deferred.db.session.dirty) + list(deferred.db.session.new))
        deferred.db.session.add(deferred.Ledger(payment_id=payment.id, reference="mail"))

    with payment_changed.connected_to(writes, sender=deferred.app):
        deliver(deferred)
    assert dirty == [[]]
    assert len(deferred.ledger()) == 1


def test_no_connection_is_held_while_a_receiver_works(deferred: Shop) -> None:
    deferred.started()
    held = []

    def slow(app: Flask, payment: Any, event: Any) -> None:
        assert payment.status == "pending"
        assert event.new_status == "pending"
        pool: Any = deferred.db.engine.pool
        held.append(pool.checkedout())

    with payment_changed.connected_to(slow, sender=deferred.app):
        deliver(deferred)
    assert held == [0]


def test_slow_receiver_never_delays_the_webhook(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    release, done = threading.Event(), threading.Event()

    def waits(app: Flask, payment: Any, event: Any) -> None:
        release.wait(60)
        done.set()

    with payment_changed.connected_to(waits, sender=shop.app):
        assert shop.webhook(payment).status_code == 200  # answered while the receiver waits
        assert not done.is_set()
        release.set()
        assert done.wait(30)
        workers = [t for t in threading.enumerate() if t.name == "bdquickpay-outbox"]
        for worker in workers:
            worker.join(30)
    assert shop.events(payment)[-1].delivered_at is not None


def test_event_taken_by_a_process_that_died_is_delivered_after_its_lease(deferred: Shop) -> None:
    payment = deferred.started()

    def dies(app: Flask, payment: Any, event: Any) -> None:
        raise KeyboardInterrupt

    with (
        payment_changed.connected_to(dies, sender=deferred.app),
        pytest.raises(KeyboardInterrupt),
    ):
        deliver(deferred)
    assert deliver(deferred) == 0  # still leased
    make_due(deferred)
    assert deliver(deferred) == 1
    assert deferred.events(payment)[0].delivered_at is not None


def test_event_that_nobody_hears_waits_a_day_for_a_process_that_does(shop: Shop) -> None:
    listeners = [r for r in shop.receivers if r in list(payment_changed.receivers_for(shop.app))]
    for receiver in listeners:
        payment_changed.disconnect(receiver, sender=shop.app)
    first = shop.started()
    assert deliver(shop) == 0
    assert shop.events(first)[0].deliver_after is not None
    for receiver in listeners:
        payment_changed.connect(receiver, sender=shop.app)
    assert deliver(shop) == 1
    assert shop.events(first)[0].delivered_at is not None
    for receiver in listeners:
        payment_changed.disconnect(receiver, sender=shop.app)
    second = shop.started()
    time_passes(shop, timedelta(hours=25))
    assert deliver(shop) == 0
    event = shop.events(second)[0]
    assert (event.deliver_after, event.delivered_at) == (None, None)
    assert event.error == "nobody listens to payment_changed"


def test_error_that_no_column_takes_holds_back_only_its_event(deferred: Shop) -> None:
    payment = deferred.started()

    def raises(app: Flask, payment: Any, event: Any) -> None:
        raise RuntimeError("\0" + "x" * 100_000)

    with payment_changed.connected_to(raises, sender=deferred.app):
        assert deliver(deferred) == 0
    assert deferred.events(payment)[0].error.startswith("RuntimeError: x")


def test_receiver_that_exits_leaves_the_later_events_their_thread(shop: Shop) -> None:
    def exits(app: Flask, payment: Any, event: Any) -> None:
        raise SystemExit

    with payment_changed.connected_to(exits, sender=shop.app):
        shop.started()
    heard = len(shop.changed)
    shop.started()
    assert len(shop.changed) == heard + 1


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without one to spare for the outbox."""

    def start(thread: threading.Thread) -> None:
        if thread.name == "bdquickpay-outbox":
            raise RuntimeError("can't start new thread")
        original(thread)

    original = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.thorough
def test_machine_without_a_thread_to_spare_leaves_events_to_the_sweep(
    shop: Shop, no_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shop.started()
    assert shop.events(first)[0].delivered_at is None
    assert deliver(shop) == 1  # at once: nobody else has it
    monkeypatch.undo()
    shop.started()
    assert len(shop.changed) == 2  # there are threads again


def test_event_that_can_not_be_given_back_comes_after_its_lease(
    shop: Shop, no_threads: None, caplog: pytest.LogCaptureFixture
) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    assert deliver(shop) == 1

    def fails(*event: Any) -> None:
        if str(event[2]).startswith("UPDATE bdquickpay_payment_event"):
            raise RuntimeError("the database went away")

    with shop.app.app_context():
        engine = shop.db.engine
    sa.event.listen(engine, "before_cursor_execute", fails)
    assert shop.webhook(payment).status_code == 200
    sa.event.remove(engine, "before_cursor_execute", fails)
    assert "could not be given back" in caplog.text
    assert (shop.payment(payment).status, len(shop.ledger())) == ("completed", 1)
    assert deliver(shop) == 0
    make_due(shop)
    assert deliver(shop) == 1

"""A work queue is told of events after their commit, and whatever it does costs nobody much."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from flask_bdquickpay import payment_changed, repeated
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import Shop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def deferred(new_shop: Callable[..., Shop]) -> Shop:
    return new_shop(BDQUICKPAY_DELIVERY="deferred")


class Hang:
    """A dispatcher that hangs until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.told: list[int] = []

    def __call__(self, event_id: int) -> None:
        self.begun.set()
        assert self.let_go.wait(60)
        self.told.append(event_id)


@pytest.fixture
def hang(deferred: Shop) -> Iterator[Hang]:
    hang = Hang()
    deferred.bdquickpay.dispatcher(hang)
    yield hang
    hang.let_go.set()
    join()


def join() -> None:
    for thread in threading.enumerate():
        if thread.name == "bdquickpay-outbox":
            thread.join(30)


def deliver(shop: Shop) -> int:
    with shop.app.app_context():
        delivered: int = shop.bdquickpay.deliver()
        return delivered


def deliver_event(shop: Shop, event_id: int) -> bool:
    with shop.app.app_context():
        delivered: bool = shop.bdquickpay.deliver_event(event_id)
        return delivered


def change_events(shop: Shop, **values: Any) -> None:
    with shop.app.app_context():
        shop.db.session.execute(sa.update(shop.bdquickpay.PaymentEvent).values(**values))
        shop.db.session.commit()


# The dispatcher


def test_dispatcher_is_told_of_each_event_after_its_commit(deferred: Shop) -> None:
    seen = []

    @deferred.bdquickpay.dispatcher
    def tell(event_id: int) -> None:
        committed = deferred.events()[-1]
        seen.append((event_id == committed.id, str(committed.new_status), current_app.name))

    payment = deferred.started()
    deferred.gateway.pay(payment, webhook=False)
    deferred.webhook(payment)
    join()
    assert seen == [(True, "pending", "tests.shop"), (True, "completed", "tests.shop")]
    assert deferred.changed == []  # that is the work queue's


@on_sqlite
def test_inline_delivery_needs_no_dispatcher(shop: Shop) -> None:
    told: list[int] = []
    shop.bdquickpay.dispatcher(told.append)
    shop.started()
    assert len(shop.changed) == 1
    assert told == []


@on_sqlite
def test_dispatcher_may_be_async(deferred: Shop) -> None:
    told = []

    @deferred.bdquickpay.dispatcher
    async def tell(event_id: int) -> None:
        told.append(event_id)

    payment = deferred.started()
    join()
    assert told == [event.id for event in deferred.events(payment)]


def test_webhook_is_answered_while_the_dispatcher_hangs(deferred: Shop, hang: Hang) -> None:
    payment = deferred.started()
    deferred.gateway.pay(payment, webhook=False)
    assert deferred.webhook(payment).status_code == 200
    assert hang.begun.is_set()
    assert hang.told == []  # it still hangs
    assert deferred.payment(payment).status == "completed"
    assert deliver(deferred) == 2  # the sweep does not need it
    hang.let_go.set()
    join()
    assert hang.told == [event.id for event in deferred.events(payment) if event.new_status]


@pytest.mark.thorough
@on_sqlite
def test_events_do_not_heap_up_before_a_dispatcher_that_hangs(
    deferred: Shop,
    hang: Hang,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox = deferred.app.extensions["bdquickpay"].outbox
    monkeypatch.setattr(outbox._dispatch, "_most", 3)
    for _ in range(6):
        deferred.started()
    assert "left to the sweep: 1 (earlier ones still wait" in caplog.text
    hang.let_go.set()
    join()
    assert len(hang.told) == 4  # the one that hung, and those that waited


@on_sqlite
def test_dispatcher_that_raises_is_logged_once_a_minute_and_the_sweep_delivers(
    deferred: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    monkeypatch.setattr(repeated, "monotonic", lambda: now[0])

    @deferred.bdquickpay.dispatcher
    def raises(event_id: int) -> None:
        raise ConnectionError("the broker is away\nand says more")

    for _ in range(3):
        deferred.started()
    join()
    said = "Events not dispatched, but left to the sweep: {} (ConnectionError: the broker is away)"
    assert caplog.messages == [said.format(1)]
    now[0] += 61
    deferred.started()
    join()
    assert caplog.messages == [said.format(1), said.format(3)]
    assert deliver(deferred) == 4


@on_sqlite
def test_dispatcher_that_exits_leaves_the_later_events_their_thread(deferred: Shop) -> None:
    told = []

    @deferred.bdquickpay.dispatcher
    def exits(event_id: int) -> None:
        told.append(event_id)
        raise SystemExit

    deferred.started()
    deferred.started()
    join()
    assert len(told) == 2


ENDS = """
import sys, threading
from types import SimpleNamespace
from tests.shop import make_shop
shop = make_shop(sys.argv[1], SimpleNamespace(base_url=sys.argv[2]), BDQUICKPAY_DELIVERY="deferred")
begun = threading.Event()
@shop.bdquickpay.dispatcher
def hangs(event_id):
    begun.set()
    threading.Event().wait()
shop.started()
assert begun.wait(30)
print("the end")
"""


@pytest.mark.thorough
@on_sqlite
def test_process_ends_while_the_dispatcher_hangs(deferred: Shop, database_uri: str) -> None:
    command = [sys.executable, "-c", ENDS, database_uri, deferred.server.base_url]
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "the end\n"), done.stderr
    assert deferred.events()[-1].deliver_after is not None


@on_sqlite
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # of Python 3.12
def test_fork_leaves_the_child_its_own_events_alone(deferred: Shop, hang: Hang) -> None:
    deferred.started()
    deferred.started()  # waits behind the first one, which hangs
    child = os.fork()
    if child == 0:
        told = threading.Event()
        deferred.bdquickpay.dispatcher(lambda event_id: told.set())
        deferred.app.extensions["bdquickpay"].outbox._dispatch.dispatch(1)
        os._exit(0 if told.wait(20) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# The worker's side


def test_worker_delivers_the_event_that_it_is_told_of(deferred: Shop) -> None:
    first, second = deferred.started(), deferred.started()
    (event,) = deferred.events(second)
    assert deliver_event(deferred, event.id)
    assert deferred.changed == [(event.id, "pending")]
    assert deferred.events(second)[0].delivered_at is not None
    assert deferred.events(first)[0].delivered_at is None


def test_event_is_delivered_once_however_many_are_told_at_once(deferred: Shop) -> None:
    (event,) = deferred.events(deferred.started())
    with ThreadPoolExecutor(8) as workers:
        delivered = list(workers.map(lambda _: deliver_event(deferred, event.id), range(24)))
    assert delivered.count(True) == 1
    assert deferred.changed == [(event.id, "pending")]


@on_sqlite
def test_event_that_nobody_wrote_is_no_work(deferred: Shop) -> None:
    assert not deliver_event(deferred, 4711)


@on_sqlite
def test_new_event_is_delivered_by_a_machine_whose_clock_is_behind(deferred: Shop) -> None:
    (event,) = deferred.events(deferred.started())
    change_events(deferred, deliver_after=utcnow() + timedelta(seconds=5))
    assert deliver_event(deferred, event.id)


@on_sqlite
def test_event_that_failed_waits_out_its_pause(deferred: Shop) -> None:
    (event,) = deferred.events(deferred.started())

    def raises(app: Flask, payment: Any, event: Any) -> None:
        raise RuntimeError("smtp down")

    with payment_changed.connected_to(raises, sender=deferred.app):
        assert not deliver_event(deferred, event.id)
    assert not deliver_event(deferred, event.id)
    assert len(deferred.changed) == 1
    change_events(deferred, deliver_after=utcnow() - timedelta(seconds=1))
    assert deliver_event(deferred, event.id)


@on_sqlite
def test_worker_without_a_receiver_leaves_the_event_and_says_so(
    deferred: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    (event,) = deferred.events(deferred.started())
    for receiver in list(payment_changed.receivers_for(deferred.app)):
        payment_changed.disconnect(receiver, sender=deferred.app)
    assert not deliver_event(deferred, event.id)
    assert "nobody listens to flask_bdquickpay.payment_changed here" in caplog.text
    assert deferred.events()[-1].deliver_after is not None

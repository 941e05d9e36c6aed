"""Workers, beats, messages and a broker, none of which need be trusted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..payments.clock import time_passes
from .broker import wait_for
from .staff import Company, join_sender

SOON = timedelta(seconds=1)


class Gate:
    """Holds what the gateway is asked, until it is opened."""

    def __init__(self) -> None:
        self._opened = threading.Event()
        self.held: list[str] = []

    def __call__(self, endpoint: str) -> None:
        if endpoint == "verify":
            self.held.append(endpoint)
            self._opened.wait(60)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def gate(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    monkeypatch.setattr(company.shop.gateway, "gather", gate)
    yield gate
    gate.open()


def paid_unheard(company: Company) -> Any:
    """A payment that was paid and is due for the sweep; no webhook came."""
    payment = company.shop.started()
    company.shop.gateway.pay(payment, webhook=False)
    company.shop.change(payment, check_after=utcnow() - SOON)
    return payment


def empty(company: Company) -> None:
    """Forget the messages so far."""
    join_sender()
    with company.broker.client as client:
        client.flushall()


def asked(company: Company) -> int:
    return sum(request.endpoint == "verify" for request in company.shop.gateway.requests)


def statuses(company: Company) -> list[str]:
    return [str(payment.status) for payment in company.shop.payments()]


@pytest.mark.thorough
def test_webhook_has_its_event_delivered_by_a_worker(company: Company) -> None:
    payment = company.shop.started()
    company.shop.gateway.pay(payment, webhook=False)
    company.staff.worker()
    assert company.shop.webhook(payment).status_code == 200
    events = [event.id for event in company.shop.events(payment) if event.new_status]
    wait_for(lambda: sorted(company.office.letters) == events, "the letters")
    assert company.shop.changed == []  # nobody was told in the process of the webhook


def test_same_message_fifty_times_does_its_work_once(company: Company) -> None:
    payment = paid_unheard(company)
    (event,) = company.shop.events(payment)
    empty(company)
    company.ring("reconcile", 100, times=50)
    company.ring("deliver", 100, times=50)
    company.ring("deliver_event", event.id, times=50)
    worker = company.staff.worker(concurrency=4)
    tasks = ("reconcile", "deliver", "deliver_event")
    wait_for(lambda: all(worker.done(task) >= 50 for task in tasks), "each message")
    wait_for(lambda: len(company.office.letters) >= 2, "the letters")
    assert statuses(company) == ["completed"]
    assert len(company.shop.ledger()) == asked(company) == 1
    assert sorted(company.office.letters) == [event.id for event in company.shop.events(payment)]


@pytest.mark.thorough
@on_sqlite
def test_long_sweep_is_done_in_messages_that_ring_again(company: Company) -> None:
    for _ in range(7):
        paid_unheard(company)
    empty(company)
    company.ring("reconcile", 2)
    worker = company.staff.worker()
    wait_for(lambda: worker.done("reconcile") == 4, "the last message")
    assert statuses(company) == ["completed"] * 7
    assert len(company.shop.ledger()) == asked(company) == 7


@pytest.mark.thorough
@on_sqlite
def test_worker_killed_while_it_asks_leaves_the_work_to_the_next(
    company: Company, gate: Gate
) -> None:
    payment = paid_unheard(company)
    empty(company)
    company.ring("reconcile")
    killed = company.staff.worker()
    wait_for(lambda: len(gate.held) == 1, "the question")
    killed.kill()
    gate.open()
    assert statuses(company) == ["pending"]
    assert company.shop.payment(payment).lease is not None
    time_passes(company.shop, timedelta(minutes=6))
    company.ring("reconcile")
    company.staff.worker()
    wait_for(lambda: not company.broker.waiting(), "the message")
    wait_for(lambda: statuses(company) == ["completed"], "the payment")
    wait_for(lambda: len(company.office.letters) == 2, "the letters")
    assert len(company.shop.ledger()) == 1


@pytest.mark.thorough
@on_sqlite
def test_worker_killed_while_it_delivers_leaves_the_event_to_the_next(company: Company) -> None:
    company.office.shut()
    payment = company.shop.started()
    (event,) = company.shop.events(payment)
    killed = company.staff.worker()
    wait_for(lambda: company.office.begun, "the letter")
    killed.kill()
    company.office.open()
    assert company.office.letters == []
    company.ring("deliver")
    company.staff.worker()
    wait_for(lambda: not company.broker.waiting(), "the message")
    assert company.office.letters == []  # still leased
    time_passes(company.shop, timedelta(minutes=6))
    company.ring("deliver")
    wait_for(lambda: company.office.letters == [event.id], "the letter")
    wait_for(lambda: company.shop.events(payment)[0].delivered_at, "the note of it")


@pytest.mark.thorough
@pytest.mark.parametrize("whom", ["the worker", "each of its processes"])
def test_sigterm_gives_leases_back(company: Company, gate: Gate, whom: str) -> None:
    for _ in range(12):
        paid_unheard(company)
    empty(company)
    company.ring("reconcile")
    worker = company.staff.worker(concurrency=1)
    wait_for(lambda: len(gate.held) == 8, "the questions")
    assert sum(payment.lease is not None for payment in company.shop.payments()) == 12
    worker.signal(signal.SIGTERM, group=whom != "the worker")
    worker.wait_until_it_says("Warm shutdown")
    gate.open()
    worker.popen.wait(30)
    payments = company.shop.payments()
    assert [payment.lease for payment in payments] == [None] * 12
    left = [payment for payment in payments if payment.status == "pending"]
    assert len(left) == 4
    assert all(payment.check_after <= utcnow() for payment in left)
    company.ring("reconcile")
    company.staff.worker()
    wait_for(lambda: statuses(company) == ["completed"] * 12, "the rest")
    assert len(company.shop.ledger()) == asked(company) == 12


@pytest.mark.thorough
@on_sqlite
def test_two_beats_and_two_workers_ask_once(new_company: Callable[..., Company]) -> None:
    company = new_company(every=10)
    paid_unheard(company)
    empty(company)
    workers = [company.staff.worker(), company.staff.worker()]
    beats = [company.staff.beat(), company.staff.beat()]
    for beat in beats:
        beat.wait_until_it_says("Sending due task bdquickpay.reconcile")
    wait_for(lambda: sum(worker.done("reconcile") for worker in workers) >= 2, "both sweeps")
    assert statuses(company) == ["completed"]
    assert len(company.shop.ledger()) == asked(company) == 1


@pytest.mark.thorough
@on_sqlite
def test_broker_that_is_restarted_has_workers_and_shop_again(company: Company) -> None:
    worker = company.staff.worker()
    company.broker.stop()
    payment = paid_unheard(company)  # its event is not dispatched
    worker.wait_until_it_says("Connection to broker lost")
    company.broker.start()
    company.shop.webhook(payment)  # its event is
    wait_for(lambda: len(company.office.letters) == 1, "the second event")
    company.ring("reconcile")
    wait_for(lambda: len(company.office.letters) == 2, "the first event")


@pytest.mark.thorough
@on_sqlite
def test_visibility_timeout_of_a_second_does_nothing_twice(company: Company) -> None:
    """A message that is being worked on comes again and again meanwhile."""
    payment = paid_unheard(company)
    empty(company)
    company.office.shut()
    company.ring("reconcile")
    options = {
        "visibility_timeout": 1,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
    company.staff.worker(broker_transport_options=options)
    wait_for(lambda: company.office.begun, "the first letter")
    second = company.staff.worker(broker_transport_options=options)
    wait_for(lambda: second.done("reconcile"), "the same message")
    events = [event.id for event in company.shop.events(payment) if event.new_status]
    company.office.open()
    wait_for(lambda: len(company.office.letters) >= len(events), "the letters")
    assert sorted(company.office.letters) == events
    assert statuses(company) == ["completed"]
    assert len(company.shop.ledger()) == asked(company) == 1

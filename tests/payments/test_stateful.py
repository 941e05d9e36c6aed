"""A shop, its gateway, faults and crashes in any order: what the contract promises always holds."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from flask_bdquickpay import payment_changed
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.errors import BDQuickPayError
from flask_bdquickpay.gateway import pace
from flask_bdquickpay.sandbox.control import Sandbox
from flask_bdquickpay.sandbox.errors import SandboxError
from flask_bdquickpay.sandbox.server import SandboxServer

from .. import databases, promises
from ..shop import KEYS, SIGNALS, Shop, make_shop, told_paid
from .clock import time_passes
from .steps import watch

T = TypeVar("T")
NewDatabase = Callable[[], AbstractContextManager[str]]
#: Any of those that there are.
WHICH = st.integers(min_value=0, max_value=9)
TOTALS = st.sampled_from(["500", "650.50", "1"])
#: A lock, a lease, a payment's life, the late window.
PAUSES = st.sampled_from([10, 6 * 60, 40 * 60, 25 * 3600])
FAULTS = [
    "reset_before", "reset_after", "500", "429", "html", "half_json", "status_false",
    "wrong_amount", "wrong_reference", "string_amount",
]  # fmt: skip
VERIFY_FAULTS = [*FAULTS, "wrong_invoice", "unknown_status", "no_transaction"]
TROUBLE = st.one_of(
    st.tuples(st.just("create"), st.sampled_from(FAULTS)),
    st.tuples(st.just("verify"), st.sampled_from(VERIFY_FAULTS)),
    st.tuples(st.just("steps_left"), st.integers(min_value=0, max_value=30)),
    st.tuples(st.just("raising"), st.just(True)),
)
LATE_WINDOW = timedelta(days=1)


AT_GATEWAY: dict[str, Callable[[Sandbox, Any], Any]] = {
    "pay more": lambda gateway, payment: gateway.pay(payment, 700, webhook=False, completes=True),
    "pay less": lambda gateway, payment: gateway.pay(payment, "0.5", webhook=False),
    "cancel": lambda gateway, payment: gateway.cancel(payment, webhook=False),
    "fail": lambda gateway, payment: gateway.fail(payment, webhook=False),
    "time out": lambda gateway, payment: gateway.time_out(payment, webhook=False),
}


class Crash(SystemExit):
    """The process ends here."""


class OutOfPaper(Exception):
    """A receiver of the shop's own fails."""


class Machine(RuleBasedStateMachine):
    """The rules are what can happen; after each, the books are checked."""

    new_database: NewDatabase
    past: str
    late: str
    monkeypatch: pytest.MonkeyPatch

    @initialize(
        expired=st.sampled_from(["failed", "expired", "pending"]),
        cancelled=st.sampled_from(["pending", "failed", "cancelled"]),
    )
    def open(self, expired: str, cancelled: str) -> None:
        """A shop, whose receivers may commit by themselves, in which something has happened."""
        self.open_things = ExitStack()
        self.uri = self.open_things.enter_context(type(self).new_database())
        server = SandboxServer(
            synchronous=True,
            app_key=KEYS["BDQUICKPAY_APP_KEY"],
            secret_key=KEYS["BDQUICKPAY_SECRET_KEY"],
        )
        self.server = self.open_things.enter_context(server)
        clock = self.server.sandbox.clock
        self.monkeypatch.setattr(pace, "monotonic", lambda: monotonic() + clock.offset)
        self.server.sandbox.switch(expired_status=expired, cancelled_status=cancelled)
        self.orders: list[str] = []
        self.completed: set[int] = set()
        self.superseded: set[int] = set()
        self.committing = self.late == "accept"
        self.raising = self.acting = False
        self.steps_left: int | None = None
        self._start_process()
        self.orders.append(self.shop.order())
        self.click(0)
        self._live_through(self.past)

    def _live_through(self, past: str) -> None:
        """Come to where it gets interesting without waiting for chance."""
        if past == "pending":
            self.click(0)
        elif past == "cancelled":
            self.come_back(0, "cancel")
        elif past == "superseded":
            self.reprice(0, "650.50")
            self.click(0)
        elif past == "failed":
            self.at_gateway(0, "fail")
            self.come_back(0, "success")
            self.click(0)
        elif past == "flagged":
            self.at_gateway(0, "pay more")
            self.webhook(0, "completed", {})

    def _start_process(self) -> None:
        self.shop = make_shop(
            self.uri,
            self.server,
            BDQUICKPAY_DELIVERY="deferred",
            BDQUICKPAY_WEBHOOK=False,
            BDQUICKPAY_LATE_PAYMENTS=self.late,
        )
        for signal in [*SIGNALS.values(), payment_changed]:
            receiver = self._moody(self.shop)
            self.shop.receivers.append(receiver)
            signal.connect(receiver, sender=self.shop.app)
        watch(self.shop, self._step)

    def _moody(self, shop: Shop) -> Callable[..., None]:
        def moody(app: Flask, payment: Any, event: Any = None) -> None:
            if self.committing:
                shop.db.session.commit()
            if self.raising:
                self.raising = False
                shop.db.session.add(shop.Ledger(payment_id=0, reference="half"))
                shop.db.session.flush()
                raise OutOfPaper

        return moody

    def _step(self, name: str) -> None:
        if self.acting and self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                self.steps_left = None
                raise Crash(name)

    def _end_process(self) -> None:
        self.acting = False
        with self.shop.app.app_context():
            self.shop.db.engine.dispose()

    def act(self, what: Callable[[], T]) -> T | None:
        """Do something in the shop's process, which may end in the middle of it."""
        self.acting = True
        try:
            return what()
        except Crash:
            self._end_process()
            self._start_process()
        except OutOfPaper:
            pass
        finally:
            self.acting = False
        return None

    def sent(self) -> list[Any]:
        """The payments whose URL a customer may hold."""
        return [payment for payment in self.shop.payments() if payment.invoice_id is not None]

    def pick(self, which: int) -> Any:
        payments = self.sent()
        return payments[which % len(payments)] if payments else None

    # The shop and its customers

    @precondition(lambda self: len(self.orders) < 2)
    @rule(total=TOTALS)
    def order(self, total: str) -> None:
        self.orders.append(self.shop.order(total))

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, total=TOTALS)
    def reprice(self, which: int, total: str) -> None:
        self.shop.reprice(self.orders[which % len(self.orders)], total)

    @precondition(lambda self: self.orders)
    @rule(which=WHICH)
    def click(self, which: int) -> None:
        reference = self.orders[which % len(self.orders)]
        before, created = self.shop.payments(reference), self._creations()
        total = self._total(reference)
        answer = self.act(lambda: self.shop.click(reference))
        creations = self._creations() - created
        assert creations <= 1
        if creations:
            self._check_nothing_payable(before, total)
        if answer is not None:
            self._check_way(answer, reference, total)

    def _creations(self) -> int:
        return sum(request.endpoint == "create" for request in self.shop.gateway.requests)

    def _total(self, reference: str) -> Any:
        with self.shop.app.app_context():
            order: Any = self.shop.db.session.get(self.shop.Order, int(reference))
            return order.total

    def _check_nothing_payable(self, payments: list[Any], total: Any) -> None:
        for payment in payments:
            assert payment.status not in promises.SETTLED or payment.order_key is None, payment
            payable = payment.status == "pending" and payment.expires_at > utcnow()
            assert not payable or payment.amount != total or payment.order_key is None, payment

    def _check_way(self, answer: Any, reference: str, total: Any) -> None:
        """A customer is sent to the payment of this order, at its price, or nowhere."""
        assert answer.status_code in (303, 502, 504) or told_paid(answer)
        holder = [one for one in self.shop.payments(reference) if one.order_key is not None]
        if told_paid(answer):
            assert holder[0].status in promises.SETTLED
        elif answer.status_code == 303:
            facts = (holder[0].status, holder[0].payment_url, holder[0].amount)
            assert facts == ("pending", answer.location, total)

    @rule(which=WHICH, route=st.sampled_from(["success", "cancel", "status"]))
    def come_back(self, which: int, route: str) -> None:
        if payment := self.pick(which):
            url = f"/bdquickpay/{route}/{payment.token}"
            answer = self.act(lambda: self.shop.client.get(url))
            assert answer is None or answer.status_code == 200

    # The gateway and the buyers there

    @rule(which=WHICH, late=st.booleans(), announced=st.booleans())
    def buyer_pays(self, which: int, late: bool, announced: bool) -> None:
        if payment := self.pick(which):
            with suppress(SandboxError):  # it was over already
                self.shop.gateway.pay(payment, webhook=False, late=late)
            if announced:
                self.webhook(which, "completed", {})

    @rule(which=WHICH, what=st.sampled_from(list(AT_GATEWAY)))
    def at_gateway(self, which: int, what: str) -> None:
        if payment := self.pick(which):
            with suppress(SandboxError):  # it was over already
                AT_GATEWAY[what](self.shop.gateway, payment)

    @rule(
        which=WHICH,
        event=st.sampled_from(["completed", "failed"]),
        forged=st.sampled_from([{}, {"amount": 1, "customer_reference": "other", "status": "x"}]),
    )
    def webhook(self, which: int, event: str, forged: dict[str, Any]) -> None:
        """True, forged, early, late or repeated: it is only a reason to ask."""
        if payment := self.pick(which):
            answer = self.act(lambda: self.shop.webhook(payment, event, **forged))
            assert answer is None or answer.status_code in (200, 503)
            if answer is not None and answer.status_code == 200 and event == "completed":
                self._check_acknowledged(payment)

    def _check_acknowledged(self, payment: Any) -> None:
        if self.shop.gateway.find(payment).status == "completed":
            now = self.shop.payment(payment)
            assert now.status in promises.SETTLED or now.resolved_by is not None, now

    # Bad days

    @rule(trouble=TROUBLE)
    def trouble(self, trouble: tuple[str, Any]) -> None:
        """Set a fault, a misbehaving receiver or a crash up for what is done next."""
        kind, value = trouble
        if kind in ("create", "verify"):
            self.shop.gateway.fault(value, endpoint=kind)
        else:
            setattr(self, kind, value)

    @rule(seconds=PAUSES)
    def wait(self, seconds: int) -> None:
        time_passes(self.shop, timedelta(seconds=seconds))
        self.shop.gateway.advance(seconds)

    # The desk

    @rule()
    def sweep(self) -> None:
        def reconcile() -> None:
            with self.shop.app.app_context():
                self.shop.bdquickpay.reconcile(concurrency=1)

        self.act(reconcile)

    @rule()
    def deliver(self) -> None:
        def deliver() -> None:
            with self.shop.app.app_context():
                self.shop.bdquickpay.deliver()

        self.act(deliver)

    @rule(which=WHICH, accept=st.booleans())
    def resolve(self, which: int, accept: bool) -> None:
        flagged = [one for one in self.shop.payments() if one.status == "flagged"]

        def decide() -> None:
            with self.shop.app.app_context():
                state = self.shop.app.extensions["bdquickpay"]
                seen = state.store.find("id", flagged[which % len(flagged)].id)
                with suppress(BDQuickPayError):  # the order is paid by another payment
                    state.resolution.resolve(seen, accept=accept, note="looked at", actor="Karima")

        if flagged:
            self.act(decide)

    # What holds

    @invariant()
    def the_books_agree(self) -> None:
        promises.check(self.shop)

    @invariant()
    def completed_is_never_left(self) -> None:
        completed = {one.id for one in self.shop.payments() if one.status == "completed"}
        assert self.completed <= completed
        self.completed = completed

    @invariant()
    def doubtful_money_waits_for_a_person(self) -> None:
        payments = self.shop.payments()
        self.superseded |= {one.id for one in payments if one.reason == "superseded"}
        for payment in payments:
            if payment.status == "completed" and payment.resolved_by is None:
                assert payment.id not in self.superseded, payment
                late = payment.previous_status in ("failed", "expired")
                assert not (late and self.late == "flag"), payment

    def teardown(self) -> None:
        """In the end the gateway can be reached, the sweep runs, and all comes right."""
        if not hasattr(self, "shop"):
            return
        try:
            self._everything_comes_right()
        finally:
            self._end_process()
            self.open_things.close()

    def _everything_comes_right(self) -> None:
        self.raising, self.steps_left = False, None
        self.shop.gateway.clear_faults()
        findable = [payment.id for payment in self.sent() if self._money_came_in_time(payment)]
        for _ in range(2):
            self.wait(7 * 3600)  # longer than any pause of the sweep or the outbox
            self.sweep()
        for payment in self.sent():
            if payment.id in findable:
                self._check_acknowledged(payment)
            assert self.shop.webhook(payment, "failed").status_code == 200
        self.deliver()
        promises.check(self.shop)
        promises.check_rest(self.shop)

    def _money_came_in_time(self, payment: Any) -> bool:
        """Whether it was paid so early that the sweep has to find it, without any webhook."""
        truth = self.shop.gateway.find(payment)
        if truth.status != "completed" or truth.verified_at is None:
            return False
        ago = self.shop.gateway.clock.now() - truth.verified_at
        return bool(utcnow() - ago < payment.expires_at + LATE_WINDOW)


@pytest.fixture
def new_database(database_uri: str, tmp_path: Path) -> NewDatabase:
    """Make an empty database of the kind of the fixture, for each example."""
    numbers = itertools.count()

    @contextmanager
    def make() -> Iterator[str]:
        if database_uri.startswith("sqlite"):
            yield f"sqlite:///{tmp_path}/{next(numbers)}.sqlite3"
            return
        with databases.fresh_database(database_uri) as uri:
            yield uri

    return make


def search(machine: type[Machine], examples: int) -> None:
    """Try so many sequences of rules, the same ones each time unless told to try more."""
    more = int(os.environ.get("TEST_EXAMPLES", "0"))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=more or examples,
            stateful_step_count=30,
            derandomize=not more,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.thorough
@pytest.mark.timeout(600)  # shrinking a failure takes long
@pytest.mark.parametrize("past", ["pending", "cancelled", "superseded", "failed", "flagged"])
@pytest.mark.parametrize("late", ["accept", "flag"])
def test_whatever_happens_the_books_agree(
    new_database: NewDatabase,
    database_uri: str,
    past: str,
    late: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Repeating a verify and waiting for another process take time and show nothing here.
    monkeypatch.setattr("flask_bdquickpay.gateway.client.VERIFY_ATTEMPTS", 1)
    monkeypatch.setattr("flask_bdquickpay.payments.checkout._POLL", 0)
    place = {"new_database": staticmethod(new_database), "past": past, "late": late}
    machine = type("ShopMachine", (Machine,), place | {"monkeypatch": monkeypatch})
    search(machine, 12 if database_uri.startswith("sqlite") else 3)


def test_outage_at_the_end_of_the_late_window_loses_no_money(shop: Shop) -> None:
    """The sweep's last look at an expired payment fails; the money on it is found all the same."""
    payment = shop.started()
    _pass(shop, timedelta(minutes=40))
    assert shop.success(payment).status_code == 200
    assert shop.payment(payment).status in ("failed", "expired")
    shop.gateway.pay(payment, webhook=False, late=True)
    _pass(shop, timedelta(hours=24))
    shop.gateway.fault("html", endpoint="verify", times=None)
    _sweep(shop)
    shop.gateway.clear_faults()
    _pass(shop, timedelta(hours=3))
    _sweep(shop)
    assert shop.payment(payment).status == "completed"


def _pass(shop: Shop, delta: timedelta) -> None:
    time_passes(shop, delta)
    shop.gateway.advance(delta.total_seconds())


def _sweep(shop: Shop) -> None:
    with shop.app.app_context():
        shop.bdquickpay.reconcile(concurrency=1)

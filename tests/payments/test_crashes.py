"""A process killed at any step, then restarted: nothing lost, nothing twice.

A worker runs one use case, which counts its steps: statements, COMMITs, gateway calls and
receivers of signals. Then it runs again for each step and kills itself with SIGKILL there. After
each crash the shop goes on as shops do: the gateway repeats its webhook, the customer reloads the
page or clicks again, the sweep runs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from .. import promises
from ..shop import Shop, told_paid
from .clock import time_passes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
ROOT = Path(__file__).parents[2]
#: Longer than a lease of the sweep or the outbox, and than the answer to a creation may take.
SOON = timedelta(minutes=10)
#: Longer than the lease of an event whose deliveries died again and again.
LATER = timedelta(hours=7)
IN_EVERY_CHANGE = {"before COMMIT", "after COMMIT"}
ASKED = {"before gateway verify", "after gateway verify"}
PAID = IN_EVERY_CHANGE | {"before receiver of paid", "after receiver of paid"}


@dataclass(frozen=True)
class Run:
    """What a worker did: the steps it took, the last of which it did not survive if killed."""

    killed: bool
    steps: list[str]


@dataclass
class Worker:
    """The process that forks for each task."""

    process: subprocess.Popen[str]
    outside: Path

    def run(self, shop: Shop, use_case: str, on: dict[str, Any], kill_at: int | None) -> Run:
        config = {"BDQUICKPAY_DELIVERY": shop.app.config.get("BDQUICKPAY_DELIVERY", "inline")}
        place = {
            "uri": shop.app.config["SQLALCHEMY_DATABASE_URI"],
            "base_url": shop.server.base_url,
            "outside": str(self.outside),
            "config": config,
        }
        self._say({"shop": place, "use_case": use_case, "on": on, "kill_at": kill_at})
        return self._run()

    def _say(self, task: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()

    def _run(self) -> Run:
        report, end = self._read(), self._read()
        assert "error" not in report, report["error"]
        run = Run(**report)
        assert end["status"] == (signal.SIGKILL if run.killed else 0)
        return run

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def told(self) -> set[int]:
        """The events that receivers of `payment_changed` told the world outside."""
        return {int(line) for line in self.outside.read_text().split()}


@pytest.fixture(scope="session")
def worker_process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.payments.crash_worker"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


@pytest.fixture
def worker(worker_process: subprocess.Popen[str], tmp_path: Path) -> Worker:
    outside = tmp_path / "letters"
    outside.touch()
    return Worker(worker_process, outside)


# Before the crash: each returns the payment that matters, or the order that has none yet


def ordered(shop: Shop) -> dict[str, Any]:
    return {"reference": shop.order()}


def deliver(shop: Shop) -> None:
    with shop.app.app_context():
        shop.bdquickpay.deliver()


def known(payment: Any) -> dict[str, Any]:
    return {
        "id": payment.id,
        "token": payment.token,
        "invoice_id": payment.invoice_id,
        "reference": payment.customer_reference,
    }


def started(shop: Shop) -> dict[str, Any]:
    return known(shop.started())


def paid(shop: Shop) -> dict[str, Any]:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return known(payment)


def paid_and_due(shop: Shop) -> dict[str, Any]:
    on = paid(shop)
    deliver(shop)
    time_passes(shop, SOON, on["reference"])
    return on


def failed_at_gateway(shop: Shop) -> dict[str, Any]:
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    return known(payment)


def lost_and_due(shop: Shop) -> dict[str, Any]:
    """A process died while it was creating the payment."""
    payment = shop.started()
    deliver(shop)
    shop.change(payment, status="created", previous_status=None, invoice_id=None)
    model = shop.bdquickpay.PaymentEvent
    with shop.app.app_context():
        shop.db.session.query(model).filter_by(payment_id=payment.id).delete()
        shop.db.session.commit()
    time_passes(shop, SOON, payment.customer_reference)
    return known(payment)


def repriced(shop: Shop) -> dict[str, Any]:
    on = started(shop)
    shop.reprice(on["reference"], "650")
    return on


def cancelled(shop: Shop) -> dict[str, Any]:
    payment = shop.started()
    shop.cancel(payment)
    return known(payment)


def completed(shop: Shop) -> dict[str, Any]:
    on = paid(shop)
    deliver(shop)
    assert shop.webhook(shop.payments(on["reference"])[0]).status_code == 200
    return on


def flagged(shop: Shop) -> dict[str, Any]:
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.webhook(payment)
    return known(payment)


def paid_beside_another(shop: Shop) -> dict[str, Any]:
    """The first payment failed here, a second was started; now money came on the first."""
    first = shop.started()
    shop.gateway.fail(first, webhook=False)
    shop.webhook(first, "failed")
    shop.click(first.customer_reference)
    shop.gateway.pay(first, late=True, webhook=False)
    return known(first)


def paid_twice(shop: Shop) -> dict[str, Any]:
    """Both payments were paid; the second is settled here, the first is about to be."""
    on = paid_beside_another(shop)
    second = shop.payments(on["reference"])[-1]
    shop.gateway.pay(second, webhook=False)
    assert shop.webhook(second).status_code == 200
    return on


#: use case, what happened before, the steps that it surely takes
SCENARIOS: dict[str, tuple[str, Callable[[Shop], dict[str, Any]], set[str]]] = {
    "checkout": ("click", ordered, IN_EVERY_CHANGE | {"after gateway create"}),
    "checkout of a repriced order": ("click", repriced, {*ASKED, "after gateway create"}),
    "checkout of a cancelled payment": ("click", cancelled, ASKED | IN_EVERY_CHANGE),
    "webhook": ("webhook", paid, PAID | ASKED),
    "webhook of a failure": ("webhook", failed_at_gateway, {"after receiver of failed"}),
    "webhook beside another payment": ("webhook", paid_beside_another, PAID | ASKED),
    "webhook of a double payment": ("webhook", paid_twice, {"after receiver of flagged"}),
    "success return": ("success", paid, PAID | ASKED),
    "cancel return": ("cancel", started, {*ASKED, "after receiver of cancelled"}),
    "status poll": ("status", paid, PAID | ASKED),
    "sweep": ("sweep", paid_and_due, {*PAID, *ASKED, "after receiver of changed"}),
    "sweep of a lost answer": ("sweep", lost_and_due, {"after receiver of failed"}),
    "deliver": ("deliver", completed, IN_EVERY_CHANGE | {"after receiver of changed"}),
    "resolve --accept": ("accept", flagged, PAID),
    "resolve --reject": ("reject", flagged, {"after receiver of failed"}),
}


# After the crash


def sweep(shop: Shop, reference: str) -> None:
    time_passes(shop, SOON, reference)
    with shop.app.app_context():
        report = shop.bdquickpay.reconcile(concurrency=1)
    assert report.errors == 0


def webhooks(shop: Shop, reference: str) -> None:
    """The gateway sends again what the shop has not acknowledged."""
    for payment in shop.payments(reference):
        if payment.invoice_id is not None:
            truth = shop.gateway.find(payment).status
            if truth != "pending":
                assert shop.webhook(payment, truth).status_code == 200


def returns(shop: Shop, reference: str) -> None:
    """Whoever paid reloads the page."""
    for payment in shop.payments(reference):
        if payment.invoice_id is not None:
            assert shop.success(payment).status_code == 200


RECOVERIES = {"sweep": sweep, "webhook": webhooks, "return": returns}


def customer_pays(shop: Shop, reference: str) -> None:
    """The customer clicks again, and pays if sent to the gateway."""
    time_passes(shop, SOON, reference)
    answer = shop.click(reference)
    for payment in shop.payments(reference):
        if payment.payment_url == answer.location:
            shop.gateway.pay(payment, webhook=False)
            assert shop.webhook(payment).status_code == 200
            return
    assert told_paid(answer)


def person_decides(shop: Shop, reference: str) -> None:
    """Reject what is flagged, unless that has been decided."""
    for payment in shop.payments(reference):
        if payment.status == "flagged":
            with shop.app.app_context():
                state = shop.app.extensions["bdquickpay"]
                seen = state.store.find("id", payment.id)
                state.resolution.resolve(seen, accept=False, note="refunded", actor="Karima")


def check_everything_came_right(shop: Shop, worker: Worker, reference: str) -> None:
    promises.check(shop, reference)
    promises.check_rest(shop, reference)
    assert shop.order_status(reference) == "paid"
    lost = promises.orphans(shop, reference)
    noted = [one for one in shop.payments(reference) if one.invoice_id is None]
    assert len(lost) <= len(noted) <= 1
    assert all(orphan.status == "pending" for orphan in lost)  # nobody held its URL
    told = worker.told() | {event_id for event_id, _ in shop.changed}
    for payment in shop.payments(reference):
        for event in shop.events(payment):
            assert event.new_status is None or event.id in told, event


def recover(shop: Shop, worker: Worker, reference: str, recovery: str) -> None:
    """Let the shop go on after a crash, and see that nothing was lost and nothing came twice."""
    promises.check(shop, reference)
    RECOVERIES[recovery](shop, reference)
    promises.check(shop, reference)
    promises.check_found(shop, reference)
    person_decides(shop, reference)
    customer_pays(shop, reference)
    sweep(shop, reference)
    check_everything_came_right(shop, worker, reference)


def chosen(steps: list[str], shop: Shop) -> list[int]:
    """Every step; on MariaDB, to save time, only those beside which something lasting happens."""
    quick = shop.app.config["SQLALCHEMY_DATABASE_URI"].startswith("mysql")
    lasting = ("COMMIT", "gateway", "receiver")
    return [number for number, step in enumerate(steps) if not quick or step.split()[1] in lasting]


def crash_everywhere(shop: Shop, worker: Worker, scenario: str, first: int) -> list[str]:
    """Kill at each step in turn; return the steps.

    The ways to recover take turns. Which is `first` differs between the databases, so that a step
    meets them all.
    """
    use_case, prepare, _ = SCENARIOS[scenario]
    steps = worker.run(shop, use_case, prepare(shop), None).steps
    for kill_at in chosen(steps, shop):
        on = prepare(shop)
        run = worker.run(shop, use_case, on, kill_at)
        assert (run.killed, run.steps) == (True, steps[: kill_at + 1])
        recovery = list(RECOVERIES)[(first + kill_at) % len(RECOVERIES)]
        try:
            recover(shop, worker, on["reference"], recovery)
        except Exception as error:
            where = f"killed at step {kill_at} ({steps[kill_at]}), then {recovery}"
            raise AssertionError(where) from error
    return steps


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(name, marks=() if name == "webhook" else pytest.mark.thorough)
        for name in SCENARIOS
    ],
)
def test_killed_at_each_step(
    new_shop: Callable[..., Shop], worker: Worker, scenario: str, request: pytest.FixtureRequest
) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    database = request.node.callspec.params["database_uri"]
    first = ["sqlite", "postgresql", "mariadb"].index(database)
    steps = crash_everywhere(shop, worker, scenario, first)
    expected = SCENARIOS[scenario][2]
    assert expected <= set(steps), expected - set(steps)


@pytest.mark.thorough
def test_killed_at_each_step_of_inline_delivery(
    new_shop: Callable[..., Shop], worker: Worker
) -> None:
    """The outbox delivers in a thread of its own; here the process ends under either."""
    shop = new_shop()
    for kill_at in range(100):
        on = paid(shop)
        run = worker.run(shop, "webhook", on, kill_at)
        recover(shop, worker, on["reference"], "webhook")
        if not run.killed:
            break
    assert {"before receiver of changed", "after receiver of changed"} <= set(run.steps)
    assert not run.killed


@pytest.mark.thorough
def test_crash_in_every_use_case_of_one_order(
    new_shop: Callable[..., Shop], worker: Worker
) -> None:
    """A payment whose process dies again and again, each time one step later."""
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    on = paid(shop)
    for kill_at in range(20):
        time_passes(shop, SOON, on["reference"])
        for use_case in ("webhook", "success", "sweep", "deliver"):
            worker.run(shop, use_case, on, kill_at)
            promises.check(shop)
    time_passes(shop, LATER, on["reference"])
    recover(shop, worker, on["reference"], "sweep")

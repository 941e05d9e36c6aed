"""What `register_tasks` adds to a Celery app, and how its tasks find their Flask app."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("celery", reason="needs celery[redis]")

from celery import Celery, Task, signals
from flask import Flask

import flask_bdquickpay.celery as ours
from flask_bdquickpay import ConfigurationError
from flask_bdquickpay.celery import register_tasks
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.payments import outbox, reconcile
from flask_bdquickpay.sandbox.server import SandboxServer

from ..databases import on_sqlite
from ..shop import Shop, make_shop
from .workshop import make_celery

TASKS = ["bdquickpay.deliver", "bdquickpay.deliver_event", "bdquickpay.reconcile"]
#: After so many seconds Redis hands a message to somebody else, where nothing else is said.
VISIBILITY_TIMEOUT = 3600


def paid_unheard(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.change(payment, check_after=utcnow() - timedelta(seconds=1))
    return payment


def names(celery_app: Celery) -> list[str]:
    return sorted(name for name in celery_app.tasks if name.startswith("bdquickpay."))


# What is added


@pytest.mark.parametrize("every", [9, 9.9, 0, -60, 901, True, float("nan"), float("inf")])
def test_seconds_that_make_no_sense_are_refused(every: float) -> None:
    celery_app = Celery("shop")
    with pytest.raises(ValueError, match="from 10 to 900"):
        register_tasks(celery_app, every=every)
    assert names(celery_app) == []


@pytest.mark.parametrize("every", [10, 60, 900])
def test_beat_rings_for_the_sweep(every: int) -> None:
    celery_app = Celery("shop")
    register_tasks(celery_app, queue="payments", every=every)
    (entry,) = celery_app.conf.beat_schedule.values()
    assert entry["task"] == "bdquickpay.reconcile"
    assert entry["schedule"] == every
    assert entry["options"] == {"queue": "payments", "expires": every}


@pytest.mark.parametrize("first", ["tasks", "settings"])
def test_beat_keeps_the_hosts_entries_whichever_came_first(first: str) -> None:
    hosts: dict[str, Any] = {"clean": {"task": "clean", "schedule": 30.0}}
    celery_app = Celery("shop")
    if first == "tasks":
        assert celery_app.conf.timezone is None  # it is configured already
        register_tasks(celery_app)
    celery_app.config_from_object({"beat_schedule": hosts})
    if first == "settings":
        register_tasks(celery_app)
    assert set(celery_app.conf.beat_schedule) == {"clean", "bdquickpay.reconcile"}
    assert list(hosts) == ["clean"]


def test_tasks_belong_to_one_celery_app_alone() -> None:
    before, mine = Celery("before"), Celery("mine")
    register_tasks(mine)
    after = Celery("after")
    assert names(mine) == TASKS
    assert names(before) == names(after) == []
    assert before.conf.beat_schedule == after.conf.beat_schedule == {}


def test_two_celery_apps_have_tasks_of_their_own() -> None:
    slow, fast = Celery("slow"), Celery("fast")
    register_tasks(slow, every=900)
    register_tasks(fast, every=10)
    for celery_app, every in [(slow, 900), (fast, 10)]:
        assert celery_app.tasks["bdquickpay.reconcile"].expires == every
        assert celery_app.tasks["bdquickpay.reconcile"].app is celery_app


@pytest.mark.parametrize("name", TASKS)
def test_a_lost_message_is_the_next_beats_and_a_late_one_nobodys(name: str) -> None:
    class Host(Task):  # type: ignore[misc]
        """A host's own class, with other ideas."""

        acks_late = False
        autoretry_for = (Exception,)
        expires = None
        ignore_result = False
        max_retries = 99
        reject_on_worker_lost = True
        time_limit = 7200

    celery_app = Celery("shop", task_cls=Host)
    register_tasks(celery_app, every=30)
    task = celery_app.tasks[name]
    assert isinstance(task, Host)
    assert task.acks_late
    assert task.ignore_result
    assert not task.reject_on_worker_lost
    assert task.expires == 30
    assert task.max_retries == 0
    assert not task.autoretry_for
    assert not hasattr(task, "_orig_run")  # what Celery wraps for autoretry_for


@pytest.mark.parametrize("name", TASKS)
def test_a_task_ends_before_anybody_else_takes_its_work(name: str) -> None:
    celery_app = Celery("shop")
    register_tasks(celery_app)
    task = celery_app.tasks[name]
    leases = [lease.total_seconds() for lease in (outbox.LEASE, reconcile.LEASE)]
    assert 0 < task.soft_time_limit < task.time_limit < min(*leases, VISIBILITY_TIMEOUT)


def test_messages_wait_in_a_queue_of_their_own() -> None:
    celery_app = Celery("shop", broker="memory://")
    register_tasks(celery_app, queue="payments")
    celery_app.tasks["bdquickpay.deliver_event"].delay(5)
    celery_app.tasks["bdquickpay.deliver"].apply_async(queue="elsewhere")
    with celery_app.connection() as connection:
        for queue in ("payments", "elsewhere"):
            connection.SimpleQueue(queue).get(block=False).ack()


# Whose work it is


def flask_task(app: Flask) -> Celery:
    celery_app = make_celery(app)
    register_tasks(celery_app)
    return celery_app


def inside_the_context(app: Flask) -> Celery:
    celery_app = Celery("shop")
    with app.app_context():
        register_tasks(celery_app)
    return celery_app


def attribute(app: Flask) -> Celery:
    celery_app = Celery("shop")
    celery_app.flask_app = app
    register_tasks(celery_app)
    return celery_app


def attribute_later(app: Flask) -> Celery:
    celery_app = Celery("shop")
    register_tasks(celery_app)
    celery_app.flask_app = app
    return celery_app


def context_task(app: Flask) -> Celery:
    celery_app = Celery("shop")

    class ContextTask(celery_app.Task):  # type: ignore[misc,name-defined]
        """As Flask's documentation had it before."""

        abstract = True

        def __call__(self, *args: object, **kwargs: object) -> object:
            with app.app_context():
                return super().__call__(*args, **kwargs)

    celery_app.Task = ContextTask
    register_tasks(celery_app)
    return celery_app


WAYS = [flask_task, inside_the_context, attribute, attribute_later, context_task]


@on_sqlite
@pytest.mark.parametrize("way", WAYS)
def test_tasks_find_their_flask_app(shop: Shop, way: Callable[[Flask], Celery]) -> None:
    payment = paid_unheard(shop)
    celery_app = way(shop.app)
    assert celery_app.tasks["bdquickpay.reconcile"].apply().get() == {"checked": 1, "delivered": 0}
    assert shop.payment(payment).status == "completed"


@on_sqlite
@pytest.mark.parametrize("way", [way for way in WAYS if way is not attribute_later])
def test_app_hands_its_events_to_its_celery(
    new_shop: Callable[..., Shop], way: Callable[[Flask], Celery]
) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    way(shop.app).conf.task_always_eager = True
    payment = shop.started()
    assert shop.changed == [(shop.events(payment)[0].id, "pending")]


@pytest.mark.parametrize("name", TASKS)
def test_task_without_a_flask_app_says_what_to_do(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    celery_app = Celery("shop")
    register_tasks(celery_app)
    advice = "inside of app.app_context"
    assert advice in caplog.text
    arguments = (1,) if name.endswith("event") else ()
    with pytest.raises(ConfigurationError, match=advice):
        celery_app.tasks[name].apply(arguments).get()


def test_task_of_an_app_without_the_extension_says_what_to_do() -> None:
    celery_app = inside_the_context(Flask("bare"))
    with pytest.raises(ConfigurationError, match="init_app"):
        celery_app.tasks["bdquickpay.reconcile"].apply().get()


def test_hosts_class_of_tasks_that_cannot_be_called_yet_is_no_obstacle(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Moody(Task):  # type: ignore[misc]
        def __call__(self, *args: object, **kwargs: object) -> object:
            raise RuntimeError("not before breakfast")

    celery_app = Celery("shop", task_cls=Moody)
    register_tasks(celery_app)
    assert "not before breakfast" in caplog.text
    assert names(celery_app) == TASKS


@on_sqlite
@pytest.mark.parametrize("way", WAYS)
def test_two_shops_in_one_process_stay_apart(
    new_shop: Callable[..., Shop], way: Callable[[Flask], Celery]
) -> None:
    one, other = new_shop(), new_shop()  # on one database, but each hears its own signals
    mine, _ = way(one.app), way(other.app)
    paid_unheard(one)
    with other.app.app_context():  # as when it is called eagerly, in a request
        mine.tasks["bdquickpay.reconcile"].apply().get()
    assert [name for name, _ in one.heard if name == "paid"] == ["paid"]
    assert other.heard == []


@on_sqlite
def test_dispatcher_of_the_shop_goes_before_ours(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    told: list[int] = []
    shop.bdquickpay.dispatcher(told.append)
    flask_task(shop.app).conf.task_always_eager = True
    payment = shop.started()
    assert told == [shop.events(payment)[0].id]
    assert shop.changed == []


@on_sqlite
def test_tasks_may_be_registered_before_the_extension(
    database_uri: str, server: SandboxServer
) -> None:
    made: list[Celery] = []
    shop = make_shop(database_uri, server, lambda app: made.append(flask_task(app)))
    assert made[0].tasks["bdquickpay.deliver"].apply().get() == {"delivered": 0}
    with shop.app.app_context():
        shop.db.engine.dispose()


# How much a message does


@on_sqlite
def test_message_rings_again_until_nothing_is_due(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    for _ in range(5):
        paid_unheard(shop)
    celery_app = flask_task(shop.app)
    celery_app.conf.task_always_eager = True
    done = celery_app.tasks["bdquickpay.reconcile"].apply((2,)).get()
    assert done["checked"] == 2
    assert [str(payment.status) for payment in shop.payments()] == ["completed"] * 5
    assert len(shop.ledger()) == 5
    assert len(shop.changed) == 10


@on_sqlite
def test_message_whose_time_is_over_gives_back_and_rings_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(9):
        paid_unheard(shop)
    celery_app = flask_task(shop.app)
    task = celery_app.tasks["bdquickpay.reconcile"]
    rung: list[Any] = []
    monkeypatch.setattr(task, "apply_async", rung.append)
    monkeypatch.setattr(ours, "_SWEEPING", -1.0)
    assert 1 <= task.apply().get()["checked"] <= 8  # no more than are asked about at once
    assert rung == [(100,)]
    left = [payment for payment in shop.payments() if payment.status == "pending"]
    assert left
    assert all(payment.lease is None and payment.check_after <= utcnow() for payment in left)


@on_sqlite
def test_delivery_whose_time_is_over_rings_again(
    new_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    for _ in range(3):
        shop.started()
    task = flask_task(shop.app).tasks["bdquickpay.deliver"]
    rung: list[Any] = []
    monkeypatch.setattr(task, "apply_async", rung.append)
    monkeypatch.setattr(ours, "_DELIVERING", -1.0)
    assert task.apply((50,)).get() == {"delivered": 0}
    assert rung == [(50,)]
    monkeypatch.undo()
    assert task.apply((50,)).get() == {"delivered": 3}


@on_sqlite
def test_gateway_that_wants_to_be_left_alone_is_not_rung_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        paid_unheard(shop)
    task = flask_task(shop.app).tasks["bdquickpay.reconcile"]
    rung: list[Any] = []
    monkeypatch.setattr(task, "apply_async", rung.append)
    shop.gateway.fault("429", times=None)
    task.apply((1,)).get()
    assert rung == []


@on_sqlite
def test_process_of_the_pool_leaves_its_parent_the_connections(shop: Shop) -> None:
    celery_app = flask_task(shop.app)
    with shop.app.app_context():
        before = shop.db.engine.pool
        signals.worker_process_init.send(sender=None)
        assert shop.db.engine.pool is not before
        before.dispose()
    assert celery_app.tasks["bdquickpay.deliver"].apply().get() == {"delivered": 0}

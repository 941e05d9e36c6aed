"""The example shop with a broker, and the picture of its processes in docker-compose.yml."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("celery", reason="needs celery[redis]")

import example_shop
from example_shop.models import db
from flask_bdquickpay.sandbox.server import SandboxServer

from ..benchmarks.processes import stop
from ..project.storefront import Customer, Store
from ..shop import KEYS
from .broker import Broker, wait_for

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "example_shop" / "docker-compose.yml"
WORK = ["-m", "celery", "-A", "example_shop.worker", "worker", "--queues", "bdquickpay"]


@pytest.fixture
def surroundings(broker: Broker, server: SandboxServer, tmp_path: Path) -> dict[str, str]:
    """What web server and worker read; their folder is beside the package, so that one is here."""
    (tmp_path / "example_shop").symlink_to(ROOT / "example_shop")
    given = {f"FLASK_{name}": text for name, text in KEYS.items()}
    given |= {"FLASK_BDQUICKPAY_BASE_URL": server.base_url, "FLASK_SECRET_KEY": "the same"}
    given |= {"FLASK_CELERY_BROKER_URL": broker.url, "FLASK_OUTBOX": f"{tmp_path}/outbox"}
    return given | {"DATABASE_URL": f"sqlite:///{tmp_path}/shop.sqlite3"}


@pytest.fixture
def worker(surroundings: dict[str, str], store: Store, tmp_path: Path) -> Iterator[None]:
    log = tmp_path / "worker.log"
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = os.environ | surroundings | {"PYTHONPATH": path}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *WORK, "--loglevel", "INFO", "--concurrency", "1"],
            cwd=tmp_path,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: process.poll() is not None or " ready." in log.read_text(), "the worker")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        stop(process)


@pytest.fixture
def store(
    surroundings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    for name, text in surroundings.items():
        monkeypatch.setenv(name, text)
    app = example_shop.create_app(instance_path=str(tmp_path))
    yield Store(app, tmp_path)
    with app.app_context():
        db.engine.dispose()


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
def test_a_worker_writes_the_mail_of_a_paid_order(store: Store, server: SandboxServer) -> None:
    customer = buy(store)
    (payment,) = store.payments()
    server.sandbox.pay(payment, webhook=False)
    body = {"event": "payment.completed", "invoice_id": payment.invoice_id, "status": "completed"}
    answer = store.app.test_client().post(
        "/bdquickpay/webhook",
        json=body,
        headers={"X-App-Key": KEYS["BDQUICKPAY_APP_KEY"]},
    )
    assert answer.json == {"received": True}
    assert customer.heading == "Thank you, your order is paid"
    wait_for(store.mails, "the mail")


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
def test_a_worker_finds_money_that_no_webhook_told_of(store: Store, server: SandboxServer) -> None:
    customer = buy(store)
    (payment,) = store.payments()
    server.sandbox.pay(payment, webhook=False)
    with store.app.app_context():
        db.session.merge(payment).check_after = payment.created_at
        db.session.commit()
    store.app.extensions["celery"].tasks["bdquickpay.reconcile"].delay()
    wait_for(lambda: customer.heading == "Thank you, your order is paid", "the money")
    wait_for(store.mails, "the mail")


def buy(store: Store) -> Customer:
    customer = store.customer()
    customer.place("tea")
    customer.pay()
    return customer


# docker-compose.yml


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


def test_services_run_what_is_there() -> None:
    commands = {
        name: shlex.split(it.get("command", "")) for name, it in compose()["services"].items()
    }
    assert commands["worker"] == WORK[1:]
    assert commands["beat"][:4] == [*WORK[1:4], "beat"]
    assert commands["web"][0] == "gunicorn"
    assert commands["web"][-1] == f"{example_shop.__name__}:{example_shop.create_app.__name__}()"


def test_settings_are_the_example_shops() -> None:
    said = (ROOT / "example_shop" / "config.py").read_text(encoding="utf-8")
    settings = set(compose()["services"]["web"]["environment"])
    own = {name.removeprefix("FLASK_") for name in settings}
    assert [name for name in own if name not in said] == []


def test_every_service_that_works_knows_database_and_broker() -> None:
    services = compose()["services"]
    for name in ("web", "worker", "beat"):
        assert set(services[name]["depends_on"]) == {"database", "broker"} <= set(services)

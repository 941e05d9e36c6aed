"""The recipe "RQ"."""

from __future__ import annotations

import pytest

pytest.importorskip("rq", reason="needs rq")

from ...celery.broker import running_broker
from .bench import Bench, extension, lines, readme_shop, value, wait_for
from .work import order, working

RQ = "RQ"
LETTERS = """
from flask_bdquickpay import payment_changed


@payment_changed.connect
def write(app, payment, event):
    with open("letters", "a") as letters:
        letters.write(f"{event.new_status}")
"""


@pytest.mark.thorough
def test_workers_call_the_receivers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _, work = lines(RQ, "commands")
    bench.copy(RQ)
    bench.write("shop.py", readme_shop() + LETTERS)
    monkeypatch.setenv("FLASK_BDQUICKPAY_DELIVERY", "deferred")
    with running_broker() as broker:
        monkeypatch.setenv("REDIS_URL", broker.url)
        wsgi = bench.load("wsgi")
        app = bench.app(wsgi)
        order(app, bench.load("shop"))
        wait_for(lambda: wsgi.queue.count == 1)
        letters = bench.folder / "letters"
        with working(bench, work.replace("$REDIS_URL", broker.url)):
            wait_for(lambda: letters.exists() and letters.read_text() == "pending")
            wait_for(lambda: value(app, extension(app).PaymentEvent.delivered_at))
        wsgi.redis.close()


def test_broker_that_is_away_is_no_obstacle(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.copy(RQ)
    monkeypatch.setenv("FLASK_BDQUICKPAY_DELIVERY", "deferred")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    wsgi = bench.load("wsgi")
    assert order(bench.app(wsgi), bench.load("shop")).status == "pending"
    wsgi.redis.close()

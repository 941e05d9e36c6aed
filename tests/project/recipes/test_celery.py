"""The recipe "Celery"."""

from __future__ import annotations

import pytest

pytest.importorskip("celery", reason="needs celery[redis]")

from ...celery.broker import running_broker
from .bench import Bench, lines, settings, value, wait_for
from .work import forget, order, working

CELERY = "Celery"


@pytest.mark.thorough
def test_workers_and_beat_do_the_shops_work(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _, work, beat = lines(CELERY, "commands")
    given = settings(lines(CELERY, ".env"))
    bench.copy(CELERY)
    with running_broker() as broker:
        given["FLASK_CELERY_BROKER_URL"] = broker.url
        for name, text in given.items():
            monkeypatch.setenv(name, text)
        wsgi = bench.load("wsgi")
        app, shop = bench.app(wsgi), bench.load("shop")
        payment = order(app, shop)
        wait_for(lambda: broker.waiting() == 1)  # its event
        forget(bench, app, payment)
        wsgi.celery_app.tasks["bdquickpay.reconcile"].delay()
        with working(bench, work):
            wait_for(lambda: value(app, shop.Order.status) == "paid")
        with working(bench, f"{beat} --loglevel INFO") as log:
            wait_for(lambda: "beat: Starting" in log.read_text())
        entry = wsgi.celery_app.conf.beat_schedule["bdquickpay.reconcile"]
        assert entry["schedule"] == 60
        wsgi.celery_app.close()

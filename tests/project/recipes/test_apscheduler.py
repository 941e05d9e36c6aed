"""The recipe "APScheduler"."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytest.importorskip("apscheduler", reason="needs APScheduler")

from .bench import Bench, value, wait_for
from .work import forget, order, working

APSCHEDULER = "APScheduler"


@pytest.mark.thorough
def test_process_sweeps_at_once_and_each_minute(bench: Bench) -> None:
    bench.copy(APSCHEDULER)
    scheduler, shop = bench.load("scheduler"), bench.load("shop")
    app = bench.app(shop)
    forget(bench, app, order(app, shop))
    with working(bench, "python scheduler.py"):
        wait_for(lambda: value(app, shop.Order.status) == "paid")
    (job,) = scheduler.make_scheduler(app).get_jobs()
    assert job.trigger.interval == timedelta(minutes=1)

"""The recipe "The sweep: cron, systemd, a worker"."""

from __future__ import annotations

import configparser
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY

from ..source import ROOT
from .bench import (
    Bench,
    block,
    database,
    extension,
    lines,
    place,
    settings,
    value,
)

SWEEP = "The sweep: cron, systemd, a worker"


@pytest.fixture
def forgotten(bench: Bench, tmp_path: Path) -> Flask:
    """A shop with a paid payment that nobody has told it of; its settings are in .env."""
    bench.copy(SWEEP)
    shop = bench.load("shop")
    app = bench.app(shop)
    place(app, shop, "a1")
    with app.test_request_context():
        payment = extension(app).start("a1")
        bench.gateway.pay(payment, webhook=False)
        payment.check_after = payment.created_at
        database(app).session.commit()
    names = ("SECRET_KEY", "SQLALCHEMY_DATABASE_URI")
    given = [f"FLASK_{name}={os.environ[f'FLASK_{name}']}\n" for name in names]
    given.append(f"FLASK_BDQUICKPAY_APP_KEY={APP_KEY}\n")
    given.append(f"FLASK_BDQUICKPAY_SECRET_KEY={SECRET_KEY}\n")
    given.append(f"FLASK_BDQUICKPAY_BASE_URL={bench.gateway.server.base_url}\n")
    bench.write(".env", "".join(given))
    (tmp_path / ".venv/bin").mkdir(parents=True)
    flask = bench.write(".venv/bin/flask", f'#!/bin/sh\nexec "{sys.executable}" -m flask "$@"\n')
    flask.chmod(0o755)
    return app


def bare() -> dict[str, str]:
    """The surroundings of a job: none of the shop's settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FLASK_")}
    return kept | {"PYTHONPATH": str(ROOT)}


@pytest.mark.thorough
def test_cron_line_sweeps(bench: Bench, forgotten: Flask) -> None:
    (line,) = lines(SWEEP, "crontab")
    schedule, command = line[:10], line[10:].replace("/srv/shop", str(bench.folder))
    assert schedule == "* * * * * "
    subprocess.run(["sh", "-c", command], env=bare(), check=True, capture_output=True, timeout=100)
    assert value(forgotten, bench.load("shop").Order.status) == "paid"


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(block(SWEEP, f"/etc/systemd/system/{name}"))
    return parser


@pytest.mark.thorough
def test_systemd_unit_sweeps(bench: Bench, forgotten: Flask) -> None:
    service = unit("shop-sweep.service")["Service"]
    here = {key: text.replace("/srv/shop", str(bench.folder)) for key, text in service.items()}
    env_file = Path(here["EnvironmentFile"]).read_text().splitlines()
    subprocess.run(
        shlex.split(here["ExecStart"]),
        cwd=here["WorkingDirectory"],
        env=bare() | settings(env_file),
        check=True,
        capture_output=True,
        timeout=100,
    )
    assert value(forgotten, bench.load("shop").Order.status) == "paid"
    assert unit("shop-sweep.timer")["Timer"]["OnCalendar"] == "minutely"


def test_worker_sweeps_and_survives_a_bad_sweep(
    bench: Bench, forgotten: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, sweeps = bench.load("worker"), iter([RuntimeError("the database restarts"), None])
    reconcile = extension(forgotten).reconcile

    def sweep() -> None:
        if error := next(sweeps):
            raise error
        reconcile()

    def sleep(seconds: float) -> None:
        assert seconds == 60
        if value(forgotten, bench.load("shop").Order.status) == "paid":
            raise KeyboardInterrupt

    monkeypatch.setattr(extension(forgotten), "reconcile", sweep)
    monkeypatch.setattr(worker, "time", type("Clock", (), {"sleep": staticmethod(sleep)}))
    with pytest.raises(KeyboardInterrupt):
        worker.work(forgotten)
    assert next(sweeps, "none") == "none"

"""Work that waits for a process of a recipe, and that process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY

from .bench import Bench, command_line, database, extension, place, surroundings


def order(app: Flask, shop: Any) -> Any:
    """A new order's payment, as the checkout makes it."""
    place(app, shop, "a1")
    with app.test_request_context():
        return extension(app).start("a1")


def forget(bench: Bench, app: Flask, payment: Any) -> None:
    """Have it paid without anybody telling the shop."""
    bench.gateway.pay(payment, webhook=False)
    with app.app_context():
        database(app).session.merge(payment).check_after = payment.created_at
        database(app).session.commit()


@contextmanager
def working(bench: Bench, command: str, **environment: str) -> Iterator[Path]:
    """A command of a recipe while it works; yields what it says."""
    log = bench.folder / "said"
    keys = {"FLASK_BDQUICKPAY_APP_KEY": APP_KEY, "FLASK_BDQUICKPAY_SECRET_KEY": SECRET_KEY}
    keys |= {"FLASK_BDQUICKPAY_BASE_URL": bench.gateway.server.base_url}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command_line(command),
            cwd=bench.folder,
            env=surroundings(**keys, **environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)

"""Shops as the doctor meets them: one check of a shop, and a shop that is served."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from flask_bdquickpay import doctor
from flask_bdquickpay.doctor.findings import Result
from flask_bdquickpay.gateway.account import Account

from ..shop import Shop

RED, WARNING, OK = doctor.Level.RED, doctor.Level.WARNING, doctor.Level.OK


def check(shop: Shop, name: str) -> Result:
    """Have one check run on a shop."""
    with shop.app.app_context():
        return doctor.CHECKS[name](doctor.Patient(shop.app.extensions["bdquickpay"]))


def with_account(shop: Shop, monkeypatch: pytest.MonkeyPatch, **account: Any) -> Shop:
    """A shop at another gateway, which nobody asks."""
    real = {"base_url": "https://gateway.example/api", "app_key": "k", "secret_key": "s"}
    found = Account(**(real | {"payment_hosts": frozenset()} | account))
    client = shop.app.extensions["bdquickpay"].client
    monkeypatch.setattr(type(client), "account", property(lambda self: found))
    return shop


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[int]:
    """Serve an app on a loopback port."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def port_of(shop: Shop) -> int:
    return int(shop.app.config["BDQUICKPAY_PUBLIC_URL"].rpartition(":")[2])


def change_event(shop: Shop, payment: Any, **columns: Any) -> None:
    model = shop.bdquickpay.PaymentEvent
    with shop.app.app_context():
        change = sa.update(model).where(model.payment_id == payment.id).values(**columns)
        shop.db.session.execute(change)
        shop.db.session.commit()

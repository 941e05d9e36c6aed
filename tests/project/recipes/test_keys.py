"""The recipe "Changing the keys"."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from .bench import Bench, database, extension, lines, place, settings, value


def test_changing_the_keys(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.copy("Changing the keys")
    shop = bench.load("shop")
    monkeypatch.setenv("FLASK_BDQUICKPAY_APP_KEY", "the-old-app-key")
    monkeypatch.setenv("FLASK_BDQUICKPAY_SECRET_KEY", "the-old-secret-key")
    before = bench.app(shop)
    place(before, shop, "a1", "a2")
    with before.test_request_context():
        invoice = extension(before).start("a1").invoice_id
    for name, text in settings(lines("Changing the keys", ".env")).items():
        monkeypatch.setenv(name, text)
    after = bench.app(shop)
    bench.gateway.pay(invoice, webhook=False)
    keys = {"stolen-key": 401, "the-old-app-key": 200, "the-new-app-key": 200}
    for key, answer in keys.items():
        assert announce(after, invoice, key) == answer
    assert value(after, shop.Order.status) == "paid"
    with after.test_request_context():
        extension(after).start("a2")
    assert bench.gateway.requests[-1].headers["X-App-Key"] == "the-new-app-key"
    assert announce(before, invoice, "the-new-app-key") == 401


def test_the_old_key_says_whose_payments_they_are(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.copy("Changing the keys")
    shop = bench.load("shop")
    monkeypatch.setenv("FLASK_BDQUICKPAY_APP_KEY", "the-old-app-key")
    monkeypatch.setenv("FLASK_BDQUICKPAY_SECRET_KEY", "the-old-secret-key")
    before = bench.app(shop)
    place(before, shop, "a1")
    with before.test_request_context():
        payment = extension(before).start("a1")
        bench.gateway.pay(payment, webhook=False)
    given = settings(lines("Changing the keys", ".env"))
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("FLASK_BDQUICKPAY_PREVIOUS_APP_KEYS")
    assert swept(bench.app(shop)) == (0, 1)
    monkeypatch.setenv("FLASK_BDQUICKPAY_PREVIOUS_APP_KEYS", "the-old-app-key")
    assert swept(bench.app(shop)) == (1, 0)
    assert value(before, shop.Order.status) == "paid"


def swept(app: Flask) -> tuple[int, int]:
    """How many payments changed, and how many nobody could be asked about."""
    with app.app_context():
        payment = extension(app).Payment
        session = database(app).session
        session.execute(sa.update(payment).values(check_after=payment.created_at))
        session.commit()
        report = extension(app).reconcile()
    return report.changed, report.errors


def announce(app: Flask, invoice: str, key: str) -> int:
    body = {"event": "payment.completed", "invoice_id": invoice}
    headers = {"X-App-Key": key}
    return app.test_client().post("/bdquickpay/webhook", json=body, headers=headers).status_code

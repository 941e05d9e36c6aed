"""The recipe "A customer who paid by the wrong link"."""

from __future__ import annotations

import re
from subprocess import CompletedProcess
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from .bench import Bench, database, extension, lines, place, run, value

RECIPE = "A customer who paid by the wrong link"
ADDRESS = "https://shapla.example.com"
WRONG, RIGHT = "a1", "b2"


@pytest.fixture
def shop(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("FLASK_BDQUICKPAY_PUBLIC_URL", ADDRESS)
    bench.copy(RECIPE)
    return bench.load("shop")


@pytest.fixture
def app(bench: Bench, shop: ModuleType) -> Flask:
    app = bench.app(shop)
    place(app, shop, WRONG, RIGHT)
    return app


def pay(bench: Bench, app: Flask, url: str) -> Any:
    """Pay by a link; returns the payment."""
    path = urlsplit(url).path
    assert app.test_client(use_cookies=False).post(path, data={"amount": "500"}).status_code == 303
    bench.gateway.pay(bench.gateway.payments[0])
    with app.app_context():
        payments = database(app).select(extension(app).Payment)
        newest = payments.order_by(extension(app).Payment.id.desc()).limit(1)
        return database(app).session.scalars(newest).one()


def link(app: Flask, reference: str) -> str:
    with app.app_context():
        return extension(app).pay_link(reference)


def command(bench: Bench, number: int, **names: str) -> CompletedProcess[str]:
    line = lines(RECIPE, "terminal")[number]
    for name, text in names.items():
        line = re.sub(rf"\b{name}\b", text, line)
    gateway = {"FLASK_BDQUICKPAY_BASE_URL": bench.gateway.server.base_url}
    return run(bench, line, **gateway)


def links_in(text: str) -> set[str]:
    return set(re.findall(rf"{ADDRESS}/bdquickpay/pay/[\w.-]+", text))


def test_money_goes_back_and_both_orders_can_be_paid(
    bench: Bench, app: Flask, shop: ModuleType
) -> None:
    payment = pay(bench, app, link(app, WRONG))
    said = command(bench, 0, TRXID=payment.trx_id.lower(), REFERENCE=RIGHT)
    assert said.returncode == 0, said.stderr
    assert f"Payment {payment.id}, completed; 500.00 taka to send back." in said.stdout
    assert said.stdout.count(payment.trx_id) == said.stdout.count("500.00") - 1 == 2
    (right,) = links_in(said.stdout)
    done = command(bench, 1, INVOICE=payment.invoice_id, REFUND="SENT1")
    assert done.returncode == 0, done.stderr
    successor = command(bench, 2, WRONG=WRONG)
    assert successor.returncode == 0, successor.stderr
    for url in (right, *links_in(successor.stdout)):
        assert pay(bench, app, url).status == "completed"
    with app.app_context():
        orders = database(app).session.scalars(database(app).select(shop.Order))
        statuses = {order.reference: order.status for order in orders}
    assert statuses.pop(WRONG) == "refunded"
    assert set(statuses.values()) == {"paid"}
    assert len(statuses) == 2
    page = app.test_client().get(urlsplit(link(app, WRONG)).path)
    assert "Payment sent back" in page.text
    assert "<form" not in page.text


@pytest.mark.thorough
def test_what_is_not_so_is_said(bench: Bench, app: Flask, shop: ModuleType) -> None:
    trx_id = pay(bench, app, link(app, WRONG)).trx_id
    for told, right, why in (
        ("NOTOURS1", RIGHT, "Nothing of ours was paid with it"),
        (trx_id, "nobody", "There is no order nobody."),
        (trx_id, WRONG, "It is the right one: payment 1, completed."),
    ):
        said = command(bench, 0, TRXID=told, REFERENCE=right)
        assert said.returncode == 1
        assert why in said.stderr
    assert value(app, shop.bdquickpay.Payment.refunded_amount) == 0

"""The recipe "Two branches"."""

from __future__ import annotations

from decimal import Decimal
from types import ModuleType

import pytest
from flask import Flask

from .bench import Bench, add, extension, lines, press, run, settings, value

HEADING = "Two branches"


@pytest.fixture
def shop(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    bench.copy(HEADING, readme=False)
    for name, text in settings(lines(HEADING, ".env")).items():
        monkeypatch.setenv(name, text)
    return bench.load("shop")


def order(shop: ModuleType, app: Flask, reference: str, branch: str) -> None:
    add(app, shop.Order(reference=reference, branch=branch, total=Decimal(500)))


@pytest.mark.parametrize("branch", ["dhaka", "sylhet"])
def test_each_branch_is_paid_into_its_own_account(
    bench: Bench, shop: ModuleType, branch: str
) -> None:
    app = bench.app(shop)
    order(shop, app, "a1", branch)
    page = press(app.test_client(), "/bdquickpay/checkout/a1")
    (payment,) = bench.gateway.payments
    assert page.status_code == 303
    assert payment.app_key == f"the-app-key-of-{branch}"
    path = f"/bdquickpay/webhook/{branch}"
    assert payment.webhook_url == f"https://shapla-books.example{path}"
    outcome = bench.gateway.pay(payment)
    assert outcome.webhook is not None
    assert outcome.webhook.status_code == 200
    assert value(app, shop.Order.status) == "paid"


def test_one_branch_s_key_opens_nothing_of_the_other(bench: Bench, shop: ModuleType) -> None:
    app = bench.app(shop)
    order(shop, app, "a1", "dhaka")
    with app.test_request_context():
        payment = extension(app).start("a1")
        bench.gateway.pay(payment, webhook=False)
        invoice = payment.invoice_id
    for branch, answer in (("dhaka", 401), ("sylhet", 404)):
        said = bench.gateway.send_webhook(
            invoice,
            app_key="the-app-key-of-sylhet",
            url=f"https://shapla-books.example/bdquickpay/webhook/{branch}",
        )
        assert said.status_code == answer
    assert value(app, shop.Order.status) == "new"
    assert bench.gateway.send_webhook(invoice).status_code == 200
    assert value(app, shop.Order.status) == "paid"


def test_branch_without_an_account_is_told(bench: Bench, shop: ModuleType) -> None:
    app = bench.app(shop)
    order(shop, app, "a1", "rajshahi")
    assert press(app.test_client(), "/bdquickpay/checkout/a1").status_code == 503
    assert bench.gateway.requests == []


@pytest.mark.thorough
def test_commands(bench: Bench, shop: ModuleType) -> None:
    app = bench.app(shop)
    order(shop, app, "a1", "dhaka")
    with app.test_request_context():
        extension(app).start("a1")
    gateway = {"FLASK_BDQUICKPAY_BASE_URL": bench.gateway.server.base_url}
    _, listed, ledger, sweep = lines(HEADING, "terminal")
    assert "a1" in run(bench, listed, **gateway).stdout
    assert "a1" not in run(bench, listed.replace("dhaka", "sylhet"), **gateway).stdout
    assert run(bench, ledger, **gateway).returncode == 0
    assert run(bench, sweep, **gateway).returncode == 0


def test_in_the_sandbox(bench: Bench, shop: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings(lines(HEADING, ".env")):
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLASK_BDQUICKPAY_ACCOUNTS", '{"dhaka": {}, "sylhet": {}}')
    monkeypatch.setenv("FLASK_BDQUICKPAY_SANDBOX", "true")
    app = bench.app(shop)
    order(shop, app, "a1", "dhaka")
    assert press(app.test_client(), "/bdquickpay/checkout/a1").status_code == 303

"""Two branches in one app: paid by links, refunded at the desk, reconciled account by account."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_admin import Admin
from playwright.sync_api import Page, expect

from flask_bdquickpay import PaymentRequest
from flask_bdquickpay.desk import Desk

from ..branches import ACCOUNTS, APP_KEYS, open_accounts
from ..payments.test_statement import DHAKA
from . import stage, tour
from .conftest import Visit
from .stage import PlainShop

ORDERS = {"dhaka": "DHAKA-1", "sylhet": "SYLHET-1"}
COSTS = {"DHAKA-1": "500.00", "SYLHET-1": "1250.50"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PlainShop]:
    with stage.plain(tmp_path, "en", BDQUICKPAY_ACCOUNTS=ACCOUNTS) as opened:
        open_accounts(opened.server)
        opened.extension.order_loader(cost)
        Desk(allow=lambda: True, who=lambda: "Ayesha").mount(Admin(opened.app, name="Shop"))
        yield opened


def cost(reference: str) -> PaymentRequest:
    return PaymentRequest(COSTS[reference], account=reference.partition("-")[0].lower())


def payments(shop: PlainShop) -> dict[str, Any]:
    """The payment of each account."""
    with shop.app.app_context():
        model = shop.extension.Payment
        found = shop.app.extensions["sqlalchemy"].session.query(model).all()
    return {payment.account: payment for payment in found}


def refund(page: Page, shop: PlainShop, payment: Any, amount: str, trx_id: str) -> None:
    """Write down at the desk that money was sent back."""
    page.goto(f"{shop.url}/admin/bkash/payments/{payment.id}")
    page.get_by_role("link", name="Record a refund").click()
    page.get_by_label("Amount sent back").fill(amount)
    page.get_by_label("Transaction ID").fill(trx_id)
    page.get_by_label("Why?").fill("one was broken")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Yes, record").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded")


def statement(payment: Any, amount: str, trx_id: str) -> str:
    """What bKash says of an account to which was paid, and from which was sent back."""
    when = f"{payment.verified_at.astimezone(DHAKA):%Y-%m-%d %H:%M:%S}"
    return "\n".join(
        [
            "Date,Transaction ID,Type,Amount,Fee",
            f"{when},{payment.trx_id},Payment,{payment.amount},9.25",
            f"{when},{trx_id},Refund,{amount},0",
        ]
    )


def checked(shop: PlainShop, file: Path, account: str) -> dict[str, int]:
    """What a statement says of an account, marked as cleared."""
    told = shop.command("statement", str(file), "--account", account, "--apply", "--json")
    return {kind: count for kind, count in json.loads(told)["counts"].items() if count}


def test_two_branches_are_paid_refunded_and_reconciled(
    shop: PlainShop, visitor: Visit, tmp_path: Path
) -> None:
    with visitor() as page:
        for reference in ORDERS.values():
            page.goto(shop.link_by_command(reference))
            page.click(tour.PAY_BUTTON)
            tour.at_gateway(page, "pay")
            expect(page.get_by_role("heading", level=1)).to_have_text("Payment successful")
        paid = payments(shop)
        assert {name: str(one.amount) for name, one in paid.items()} == {
            name: COSTS[reference] for name, reference in ORDERS.items()
        }
        at_gateway = {one.invoice_id: one.app_key for one in shop.server.sandbox.payments}
        assert at_gateway == {one.invoice_id: APP_KEYS[name] for name, one in paid.items()}
        for name, payment in paid.items():
            refund(page, shop, payment, "100", f"SENT{name.upper()}")
    for name, payment in paid.items():
        file = tmp_path / f"{name}.csv"
        file.write_text(statement(payment, "100.00", f"SENT{name.upper()}"))
        assert checked(shop, file, name) == {"matched": 1, "refund_matched": 1}
        rows = list(csv.DictReader(StringIO(shop.command("ledger", "--account", name, "--csv"))))
        assert [row["amount"] for row in rows] == [COSTS[ORDERS[name]], "-100.00"]
        assert {row["account"] for row in rows} == {name}
        assert all(row["cleared_at"] for row in rows)
    assert len(shop.command("ledger", "--csv").splitlines()) == 5

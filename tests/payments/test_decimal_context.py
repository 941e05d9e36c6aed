"""Whatever decimal context the host has set, no amount is another one anywhere on its way."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timezone
from decimal import Context, Decimal, Inexact, Rounded, localcontext
from typing import Any

import pytest

from ..console.commandline import run
from ..shop import Shop
from .acts import confirm, make_due, sweep

AMOUNT, BACK, REST = Decimal("12345.67"), Decimal("345.66"), Decimal("12000.01")
CLERK: dict[str, Any] = {"by": "Ayesha", "note": "one cup was broken"}
HOSTS = {
    "two digits": Context(prec=2),
    "six digits": Context(prec=6),
    "traps Inexact": Context(prec=6, traps=[Inexact]),
    "traps Rounded": Context(prec=6, traps=[Rounded]),
}


@pytest.fixture(params=HOSTS)
def context(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the shop reckons with."""
    with localcontext(HOSTS[request.param]):
        yield


@pytest.fixture
def payment(shop: Shop, context: None) -> Any:
    """Begun in that context, too."""
    return shop.started(str(AMOUNT))


@pytest.fixture
def paid(shop: Shop, payment: Any) -> Any:
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    return shop.payment(payment)


def refund(shop: Shop, payment: Any, amount: Decimal | None = None) -> Decimal:
    with shop.app.app_context():
        recorded = shop.bdquickpay.record_refund(payment, amount, **CLERK)
        return Decimal(recorded.amount)


def test_gateway_is_asked_for_all_of_it(shop: Shop, payment: Any) -> None:
    assert shop.gateway.find(payment).amount == AMOUNT
    assert payment.amount == AMOUNT


def test_webhook_books_all_of_it(paid: Any) -> None:
    assert (paid.status, paid.received_amount) == ("completed", AMOUNT)


def test_confirm_books_all_of_it(shop: Shop, payment: Any) -> None:
    shop.gateway.pay(payment, webhook=False)
    assert confirm(shop, payment) == "completed"
    assert shop.payment(payment).received_amount == AMOUNT


def test_sweep_books_all_of_it(shop: Shop, payment: Any) -> None:
    shop.gateway.pay(payment, webhook=False)
    make_due(shop, payment)
    assert sweep(shop).changed == 1
    assert shop.payment(payment).received_amount == AMOUNT


def test_one_paisa_too_little_is_flagged(shop: Shop, payment: Any) -> None:
    less = Decimal("12345.66")
    shop.gateway.pay(payment, amount=less, completes=True, webhook=False)
    shop.webhook(payment)
    flagged = shop.payment(payment)
    assert (flagged.status, flagged.received_amount) == ("flagged", less)


def test_receipt_says_all_of_it(shop: Shop, paid: Any) -> None:
    assert "12,345.67" in shop.success(paid).text


def test_all_of_it_may_be_sent_back(paid: Any) -> None:
    assert paid.refundable == AMOUNT


def test_rest_is_what_was_not_sent_back(shop: Shop, paid: Any) -> None:
    refund(shop, paid, BACK)
    assert shop.payment(paid).refundable == REST
    assert refund(shop, paid) == REST
    assert shop.payment(paid).is_refunded


def test_ledger_adds_up(shop: Shop, paid: Any) -> None:
    refund(shop, paid, BACK)
    result = run(shop, "ledger", "--csv")
    amounts = [row["amount"] for row in csv.DictReader(io.StringIO(result.stdout))]
    assert amounts == ["12345.67", "-345.66"]
    assert "net: 12,000.01 BDT" in result.stderr


def test_statement_agrees(shop: Shop, paid: Any) -> None:
    day = paid.verified_at.date().isoformat()
    lines = f"Trx ID,Date,Amount\n{paid.trx_id},{day},{AMOUNT}\n".encode()
    with shop.app.app_context():
        report = shop.bdquickpay.check_statement(io.BytesIO(lines), zone=timezone.utc)
    assert report.counts == {"matched": 1}


@pytest.mark.parametrize("page", ["/", "/payments", "/payments/1"])
def test_desk_says_all_of_it(shop: Shop, context: None, page: str) -> None:
    from ..desk.visits import URL, open_desk  # skips the test where Flask-Admin is missing

    desk = open_desk(shop)
    payment = shop.started(str(AMOUNT))
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    refund(shop, payment, BACK)
    text = desk.get(f"{URL}{page}", follow_redirects=True).text
    assert "12,345.67" in text

"""The books: every movement once, signed, on its own day in Bangladesh."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from flask_bdquickpay.payments.books import Books, Movement, Span

from ..shop import Shop
from .test_refunds import paid, refund, rejected, void

DHAKA = timezone(timedelta(hours=6))


def movements(shop: Shop, span: Span | None = None, account: str | None = None) -> list[Movement]:
    with shop.app.app_context():
        store = shop.app.extensions["bdquickpay"].store
        return list(Books(store).movements(span or Span(), account))


def told(shop: Shop, **span: Any) -> list[tuple[str, Decimal]]:
    return [(moved.kind, moved.amount) for moved in movements(shop, Span(**span))]


def test_payment_refund_and_void_are_a_row_each(shop: Shop) -> None:
    payment = paid(shop)
    number = refund(shop, payment, 200, trx_id="SENT1")
    void(shop, number)
    refund(shop, payment, 50)
    rows = movements(shop)
    assert sorted((row.kind, row.amount) for row in rows) == [
        ("payment", Decimal(500)),
        ("refund", Decimal(-200)),
        ("refund", Decimal(-50)),
        ("refund_void", Decimal(200)),
    ]
    assert sum(row.amount for row in rows) == Decimal(450)
    voided = next(row for row in rows if row.kind == "refund_void")
    assert (voided.movement_trx_id, voided.by, voided.note) == ("SENT1", "Karim", "entered twice")


def test_money_of_a_rejected_payment_is_in_the_books_and_flagged_money_is_not(shop: Shop) -> None:
    flagged = shop.started()
    shop.gateway.pay(flagged, amount=400, completes=True, webhook=False)
    shop.webhook(flagged)
    assert shop.payment(flagged).status == "flagged"
    assert told(shop) == []
    rejected(shop)
    assert told(shop) == [("payment", Decimal(400))]


def test_another_amount_that_was_accepted_is_what_came(shop: Shop) -> None:
    payment = shop.started("750.50")
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.webhook(payment)
    with shop.app.app_context():
        state = shop.app.extensions["bdquickpay"]
        seen = state.store.found(payment.id)
        state.resolution.resolve(seen, accept=True, note="agreed by phone", actor="Karim")
    assert told(shop) == [("payment", Decimal(400))]


def test_days_are_those_of_bangladesh(shop: Shop) -> None:
    payment = paid(shop)
    late = datetime(2026, 3, 20, 19, 30, tzinfo=timezone.utc)  # half past one at night in Dhaka
    shop.change(payment, verified_at=late)
    (row,) = movements(shop)
    assert (row.moved_at, row.day) == (late, date(2026, 3, 21))
    assert told(shop, since=date(2026, 3, 21), until=date(2026, 3, 21))
    assert not told(shop, until=date(2026, 3, 20))
    assert told(shop, since=date(2026, 3, 20), until=date(2026, 3, 20), zone=timezone.utc)


def test_an_account_may_be_looked_at_alone(shop: Shop) -> None:
    payment = paid(shop)
    shop.change(payment, account="dhaka")
    assert len(movements(shop, account="dhaka")) == 1
    assert movements(shop, account="") == []

"""Lines of a statement against the books: whose money, of which type, of which days, what fee."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from flask_bdquickpay import StatementReport
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import Shop
from .clock import time_passes
from .test_refunds import paid, refund

DHAKA = timezone(timedelta(hours=6))
UTC = timezone.utc
TYPED = "TrxID,Amount,Date,Type"


def check(shop: Shop, *lines: str, headings: str = "TrxID,Amount,Date", **options: Any) -> Any:
    text = "\n".join([headings, *lines, ""])
    return check_file(shop, text.encode(), **options)


def check_file(shop: Shop, content: bytes, **options: Any) -> StatementReport:
    with shop.app.app_context():
        return shop.bdquickpay.check_statement(io.BytesIO(content), **options)


def at(moment: datetime) -> str:
    return f"{moment.astimezone(DHAKA):%Y-%m-%d %H:%M:%S}"


def line(payment: Any, *rest: str, amount: str = "500") -> str:
    return ",".join([payment.trx_id, amount, at(payment.verified_at), *rest])


# Money that no payment here knows


def test_money_whose_webhook_was_lost_is_missed(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    trx_id = shop.gateway.find(payment.invoice_id).trx_id
    report = check(shop, f"{trx_id},500,{at(utcnow())}")
    assert (report.counts, report.agrees) == ({"money_not_here": 1}, False)


def test_money_that_came_between_two_payments_is_missed(shop: Shop) -> None:
    time_passes(shop, timedelta(days=40), paid(shop).customer_reference)
    now = paid(shop)
    report = check(shop, f"LOST1,999,{at(utcnow() - timedelta(days=5))}", line(now))
    assert report.counts == {"money_not_here": 1, "matched": 1}


@pytest.mark.parametrize(
    ("before", "kind"), [(23, "money_not_here"), (25, "outside_period"), (999, "outside_period")]
)
def test_money_of_more_than_a_day_before_the_first_payment_is_not_of_here(
    shop: Shop, before: int, kind: str
) -> None:
    first = shop.started()
    report = check(shop, f"LOST1,999,{at(first.created_at - timedelta(hours=before))}")
    assert report.counts == {kind: 1}


def test_shop_that_has_no_payment_misses_no_money(shop: Shop) -> None:
    assert check(shop, f"LOST1,999,{at(utcnow())}").counts == {"outside_period": 1}


def test_money_is_of_the_account_that_has_payments(shop: Shop) -> None:
    first, other = shop.started(), shop.started()
    shop.change(other, account="dhaka", created_at=first.created_at - timedelta(days=40))
    lost = f"LOST1,999,{at(first.created_at - timedelta(days=5))}"
    assert check(shop, lost, account="dhaka").counts == {"money_not_here": 1}
    assert check(shop, lost, account="").counts == {"outside_period": 1}


# Types


@pytest.mark.parametrize(("amount", "kind"), [("500", "matched"), ("499", "amount_differs")])
def test_line_of_an_unknown_type_is_compared_when_the_books_know_it(
    shop: Shop, amount: str, kind: str
) -> None:
    payment = paid(shop)
    report = check(shop, line(payment, "Sale", amount=amount), headings=TYPED)
    assert report.counts == {kind: 1}


def test_line_of_an_unknown_type_that_the_books_do_not_know_is_none_of_theirs(shop: Shop) -> None:
    payment = paid(shop)
    lines = line(payment, "Payment"), f"OTHER1,5,{at(payment.verified_at)},Sale"
    report = check(shop, *lines, headings=TYPED)
    assert report.counts == {"matched": 1, "other_type": 1}


@pytest.mark.parametrize("known", ["Payment", "Sale"])
def test_fee_of_a_transaction_is_not_taken_for_its_money(shop: Shop, known: str) -> None:
    """Whichever stands first, and though neither type may be known."""
    payment = paid(shop)
    lines = line(payment, "Levy", amount="5"), line(payment, known)
    for order in (lines, lines[::-1]):
        report = check(shop, *order, headings=TYPED)
        assert report.counts == {"matched": 1, "other_type": 1}


def test_money_that_left_is_no_payment_whatever_its_type(shop: Shop) -> None:
    payment = paid(shop)
    report = check(shop, line(payment, "Chargeback", amount="-500"), headings=TYPED)
    assert report.counts == {"trx_conflict": 1}


def test_refund_of_an_unknown_type_is_matched(shop: Shop) -> None:
    payment = paid(shop)
    refund(shop, payment, 200, trx_id="SENT1")
    sent = f"SENT1,200,{at(utcnow())},Disbursement"
    report = check(shop, line(payment, "Payment"), sent, headings=TYPED)
    assert report.counts == {"matched": 1, "refund_matched": 1}


def test_payout_is_no_payment(shop: Shop) -> None:
    shop.started()
    report = check(shop, f"OUT1,9000,{at(utcnow())},Payout", headings=TYPED)
    assert report.counts == {"other_type": 1}


# Days, and what was cleared


def paid_at(shop: Shop, moment: str) -> Any:
    """A payment of that time in UTC."""
    payment = paid(shop)
    shop.change(payment, verified_at=datetime.fromisoformat(f"{moment}+00:00"))
    return shop.payment(payment)


def test_days_are_those_of_the_statements_zone(shop: Shop) -> None:
    paid_at(shop, "2026-03-20 23:00")  # of the 21st in Dhaka
    mine = paid_at(shop, "2026-03-21 22:00")  # of the 22nd in Dhaka
    report = check(shop, f"{mine.trx_id},500,2026-03-21", zone=UTC)
    assert report.counts == {"matched": 1}


def test_payment_that_an_earlier_statement_cleared_is_not_missed(shop: Shop) -> None:
    morning, evening = paid_at(shop, "2026-03-21 04:00"), paid_at(shop, "2026-03-21 09:00")
    check(shop, line(morning), apply=True)
    assert check(shop, line(evening)).counts == {"matched": 1}


def test_refund_that_an_earlier_statement_cleared_is_not_missed(shop: Shop) -> None:
    payment = paid(shop)
    refund(shop, payment, 200, trx_id="SENT1")
    check(shop, f"SENT1,-200,{at(utcnow())}", apply=True)
    later = paid(shop)
    shop.change(later, verified_at=utcnow() + timedelta(seconds=2))
    report = check(shop, line(payment), line(shop.payment(later)))
    assert report.counts == {"matched": 2}


# Fees

WITH_FEE = "TrxID,Amount,Date,Fee"


@pytest.mark.parametrize("earlier", ["", "9.25"])
def test_second_apply_adds_or_corrects_the_fee(shop: Shop, earlier: str) -> None:
    payment = paid(shop)
    check(shop, line(payment, earlier), headings=WITH_FEE, apply=True)
    cleared = shop.payment(payment).cleared_at
    report = check(shop, line(payment, "7.50"), headings=WITH_FEE, apply=True)
    payment = shop.payment(payment)
    assert (report.applied, payment.fee, payment.cleared_at) == (1, Decimal("7.50"), cleared)


def test_second_apply_without_a_fee_keeps_the_first(shop: Shop) -> None:
    payment = paid(shop)
    check(shop, line(payment, "7.50"), headings=WITH_FEE, apply=True)
    assert check(shop, line(payment), apply=True).applied == 0
    assert shop.payment(payment).fee == Decimal("7.50")


@on_sqlite
@pytest.mark.parametrize("cell", [" ", "\u00a0", "-", "—", "n/a", "N/A", "nil"])
def test_fee_that_says_nothing_is_none(shop: Shop, cell: str) -> None:
    payment = paid(shop)
    report = check(shop, line(payment, cell), headings=WITH_FEE, apply=True)
    assert (report.counts, shop.payment(payment).fee) == ({"matched": 1}, None)


@on_sqlite
def test_fee_with_a_decimal_comma_is_stamped_nowhere(shop: Shop) -> None:
    payment = paid(shop)
    row = line(payment, "7,50").replace(",", ";", 3)
    report = check(shop, row, headings=WITH_FEE.replace(",", ";"), apply=True)
    assert (report.counts["unreadable"], report.applied) == (1, 0)
    assert shop.payment(payment).fee is None


# Whole files


@on_sqlite
def test_one_date_far_away_spoils_no_other_line(shop: Shop) -> None:
    payment = paid(shop)
    for far in ("9999-12-31", "0001-01-01"):
        report = check(shop, f"FAR1,500,{far}", line(payment))
        assert report.counts == {"unreadable": 1, "matched": 1}


@on_sqlite
def test_workbook_with_computed_amounts_is_matched(shop: Shop) -> None:
    payment = paid(shop)
    book, out = Workbook(), io.BytesIO()
    sheet: Any = book.active
    sheet.append(["Trx ID", "Date", "Amount", "Fee"])
    moment = payment.verified_at.replace(tzinfo=None)
    sheet.append([payment.trx_id, moment, 500.00000000000006, 9.250000000000002])
    book.save(out)
    report = check_file(shop, out.getvalue(), apply=True, zone=UTC)
    assert (report.counts, shop.payment(payment).fee) == ({"matched": 1}, Decimal("9.25"))

"""The provider's statement: read from whatever file, held against the books, never believed."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from flask_bdquickpay import StatementError, StatementReport
from flask_bdquickpay.payments.statement_file import read_table
from flask_bdquickpay.payments.statement_values import (
    Unreadable,
    is_day_first,
    read_amount,
    read_moment,
    read_trx_id,
)

from ..shop import Shop
from .test_refunds import paid, refund, refunds, rejected

DHAKA = timezone(timedelta(hours=6))
HEADINGS = "Date,Trx ID,Type,Amount,Charge"


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("500", "500"),
        ("1,250.50", "1250.50"),
        ("1,45,000.50", "145000.50"),
        ("৳ 1,45,000.50", "145000.50"),
        ("BDT 500.00", "500"),
        ("500/-", "500"),
        ("১,২৫০.৫০", "1250.50"),
        ("(500.00)", "-500"),
        ("-500.00", "-500"),
        ("500.00-", "-500"),
        ("500.00 DR", "-500"),
        ("500.00 Cr", "500"),
        (500, "500"),
        (500.5, "500.50"),
        (Decimal("9.99"), "9.99"),
    ],
)
def test_amounts_are_read_as_people_write_them(cell: object, amount: str) -> None:
    assert read_amount(cell) == Decimal(amount)


@pytest.mark.parametrize("cell", ["", None, "n/a", "5 00", "1.23E+45", "0.005", "NaN", True, "1,2"])
def test_amount_that_cannot_be_read_is_never_zero(cell: object) -> None:
    with pytest.raises(Unreadable):
        read_amount(cell)


@pytest.mark.parametrize("cell", ["1.23E+45", 1.23e45, "", None, "two words", "A" * 129])
def test_transaction_that_a_spreadsheet_spoilt_is_unreadable(cell: object) -> None:
    with pytest.raises(Unreadable):
        read_trx_id(cell)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-03-21 10:22:14", datetime(2026, 3, 21, 10, 22, 14, tzinfo=DHAKA)),
        ("2026-03-21T04:22:14+00:00", datetime(2026, 3, 21, 10, 22, 14, tzinfo=DHAKA)),
        ("21/03/2026 10:22", datetime(2026, 3, 21, 10, 22, tzinfo=DHAKA)),
        ("21-03-26", datetime(2026, 3, 21, tzinfo=DHAKA)),
        ("২১/০৩/২০২৬ ১০:২২", datetime(2026, 3, 21, 10, 22, tzinfo=DHAKA)),
        ("21 Mar 2026 10:22 PM", datetime(2026, 3, 21, 22, 22, tzinfo=DHAKA)),
        ("21-Mar-26 12:05 am", datetime(2026, 3, 21, 0, 5, tzinfo=DHAKA)),
        ("Mar 21, 2026", datetime(2026, 3, 21, tzinfo=DHAKA)),
        (datetime(2026, 3, 21, 10, 22), datetime(2026, 3, 21, 10, 22, tzinfo=DHAKA)),  # noqa: DTZ001
        (date(2026, 3, 21), datetime(2026, 3, 21, tzinfo=DHAKA)),
    ],
)
def test_times_are_those_of_bangladesh(cell: object, moment: datetime) -> None:
    assert read_moment(cell, DHAKA, form=None, day_first=True) == moment


@pytest.mark.parametrize("cell", ["", None, "yesterday", "31/02/2026", "2026-03-21 25:00", 46000])
def test_date_that_cannot_be_read_is_never_today(cell: object) -> None:
    with pytest.raises(Unreadable):
        read_moment(cell, DHAKA, form=None, day_first=True)


def test_day_and_month_are_told_apart_by_the_whole_file() -> None:
    assert is_day_first(["01/02/2026", "13/02/2026"])
    assert not is_day_first(["01/02/2026", "02/13/2026"])
    assert is_day_first(["2026-01-02", "05/05/2026"])
    with pytest.raises(StatementError, match="--date-format"):
        is_day_first(["01/02/2026", "03/04/2026"])
    with pytest.raises(StatementError, match="some the month"):
        is_day_first(["13/02/2026", "02/13/2026"])


ROWS = [["21/03/2026 10:22", "8HJ2XKPQ91", "Payment", "1,250.50", "9.25"]]


def as_csv(delimiter: str, encoding: str, *, above: int = 0, headings: str = HEADINGS) -> bytes:
    lines = [[f"Shapla Store {number}"] for number in range(above)]
    lines += [headings.split(","), *ROWS]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    return text.encode(encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("above", [0, 3, 19])
def test_delimiter_encoding_and_headings_are_found_out(
    delimiter: str, encoding: str, above: int
) -> None:
    table = read_table(io.BytesIO(as_csv(delimiter, encoding, above=above)))
    assert table.columns["trx_id"] == "Trx ID"
    ((number, cells),) = table.lines
    assert (number, cells["amount"], cells["fee"]) == (above + 2, "1,250.50", "9.25")


def test_headings_may_be_in_bangla_or_named() -> None:
    bangla = as_csv(",", "utf-8", headings="তারিখ,ট্রানজেকশন আইডি,ধরন,পরিমাণ,চার্জ")
    assert set(read_table(io.BytesIO(bangla)).columns) == {
        "trx_id",
        "amount",
        "date",
        "type",
        "fee",
    }
    own = as_csv(",", "utf-8", headings="When,Which,What,How much,Cost")
    with pytest.raises(StatementError, match="trx_id"):
        read_table(io.BytesIO(own))
    mapping = {"date": "When", "trx_id": "which", "amount": "How much"}
    assert read_table(io.BytesIO(own), mapping).columns == {
        "trx_id": "Which",
        "amount": "How much",
        "date": "When",
    }


def test_workbook_is_read_with_its_numbers_and_dates() -> None:
    book, out = Workbook(), io.BytesIO()
    sheet: Any = book.active
    sheet.append(["Shapla Store"])
    sheet.append(HEADINGS.split(","))
    sheet.append([datetime(2026, 3, 21, 10, 22), "8HJ2XKPQ91", "Payment", 1250.5, None])  # noqa: DTZ001
    book.save(out)
    ((number, cells),) = read_table(io.BytesIO(out.getvalue())).lines
    assert (number, cells["amount"]) == (3, 1250.5)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x00\x00", b"PK\x03\x04 no zip", b"one\ntwo\n", b"\x00" * 100]
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(StatementError):
        read_table(io.BytesIO(content))


# Against the books


def line(payment: Any, amount: Any = None, trx_id: str | None = None, kind: str = "Payment") -> str:
    when = payment.verified_at.astimezone(DHAKA)
    moved = f'"{amount or payment.amount}"'
    return f"{when:%Y-%m-%d %H:%M:%S},{trx_id or payment.trx_id},{kind},{moved},9.25"


def check(shop: Shop, *lines: str, **options: Any) -> StatementReport:
    with shop.app.app_context():
        content = "\n".join([HEADINGS, *lines]).encode()
        return shop.bdquickpay.check_statement(io.BytesIO(content), **options)


def kinds(report: StatementReport) -> list[str]:
    return [one.kind for one in report.exceptions]


def test_what_agrees_is_matched_and_stamped_only_when_told_to(shop: Shop) -> None:
    payment = paid(shop)
    number = refund(shop, payment, 200, trx_id="SENT1")
    lines = (line(payment), line(payment, "200", "SENT1", "Refund"))
    report = check(shop, *lines)
    assert (report.counts, report.exceptions) == ({"matched": 1, "refund_matched": 1}, [])
    assert report.agrees
    assert shop.payment(payment).cleared_at is None
    assert check(shop, *lines, apply=True).applied == 2
    payment = shop.payment(payment)
    assert (payment.fee, payment.cleared_at is not None) == (Decimal("9.25"), True)
    assert [(one.id, one.cleared_at is not None) for one in refunds(shop)] == [(number, True)]
    assert check(shop, *lines, apply=True).applied == 0  # once is enough


def test_a_negative_amount_is_money_that_left(shop: Shop) -> None:
    payment = paid(shop)
    refund(shop, payment, 200, trx_id="SENT1")
    report = check(shop, line(payment), line(payment, "-200", "SENT1", ""))
    assert report.counts == {"matched": 1, "refund_matched": 1}


@pytest.mark.thorough
def test_every_difference_has_its_class_and_the_command_that_deals_with_it(shop: Shop) -> None:
    less, absent, flagged = paid(shop), paid(shop), shop.started()
    refused = rejected(shop)
    shop.gateway.pay(flagged, amount=300, completes=True, webhook=False)
    shop.webhook(flagged)
    flagged = shop.payment(flagged)
    refund(shop, less, 100, trx_id="SENT1")
    late = refused.verified_at + timedelta(seconds=30)
    absent_at = absent.verified_at
    report = check(
        shop,
        line(less, "450"),
        line(refused, "400"),
        line(flagged, "300"),
        line(less, "77", "NOWHERE1"),
        line(less, "66", "NOWHERE2", "Refund"),
        line(less, "500", "SENT1"),
        line(less, "5", "CASH", "Cash Out"),
        line(less, "five", "ODD"),
        f"{late.astimezone(DHAKA):%Y-%m-%d %H:%M:%S},END,Cash In,1,0",
    )
    assert absent_at is not None
    assert dict(report.counts) == {
        "amount_differs": 1,
        "money_rejected": 1,
        "money_not_here": 3,
        "refund_not_recorded": 1,
        "trx_conflict": 1,
        "other_type": 1,
        "unreadable": 1,
        "payment_not_there": 1,
    }
    assert not report.agrees
    told = {one.kind: one.command or "" for one in report.exceptions}
    assert "show" in told["amount_differs"]
    assert "record-refund" in told["money_rejected"]
    assert "record-refund INVOICE --trx-id NOWHERE2" in told["refund_not_recorded"]
    assert [shop.payment(one).status for one in (less, absent, flagged, refused)] == [
        "completed",
        "completed",
        "flagged",
        "failed",
    ]


def test_a_line_that_comes_twice_is_harmless_but_not_with_another_amount(shop: Shop) -> None:
    payment = paid(shop)
    assert check(shop, line(payment), line(payment)).counts == {"matched": 1, "repeated_line": 1}
    assert kinds(check(shop, line(payment), line(payment, "1"))) == ["trx_conflict"]


def test_payment_that_came_after_the_last_line_is_not_missed_yet(shop: Shop) -> None:
    first, second = paid(shop), paid(shop)
    shop.change(second, verified_at=first.verified_at + timedelta(seconds=5))
    report = check(shop, line(first))
    day_is_the_same = (first.verified_at + timedelta(seconds=5)).astimezone(DHAKA).date() == (
        first.verified_at.astimezone(DHAKA).date()
    )
    assert report.counts == {"matched": 1} | ({"not_yet": 1} if day_is_the_same else {})
    assert report.agrees


def test_refund_that_the_statement_lacks_is_told(shop: Shop) -> None:
    payment, later = paid(shop), paid(shop)
    number = refund(shop, payment, 200, trx_id="SENT1")
    (sent,) = refunds(shop)
    shop.change(later, verified_at=sent.sent_at + timedelta(seconds=2))
    report = check(shop, line(payment), line(shop.payment(later)))
    assert kinds(report) == ["refund_not_there"]
    assert f"void-refund {number}" in (report.exceptions[0].command or "")

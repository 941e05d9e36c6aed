"""Cells of a statement in odd forms: read as they were meant, or said to be unreadable."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from flask_bdquickpay.payments.statement_values import (
    Unreadable,
    read_amount,
    read_moment,
    read_trx_id,
)

DHAKA = timezone(timedelta(hours=6))


@pytest.mark.parametrize(
    "cell", ["৳-200", "BDT -200.00", "Tk -200", "৳ -200.00", "৳ −200", "BDT (200)"]
)
def test_minus_counts_on_either_side_of_the_currency(cell: str) -> None:
    assert read_amount(cell) == Decimal(-200)


@pytest.mark.parametrize(
    "cell", ["500,00", "9,25", "1,50", "1.450,00", "-5,00", "(5,00)", "৳ 500,00", "৫০০,০০"]
)
def test_decimal_comma_is_not_dropped(cell: str) -> None:
    """500 taka are not 50,000."""
    with pytest.raises(Unreadable, match="poisha stand behind a point"):
        read_amount(cell)


@pytest.mark.parametrize("cell", ["1,23,45", "12,34", "1234,567", "1,234,56,789", "123,45,678"])
def test_commas_where_nobody_groups_are_unreadable(cell: str) -> None:
    with pytest.raises(Unreadable, match="is no amount"):
        read_amount(cell)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("12,345", 12345), ("1,234,567", 1234567), ("1,23,45,678", 12345678), ("12,34,567", 1234567)],
)
def test_thousands_lakhs_and_crores_are_grouped(cell: str, amount: int) -> None:
    assert read_amount(cell) == amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [(500.00000000000006, "500"), (9.250000000000002, "9.25"), (0.1 + 0.2, "0.30")],
)
def test_float_a_little_beside_is_what_was_meant(cell: float, amount: str) -> None:
    assert read_amount(cell) == Decimal(amount)


@pytest.mark.parametrize("cell", [9.255, float("nan"), float("inf"), 1e300])
def test_float_that_is_no_money_is_unreadable(cell: float) -> None:
    with pytest.raises(Unreadable):
        read_amount(cell)


@pytest.mark.parametrize(
    "cell", ['="8HJ2XKPQ91"', "'8HJ2XKPQ91", "\u200b8HJ2XKPQ91", "8HJ2\u2060XKPQ91\ufeff"]
)
def test_transaction_is_freed_from_what_a_spreadsheet_put_around_it(cell: str) -> None:
    assert read_trx_id(cell) == "8HJ2XKPQ91"


def test_amount_and_date_that_a_spreadsheet_quoted_are_read() -> None:
    assert read_amount('="1,250.50"') == Decimal("1250.50")
    moment = read_moment('="21/03/2026 10:22"', DHAKA, form=None, day_first=True)
    assert moment == datetime(2026, 3, 21, 10, 22, tzinfo=DHAKA)


@pytest.mark.parametrize(
    "cell",
    ["9999-12-31", "0001-01-01", "31/12/9999", date(9999, 12, 31), datetime(1, 1, 1)],  # noqa: DTZ001
)
def test_date_far_away_is_unreadable(cell: object) -> None:
    with pytest.raises(Unreadable, match="is no date of a statement"):
        read_moment(cell, DHAKA, form=None, day_first=True)


@pytest.mark.parametrize("cell", ["2026-03-21 13:00 PM", "21 Mar 2026 13:00 am"])
def test_hour_that_no_half_of_a_day_has_is_unreadable(cell: str) -> None:
    with pytest.raises(Unreadable):
        read_moment(cell, DHAKA, form=None, day_first=True)

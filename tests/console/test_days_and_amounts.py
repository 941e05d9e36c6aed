"""Days and amounts that nobody can mean are wrong usage, and do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..databases import on_sqlite
from ..payments.test_refunds import paid, refunds
from ..shop import Shop
from .commandline import run

pytestmark = on_sqlite


@pytest.mark.parametrize("amount", ["1_0", "1e2", "1E2"])
def test_amount_that_is_written_otherwise_is_no_refund(shop: Shop, amount: str) -> None:
    payment = paid(shop)
    result = run(shop, "record-refund", payment.id, "--amount", amount, "--note", "broken")
    assert (result.exit_code, refunds(shop)) == (2, [])
    assert "--amount" in result.stderr


@pytest.mark.parametrize("amount", ["100", "100.5", " 100.50 ", "+100"])
def test_plain_amount_is_a_refund(shop: Shop, amount: str) -> None:
    payment = paid(shop)
    result = run(shop, "record-refund", payment.id, "--amount", amount, "--note", "broken")
    assert (result.exit_code, len(refunds(shop))) == (0, 1)


def test_refunds_since_a_day_after_the_last_are_wrong_usage(shop: Shop) -> None:
    result = run(shop, "refunds", "--since", "2026-12-01", "--until", "2026-11-01")
    assert result.exit_code == 2
    assert "--since must be before --until" in result.stderr


def test_refunds_of_one_day_are_listed(shop: Shop) -> None:
    assert run(shop, "refunds", "--since", "2026-11-01", "--until", "2026-11-01").exit_code == 0


@pytest.mark.parametrize("option", ["--until", "--since"])
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_ledger_of_a_day_far_away_is_wrong_usage(shop: Shop, option: str, day: str) -> None:
    paid(shop)
    result = run(shop, "ledger", option, day)
    assert result.exit_code == 2
    assert "is too far away" in result.stderr


def statement(shop: Shop, folder: Path, date_format: str) -> tuple[int, str]:
    file = folder / "march.csv"
    file.write_text("TrxID,Amount,Date\n8HJ2XKPQ91,500,03/04/2026\n")
    result = run(shop, "statement", file, "--date-format", date_format)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "date_format", ["%Q", "%d/%m/%Y %", "%d/%m/%y %H:%N", "dd/mm/yyyy", "%d/%d/%Y"]
)
def test_date_format_that_is_none_is_wrong_usage(
    shop: Shop, tmp_path: Path, date_format: str
) -> None:
    code, said = statement(shop, tmp_path, date_format)
    assert code == 2
    assert "write it as strptime wants it" in said


@pytest.mark.parametrize(
    ("date_format", "day"), [("%d/%m/%Y", "2026-04-03"), ("%m/%d/%Y", "2026-03-04")]
)
def test_date_format_says_what_the_file_does_not(
    shop: Shop, tmp_path: Path, date_format: str, day: str
) -> None:
    code, said = statement(shop, tmp_path, date_format)
    assert (code, day in said) == (0, True), said

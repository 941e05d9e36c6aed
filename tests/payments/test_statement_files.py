"""Files of statements in odd forms: whichever delimiter, headings as they stand, empty rows."""

from __future__ import annotations

import io

import pytest

from flask_bdquickpay import StatementError
from flask_bdquickpay.payments import statement_file
from flask_bdquickpay.payments.statement_file import Table, read_table

ADDRESS = "House 5, Road 3, Block B, Dhanmondi, Dhaka"


def read(text: str, **mapping: str) -> Table:
    return read_table(io.BytesIO(text.encode()), mapping)


def amounts(table: Table) -> list[str]:
    return [cells["amount"] for _, cells in table.lines]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_commas_in_the_text_are_no_delimiter(delimiter: str) -> None:
    rows = [["TrxID", "Date", "Amount", "Customer"], *[["8HJ1", "2026-03-01", "500", ADDRESS]] * 6]
    table = read("".join(delimiter.join(row) + "\n" for row in rows))
    assert amounts(table) == ["500"] * 6


def test_semicolons_in_the_text_are_no_delimiter() -> None:
    text = ADDRESS.replace(",", ";")
    assert amounts(read(f"TrxID,Date,Amount,To\n8HJ1,2026-03-01,500,{text}\n")) == ["500"]


@pytest.mark.parametrize("heading", ["Paid  in", "Paid\u00a0in", "পরিমাণ ১"])
def test_heading_is_mapped_as_it_stands_in_the_file(heading: str) -> None:
    table = read(f"TrxID,{heading},Date\n8HJ1,500,2026-03-01\n", amount=heading)
    assert (table.columns["amount"], amounts(table)) == (heading, ["500"])


@pytest.mark.parametrize("row", [" , , ", "\u00a0,,", "\u200b,\t, "])
def test_row_of_spaces_is_nothing(row: str) -> None:
    assert amounts(read(f"TrxID,Amount,Date\n8HJ1,500,2026-03-01\n{row}\n")) == ["500"]


def with_rows(count: int, above: int = 0) -> str:
    return "Shapla Store\n" * above + "TrxID,Amount,Date\n" + "8HJ1,500,2026-03-01\n" * count


@pytest.mark.parametrize("above", [0, 5])
def test_too_many_rows_are_refused_and_none_is_left_out(
    monkeypatch: pytest.MonkeyPatch, above: int
) -> None:
    monkeypatch.setattr(statement_file, "MAX_ROWS", 3)
    assert len(read(with_rows(3, above)).lines) == 3
    with pytest.raises(StatementError, match="export a shorter period"):
        read(with_rows(4, above))

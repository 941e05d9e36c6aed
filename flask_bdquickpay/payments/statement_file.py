"""Reads the file of a provider's statement: CSV or XLSX, wherever its headings stand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from charset_normalizer import from_bytes

from ..errors import StatementError
from .statement_values import latin

FIELDS = ("trx_id", "amount", "date", "type", "fee")
_NEEDED = ("trx_id", "amount", "date")
MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 200_000
_MAX_UNPACKED = 10 * MAX_BYTES
_HEADINGS_WITHIN = 20
_DELIMITERS = (",", ";", "\t")
#: What columns are called, as far as we know: the shape of bKash's statement is not published, so
#: that this is assumed. Any other is named with a mapping.
ASSUMED: dict[str, tuple[str, ...]] = {
    "trx_id": (
        *("trxid", "trx id", "trx. id", "trx no", "transaction id", "transaction no"),
        *("transaction number", "transactionid", "txn id", "txnid", "trans id"),
        *("ট্রানজেকশন আইডি", "ট্রানজেকশন আইডি (trxid)", "ট্রানজেকশন নম্বর", "লেনদেন নম্বর", "লেনদেন আইডি"),
    ),
    "amount": (
        *("amount", "amount (bdt)", "amount(bdt)", "amount bdt", "amount (tk)", "amount (৳)"),
        *("transaction amount", "trx amount", "txn amount", "টাকার পরিমাণ", "পরিমাণ", "টাকা"),
    ),
    "date": (
        *("date", "date time", "date & time", "date and time", "datetime", "time"),
        *("transaction date", "transaction time", "trx date", "txn date", "completion time"),
        *("তারিখ", "তারিখ ও সময়", "সময়", "লেনদেনের তারিখ"),
    ),
    "type": (
        *("type", "transaction type", "trx type", "txn type", "transaction", "service"),
        *("ধরন", "ধরণ", "লেনদেনের ধরন", "লেনদেনের ধরণ"),
    ),
    "fee": ("fee", "fees", "charge", "charges", "service charge", "fee (bdt)", "চার্জ", "ফি"),
}


@dataclass(frozen=True)
class Table:
    """A statement's lines, below its headings.

    :ivar columns: the heading of each field that was found.
    :ivar lines: the number of each line in the file, with its cells by field.
    """

    columns: Mapping[str, str]
    lines: list[tuple[int, Mapping[str, Any]]]


def read_table(file: BinaryIO, mapping: Mapping[str, str] | None = None) -> Table:
    """Return the lines of a statement.

    :param mapping: the headings of fields (:data:`FIELDS`) that are called otherwise.
    :raises StatementError: for a file that is too large, no table, or lacks a column.
    """
    unknown = set(mapping or ()) - set(FIELDS)
    if unknown:
        raise StatementError(f"No field is called {min(unknown)}; there are {', '.join(FIELDS)}.")
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise StatementError("The statement is larger than 50 MB: export a shorter period.")
    rows = _xlsx(content) if content.startswith(b"PK") else _csv(content)
    return _below_headings(rows, mapping or {})


def _below_headings(rows: Iterator[Sequence[Any]], mapping: Mapping[str, str]) -> Table:
    places: dict[str, int] | None = None
    headings: Sequence[Any] = ()
    lines: list[tuple[int, Mapping[str, Any]]] = []
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS + _HEADINGS_WITHIN:
            raise StatementError(
                "The statement has more than 200,000 rows: export a shorter period."
            )
        if places is None:
            places, headings = _found(row, mapping), row
            if places is None and number >= _HEADINGS_WITHIN:
                break
        elif any(cell not in (None, "") for cell in row):
            lines.append((number, {name: _cell(row, place) for name, place in places.items()}))
    if places is None:
        wanted = ", ".join(mapping.get(name, name) for name in _NEEDED)
        raise StatementError(
            f"No row among the first {_HEADINGS_WITHIN} has the headings of {wanted}. Name them "
            "with --map, such as --map trx_id='Transaction ID'."
        )
    return Table({name: str(headings[place]) for name, place in places.items()}, lines)


def _found(row: Sequence[Any], mapping: Mapping[str, str]) -> dict[str, int] | None:
    """The place of each field, when this row is the one with the headings."""
    names = [latin(str(cell)).casefold() if cell is not None else "" for cell in row]
    places: dict[str, int] = {}
    for field in FIELDS:
        wanted = (mapping[field].strip().casefold(),) if field in mapping else ASSUMED[field]
        place = next((names.index(name) for name in wanted if name in names), None)
        if place is not None:
            places[field] = place
    needed = {*_NEEDED, *mapping}
    return places if needed <= places.keys() else None


def _cell(row: Sequence[Any], place: int) -> Any:
    return row[place] if place < len(row) else None


# Files


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    head = text[:20_000]
    delimiter = max(_DELIMITERS, key=lambda mark: _regularity(head, mark))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise StatementError(f"The file is no table: {error}.") from error


def _decoded(content: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    if b"\0" in content[:1000]:
        raise StatementError("The file is no table: it is neither CSV nor XLSX.")
    best = from_bytes(content).best()
    if best is None:
        raise StatementError("The file's encoding is not known: save it as CSV in UTF-8.")
    return str(best)


def _regularity(text: str, delimiter: str) -> int:
    """How many cells a delimiter makes in rows that have several."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return sum(len(row) for row in rows if len(row) > 2)
    except csv.Error:
        return 0


def _check_size(content: bytes) -> None:
    """Refuse a small file that is to become a very large one."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(part.file_size for part in packed.infolist()) > _MAX_UNPACKED:
            raise StatementError("The statement is too large once unpacked: export it as CSV.")


def _xlsx(content: bytes) -> Iterator[tuple[Any, ...]]:
    try:
        from openpyxl import load_workbook  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise StatementError(
            "To read XLSX, pip install 'Flask-BDQuickPay[statement]', or save it as CSV."
        ) from error
    try:
        _check_size(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except StatementError:
        raise
    except Exception as error:  # a damaged file makes openpyxl stumble in a dozen ways
        raise StatementError("The file is no table: its XLSX can't be read.") from error

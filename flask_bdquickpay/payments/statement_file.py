"""Reads the file of a provider's statement: CSV or XLSX, wherever its headings stand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
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
    wanted = _Headings(mapping or {})
    rows = _xlsx(content) if content.startswith(b"PK") else _csv(content, wanted)
    return _below_headings(rows, wanted)


class _Headings:
    """What the columns that are looked for are called."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        named = {field: (_folded(name),) for field, name in mapping.items()}
        self._names = ASSUMED | named
        self._needed = {*_NEEDED, *named}
        self.said = ", ".join(mapping.get(field, field) for field in _NEEDED)

    def places(self, row: Sequence[Any]) -> dict[str, int] | None:
        """The place of each field, when this row is the one with the headings."""
        cells = [_folded(cell) for cell in row]
        found = {
            field: next((cells.index(name) for name in names if name in cells), None)
            for field, names in self._names.items()
        }
        places = {field: place for field, place in found.items() if place is not None}
        return places if self._needed <= places.keys() else None


def _folded(cell: object) -> str:
    return "" if cell is None else latin(str(cell)).casefold()


def _below_headings(rows: Iterator[Sequence[Any]], wanted: _Headings) -> Table:
    places: dict[str, int] | None = None
    headings: Sequence[Any] = ()
    above = _HEADINGS_WITHIN
    lines: list[tuple[int, Mapping[str, Any]]] = []
    for number, row in enumerate(rows, 1):
        if number > above + MAX_ROWS:
            raise StatementError(
                "The statement has more than 200,000 rows: export a shorter period."
            )
        if places is None:
            places, headings, above = wanted.places(row), row, number
            if places is None and number >= _HEADINGS_WITHIN:
                break
        elif any(_folded(cell) for cell in row):
            lines.append((number, {name: _cell(row, place) for name, place in places.items()}))
    if places is None:
        raise StatementError(
            f"No row among the first {_HEADINGS_WITHIN} has the headings of {wanted.said}. Name "
            "them with --map, such as --map trx_id='Transaction ID'."
        )
    return Table({name: str(headings[place]) for name, place in places.items()}, lines)


def _cell(row: Sequence[Any], place: int) -> Any:
    return row[place] if place < len(row) else None


# Files


def _csv(content: bytes, wanted: _Headings) -> Iterator[list[str]]:
    text = _decoded(content)
    marks = (mark for mark in _DELIMITERS if _has_headings(text, mark, wanted))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=next(marks, ","), strict=True)
    try:
        yield from rows
    except csv.Error as error:
        raise StatementError(f"The file is no table: {error}.") from error


def _has_headings(text: str, delimiter: str, wanted: _Headings) -> bool:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return any(wanted.places(row) for row in islice(rows, _HEADINGS_WITHIN))
    except csv.Error:
        return False


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

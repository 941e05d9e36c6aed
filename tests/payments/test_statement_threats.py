"""A statement's file that was made to do harm is refused, in time and in a sentence."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

import pytest

from flask_bdquickpay import StatementError
from flask_bdquickpay.payments import statement_file
from flask_bdquickpay.payments.statement_file import read_table

openpyxl = pytest.importorskip("openpyxl", reason="needs openpyxl")
ROWS = [["TrxID", "Amount", "Date"], ["8HJ1", 500, "2026-03-01"]]


def workbook() -> dict[str, bytes]:
    """The parts of a good statement."""
    book, packed = openpyxl.Workbook(), io.BytesIO()
    for row in ROWS:
        book.active.append(row)
    book.save(packed)
    with zipfile.ZipFile(packed) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def pack(parts: dict[str, bytes]) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in parts.items():
            out.writestr(name, content)
    packed.seek(0)
    return packed


def with_entities(sheet: bytes, entities: str, cell: str) -> bytes:
    """A sheet with a document type of its own, and a cell that names one of its entities."""
    head, _, rest = sheet.partition(b"<worksheet")
    assert b"<v>500</v>" in rest
    doctype = f"<!DOCTYPE worksheet [{entities}]>".encode()
    return head + doctype + b"<worksheet" + rest.replace(b"<v>500</v>", f"<v>{cell}</v>".encode())


SHEET = "xl/worksheets/sheet1.xml"


def test_the_good_one_is_read() -> None:
    assert [line["trx_id"] for _, line in read_table(pack(workbook())).lines] == ["8HJ1"]


def test_small_file_that_unpacks_to_a_large_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_file, "_MAX_UNPACKED", 1024 * 1024)
    bomb = pack(workbook() | {"xl/media/zeros": bytes(2 * 1024 * 1024)})
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(StatementError, match="too large once unpacked"):
        read_table(bomb)


def test_entities_that_multiply_are_refused() -> None:
    laughs = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    parts = workbook()
    parts[SHEET] = with_entities(parts[SHEET], laughs, "&a9;")
    with pytest.raises(StatementError, match="can't be read"):
        read_table(pack(parts))


def test_no_file_of_the_server_is_read() -> None:
    parts = workbook()
    entity = '<!ENTITY file SYSTEM "file:///etc/passwd">'
    parts[SHEET] = with_entities(parts[SHEET], entity, "&file;")
    with pytest.raises(StatementError, match="can't be read"):
        read_table(pack(parts))


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
def test_file_that_was_damaged_anywhere_is_read_or_refused_in_a_sentence() -> None:
    good = pack(workbook()).getvalue()
    for place in range(0, len(good), 11):
        damaged = bytearray(good)
        damaged[place] ^= 0xFF
        read_or_refused(io.BytesIO(bytes(damaged)))


@pytest.mark.parametrize("part", list(workbook()))
@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
def test_part_that_is_nonsense_is_read_or_refused_in_a_sentence(part: str) -> None:
    for nonsense in (b"", b"<a", b"<a/>", b"\xff" * 50, b"<a><Override Part='1'/></a>"):
        read_or_refused(pack(workbook() | {part: nonsense}))


def read_or_refused(file: io.BytesIO) -> None:
    with suppress(StatementError):
        read_table(file)

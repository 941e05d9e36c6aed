"""The books at the desk: the ledger as the command prints it, and a statement in two steps."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from flask_bdquickpay.clock import utcnow

from ..console.commandline import run
from ..payments.test_refunds import paid, refund, refunds, rejected, void
from ..payments.test_statement import HEADINGS, line
from ..shop import Shop
from .visits import DHAKA, URL, connections, exported, listed, open_desk, said, statements

BOOKS, STATEMENT = f"{URL}/books", f"{URL}/books/statement"


def days(shop: Shop, back: int = 1, ahead: int = 1) -> dict[str, str]:
    today = utcnow().astimezone(DHAKA).date()
    return {
        "since": (today - timedelta(days=back)).isoformat(),
        "until": (today + timedelta(days=ahead)).isoformat(),
    }


def figures(page: TestResponse) -> dict[str, tuple[str, str]]:
    """The sums of the ledger: number and amount by kind."""
    rows = re.findall(
        r'<th scope="row">([^<]+)</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]+)<', unescape(page.text)
    )
    return {kind: (number, amount) for kind, number, amount in rows}


# The ledger


def test_ledger_is_the_one_that_the_command_prints(shop: Shop, desk: FlaskClient) -> None:
    payment, money = paid(shop), rejected(shop)
    refund(shop, payment, "200", trx_id="SENT1", reason="=1+1")
    void(shop, refund(shop, payment, "50"))
    found = desk.get(f"{BOOKS}/ledger.csv", query_string=days(shop))
    span = [part for name, day in days(shop).items() for part in (f"--{name}", day)]
    assert found.text == run(shop, "ledger", *span, "--csv").stdout
    rows = exported(found)
    assert sorted(row["kind"] for row in rows) == [
        *("payment", "payment", "refund", "refund", "refund_void")
    ]
    assert {row["payment_id"] for row in rows} == {str(payment.id), str(money.id)}
    name = found.headers["Content-Disposition"]
    assert name == 'attachment; filename="ledger-{since}-{until}.csv"'.format(**days(shop))
    assert connections(shop) == 0


def test_ledger_for_excel_is_for_people(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    refund(shop, payment, "200", reason="ভাঙা কাপ")
    came = datetime(2026, 3, 10, 18, 30, tzinfo=timezone.utc)
    shop.change(payment, verified_at=came)
    url, span = f"{BOOKS}/ledger.csv", {"since": "2026-01-01", "until": "2099-12-31"}
    plain = desk.get(url, query_string=span)
    marked = desk.get(url, query_string=span | {"for": "excel"})
    assert marked.data.startswith(b"\xef\xbb\xbf")
    assert not plain.data.startswith(b"\xef\xbb\xbf")
    rows, same = exported(marked), exported(plain)
    assert [row["Amount (BDT)"] for row in rows] == [row["amount"] for row in same]
    assert [row["Kind"] for row in rows] == ["Payment", "Refund"]
    assert (rows[0]["Day"], rows[0]["Time (Bangladesh time)"]) == (
        *("2026-03-11", "2026-03-11 00:30:00"),
    )
    assert rows[0]["Time (UTC, ISO 8601)"] == "2026-03-10T18:30:00+00:00"
    assert rows[1]["Reason"] == "ভাঙা কাপ"
    bangla = exported(desk.get(url, query_string=span | {"for": "excel", "lang": "bn"}))
    assert [row["ধরন"] for row in bangla] == ["পেমেন্ট", "ফেরত"]
    assert len(bangla[0]) == len(rows[0]) == 18


def test_ledger_is_of_the_days_that_were_asked_for(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    midnight = utcnow().astimezone(DHAKA).replace(hour=0, minute=0, second=0, microsecond=0)
    shop.change(payment, verified_at=midnight)
    today, before = days(shop, 0, 0), days(shop, 1, -1)
    assert len(exported(desk.get(f"{BOOKS}/ledger.csv", query_string=today))) == 1
    assert exported(desk.get(f"{BOOKS}/ledger.csv", query_string=before)) == []
    assert figures(desk.get(BOOKS, query_string=today))["Payments"] == ("1", "৳500.00")
    assert figures(desk.get(BOOKS, query_string=before))["Payments"] == ("0", "৳0.00")


@pytest.mark.parametrize("odd", ["endpoint=x", "_method=X", "_anchor=x&_scheme=ftp"])
def test_ledger_of_no_days_leads_back_whatever_else_is_asked(desk: FlaskClient, odd: str) -> None:
    answer = desk.get(f"{BOOKS}/ledger.csv?since=x&until=2026-03-31&{odd}")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{BOOKS}?")
    page = desk.get(answer.headers["Location"])
    assert "Write a day such as" in page.text
    assert 'value="2026-03-31"' in page.text


@pytest.mark.parametrize("excel", ["", "excel"])
def test_carriage_return_in_a_note_begins_no_row(shop: Shop, desk: FlaskClient, excel: str) -> None:
    refund(shop, paid(shop), "3", note="first\r=HYPERLINK(1)\r\nlast", reason="\r=1+1")
    text = desk.get(f"{BOOKS}/ledger.csv", query_string=days(shop) | {"for": excel}).text
    assert "\r" not in text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == 3
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_books_show_what_moved(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop, "1250.50")
    rejected(shop)
    refund(shop, payment, "200")
    void(shop, refund(shop, payment, "50"))
    assert figures(desk.get(BOOKS, query_string=days(shop))) == {
        "Payments": ("2", "৳1,650.50"),
        "Refunds": ("2", "\u2212৳250.00"),
        "Voided refunds": ("1", "৳50.00"),
        "Net": ("", "৳1,450.50"),
    }


def test_books_begin_with_the_last_month(desk: FlaskClient) -> None:
    page = desk.get(BOOKS, follow_redirects=True)
    args = page.request.args
    today = utcnow().astimezone(DHAKA).date()
    last = today.replace(day=1) - timedelta(days=1)
    assert (args["since"], args["until"]) == (str(last.replace(day=1)), str(last))
    (periods,) = re.findall(r'<nav class="periods".*?</nav>', page.text, re.DOTALL)
    assert periods.count('aria-current="true"') == 1


def test_days_that_are_none_are_said(desk: FlaskClient) -> None:
    wrong = {"since": "2026-03-02", "until": "2026-03-01"}
    page = desk.get(BOOKS, query_string=wrong)
    assert page.status_code == 400
    assert "This is before the first day." in page.text
    assert "ledger.csv" not in page.text
    csv = desk.get(f"{BOOKS}/ledger.csv", query_string=wrong, follow_redirects=True)
    assert "This is before the first day." in csv.text


# The statement


def csv_of(*lines: str, headings: str = HEADINGS) -> bytes:
    return "\n".join([headings, *lines]).encode()


def upload(desk: FlaskClient, content: bytes, name: str = "march.csv", **form: str) -> TestResponse:
    page = desk.get(BOOKS, follow_redirects=True).text
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]
    data: dict[str, Any] = {
        "csrf_token": token,
        "file": FileStorage(io.BytesIO(content), name),
    } | form
    boundary, body = encode_multipart(data)  # not the client's own, which leaves a file open
    kind = f'multipart/form-data; boundary="{boundary}"'
    return desk.post(STATEMENT, data=body, content_type=kind)


def apply(desk: FlaskClient, page: TestResponse, content: bytes, **form: str) -> TestResponse:
    """Apply what was checked, as its form says."""
    section = page.text.split('aria-label="Apply it"')[1]
    hidden = re.findall(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"', section)
    carried = {name: unescape(value) for name, value in hidden if name != "csrf_token"}
    return upload(desk, content, **(carried | {"agreed": "y"} | form))


def entries(page: TestResponse) -> list[str]:
    """What the exceptions are called."""
    found = page.text.split('class="entries"')[1].split("</ul>")[0]
    return re.findall(r"<p><strong>([^<]+)<", found)


def test_statement_is_checked_and_nothing_changes(shop: Shop, desk: FlaskClient) -> None:
    good, differs, owed = paid(shop), paid(shop), rejected(shop)
    sent = refund(shop, good, "100", trx_id="SENT1")
    content = csv_of(
        line(good),
        line(differs, "400"),
        line(owed, "400"),
        line(good, "100", "SENT1", "Refund"),
        line(good, "77", "UNKNOWN77"),
        line(good, "not a number", "BAD1"),
        line(good, "5", "OTHER1", "Cash Out"),
        line(good),
    )
    page = upload(desk, content)
    assert page.status_code == 200
    text = unescape(page.text)
    assert "Exceptions: 4" in text
    assert entries(page) == [
        "The amount differs",
        "Rejected money, still held",
        "Money without a payment",
        "Unreadable line",
    ]
    assert "Send it back, then record the refund." in text
    assert f'/payments/{owed.id}">' in text
    assert f"flask bdquickpay record-refund {owed.invoice_id} --all --note …" in text
    for count in ("1 payments agree", "1 refunds agree", "1 lines came twice"):
        assert count in text
    for heading in HEADINGS.split(","):
        assert f"<dd>{heading}</dd>" in text
    samples = re.findall(r'<tr><th scope="row">([^<]+)</th><td>[^<]+</td><td[^>]*>([^<]+)', text)
    assert samples == [
        (good.trx_id, "৳500.00"),
        (differs.trx_id, "৳400.00"),
        (owed.trx_id, "৳400.00"),
    ]
    assert [one.cleared_at for one in (*shop.payments(), *refunds(shop))] == [None] * 4
    assert sent


def test_statement_is_applied_in_a_second_step_with_the_same_file(
    shop: Shop, desk: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    good, differs = paid(shop), paid(shop)
    refund(shop, good, "100", trx_id="SENT1")
    content = csv_of(line(good), line(differs, "400"), line(good, "100", "SENT1", "Refund"))
    page = upload(desk, content)
    assert "2 payments and refunds are then marked as cleared" in page.text
    with caplog.at_level(logging.INFO, "flask_bdquickpay.desk"):
        done = apply(desk, page, content)
    assert done.status_code == 303
    assert said(desk.get(BOOKS, follow_redirects=True)) == (
        "Cleared: 2 payments and refunds. Exceptions that remain: 1."
    )
    assert "Ayesha applied a statement at the desk: 2 cleared" in caplog.text
    cleared = shop.payment(good)
    assert cleared.cleared_at is not None
    assert cleared.fee == Decimal("9.25")
    assert refunds(shop)[0].cleared_at is not None
    assert shop.payment(differs).cleared_at is None
    assert listed(desk.get(f"{URL}/payments?show=cleared")) == [good.id]
    assert apply(desk, page, content).status_code == 303  # a second click
    assert shop.payment(good).cleared_at == cleared.cleared_at


def test_another_file_than_the_checked_one_is_looked_at_first(
    shop: Shop, desk: FlaskClient
) -> None:
    first, second = paid(shop), paid(shop)
    page = upload(desk, csv_of(line(first)))
    other = apply(desk, page, csv_of(line(first), line(second)))
    assert "This is another file than the one that was checked." in said(other)
    assert [one.cleared_at for one in shop.payments()] == [None, None]
    read_otherwise = apply(desk, page, csv_of(line(first)), amount="Charge")
    assert "This is another file" in said(read_otherwise)
    assert [one.cleared_at for one in shop.payments()] == [None, None]


def test_exceptions_must_have_been_looked_at(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    content = csv_of(line(payment))
    answer = apply(desk, upload(desk, content), content, agreed="")
    assert answer.status_code == 400
    assert "Tick that you have looked at the exceptions." in answer.text
    assert shop.payment(payment).cleared_at is None


def test_nobody_applies_without_a_name_or_a_token(shop: Shop) -> None:
    desk = open_desk(shop, who=None)
    payment = paid(shop)
    content = csv_of(line(payment))
    page = upload(desk, content)
    assert "does not know your name" in page.text
    assert 'aria-label="Apply"' not in page.text
    form = {"checked": "0" * 64, "agreed": "y"}
    assert "Nobody decides without a name" in said(upload(desk, content, **form))
    assert upload(desk, content, csrf_token="forged").status_code == 400
    assert shop.payment(payment).cleared_at is None


@pytest.mark.thorough
def test_file_is_not_kept(
    shop: Shop, desk: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    payment = paid(shop)
    filler = [line(payment, "1", f"T{number}") for number in range(20_000)]  # more than 500 kB
    with statements(shop) as seen:
        assert upload(desk, csv_of(line(payment), *filler)).status_code == 200
    assert set(tmp_path.iterdir()) == before
    assert [one for one in seen if not one.startswith("SELECT")] == []


def test_workbook_is_read(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    book, out = Workbook(), io.BytesIO()
    sheet: Any = book.active
    for row in (HEADINGS, line(payment).replace('"', "")):
        sheet.append(row.split(","))
    book.save(out)
    page = upload(desk, out.getvalue(), "march.xlsx")
    assert "The statement and the books agree" in page.text


def test_headings_and_the_order_of_dates_are_said(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    shop.change(payment, verified_at=payment.verified_at.replace(month=3, day=4))
    content = csv_of(f"03/04/2026 10:00,{payment.trx_id},500", headings="When,Which,What")
    page = upload(desk, content)
    assert page.status_code == 400
    assert "has the headings of trx_id, amount, date. Say it below." in unescape(page.text)
    names = {"date": "When", "trx_id": "Which", "amount": "What"}
    page = upload(desk, content, **names)
    assert page.status_code == 400
    assert "can’t be told apart in the whole file. Say it below." in unescape(page.text)
    assert 'value="Which"' in page.text
    page = upload(desk, content, order="month", **names)
    assert "4 Mar 2026, 10:00:00" in page.text
    page = upload(desk, content, order="day", **names)
    assert "3 Apr 2026, 10:00:00" in page.text
    assert apply(desk, page, content).status_code == 303
    assert shop.payment(payment).cleared_at is not None


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x00\x00", b"PK\x03\x04 no zip"])
def test_what_is_no_table_is_said(desk: FlaskClient, content: bytes) -> None:
    page = upload(desk, content)
    assert page.status_code == 400
    assert 'role="alert"' in page.text


@pytest.mark.thorough
def test_no_file_is_said(desk: FlaskClient) -> None:
    page = upload(desk, b"", "")
    assert page.status_code == 400
    assert "Choose a file." in page.text


def test_file_that_is_too_large_is_not_read(desk: FlaskClient) -> None:
    page = upload(desk, b"x" * (11 * 1024 * 1024))
    assert page.status_code == 413
    assert "larger than 10 MB" in page.text


def test_very_many_exceptions_are_cut(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    page = upload(desk, csv_of(*(line(payment, "1", f"T{number}") for number in range(250))))
    assert "Exceptions: 25" in page.text
    assert len(entries(page)) == 200
    assert "The first 200 are shown" in page.text


def test_refund_that_is_not_in_the_statement_leads_to_its_payment(
    shop: Shop, desk: FlaskClient
) -> None:
    paid(shop)
    payment, last = paid(shop), paid(shop)
    number = refund(shop, payment, "100", trx_id="SENT1")
    late = last.verified_at + timedelta(hours=1)
    shop.change(last, verified_at=late)
    last = shop.payment(last)
    page = upload(desk, csv_of(line(last), *(line(one) for one in shop.payments()[:2])))
    (one,) = entries(page)
    assert one == "Refund not in the statement"
    assert f"flask bdquickpay void-refund {number} --note …" in unescape(page.text)
    assert f'/payments/{payment.id}">Payment {payment.id}<' in page.text


def test_address_of_the_report_leads_back_to_the_books(desk: FlaskClient) -> None:
    assert desk.get(STATEMENT, follow_redirects=True).request.path == BOOKS


def fields(page: TestResponse) -> Iterator[str]:
    yield from re.findall(r' id="([^"]+)"', page.text)


def test_ids_are_unique(shop: Shop, desk: FlaskClient) -> None:
    page = upload(desk, csv_of(line(paid(shop))))
    found = list(fields(page))
    assert len(found) == len(set(found))

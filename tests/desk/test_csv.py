"""The list as CSV: exact, streamed, and safe in a spreadsheet."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask.testing import FlaskClient

from flask_bdquickpay.clock import utcnow

from ..shop import Shop
from .visits import DHAKA, PAYMENTS, connections, exported, flagged, paid, put


def test_csv_is_exact(shop: Shop, desk: FlaskClient) -> None:
    moment = datetime(2026, 3, 10, 23, 30, 0, 250000, DHAKA)
    put(shop, amount=Decimal("1234567.50"), created_at=moment, reason='=cmd|" /C calc"!A0')
    put(shop, customer_reference="+8801700000000", reason='a "b",\nc')
    second, first = exported(desk.get(f"{PAYMENTS}.csv"))
    assert first["Amount asked (BDT)"] == "1234567.50"
    assert first["Created (Bangladesh time)"] == "2026-03-10 23:30:00"
    assert list(first)[-1] == "Created (UTC, ISO 8601)"
    assert first["Created (UTC, ISO 8601)"] == "2026-03-10T17:30:00.250000+00:00"
    assert first["Reason"] == '\'=cmd|" /C calc"!A0'
    assert second["Order"] == "'+8801700000000"
    assert second["Reason"] == 'a "b",\nc'


def test_line_ends_begin_no_row(shop: Shop, desk: FlaskClient) -> None:
    put(shop, reason="a\r=HYPERLINK(1)\r\nb", customer_reference="\r=1+1")
    (row,) = exported(desk.get(f"{PAYMENTS}.csv"))
    assert row["Reason"] == "a\n=HYPERLINK(1)\nb"
    assert row["Order"] == "'\n=1+1"


def test_csv_agrees_with_the_command_line(shop: Shop, desk: FlaskClient) -> None:
    flagged(shop)
    put(shop, created_at=utcnow())
    command = ["bdquickpay", "payments", "--json"]
    printed = json.loads(shop.app.test_cli_runner().invoke(args=command).stdout)
    names = {"Payment": "id", "Invoice": "invoice_id", "Amount asked (BDT)": "amount"}
    names |= {"Amount received (BDT)": "received_amount", "TrxID": "trx_id"}
    rows = exported(desk.get(f"{PAYMENTS}.csv"))
    assert [{name: row[name] for name in names} for row in rows] == [
        {name: "" if row[field] is None else str(row[field]) for name, field in names.items()}
        for row in printed
    ]
    assert [row["Status"] for row in rows] == ["Waiting (pending)", "Flagged"]


def test_days_of_the_csv_are_those_of_the_filter(shop: Shop, desk: FlaskClient) -> None:
    for hour in (0, 5, 23):
        put(shop, created_at=datetime(2026, 3, 10, hour, 59, tzinfo=DHAKA))
    rows = exported(desk.get(f"{PAYMENTS}.csv?since=2026-03-10&until=2026-03-10"))
    assert {row["Created (Bangladesh time)"][:10] for row in rows} == {"2026-03-10"}
    assert len(rows) == 3


def test_headings_are_in_the_language_of_the_page(shop: Shop, desk: FlaskClient) -> None:
    put(shop, amount=Decimal("1250.50"))
    (row,) = exported(desk.get(f"{PAYMENTS}.csv?lang=bn"))
    assert row["চাওয়া টাকা (BDT)"] == "1250.50"  # a number for a spreadsheet
    assert row["অবস্থা"] == "অপেক্ষায় (pending)"
    assert len(row) == 19  # no two headings are the same


def test_csv_has_what_the_list_shows(shop: Shop, desk: FlaskClient) -> None:
    made = [paid(shop, amount=Decimal(n)) for n in range(1, 4)]
    put(shop)
    rows = exported(desk.get(f"{PAYMENTS}.csv", query_string={"show": "completed", "minimum": "2"}))
    assert [int(row["Payment"]) for row in rows] == [made[2], made[1]]
    assert exported(desk.get(f"{PAYMENTS}.csv", query_string={"q": "nothing"})) == []


def _fill(shop: Shop, number: int) -> None:
    with shop.app.app_context():
        now, table = utcnow(), shop.bdquickpay.Payment.__table__
        rows = [
            {"token": f"t{n}", "customer_reference": str(n), "amount": Decimal(n)}
            | {"status": "failed", "created_at": now, "updated_at": now}
            for n in range(1, number + 1)
        ]
        shop.db.session.execute(sa.insert(table), rows)
        shop.db.session.commit()


def test_csv_is_streamed(shop: Shop, desk: FlaskClient) -> None:
    _fill(shop, 1101)
    with desk.get(f"{PAYMENTS}.csv", buffered=False) as answer:
        pieces = list(answer.iter_encoded())
        assert answer.is_streamed
    assert max(map(len, pieces)) < sum(map(len, pieces)) / 2
    assert len(b"".join(pieces).splitlines()) == 1102
    assert connections(shop) == 0


def test_csv_that_nobody_waits_for_gives_its_connection_back(shop: Shop, desk: FlaskClient) -> None:
    _fill(shop, 1101)
    with desk.get(f"{PAYMENTS}.csv", buffered=False) as answer:
        pieces = answer.iter_encoded()
        assert next(pieces).decode().startswith("\ufeffPayment,")
        next(pieces)
        assert connections(shop) == 1
    assert connections(shop) == 0

"""The list as CSV: exact, streamed, and safe in a spreadsheet."""

from __future__ import annotations

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
    assert first["amount"] == "1234567.50"
    assert first["created_at"] == "2026-03-10T17:30:00.250000+00:00"
    assert first["reason"] == '\'=cmd|" /C calc"!A0'
    assert second["customer_reference"] == "'+8801700000000"
    assert second["reason"] == 'a "b",\nc'


def test_csv_is_that_of_the_command_line(shop: Shop, desk: FlaskClient) -> None:
    flagged(shop)
    put(shop, created_at=utcnow())
    command = ["bdquickpay", "payments", "--csv"]
    printed = shop.app.test_cli_runner().invoke(args=command).stdout
    assert desk.get(f"{PAYMENTS}.csv").text == printed


def test_csv_has_what_the_list_shows(shop: Shop, desk: FlaskClient) -> None:
    made = [paid(shop, amount=Decimal(n)) for n in range(1, 4)]
    put(shop)
    rows = exported(desk.get(f"{PAYMENTS}.csv", query_string={"show": "completed", "minimum": "2"}))
    assert [int(row["id"]) for row in rows] == [made[2], made[1]]
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
        assert next(pieces).startswith(b"id,")
        next(pieces)
        assert connections(shop) == 1
    assert connections(shop) == 0

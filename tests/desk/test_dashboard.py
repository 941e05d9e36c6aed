"""The dashboard: its sums are exact and its days are those of Bangladesh."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from html import unescape

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.desk import charts, words
from flask_bdquickpay.desk.statistics import Statistics, last_days, last_months

from ..shop import Shop
from .visits import DHAKA, URL, happen, listed, paid, put


def statistics(shop: Shop) -> Statistics:
    return Statistics(shop.app.extensions["bdquickpay"].store)


def noon(days_ago: int) -> datetime:
    """Noon in Bangladesh."""
    today = utcnow().astimezone(DHAKA).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


def test_dashboard_without_data(desk: FlaskClient) -> None:
    for url in (URL + "/", f"{URL}/?period=year"):
        text = desk.get(url).text
        assert "Nothing was paid" in text
        assert "no checkout yet" in text
        assert "Nothing: no payment is flagged" in text
        assert "<svg" not in text


def test_dashboard_with_one_payment(shop: Shop, desk: FlaskClient) -> None:
    begin = utcnow() - timedelta(seconds=95)
    payment = paid(shop, amount=Decimal("1250.50"), created_at=begin)
    happen(shop, payment, new_status="completed", source="webhook")
    text = desk.get(URL + "/").text
    assert text.count("৳1,250.50") >= 3  # today, the period, the table
    assert "1 of 1 order<" in text
    assert re.search(r"1 min 3[45] s", text)
    assert "the gateway told the shop" in text


def test_days_of_the_chart_are_those_of_bangladesh(shop: Shop) -> None:
    midnight = noon(3).replace(hour=0)
    for seconds, amount in ((-1, "1.10"), (0, "2.20"), (86399, "3.30"), (86400, "4.40")):
        moment = midnight + timedelta(seconds=seconds)
        paid(shop, amount=Decimal(amount), verified_at=moment)
    with shop.app.app_context():
        found = statistics(shop).paid(last_days(utcnow()))
    assert len(found) == 30
    assert [(day.amount, day.count) for day in found[-5:]] == [
        (Decimal("1.10"), 1),
        (Decimal("5.50"), 2),
        (Decimal("4.40"), 1),
        (Decimal(0), 0),
        (Decimal(0), 0),
    ]
    assert found[-1].begin == utcnow().astimezone(DHAKA).date()


def test_sums_are_exact(shop: Shop) -> None:
    with shop.app.app_context():
        now, table = utcnow(), shop.bdquickpay.Payment.__table__
        row = {"status": "completed", "created_at": now, "updated_at": now, "verified_at": now}
        rows = [
            row | {"token": f"t{n}", "customer_reference": str(n), "amount": Decimal("0.10")}
            for n in range(1003)
        ]
        shop.db.session.execute(sa.insert(table), rows)
        shop.db.session.commit()
        assert statistics(shop).paid(last_days(now))[-1].amount == Decimal("100.30")


def test_only_money_counts_as_paid(shop: Shop) -> None:
    for status in ("pending", "failed", "cancelled", "expired", "flagged", "created"):
        put(shop, status=status, verified_at=utcnow())
    with shop.app.app_context():
        assert not any(day.count for day in statistics(shop).paid(last_days(utcnow())))


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (datetime(2026, 11, 23, tzinfo=timezone.utc), date(2025, 12, 1), date(2026, 11, 1)),
        (datetime(2026, 1, 31, 18, tzinfo=timezone.utc), date(2025, 3, 1), date(2026, 2, 1)),
        (datetime(2024, 2, 29, 1, tzinfo=timezone.utc), date(2023, 3, 1), date(2024, 2, 1)),
    ],
)
def test_twelve_months(today: datetime, first: date, last: date) -> None:
    period = last_months(today)
    assert (period.buckets()[0], period.buckets()[-1]) == (first, last)
    assert len(period.buckets()) == 12
    assert period.begin == datetime.combine(first, datetime.min.time(), DHAKA)


def test_months_hold_what_was_paid_in_them(shop: Shop) -> None:
    now = datetime(2026, 11, 23, tzinfo=timezone.utc)
    edges = [(2025, 11, 30, 23), (2025, 12, 1, 0), (2025, 12, 31, 23), (2026, 1, 1, 0)]
    for number, (year, month, day, hour) in enumerate(edges):
        moment = datetime(year, month, day, hour, 59 if hour else 0, tzinfo=DHAKA)
        paid(shop, verified_at=moment, amount=Decimal(10**number))
    with shop.app.app_context():
        months = statistics(shop).paid(last_months(now))
    assert [month.amount for month in months[:3]] == [Decimal(110), Decimal(1000), Decimal(0)]


def test_conversion_is_that_of_orders(shop: Shop, desk: FlaskClient) -> None:
    put(shop, customer_reference="twice", status="cancelled")
    paid(shop, customer_reference="twice")
    put(shop, customer_reference="never", status="expired")
    put(shop, customer_reference="old", created_at=noon(40), status="expired")
    text = desk.get(URL + "/").text
    assert "50%" in text
    assert "1 of 2 orders" in text


def test_median_and_histogram_are_exact(shop: Shop, desk: FlaskClient) -> None:
    now = noon(1)
    for seconds in (10, 29.9, 30, 119, 7300):
        paid(shop, created_at=now, verified_at=now + timedelta(seconds=seconds))
    paid(shop, created_at=now, verified_at=now - timedelta(seconds=5))
    put(shop, created_at=now, status="failed", verified_at=now)
    with shop.app.app_context():
        waits = statistics(shop).waits(last_days(utcnow()))
    assert dict(waits.counts) == {0: 1, 10: 1, 29: 1, 30: 1, 119: 1, 7300: 1}
    assert waits.median == 29
    steps = [(0, 30), (30, 60), (60, 120), (120, 3600), (3600, None)]
    assert [waits.between(*step) for step in steps] == [3, 1, 1, 0, 1]


def test_what_confirmed_each_payment(shop: Shop) -> None:
    for source in ("webhook", "webhook", "return", "sweep", "desk"):
        happen(shop, paid(shop), new_status="completed", source=source)
    happen(shop, put(shop), new_status="pending", source="checkout")
    happen(shop, put(shop), source="status")
    happen(shop, paid(shop), new_status="completed", source="cli", created_at=noon(31))
    with shop.app.app_context():
        found = statistics(shop).sources(last_days(utcnow()))
    assert found == {"webhook": 2, "return": 1, "sweep": 1, "desk": 1}


def test_real_payment_arrives_on_the_dashboard(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started("750")
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    text = desk.get(URL + "/").text
    assert "৳750.00" in text
    row = re.search(r"Webhook <span.*?class=\"count\">(\d+)<", text, re.DOTALL)
    assert row is not None
    assert row[1] == "1"


def test_what_needs_attention_is_linked_and_found(shop: Shop, desk: FlaskClient) -> None:
    odd = put(shop, status="flagged")
    late = put(shop, check_after=utcnow() - timedelta(hours=1))
    put(shop, check_after=utcnow() - timedelta(minutes=1))
    untold, failing, waiting = paid(shop), paid(shop), paid(shop)
    due = {"new_status": "completed"}
    happen(shop, untold, deliver_after=utcnow() - timedelta(hours=1), **due)
    happen(shop, failing, deliver_after=utcnow() + timedelta(hours=1), error="E", **due)
    happen(shop, waiting, deliver_after=utcnow(), **due)
    happen(shop, waiting, delivered_at=utcnow(), **due)
    text = desk.get(URL + "/").text
    links = re.findall(r'href="([^"]+)">([^<]+): <strong>(\d+)</strong>', text)
    assert [(title, int(number)) for _, title, number in links] == [
        ("Flagged payments", 1),
        ("Overdue checks", 1),
        ("Events not delivered", 2),
    ]
    found = [sorted(listed(desk.get(unescape(url)))) for url, _, _ in links]
    assert found == [[odd], [late], sorted([untold, failing])]


def test_each_chart_has_words_and_a_table(shop: Shop, desk: FlaskClient) -> None:
    happen(shop, paid(shop, amount=Decimal(300)), new_status="completed")
    text = desk.get(URL + "/").text
    images = re.findall(r'<svg [^>]*role="img" aria-labelledby="(\w+)"', text)
    assert images == ["amounts", "counts"]
    assert all(f'id="{name}"' in text for name in images)
    hidden = re.findall(r"<svg (?![^>]*role=\"img\")[^>]*>", text)
    assert hidden
    assert all('aria-hidden="true"' in image for image in hidden)
    captions = re.findall(r"<caption[^>]*>([^<]+)<", text)
    assert len(captions) == 4
    assert len(set(captions)) == 4
    (rows,) = re.findall(r'class="figures".*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert rows.count("<tr>") == 30


@given(st.decimals(min_value=0, max_value=10**14, places=2))
def test_chart_reaches_just_above_its_values(value: Decimal) -> None:
    top = charts.ceiling(value)
    assert top >= max(value, Decimal(2))
    assert top <= max(2 * value, Decimal(2))


@given(st.lists(st.decimals(min_value=0, max_value=10**10, places=2), min_size=1, max_size=60))
def test_columns_stay_inside_the_chart(values: list[Decimal]) -> None:
    day = date(2026, 1, 1)
    chart = charts.column_chart(
        "", [(day, value) for value in values], write=str, name=str, label=lambda day: "x"
    )
    for column, value in zip(chart.columns, values, strict=True):
        assert column.y + column.height == chart.base
        assert column.y >= charts.TOP
        assert (column.height > 0) == (value > 0)
        assert float(column.x[:-1]) + float(column.width[:-1]) <= 100.001


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 9, "0%"), (9, 9, "100%"), (1, 9999, "under 1%"), (9998, 9999, "over 99%"), (2, 3, "67%")],
)
def test_share_is_not_rounded_to_nothing_or_all(part: int, whole: int, text: str) -> None:
    assert words.percent(part, whole) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (95, "1 min 35 s"),
        (3600, "1 h"),
        (7320, "2 h 2 min"),
    ],
)
def test_durations(seconds: int, text: str) -> None:
    assert words.duration(seconds) == text

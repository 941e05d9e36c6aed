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
from flask_bdquickpay.desk.periods import days, last_days, last_months
from flask_bdquickpay.desk.statistics import Statistics

from ..shop import Shop
from .visits import DHAKA, URL, happen, listed, paid, put


def statistics(shop: Shop) -> Statistics:
    return Statistics(shop.app.extensions["bdquickpay"].store)


def noon(days_ago: int) -> datetime:
    """Noon in Bangladesh."""
    today = utcnow().astimezone(DHAKA).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


def test_new_merchant_is_told_the_first_steps(desk: FlaskClient) -> None:
    for url in (URL + "/", f"{URL}/?period=year"):
        text = desk.get(url).text
        assert "First steps" in text
        assert "flask bdquickpay doctor" in text
        assert "Nothing" not in text
        assert "<svg" not in text


def test_dashboard_of_a_quiet_time(shop: Shop, desk: FlaskClient) -> None:
    put(shop, status="expired", created_at=noon(800))
    for url in (URL + "/", f"{URL}/?period=year"):
        text = desk.get(url).text
        assert "Nothing was paid" in text
        assert "no checkout yet" in text
        assert "Nothing: no payment is flagged" in text
        assert "First steps" not in text
        assert "<svg" not in text


def test_period_is_compared_with_the_one_before(shop: Shop, desk: FlaskClient) -> None:
    paid(shop, amount=Decimal(1000), verified_at=noon(40))
    paid(shop, amount=Decimal(5000), verified_at=noon(70))
    paid(shop, amount=Decimal(1120), verified_at=noon(1))
    text = desk.get(URL + "/").text
    assert "▲ 12% to the period before" in text
    assert "Yesterday: ৳1,120.00" in text
    first, last = (f"{noon(days):%Y-%m-%d}" for days in (1, 1))
    assert "to the period before" not in desk.get(f"{URL}/?since={first}&until={last}").text


def test_days_are_chosen_by_hand(shop: Shop, desk: FlaskClient) -> None:
    paid(shop, amount=Decimal("12.50"), verified_at=noon(45), created_at=noon(45))
    paid(shop, amount=Decimal("700.25"), verified_at=noon(43), created_at=noon(43))
    days = f"since={noon(46):%Y-%m-%d}&until={noon(44):%Y-%m-%d}"
    text = desk.get(f"{URL}/?{days}").text
    assert "৳12.50" in text
    assert "৳700.25" not in text
    assert "Today" not in text
    assert "1 of 1 order<" in text


@pytest.mark.parametrize(
    ("days", "wrong"),
    [
        ("since=2026-03-02&until=2026-03-01", "This is before the first day."),
        ("since=2026-03-02", "Write both days."),
        ("since=x&until=2026-03-01", "Write a day such as 2026-11-25."),
        ("since=2020-01-01&until=2026-03-01", "At most three years, please."),
    ],
)
def test_days_that_are_none_are_said(desk: FlaskClient, days: str, wrong: str) -> None:
    page = desk.get(f"{URL}/?{days}")
    assert page.status_code == 400
    assert wrong in page.text


def test_long_period_is_told_by_months() -> None:
    period = days(date(2026, 1, 15), date(2026, 4, 10), utcnow())
    assert period.buckets() == [date(2026, month, 1) for month in (1, 2, 3, 4)]
    assert period.days_of(date(2026, 1, 1)) == (date(2026, 1, 15), date(2026, 1, 31))
    assert period.days_of(date(2026, 4, 1)) == (date(2026, 4, 1), date(2026, 4, 10))
    before = period.before()
    assert (before.since, before.until) == (date(2025, 10, 21), date(2026, 1, 14))
    assert before.end == period.begin


def test_column_leads_to_what_it_stands_for(shop: Shop, desk: FlaskClient) -> None:
    midnight = noon(3).replace(hour=0)
    mine = paid(shop, created_at=midnight - timedelta(minutes=9), verified_at=midnight)
    paid(shop, created_at=noon(2), verified_at=noon(2))
    put(shop, created_at=noon(3))
    text = unescape(desk.get(URL + "/").text)
    with shop.app.app_context():
        named = f"{words.day(midnight.date())}: ৳500.00"
    (url,) = re.findall(rf'<a href="([^"]+)" aria-label="{named}">', text)
    assert listed(desk.get(url)) == [mine]
    assert text.count('<text class="value"') == 60
    (month,) = re.findall(
        r'<a href="([^"]+)" aria-label="[^"]+: ৳[^"]+">',
        unescape(desk.get(f"{URL}/?since={noon(3):%Y-%m-%d}&until={noon(3):%Y-%m-%d}").text),
    )
    assert listed(desk.get(month)) == [mine]


def test_why_payments_failed_is_told(shop: Shop, desk: FlaskClient) -> None:
    for _ in range(2):
        put(shop, status="failed", reason="the gateway reports that the payment failed")
    put(shop, status="failed", reason="rejected by the shop")
    put(shop, status="failed", reason="rejected by the shop", created_at=noon(40))
    (rows,) = re.findall(
        r'id="failures".*?<tbody>(.*?)</tbody>', desk.get(URL + "/").text, re.DOTALL
    )
    names = re.findall(r'<th scope="row">([^<]+)<', rows)
    assert names == ["bKash reports that the payment failed", "rejected by the shop"]
    assert re.findall(r'"count">(\d+)<', rows) == ["2", "1"]


def test_money_that_is_flagged_is_told(shop: Shop, desk: FlaskClient) -> None:
    put(shop, status="flagged", received_amount=Decimal(400))
    put(shop, status="flagged", amount=Decimal("12.50"))
    assert "Money came (৳412.50), but something disagrees." in desk.get(URL + "/").text


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
    images = re.findall(r'<svg [^>]*role="group" aria-labelledby="(\w+)"', text)
    assert images == ["amounts", "counts"]
    assert all(f'id="{name}"' in text for name in images)
    hidden = re.findall(r"<svg (?![^>]*role=\"group\")[^>]*>", text)
    assert hidden
    assert all('aria-hidden="true"' in image for image in hidden)
    captions = re.findall(r"<caption[^>]*>([^<]+)<", text)
    assert len(captions) == 4
    assert len(set(captions)) == 4
    (rows,) = re.findall(r'class="figures".*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert rows.count("<tr>") == 30


@given(st.decimals(min_value=0, max_value=10**14, places=2))
def test_chart_reaches_just_above_its_values(value: Decimal) -> None:
    top, lines = charts.scale(value)
    assert top >= max(value, Decimal(2))
    assert top <= max(Decimal("1.7") * value, Decimal(2))
    assert 2 <= lines <= 4
    step = top / lines
    assert step == step.to_integral_value()
    assert step.normalize().as_tuple().digits in {(1,), (1, 5), (2,), (2, 5), (5,)}


@pytest.mark.parametrize(
    ("value", "marks"),
    [
        ("1190000", ["৳15 lakh", "৳10 lakh", "৳5 lakh"]),
        ("10200000", ["৳1.5 crore", "৳1 crore", "৳50 lakh"]),
        ("52000", ["৳60,000", "৳45,000", "৳30,000", "৳15,000"]),
        ("3", ["৳3", "৳2", "৳1"]),
    ],
)
def test_axis_is_honest(shop: Shop, value: str, marks: list[str]) -> None:
    write = words.short_taka
    with shop.app.app_context():
        chart = charts.column_chart(
            "",
            [(date(2026, 1, 1), Decimal(value))],
            write=str,
            mark=write,
            name=str,
            label=str,
            link=str,
        )
    assert [mark.text for mark in chart.marks] == marks


@given(st.lists(st.decimals(min_value=0, max_value=10**10, places=2), min_size=1, max_size=60))
def test_columns_stay_inside_the_chart(values: list[Decimal]) -> None:
    day = date(2026, 1, 1)
    chart = charts.column_chart(
        "",
        [(day, value) for value in values],
        write=str,
        mark=str,
        name=str,
        label=lambda day: "x",
        link=str,
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
def test_share_is_not_rounded_to_nothing_or_all(
    shop: Shop, part: int, whole: int, text: str
) -> None:
    with shop.app.app_context():
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
def test_durations(shop: Shop, seconds: int, text: str) -> None:
    with shop.app.app_context():
        assert words.duration(seconds) == text

"""The list of payments: quick with many, and it finds what is sought."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_bdquickpay import ConfigurationError
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.desk import Desk
from flask_bdquickpay.desk.listing import PAGE, Listing
from flask_bdquickpay.desk.wanted import Wanted

from ..shop import Shop
from .visits import DHAKA, PAYMENTS, listed, neighbour, open_desk, paid, put, statements


def _many(shop: Shop) -> list[int]:
    """Payments some of which have the same moment, or the same amount."""
    begin = utcnow() - timedelta(days=1)
    return [
        put(shop, created_at=begin + timedelta(minutes=n // 3), amount=Decimal(100 + n % 7))
        for n in range(2 * PAGE + 10)
    ]


@pytest.mark.parametrize("sort", ["newest", "oldest", "highest", "lowest"])
def test_pages_hold_every_payment_once_in_order(shop: Shop, desk: FlaskClient, sort: str) -> None:
    made = _many(shop)
    pages = [desk.get(PAYMENTS, query_string={"sort": sort})]
    while url := neighbour(pages[-1], "next"):
        pages.append(desk.get(url))
    assert [len(listed(page)) for page in pages] == [PAGE, PAGE, 10]
    shown = [payment for page in pages for payment in listed(page)]
    payments = {payment.id: payment for payment in shop.payments()}
    keys = {"newest": "created_at", "oldest": "created_at"}
    wanted = sorted(
        made,
        key=lambda id_: (getattr(payments[id_], keys.get(sort, "amount")), id_),
        reverse=sort in ("newest", "highest"),
    )
    assert shown == wanted
    back = pages[-1]
    for page in reversed(pages[:-1]):
        back = desk.get(neighbour(back, "prev"))
        assert listed(back) == listed(page)
    assert neighbour(back, "prev") is None
    assert neighbour(pages[0], "prev") is None


def test_page_keeps_its_filters(shop: Shop, desk: FlaskClient) -> None:
    _many(shop)
    put(shop, status="cancelled", amount=Decimal(103))  # it would be on the second page
    page = desk.get(PAYMENTS, query_string={"show": "pending", "sort": "lowest"})
    following = desk.get(neighbour(page, "next"))
    pending = [payment for payment in shop.payments() if payment.status == "pending"]
    wanted = [payment.id for payment in sorted(pending, key=lambda it: (it.amount, it.id))]
    assert listed(page) + listed(following) == wanted[: 2 * PAGE]


def test_list_reads_a_page_and_counts_to_an_end(shop: Shop, desk: FlaskClient) -> None:
    made = _many(shop)
    with statements(shop) as sent:
        desk.get(PAYMENTS, query_string={"after": made[30], "show": "pending"})
    counts = [sql for sql in sent if "count(" in sql.lower()]
    read = [sql for sql in sent if "bdquickpay_payment" in sql and sql not in counts]
    assert len(read) == 2  # where the page begins, and the page
    assert "LIMIT" in read[-1]
    (total,) = [sql for sql in counts if "LIMIT" in sql]
    assert "sum(" in total
    counts.remove(total)  # the others are of a few words, by the index of the status
    assert len(counts) == 2
    assert all(re.search(r"WHERE \w+\.status = \S+$", sql) for sql in counts)


def test_what_is_shown_is_counted_and_summed_up(shop: Shop, desk: FlaskClient) -> None:
    for amount in ("750000", "1.50", "3"):
        paid(shop, amount=Decimal(amount))
    put(shop, status="flagged", amount=Decimal(7))
    assert "4 payments · ৳7,50,011.50" in desk.get(PAYMENTS).text
    assert "3 payments · ৳7,50,004.50" in desk.get(f"{PAYMENTS}?show=completed").text


def test_no_more_is_counted_than_some(
    shop: Shop, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_bdquickpay.desk.listing.MOST", 2)
    for _ in range(PAGE + 1):
        put(shop)
    assert "more than 2 payments" in desk.get(PAYMENTS).text


def test_tabs_count_what_waits_for_somebody(shop: Shop, desk: FlaskClient) -> None:
    put(shop, status="flagged")
    put(shop, status="pending")
    put(shop, status="pending")
    text = desk.get(f"{PAYMENTS}?show=flagged&q=ORDER").text
    (tabs,) = re.findall(r'<nav class="tabs".*?</nav>', text, re.DOTALL)
    assert re.findall(r">(\w+)(?: <span[^>]*>(\d+)</span>)?</a>", tabs) == [
        ("All", ""),
        ("Paid", ""),
        ("Flagged", "1"),
        ("Waiting", "2"),
    ]
    assert f'href="{PAYMENTS}?q=ORDER&amp;show=flagged" aria-current="true"' in tabs
    assert f'href="{PAYMENTS}?q=ORDER"' in tabs


def test_presets_are_days_of_bangladesh(shop: Shop, desk: FlaskClient) -> None:
    today = utcnow().astimezone(DHAKA).replace(hour=0, minute=0, second=0, microsecond=0)
    late, new = put(shop, created_at=today - timedelta(seconds=1)), put(shop, created_at=today)
    text = unescape(desk.get(PAYMENTS).text)
    urls = dict(re.findall(r'<li><a href="([^"]+)">(Today|Yesterday)</a>', text))
    found = {name: listed(desk.get(url)) for url, name in urls.items()}
    assert found == {"Today": [new], "Yesterday": [late]}


def test_days_can_be_those_of_the_payment(shop: Shop, desk: FlaskClient) -> None:
    begun = datetime(2026, 3, 10, 23, 59, tzinfo=DHAKA)
    mine = paid(shop, created_at=begun, verified_at=begun + timedelta(minutes=2))
    for by, day, found in (
        ("created", "2026-03-10", [mine]),
        ("created", "2026-03-11", []),
        ("paid", "2026-03-11", [mine]),
        ("paid", "2026-03-10", []),
    ):
        page = desk.get(PAYMENTS, query_string={"since": day, "until": day, "by": by})
        assert listed(page) == found, (by, day)


@pytest.mark.parametrize(
    ("field", "typed", "wrong"),
    [
        ("minimum", "many", "Write an amount such as 450 or 450.50."),
        ("maximum", "4,5,0x", "Write an amount such as 450 or 450.50."),
        ("since", "25 Nov", "Write a day such as 2026-11-25."),
    ],
)
def test_what_is_wrong_stays_in_its_field(
    desk: FlaskClient, field: str, typed: str, wrong: str
) -> None:
    text = unescape(desk.get(PAYMENTS, query_string={field: typed}).text)
    assert wrong in text
    assert re.search(rf'<input[^>]* name="{field}"[^>]* value="{typed}"', text)
    assert "<details open>" in text


# The shop's own data


WAYS = ["01712345678", "+880 1712-345678", "০১৭১২ ৩৪৫৬৭৮", "8801712345678", "1712345678"]


@pytest.mark.parametrize("stored", ["01712345678", "+8801712345678", "01712-345 678"])
def test_phone_number_is_found_however_it_is_written(shop: Shop, stored: str) -> None:
    desk = open_desk(shop, search=("phone",))
    mine = put(shop, payment_metadata={"phone": stored})
    put(shop, payment_metadata={"phone": "01812345678"})
    put(shop, payment_metadata={"name": "01712345678"})
    put(shop, payment_metadata=None)
    for typed in WAYS:
        assert listed(desk.get(PAYMENTS, query_string={"q": typed})) == [mine], typed
    assert "TrxID or phone" in desk.get(PAYMENTS).text


def test_other_data_are_found_by_a_part(shop: Shop) -> None:
    desk = open_desk(shop, search=["customer.name"])
    mine = put(shop, payment_metadata={"customer": {"name": "Nazma 100% Akter"}})
    put(shop, payment_metadata={"customer": {"name": "Nazma 100x Akter"}})
    put(shop, payment_metadata={"customer": "Nazma 100% Akter"})
    assert listed(desk.get(PAYMENTS, query_string={"q": "nazma 100%"})) == [mine]


def test_nothing_is_searched_that_was_not_declared(shop: Shop, desk: FlaskClient) -> None:
    put(shop, payment_metadata={"phone": "01712345678"})
    assert listed(desk.get(PAYMENTS, query_string={"q": "01712345678"})) == []


def test_one_key_is_not_taken_for_many() -> None:
    with pytest.raises(ConfigurationError, match='search=\\("phone",\\)'):
        Desk(allow=lambda: True, search="phone").mount(Flask("shop"))


def test_page_after_a_payment_that_is_gone_is_empty(shop: Shop, desk: FlaskClient) -> None:
    put(shop)
    for number in ("999", "9" * 40):
        assert listed(desk.get(PAYMENTS, query_string={"after": number})) == []
    assert len(listed(desk.get(PAYMENTS, query_string={"after": "x"}))) == 1


def test_search_finds_each_kind_of_id(shop: Shop, desk: FlaskClient) -> None:
    put(shop, trx_id="TRX-OTHER")
    mine = put(shop, customer_reference="REF-7", invoice_id="GALQ7", trx_id="9KABC")
    for text in ("REF-7", "GALQ7", "9KABC", "  GALQ7 ", "galq", "kab", "EF-7"):
        assert listed(desk.get(PAYMENTS, query_string={"q": text})) == [mine], text
    assert listed(desk.get(PAYMENTS, query_string={"q": "nothing"})) == []


def test_search_prefers_the_very_id(shop: Shop, desk: FlaskClient) -> None:
    put(shop, customer_reference="170")
    tries = [put(shop, customer_reference="17"), put(shop, customer_reference="17")]
    assert listed(desk.get(PAYMENTS, query_string={"q": "17"})) == tries[::-1]


def test_search_takes_wildcards_as_they_are(shop: Shop, desk: FlaskClient) -> None:
    mine = put(shop, customer_reference="50%_off/1")
    put(shop, customer_reference="5000 off 1")
    for text in ("%", "_", "/", "%_off/"):
        assert listed(desk.get(PAYMENTS, query_string={"q": text})) == [mine], text


@pytest.mark.parametrize("status", ["created", "completed", "flagged", "expired"])
def test_status_filter(shop: Shop, desk: FlaskClient, status: str) -> None:
    put(shop, status="pending")
    mine = put(shop, status=status)
    assert listed(desk.get(PAYMENTS, query_string={"show": status})) == [mine]


def test_days_are_those_of_bangladesh(shop: Shop, desk: FlaskClient) -> None:
    before, first, last, after = (
        put(shop, created_at=datetime(2026, 3, day, hour, minute, tzinfo=timezone.utc))
        for day, hour, minute in [(9, 17, 59), (9, 18, 0), (11, 17, 59), (11, 18, 0)]
    )

    def on(**days: str) -> list[int]:
        return sorted(listed(desk.get(PAYMENTS, query_string=days)))

    assert on(since="2026-03-10", until="2026-03-11") == [first, last]
    assert on(since="2026-03-10") == [first, last, after]
    assert on(until="2026-03-09") == [before]


def test_amounts_are_inclusive(shop: Shop, desk: FlaskClient) -> None:
    amounts = [Decimal(text) for text in ("99.99", "100", "100.01", "250.50", "250.51")]
    made = [put(shop, amount=amount) for amount in amounts]
    page = desk.get(PAYMENTS, query_string={"minimum": "100", "maximum": "250.50"})
    assert sorted(listed(page)) == made[1:4]


@pytest.mark.parametrize(
    "filters",
    [
        {"show": "stolen"},
        {"sort": "token"},
        {"since": "yesterday"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"minimum": "NaN"},
        {"maximum": "Infinity"},
        {"minimum": "-1"},
        {"minimum": "many"},
        {"minimum": "5", "maximum": "4"},
        {"q": "a\x00b"},
        {"q": "x" * 256},
    ],
    ids=str,
)
def test_wrong_filter_is_said_and_shows_nothing(
    shop: Shop, desk: FlaskClient, filters: dict[str, str]
) -> None:
    put(shop)
    page = desk.get(PAYMENTS, query_string=filters)
    assert page.status_code == 400
    assert "A filter is not right" in page.text
    assert 'aria-invalid="true"' in page.text
    assert "ORDER-" not in page.text
    assert desk.get(f"{PAYMENTS}.csv", query_string=filters).status_code == 400


def test_listing_one_reads_by_id(shop: Shop) -> None:
    put(shop, invoice_id="2")
    second = put(shop)
    with shop.app.app_context():
        listing = Listing(shop.app.extensions["bdquickpay"].store)
        found = listing.one(second)
        assert found is not None
        assert found.id == second
        assert [row.id for row in listing.rows(Wanted(sort="oldest"))][-1] == second

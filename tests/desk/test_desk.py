"""The merchant's desk: closed by default, quick with many payments, and it edits nothing."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from html import unescape
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, redirect
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from sqlalchemy import event
from werkzeug.test import TestResponse

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_admin import Admin

from flask_bdquickpay import (
    BDQuickPay,
    ConfigurationError,
    PaymentEventMixin,
    PaymentMixin,
    payment_changed,
    payment_paid,
)
from flask_bdquickpay.desk import Desk, charts, words
from flask_bdquickpay.desk.listing import PAGE, Listing, Wanted
from flask_bdquickpay.desk.statistics import Statistics, last_days, last_months
from flask_bdquickpay.payments.clock import utcnow
from flask_bdquickpay.sandbox.server import SandboxServer

from ..shop import KEYS, Shop

URL = "/admin/bkash"
PAYMENTS = f"{URL}/payments"
DHAKA = timezone(timedelta(hours=6))
_numbers = count(1)


def open_desk(shop: Shop, **options: Any) -> FlaskClient:
    """Mount a desk in the shop's Admin and return a visitor's client."""
    options = {"allow": lambda: True, "who": lambda: "Ayesha"} | options
    Desk(**options).mount(Admin(shop.app, name="Shop"))
    return shop.client


@pytest.fixture
def desk(shop: Shop) -> FlaskClient:
    return open_desk(shop)


def put(shop: Shop, **columns: Any) -> int:
    """Insert a payment behind the extension's back and return its id."""
    number = next(_numbers)
    now = columns.get("created_at", utcnow())
    row = {
        "token": f"token-{number}",
        "invoice_id": f"INV-{number}",
        "customer_reference": f"ORDER-{number}",
        "amount": Decimal(500),
        "status": "pending",
        "created_at": now,
        "updated_at": now,
    }
    return _insert(shop, shop.bdquickpay.Payment, row | columns)


def happen(shop: Shop, payment_id: int, **columns: Any) -> int:
    """Insert an event behind the extension's back and return its id."""
    row = {"source": "webhook", "old_status": "pending", "created_at": utcnow()}
    return _insert(shop, shop.bdquickpay.PaymentEvent, row | {"payment_id": payment_id} | columns)


def _insert(shop: Shop, model: Any, row: dict[str, Any]) -> int:
    with shop.app.app_context():
        made = shop.db.session.execute(sa.insert(model.__table__).values(row))
        shop.db.session.commit()
        return int(made.inserted_primary_key[0])  # type: ignore[attr-defined]


def paid(shop: Shop, **columns: Any) -> int:
    now = columns.get("verified_at", utcnow())
    return put(shop, **{"status": "completed", "verified_at": now, "created_at": now} | columns)


def flagged(shop: Shop) -> Any:
    """A payment on which the wrong amount was paid."""
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.success(payment)
    payment = shop.payment(payment)
    assert payment.status == "flagged"
    return payment


def listed(page: TestResponse) -> list[int]:
    """The ids of the payments in a list."""
    assert page.status_code == 200
    return [int(found) for found in re.findall(r'href="[^"]*/payments/(\d+)"', page.text)]


def neighbour(page: TestResponse, rel: str) -> str | None:
    """The link to the next or previous page."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    return unescape(found[1]) if found else None


def press(client: FlaskClient, payment_id: int, action: str, **form: str) -> TestResponse:
    """Press a button on a payment's page and follow to what it says."""
    page = client.get(f"{PAYMENTS}/{payment_id}")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None, page.text
    url = f"{PAYMENTS}/{payment_id}/{action}"
    return client.post(url, data={"csrf_token": token[1]} | form, follow_redirects=True)


def said(page: TestResponse) -> str:
    """What the page tells the person at the desk."""
    found = re.search(r'<p class="flash[^>]*>(.*?)</p>', page.text, re.DOTALL)
    return unescape(found[1]) if found else ""


def rules(app: Flask) -> list[tuple[str, str]]:
    """Each method and URL of the desk, for a payment that may exist."""
    adapter = app.url_map.bind("localhost")
    values = {"payment_id": 1, "event_id": 1, "filename": "desk.css"}
    return [
        (method, adapter.build(rule.endpoint, {k: values[k] for k in rule.arguments}))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("bdquickpay_desk.")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


@contextmanager
def statements(shop: Shop) -> Iterator[list[str]]:
    """The SQL that is sent meanwhile."""
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with shop.app.app_context():
        engine = shop.db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


# Closed by default


@pytest.mark.parametrize("allow", [None, True, "everybody"])
def test_without_an_access_check_it_does_not_mount(allow: Any) -> None:
    app = Flask("host")
    for target in (app, Admin(app)):
        with pytest.raises(ConfigurationError, match=r"Desk\(allow=lambda"):
            Desk(allow=allow).mount(target)
    assert rules(app) == []


class _Method:
    def allow(self) -> bool:
        return False


@pytest.mark.parametrize(
    "answer", [False, None, 1, "yes", _Method().allow], ids=["no", "none", "1", "yes", "method"]
)
def test_everything_is_closed_to_whom_the_host_does_not_allow(shop: Shop, answer: Any) -> None:
    client = open_desk(shop, allow=lambda: answer)
    put(shop)
    found = rules(shop.app)
    assert len(found) == 8
    assert [client.open(url, method=method).status_code for method, url in found] == [403] * 8
    assert shop.payments()[0].status == "pending"


def test_async_check_is_awaited(shop: Shop) -> None:
    pytest.importorskip("asgiref", reason="Flask's async extra")

    async def allow() -> bool:
        return False

    assert open_desk(shop, allow=allow).get(PAYMENTS).status_code == 403


def test_host_answers_whom_it_refuses(shop: Shop) -> None:
    client = open_desk(shop, allow=lambda: False, refuse=lambda: redirect("/login"))
    answers = [client.open(url, method=method) for method, url in rules(shop.app)]
    assert {answer.headers.get("Location") for answer in answers} == {"/login"}


def test_every_request_is_checked(shop: Shop) -> None:
    allowed = [True]
    client = open_desk(shop, allow=lambda: allowed[0])
    assert client.get(URL + "/").status_code == 200
    allowed[0] = False
    assert client.get(URL + "/").status_code == 403


def test_menu_shows_the_desk_to_whom_it_is_open(shop: Shop) -> None:
    allowed = [False]
    client = open_desk(shop, allow=lambda: allowed[0])
    with _flask_babel_ready(shop.app):
        assert f'href="{URL}/"' not in client.get("/admin/").text
        allowed[0] = True
        assert f'href="{URL}/"' in client.get("/admin/").text


@contextmanager
def _flask_babel_ready(app: Flask) -> Iterator[None]:
    """Flask-Admin's own pages need it, where it is installed."""
    babel = pytest.importorskip("flask_babel")
    if "babel" not in app.extensions:
        babel.Babel(app)
    yield


# Nothing can be edited


def test_three_actions_are_all_that_changes_anything(shop: Shop, desk: FlaskClient) -> None:
    unsafe = {(method, url) for method, url in rules(shop.app) if method != "GET"}
    one = f"{PAYMENTS}/1"
    assert unsafe == {
        ("POST", f"{one}/verify"),
        ("POST", f"{one}/resolve"),
        ("POST", f"{one}/events/1/deliver"),
    }


@pytest.mark.parametrize("path", ["new", "edit", "delete", "action", "ajax/update"])
@pytest.mark.parametrize("place", [URL, PAYMENTS, f"{PAYMENTS}/1"])
def test_there_is_nothing_to_create_edit_or_delete_with(
    shop: Shop, desk: FlaskClient, place: str, path: str
) -> None:
    payment = put(shop)
    form = {"id": str(payment), "amount": "1", "status": "completed"}
    assert desk.post(f"{place}/{path}/", data=form).status_code in (404, 405)
    assert desk.post(f"{place}/{path}", data=form).status_code in (404, 405)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("url", [URL + "/", PAYMENTS, f"{PAYMENTS}/1", f"{PAYMENTS}.csv"])
def test_pages_only_show(shop: Shop, desk: FlaskClient, url: str, method: str) -> None:
    put(shop)
    form = {"amount": "1", "status": "completed"}
    assert desk.open(url, method=method, data=form).status_code == 405
    (payment,) = shop.payments()
    assert (payment.amount, payment.status) == (Decimal(500), "pending")


# The list


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


def test_list_counts_nothing_and_reads_a_page(shop: Shop, desk: FlaskClient) -> None:
    made = _many(shop)
    with statements(shop) as sent:
        desk.get(PAYMENTS, query_string={"after": made[30], "show": "pending"})
    payments = [sql for sql in sent if "bdquickpay_payment" in sql]
    assert len(payments) == 2  # where the page begins, and the page
    assert not [sql for sql in sent if "count(" in sql.lower()]
    assert "LIMIT" in payments[-1]


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


# CSV


def exported(page: TestResponse) -> list[dict[str, str]]:
    assert page.status_code == 200
    assert page.mimetype == "text/csv"
    return list(csv.DictReader(StringIO(page.text)))


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


def connections(shop: Shop) -> int:
    """How many of the shop's connections are in use."""
    with shop.app.app_context():
        return int(shop.db.engine.pool.checkedout())  # type: ignore[attr-defined]


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


# One payment


def test_payment_page_tells_all_that_happened(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    text = desk.get(f"{PAYMENTS}/{payment.id}").text
    for fact in ("৳500.00", "Flagged", payment.invoice_id, payment.trx_id, payment.reason):
        assert fact in unescape(text)
    assert "Checkout" in text
    assert "order_id" in text  # the shop's own data
    assert text.count("<time ") == len(shop.events(payment))


@pytest.mark.parametrize("number", ["999", "9" * 18, "9" * 30, "-1", "x"])
def test_unknown_payment(desk: FlaskClient, number: str) -> None:
    assert desk.get(f"{PAYMENTS}/{number}").status_code == 404
    assert desk.post(f"{PAYMENTS}/{number}/verify").status_code == 404


def test_secrets_are_nowhere(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    urls = [URL + "/", PAYMENTS, f"{PAYMENTS}/{payment.id}", f"{PAYMENTS}.csv"]
    pages = "".join(desk.get(url).text for url in urls)
    for secret in (*KEYS.values(), payment.token, payment.payment_url):
        assert secret not in unescape(pages)


def test_whatever_anybody_wrote_is_text(shop: Shop, desk: FlaskClient) -> None:
    evil = "<script>alert(1)</script>"
    payment = put(shop, customer_reference=evil, reason=evil, payment_metadata={evil: evil})
    answer = {"status": evil}
    happen(shop, payment, note=evil, actor=evil, source="<b>", gateway_answer=answer, error=evil)
    for url in (PAYMENTS, f"{PAYMENTS}/{payment}", URL + "/"):
        assert "<script" not in desk.get(url).text
        assert "<b>" not in desk.get(url).text


@pytest.mark.parametrize("url", [URL + "/", f"{URL}/?period=year", PAYMENTS, f"{PAYMENTS}/1"])
def test_pages_live_under_a_strict_csp(shop: Shop, desk: FlaskClient, url: str) -> None:
    happen(shop, paid(shop), new_status="completed")
    page = desk.get(url)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|javascript:", page.text)
    assert page.headers["Cache-Control"] == "no-store"


def test_policy_of_the_host_stands(shop: Shop) -> None:
    shop.app.after_request(_with_policy)
    page = open_desk(shop).get(PAYMENTS)
    assert page.headers.getlist("Content-Security-Policy") == ["default-src 'none'"]


def _with_policy(answer: Any) -> Any:
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    return answer


# Actions


def test_verify_now(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    assert "The payment is: Paid." in said(press(desk, payment.id, "verify"))
    assert shop.payment(payment).is_paid
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    last = shop.events(payment)[-1]
    assert (last.source, last.actor, last.new_status) == ("desk", "Ayesha", "completed")
    assert "Verify now" not in desk.get(f"{PAYMENTS}/{payment.id}").text


def test_verify_without_the_gateway_changes_nothing(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.fault("500", times=None)
    assert "could not be asked, nothing has changed" in said(press(desk, payment.id, "verify"))
    assert shop.payment(payment).status == "pending"


def test_receiver_that_raises_is_told(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)

    def broken(app: Flask, payment: Any) -> None:
        raise ZeroDivisionError

    with payment_paid.connected_to(broken, sender=shop.app):
        assert "raised ZeroDivisionError" in said(press(desk, payment.id, "verify"))
    assert shop.payment(payment).status == "pending"


@pytest.mark.parametrize(
    ("decision", "status", "words"),
    [("accept", "completed", "Accepted"), ("reject", "failed", "Rejected")],
)
def test_flagged_payment_is_decided(
    shop: Shop, desk: FlaskClient, decision: str, status: str, words: str
) -> None:
    payment = flagged(shop)
    page = press(desk, payment.id, "resolve", decision=decision, note=" seen in\r\nthe statement ")
    assert words in said(page)
    assert shop.payment(payment).status == status
    assert shop.payment(payment).resolved_by == "Ayesha"
    last = shop.events(payment)[-1]
    assert (last.source, last.actor, last.new_status) == ("desk", "Ayesha", status)
    assert last.note == "seen in\r\nthe statement"
    assert len(shop.ledger()) == (decision == "accept")


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "accept"},
        {"decision": "accept", "note": " \r\n "},
        {"decision": "accept", "note": "nul\x00"},
        {"decision": "accept", "note": "x" * 2001},
        {"decision": "maybe", "note": "why not"},
        {"note": "why not"},
    ],
    ids=["no note", "blank", "nul", "long", "maybe", "no decision"],
)
def test_decision_needs_a_word_and_a_reason(
    shop: Shop, desk: FlaskClient, form: dict[str, str]
) -> None:
    payment = flagged(shop)
    page = press(desk, payment.id, "resolve", **form)
    assert page.status_code == 400
    assert 'class="error"' in page.text
    assert shop.payment(payment).status == "flagged"


def test_nobody_decides_without_a_name(shop: Shop) -> None:
    client = open_desk(shop, who=None)
    payment = flagged(shop)
    form = {"decision": "accept", "note": "seen"}
    page = client.get(f"{PAYMENTS}/{payment.id}")
    assert "does not know your name" in page.text
    assert "Nobody decides without a name" in said(press(client, payment.id, "resolve", **form))
    assert shop.payment(payment).status == "flagged"


def test_remote_user_is_a_name(shop: Shop) -> None:
    client = open_desk(shop, who=None)
    client.environ_base["REMOTE_USER"] = "karim"
    payment = flagged(shop)
    press(client, payment.id, "resolve", decision="reject", note="refunded")
    assert shop.payment(payment).resolved_by == "karim"


def test_only_a_flagged_payment_is_decided(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    page = press(desk, payment.id, "resolve", decision="accept", note="please")
    assert "only a flagged one is resolved" in said(page)
    assert shop.payment(payment).status == "pending"
    assert shop.ledger() == []


def test_order_is_not_accepted_twice(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    shop.change(payment, order_key=None)
    reference = payment.customer_reference
    paid(shop, customer_reference=reference, order_key=reference)
    page = press(desk, payment.id, "resolve", decision="accept", note="seen")
    assert "Not done: " in said(page)
    assert shop.payment(payment).status == "flagged"


ACTIONS = ("verify", "resolve", "events/{event}/deliver")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("token", [None, "", "forged"])
@pytest.mark.parametrize("protected", [False, True])
def test_action_without_its_token_does_nothing(
    shop: Shop, action: str, token: str | None, protected: bool
) -> None:
    if protected:
        CSRFProtect(shop.app)
    client = open_desk(shop)
    payment = flagged(shop)
    before = [(found.status, found.resolved_by) for found in shop.payments()]
    events = [(found.id, found.delivered_at, found.attempts) for found in shop.events()]
    form = {"decision": "accept", "note": "seen"} | ({} if token is None else {"csrf_token": token})
    url = f"{PAYMENTS}/{payment.id}/{action.format(event=events[0][0])}"
    assert client.post(url, data=form).status_code == 400
    assert [(found.status, found.resolved_by) for found in shop.payments()] == before
    assert [(found.id, found.delivered_at, found.attempts) for found in shop.events()] == events


def test_stale_page_says_so_and_keeps_the_note(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    form = {"decision": "accept", "note": "typed for minutes", "csrf_token": "old"}
    page = desk.post(f"{PAYMENTS}/{payment.id}/resolve", data=form)
    assert "too old, so nothing was done" in said(page)
    assert "typed for minutes" in page.text


def test_actions_work_beside_the_hosts_csrf_protect(shop: Shop) -> None:
    CSRFProtect(shop.app)
    client = open_desk(shop)
    payment = flagged(shop)
    page = press(client, payment.id, "resolve", decision="accept", note="seen")
    assert "Accepted" in said(page)


def test_event_is_delivered_again_under_its_key(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    (created,) = shop.events(payment)
    assert shop.changed == [(created.id, "pending")]
    page = press(desk, payment.id, f"events/{created.id}/deliver")
    assert said(page) == "Delivered again."
    assert shop.changed == [(created.id, "pending")] * 2
    assert shop.events(payment)[0].delivered_at is not None


def test_event_that_fails_again_says_why(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    (created,) = shop.events(payment)

    def broken(app: Flask, payment: Any, event: Any) -> None:
        raise ConnectionError("the mail server is away")

    with payment_changed.connected_to(broken, sender=shop.app):
        page = press(desk, payment.id, f"events/{created.id}/deliver")
    assert said(page) == "Not delivered: ConnectionError: the mail server is away"
    assert payment.id in listed(desk.get(PAYMENTS, query_string={"show": "undelivered"}))


def test_event_waits_where_delivery_is_deferred(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    desk, payment = open_desk(shop), shop.started()
    (created,) = shop.events(payment)
    with shop.app.app_context():
        assert shop.bdquickpay.deliver() == 1
    assert "It is in the outbox" in said(press(desk, payment.id, f"events/{created.id}/deliver"))
    with shop.app.app_context():
        assert shop.bdquickpay.deliver() == 1
    assert shop.changed == [(created.id, "pending")] * 2


def test_only_a_transition_of_this_payment_is_delivered(shop: Shop, desk: FlaskClient) -> None:
    mine, other = shop.started(), shop.started()
    (theirs,) = shop.events(other)
    fact = happen(shop, mine.id)
    for number in (theirs.id, fact, 10**17):
        assert press(desk, mine.id, f"events/{number}/deliver").status_code == 404
    assert len(shop.changed) == 2


# The dashboard


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


# In other hosts


def test_own_models(database_uri: str, server: SandboxServer) -> None:
    app, db = Flask("own"), SQLAlchemy()
    app.config.update(KEYS, SECRET_KEY="own", SQLALCHEMY_DATABASE_URI=database_uri)
    app.config.update(BDQUICKPAY_BASE_URL=server.base_url)

    class Deal(PaymentMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "deals"
        clerk = db.Column(db.String(20))

    class Step(PaymentEventMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "steps"

    bdquickpay = BDQuickPay(payment_model=Deal, event_model=Step)
    db.init_app(app)
    bdquickpay.init_app(app)
    Desk(allow=lambda: True).mount(app)
    shop = Shop(app, db, bdquickpay, server, None, None)
    with app.app_context():
        db.create_all()
    mine = paid(shop, clerk="Rina")
    happen(shop, mine, new_status="completed")
    client = app.test_client()
    assert "৳500.00" in client.get(URL + "/").text
    assert listed(client.get(PAYMENTS)) == [mine]
    assert client.get(f"{PAYMENTS}/{mine}").status_code == 200
    assert len(exported(client.get(f"{PAYMENTS}.csv"))) == 1
    with app.app_context():
        db.engine.dispose()


def test_app_without_an_admin(shop: Shop) -> None:
    Desk(allow=lambda: True, url="/till").mount(shop.app)
    mine = put(shop)
    assert listed(shop.client.get("/till/payments")) == [mine]
    assert "Back to" not in shop.client.get("/till/").text
    with shop.client.get("/till/static/desk.css") as style:
        assert style.mimetype == "text/css"


def test_strict_templates_and_no_csrf_at_all(shop: Shop) -> None:
    """A host whose tests switch CSRF off, and whose Jinja refuses what is not defined."""
    client, payment = open_desk(shop), flagged(shop)
    shop.app.config["WTF_CSRF_ENABLED"] = False
    shop.app.jinja_env.undefined = StrictUndefined
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}?minimum=x", f"{PAYMENTS}/{payment.id}"):
        assert client.get(url).status_code in (200, 400)
    form = {"decision": "accept", "note": "seen"}
    page = client.post(f"{PAYMENTS}/{payment.id}/resolve", data=form, follow_redirects=True)
    assert "Accepted" in said(page)


def test_page_has_each_id_once(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}/{payment.id}"):
        ids = re.findall(r'\sid="([^"]+)"', desk.get(url).text)
        assert len(ids) == len(set(ids))


def test_missing_flask_admin_is_named() -> None:
    program = "import sys; sys.modules['flask_admin'] = None; import flask_bdquickpay.desk"
    assert "pip install 'Flask-BDQuickPay[admin]'" in _run(program).stderr


def test_admin_that_meets_its_app_later(shop: Shop) -> None:
    admin = Admin(name="Later")
    Desk(allow=lambda: True, url="money").mount(admin)
    admin.init_app(shop.app)
    page = shop.client.get("/admin/money/")
    assert page.status_code == 200
    assert "Back to Later" in page.text


def test_links_keep_the_mount_path(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop)
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}/{payment}"):
        text = desk.get(url, base_url="http://localhost/shop").text
        links = re.findall(r'(?:href|action)="(/[^"]*)"', text)
        assert links
        assert all(link.startswith("/shop/admin/") for link in links)


def test_money_is_in_english_in_a_bangla_shop(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE="bn")
    client = open_desk(shop)
    put(shop, amount=Decimal(123456))
    assert "৳1,23,456.00" in client.get(PAYMENTS).text


def test_pages_hold_no_connection(shop: Shop, desk: FlaskClient) -> None:
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}.csv", f"{PAYMENTS}/{put(shop)}"):
        desk.get(url)
        assert connections(shop) == 0


def test_listing_one_reads_by_id(shop: Shop) -> None:
    put(shop, invoice_id="2")
    second = put(shop)
    with shop.app.app_context():
        listing = Listing(shop.app.extensions["bdquickpay"].store)
        found = listing.one(second)
        assert found is not None
        assert found.id == second
        assert [row.id for row in listing.rows(Wanted(sort="oldest"))][-1] == second


_HOST = """
import sys
if {mode!r} == "absent":
    sys.modules["flask_babel"] = None
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy
from flask_bdquickpay import BDQuickPay
from flask_bdquickpay.desk import Desk
app = Flask("host")
app.config.update(SECRET_KEY="s", SQLALCHEMY_DATABASE_URI="sqlite://", TESTING=True,
                  BDQUICKPAY_APP_KEY="a", BDQUICKPAY_SECRET_KEY="b")
db = SQLAlchemy(app)
bdquickpay = BDQuickPay(app)
if {mode!r} == "ready":
    from flask_babel import Babel
    Babel(app, locale_selector=lambda: "bn")
Desk(allow=lambda: True, who=lambda: "A").mount(app if {alone} else Admin(app))
with app.app_context():
    db.create_all()
    db.session.add(bdquickpay.Payment(customer_reference="R", amount=5, status="flagged"))
    db.session.commit()
client = app.test_client()
pages = ["", "?period=year", "payments", "payments?since=x&minimum=y&show=z", "payments.csv",
         "payments/1"]
print([client.get("/admin/bkash/" + page).status_code for page in pages],
      client.post("/admin/bkash/payments/1/resolve", data={{"note": "n"}}).status_code,
      "babel" in app.extensions, "flask_babel" in sys.modules and bool(sys.modules["flask_babel"]))
"""


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    ("mode", "initialised", "installed"),
    [("absent", False, False), ("raw", False, True), ("ready", True, True)],
)
def test_with_and_without_flask_babel(
    mode: str, initialised: bool, installed: bool, alone: bool
) -> None:
    pytest.importorskip("flask_babel")
    ran = _run(_HOST.format(mode=mode, alone=alone))
    wanted = f"[200, 200, 200, 400, 200, 200] 400 {initialised} {installed}\n"
    assert ran.stdout == wanted, ran.stderr


def _run(program: str) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

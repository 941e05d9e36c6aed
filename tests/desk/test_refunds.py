"""Money that goes back, at the desk: looked at twice, recorded once, shown wherever it counts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_bdquickpay import payment_refunded, refund_changed
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.desk.money_back import METHODS
from flask_bdquickpay.desk.periods import last_days
from flask_bdquickpay.desk.statistics import Statistics
from flask_bdquickpay.payments import refunds as core

from ..payments.test_refunds import paid, refund, refunds, rejected, void
from ..shop import Shop
from .visits import DHAKA, PAYMENTS, URL, listed, open_desk, press, put, said, statements
from .visits import paid as put_paid

NOTE = {"note": "one cup was broken"}


def new(payment: Any) -> str:
    return f"{PAYMENTS}/{payment.id}/refunds/new"


def carried(page: Any) -> dict[str, str]:
    """What a form has in it, filled in or hidden."""
    fields = re.findall(r"<input[^>]*>", page.text)
    named = [(re.search(r' name="([^"]+)"', one), one) for one in fields]
    found = {name[1]: _value(field) for name, field in named if name}
    areas = re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    return found | {name: unescape(text).strip("\r\n") for name, text in areas}


def _value(field: str) -> str:
    value = re.search(r' value="([^"]*)"', field)
    return unescape(value[1]) if value else ""


def fill(desk: FlaskClient, url: str, **form: str) -> TestResponse:
    """Fill a form in and go on."""
    return desk.post(url, data=carried(desk.get(url)) | {"method": "bkash"} | form)


def confirm(desk: FlaskClient, url: str, page: TestResponse, step: str = "confirm") -> TestResponse:
    return desk.post(url, data=carried(page) | {"step": step}, follow_redirects=True)


def record(desk: FlaskClient, payment: Any, **form: str) -> TestResponse:
    """Record a refund, in both steps."""
    page = fill(desk, new(payment), **({"step": "check"} | NOTE | form))
    assert page.status_code == 200, page.text
    return confirm(desk, new(payment), page)


def page_of(desk: FlaskClient, payment: Any) -> str:
    return unescape(desk.get(f"{PAYMENTS}/{payment.id}").text)


def sums(text: str) -> list[str]:
    section = text.split('id="refunds"')[1].partition("</dl>")[0]
    return re.findall(r"<d[td]>([^<]*)<", section)


# Recording


@pytest.mark.thorough
def test_refund_is_recorded_once_it_is_confirmed(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    assert carried(desk.get(new(payment)))["amount"] == "500.00"
    facts = {"trx_id": "SENT1", "method": "bank", "reason": "ভাঙা কাপ"}
    page = fill(desk, new(payment), step="check", amount="৳২০০", **NOTE, **facts)
    text = unescape(page.text)
    assert f"৳200.00 of payment {payment.id} went back to the customer" in text
    for fact in ("SENT1", "Bank", "ভাঙা কাপ", "one cup was broken", "Ayesha", "now"):
        assert fact in text
    assert refunds(shop) == []
    done = confirm(desk, new(payment), page)
    (one,) = refunds(shop)
    assert said(done) == f"Recorded: refund {one.id} of ৳200."
    assert (one.amount, one.trx_id, one.method) == (Decimal(200), "SENT1", "bank")
    assert (one.created_by, one.note, one.reason) == ("Ayesha", "one cup was broken", "ভাঙা কাপ")
    assert sums(page_of(desk, payment)) == [
        *("Received", "৳500.00", "Sent back", "৳200.00", "Remains", "৳300.00")
    ]


def test_double_click_records_once(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="200", trx_id="SENT1", **NOTE)
    first, second = (confirm(desk, new(payment), page) for _ in range(2))
    assert said(first) == said(second)
    assert len(refunds(shop)) == 1
    assert shop.payment(payment).refunded_amount == 200


def test_used_form_that_was_changed_is_told_that_nothing_is_new(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="200", **NOTE)
    confirm(desk, new(payment), page)
    form = carried(page) | {"step": "confirm", "amount": "100"}
    again = desk.post(new(payment), data=form, follow_redirects=True)
    assert said(again).startswith("Nothing new: this form was already used for refund ")
    assert shop.payment(payment).refunded_amount == 200
    record(desk, payment, amount="100")
    assert shop.payment(payment).refunded_amount == 300


def test_what_is_to_be_changed_is_kept(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="200", sent_at="", trx_id="S1", **NOTE)
    again = carried(confirm(desk, new(payment), page, "ask"))
    assert (again["amount"], again["trx_id"]) == ("200", "S1")
    assert (again["note"], again["request_key"]) == (NOTE["note"], carried(page)["request_key"])
    assert refunds(shop) == []


def test_time_is_that_of_bangladesh(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    long_ago = datetime(2026, 3, 21, 4, 0, tzinfo=utcnow().tzinfo)
    shop.change(payment, verified_at=long_ago)
    record(desk, payment, amount="1", sent_at="2026-03-21T10:05")
    assert refunds(shop)[0].sent_at == long_ago + timedelta(minutes=5)
    assert "21 Mar 2026, 10:05:00" in page_of(desk, payment)


def test_the_minute_in_which_the_money_came_is_not_before_it(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    came = datetime(2026, 3, 21, 4, 0, 31, tzinfo=utcnow().tzinfo)
    shop.change(payment, verified_at=came)
    record(desk, payment, amount="1", sent_at="2026-03-21T10:00")
    assert refunds(shop)[0].sent_at == came
    page = fill(desk, new(payment), step="check", amount="1", sent_at="2026-03-21T09:59", **NOTE)
    assert page.status_code == 400
    assert "before the money came" in unescape(page.text)


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"amount": "500.01"}, "That is more than remains: ৳500."),
        ({"amount": "0"}, "Write an amount such as 450 or 450.50."),
        ({"amount": "1e3"}, "Write an amount such as 450 or 450.50."),
        ({"amount": "-5"}, "Write an amount such as 450 or 450.50."),
        ({"amount": ""}, "Write an amount such as 450 or 450.50."),
        ({"amount": "1.001"}, "Write an amount such as 450 or 450.50."),
        ({"note": " "}, "Say why: it is kept with the payment."),
        ({"method": "nagad"}, "Choose one of the list."),
        ({"trx_id": "T" * 129}, "At most 128 characters, please."),
        ({"trx_id": "a\u202eb"}, "Only printable characters, please."),
        ({"sent_at": "yesterday"}, "Write a time such as 2026-11-25 16:30."),
        ({"sent_at": "2999-01-01T00:00"}, "This time is in the future."),
        ({"trx_id": "OWN"}, "is the transaction that paid payment"),
    ],
)
def test_what_is_wrong_is_said_in_the_form_which_keeps_its_input(
    shop: Shop, desk: FlaskClient, form: dict[str, str], wrong: str
) -> None:
    payment = paid(shop)
    shop.change(payment, trx_id="OWN")
    page = fill(desk, new(payment), **({"step": "check", "amount": "100"} | NOTE | form))
    assert page.status_code == 400
    assert wrong in unescape(page.text)
    kept = carried(page)
    assert {name: kept[name] for name in form if name not in ("note", "method")} == {
        name: value for name, value in form.items() if name not in ("note", "method")
    }
    assert refunds(shop) == []


def test_money_that_another_clerk_sent_meanwhile_is_said(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="400", **NOTE)
    refund(shop, payment, "200")
    done = confirm(desk, new(payment), page)
    assert done.status_code == 400
    assert "That is more than remains: ৳300." in unescape(done.text)
    assert shop.payment(payment).refunded_amount == 200


def test_transaction_of_another_refund_is_named(shop: Shop, desk: FlaskClient) -> None:
    first, second = paid(shop), paid(shop)
    number = refund(shop, first, "1", trx_id="SENT1")
    page = fill(desk, new(second), step="check", trx_id="SENT1", **NOTE)
    assert f"Not done: Transaction SENT1 belongs to refund {number} already." in page.text


def test_payment_of_which_nothing_can_go_back_has_no_button(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    assert "Record a refund" not in page_of(desk, payment)
    page = fill(desk, new(payment), step="check", amount="1", **NOTE)
    assert page.status_code == 400
    assert "only what was paid, or rejected by a person, is sent back" in unescape(page.text)
    done = paid(shop)
    assert "Record a refund" in page_of(desk, done)
    refund(shop, done)
    assert "Record a refund" not in page_of(desk, done)


def test_nobody_records_or_voids_without_a_name(shop: Shop) -> None:
    desk = open_desk(shop, who=None)
    payment = paid(shop)
    number = refund(shop, payment, "200")
    for url in (new(payment), f"{PAYMENTS}/{payment.id}/refunds/{number}/void"):
        page = desk.get(url)
        assert "does not know your name" in page.text
        assert "csrf_token" not in page.text
        form = {"step": "confirm", "amount": "1", "request_key": "k", **NOTE}
        assert desk.post(url, data=form | {"method": "bkash"}).status_code == 200
    (one,) = refunds(shop)
    assert (one.state, shop.payment(payment).refunded_amount) == ("sent", 200)


def test_nothing_is_done_without_a_token(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="200", **NOTE)
    form = carried(page) | {"step": "confirm", "csrf_token": "forged"}
    answer = desk.post(new(payment), data=form)
    assert answer.status_code == 400
    assert "This page had become too old" in answer.text
    assert carried(answer)["amount"] == "200"
    assert refunds(shop) == []


@pytest.mark.thorough
def test_receiver_that_raises_leaves_nothing_behind(shop: Shop, desk: FlaskClient) -> None:
    def broken(app: Any, payment: Any, refund: Any) -> None:
        raise ValueError("no such order")

    payment = paid(shop)
    with payment_refunded.connected_to(broken, sender=shop.app):
        done = record(desk, payment)
    assert "the shop’s own code raised ValueError" in said(done)
    assert refunds(shop) == []


def test_payment_that_is_not_there_is_404(shop: Shop, desk: FlaskClient) -> None:
    payment, other = paid(shop), paid(shop)
    number = refund(shop, other, "1")
    assert desk.get(f"{PAYMENTS}/99/refunds/new").status_code == 404
    assert desk.get(f"{PAYMENTS}/{payment.id}/refunds/{number}/void").status_code == 404


def test_every_method_has_a_name() -> None:
    assert tuple(METHODS) == core.METHODS


# Voiding


def test_wrong_entry_is_voided_once_it_is_confirmed(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    number = refund(shop, payment, "200", trx_id="SENT1")
    url = f"{PAYMENTS}/{payment.id}/refunds/{number}/void"
    assert fill(desk, url, step="check", note="").status_code == 400
    page = fill(desk, url, step="check", note="entered twice")
    assert f"Refund {number} of ৳200.00 is to count no more" in page.text
    assert refunds(shop)[0].state == "sent"
    done = confirm(desk, url, page)
    assert said(done) == f"Void: refund {number} of ৳200 does not count."
    (one,) = refunds(shop)
    assert (one.state, one.voided_by, one.void_note) == ("void", "Ayesha", "entered twice")
    text = page_of(desk, payment)
    assert "<s>৳200.00</s></strong> bKash SENT1" in text
    assert "by Ayesha: entered twice" in text
    assert "Record a refund" in text
    assert said(confirm(desk, url, page)) == said(done)  # a second click
    other = carried(page) | {"step": "confirm", "note": "another reason"}
    again = desk.post(url, data=other)
    assert again.status_code == 400
    assert f"Refund {number} was voided already." in again.text


# Where it is shown


@pytest.mark.thorough
def test_badges_say_what_went_back(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop, "1250.50")
    assert "Refunded" not in badges(desk, payment)
    refund(shop, payment, "200")
    assert badges(desk, payment) == ["Paid", "Refunded ৳200 of ৳1,250.50"]
    refund(shop, payment)
    assert badges(desk, payment) == ["Paid", "Refunded ৳1,250.50 of ৳1,250.50"]
    money = rejected(shop)
    assert badges(desk, money) == ["Rejected", "Owed ৳400"]
    refund(shop, money, "150")
    assert badges(desk, money) == ["Rejected", "Refunded ৳150 of ৳400", "Owed ৳250"]
    assert "some of the money was sent back" in page_of(desk, money)
    refund(shop, money)
    assert badges(desk, money) == ["Rejected", "Refunded ৳400 of ৳400"]
    assert "all of the money was sent back." in page_of(desk, money)


def badges(desk: FlaskClient, payment: Any) -> list[str]:
    """What stands beside a payment, in the list and on its page."""
    pattern = re.compile(r'<span class="status[^>]*>([^<]+)<')
    page = pattern.findall(page_of(desk, payment).split('class="amount"')[1].split("</p>")[0])
    rows = unescape(desk.get(f"{PAYMENTS}?q={payment.invoice_id}").text).split("<tbody>")[1]
    assert pattern.findall(rows) == page * 2  # for wide and narrow screens
    return page


def test_list_shows_what_went_back_in_part_or_whole_and_what_is_owed(
    shop: Shop, desk: FlaskClient
) -> None:
    some, whole, voided, money = paid(shop), paid(shop), paid(shop), rejected(shop)
    refund(shop, some, "200")
    refund(shop, whole)
    void(shop, refund(shop, voided))
    assert listed(desk.get(f"{PAYMENTS}?show=partly-refunded")) == [some.id]
    assert listed(desk.get(f"{PAYMENTS}?show=refunded")) == [whole.id]
    assert listed(desk.get(f"{PAYMENTS}?show=held")) == [money.id]
    refund(shop, money)
    assert listed(desk.get(f"{PAYMENTS}?show=held")) == []


@pytest.mark.thorough
def test_dashboard_says_what_is_owed_and_for_how_long(shop: Shop, desk: FlaskClient) -> None:
    assert "Money owed" not in desk.get(f"{URL}/").text
    made = [rejected(shop) for _ in range(6)]
    for days, payment in enumerate(made):
        shop.change(payment, verified_at=utcnow() - timedelta(days=days, minutes=1))
    text = unescape(desk.get(f"{URL}/").text)
    assert "Money owed to customers: ৳2,400.00" in text
    assert 'class="card attention soon"' in text
    block = text.split('id="owed"')[1].split("</section>")[0]
    assert re.findall(r"/payments/(\d+)\"", block) == [str(one.id) for one in made[:0:-1]]
    assert re.findall(r"<span[^>]+>([^<]+)<", block) == [
        *("5 days", "4 days", "3 days", "2 days", "1 day")
    ]
    assert "show=held" in block
    assert "Nothing else: no payment is flagged" in text
    shop.change(made[0], verified_at=utcnow() - timedelta(days=11))
    text = unescape(desk.get(f"{URL}/").text)
    assert "11 days: more than 10" in text
    assert 'class="card attention needed"' in text
    for payment in made:
        refund(shop, payment)
    assert "Money owed" not in desk.get(f"{URL}/").text


def test_list_shows_what_a_statement_has_cleared(shop: Shop, desk: FlaskClient) -> None:
    cleared = put_paid(shop, cleared_at=utcnow(), fee=Decimal("9.25"))
    waiting = put_paid(shop)
    put(shop)
    assert listed(desk.get(f"{PAYMENTS}?show=cleared")) == [cleared]
    assert listed(desk.get(f"{PAYMENTS}?show=uncleared")) == [waiting]
    text = unescape(desk.get(f"{PAYMENTS}/{cleared}").text)
    assert re.search(r"<dt>Fee</dt><dd>৳9.25</dd>", text)
    assert "<dt>Cleared</dt>" in text
    assert "Cleared</span>" in text


def test_timeline_tells_of_refunds_and_of_their_delivery(shop: Shop, desk: FlaskClient) -> None:
    told: list[int] = []

    def tell(app: Any, payment: Any, refund: Any, event: Any) -> None:
        told.append(event.refund_id)

    payment = paid(shop)
    number = refund(shop, payment, "200")
    text = page_of(desk, payment)
    assert f'<a href="#refund-{number}">refund {number}</a>' in text
    assert f'id="refund-{number}"' in text
    assert "sent back ৳200.00 (bKash)" in text
    assert "Your shop was not told yet" in text
    event = shop.events(payment)[-1]
    with refund_changed.connected_to(tell, sender=shop.app):
        page = press(desk, payment.id, f"events/{event.id}/deliver")
        shop.app.extensions["bdquickpay"].outbox.deliver()
    assert said(page) in ("Delivered again.", "It is in the outbox and will be delivered next.")
    assert told == [number]
    assert "Your shop was not told yet" not in page_of(desk, payment)


def test_note_in_bangla_is_kept_as_it_was_written(shop: Shop, desk: FlaskClient) -> None:
    """With its joiners, which are invisible."""
    payment = paid(shop)
    spelt = "র‍্যাব\u200c কাপ\u200d ভাঙা"
    record(desk, payment, note=spelt, reason=spelt)
    assert (refunds(shop)[0].note, refunds(shop)[0].reason) == (spelt, spelt)
    assert desk.get(PAYMENTS, query_string={"q": spelt}).status_code == 200


# The dashboard's sums


def test_dashboard_says_what_went_back_and_what_is_left(shop: Shop, desk: FlaskClient) -> None:
    payment, other, money = paid(shop, "1250.50"), paid(shop), rejected(shop)
    shop.change(other, cleared_at=utcnow())
    assert "Net, 30 days" not in desk.get(f"{URL}/").text
    refund(shop, payment, "200")
    void(shop, refund(shop, payment, "50"))
    refund(shop, money)  # of what was not counted as paid either
    tiles = tiles_of(desk)
    assert tiles["Today"] == ("৳1,750.50", "2 payments; ৳200.00 went back")
    assert tiles["Net, 30 days"] == ("৳1,550.50", "৳200.00 went back to customers")
    assert tiles["Cleared, 30 days"] == ("৳500.00", "29% of it is in a statement")
    rows = unescape(desk.get(f"{URL}/").text).split('class="figures"')[1].split("<tbody>")[1]
    today = re.findall(r'class="number">([^<]+)<', rows.split("</tr>")[0])
    assert today == ["৳1,750.50", "৳200.00", "৳1,550.50", "2"]


def tiles_of(desk: FlaskClient) -> dict[str, tuple[str, str]]:
    text = unescape(desk.get(f"{URL}/").text)
    found = re.findall(r"<dt>([^<]+)</dt>\s*<dd[^>]*>([^<]+)</dd>\s*<dd[^>]*>([^<]+)<", text)
    return {name: (value, hint) for name, value, hint in found}


def test_refund_counts_on_the_day_when_it_was_sent(shop: Shop) -> None:
    payment = paid(shop)
    midnight = utcnow().astimezone(DHAKA).replace(hour=0, minute=0, second=0, microsecond=0)
    shop.change(payment, verified_at=midnight - timedelta(days=40))
    for seconds, amount in ((-1, "10"), (0, "20.50")):
        refund(shop, payment, amount, sent_at=midnight + timedelta(seconds=seconds))
    with shop.app.app_context():
        found = Statistics(shop.app.extensions["bdquickpay"].store).paid(last_days(utcnow()))
    assert [(day.refunded, day.net) for day in found[-3:]] == [
        (Decimal(0), Decimal(0)),
        (Decimal(10), Decimal(-10)),
        (Decimal("20.50"), Decimal("-20.50")),
    ]


@pytest.mark.parametrize("old", [0, 60])
def test_sums_are_the_same_by_index_and_row_by_row(shop: Shop, old: int) -> None:
    """Of many old payments the new ones are picked out by an index; else all are looked at."""
    long_ago = utcnow() - timedelta(days=90)
    for number in range(4):
        put_paid(shop, customer_reference=f"ORDER-{number % 3}")
    put(shop, status="completed", amount=Decimal(7))  # nobody knows when
    put(shop, status="expired")
    for _ in range(old):
        put_paid(shop, created_at=long_ago, verified_at=long_ago)
    with shop.app.app_context(), statements(shop) as seen:
        numbers = Statistics(shop.app.extensions["bdquickpay"].store)
        period = last_days(utcnow())
        day = numbers.paid(period)[-1]
        outcomes, orders = numbers.outcomes(period), numbers.orders(period)
        waits = numbers.waits(period)
    assert (day.amount, day.count) == (Decimal(2007), 5)
    assert {status.value: count for status, count in outcomes.items()} == {
        "completed": 5,
        "expired": 1,
    }
    assert (orders, waits.total) == (5, 4)
    if shop.app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        by_index = [one for one in seen if "+bdquickpay_payment.created_at" not in one]
        assert (len(by_index) == len(seen)) == (old > 0)


@pytest.mark.thorough
def test_dashboard_asks_the_same_number_of_questions_however_many_payments(
    shop: Shop, desk: FlaskClient
) -> None:
    counts = []
    for _ in range(2):
        for _ in range(5):
            refund(shop, paid(shop), "1")
            rejected(shop)
        with statements(shop) as seen:
            desk.get(f"{URL}/")
        counts.append(len(seen))
    assert counts[0] == counts[1]

"""Around the end of a payment nobody is charged twice and no live payment is struck off."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from flask_bdquickpay import clock
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import Shop, told_paid
from .acts import asked, ended, make_due, payable, sweep

SECOND, MINUTE, HOUR, DAY = (
    timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days")
)
NOT_YET = "the gateway does not call it completed yet"


@pytest.fixture
def slow_books(shop: Shop) -> Shop:
    """At this gateway a payment that ran out is called pending for ever."""
    shop.gateway.switch(expired_status="pending")
    return shop


def shift(monkeypatch: pytest.MonkeyPatch, shop: Shop, by: timedelta) -> None:
    """Our clock is wrong by so much, as the gateway's answers tell."""
    monkeypatch.setattr(clock, "utcnow", lambda: datetime.now(timezone.utc) + by)
    monkeypatch.setattr(shop.app.extensions["bdquickpay"].client, "clock_skew", None)


def statuses(shop: Shop, reference: str | None = None) -> list[str]:
    return [str(payment.status) for payment in shop.payments(reference)]


# The grace


def test_customer_waits_a_grace_for_books_that_lag(slow_books: Shop) -> None:
    shop = slow_books
    payment = ended(shop, shop.started(), 90 * SECOND)
    answer = shop.click(payment.customer_reference)
    assert "confirming" in answer.text.lower()
    page = shop.success(payment)
    assert "confirming" in page.text.lower()
    assert f"/bdquickpay/checkout/{payment.customer_reference}" not in page.text
    assert statuses(shop) == ["pending"]
    shop.gateway.pay(payment, webhook=False, late=True)
    assert told_paid(shop.click(payment.customer_reference))
    assert statuses(shop) == ["completed"]


def test_after_the_grace_the_order_gets_a_new_payment(slow_books: Shop) -> None:
    shop = slow_books
    payment = ended(shop, shop.started(), 150 * SECOND)
    shop.click(payment.customer_reference)
    assert statuses(shop) == ["expired", "pending"]


@pytest.mark.parametrize("ask", ["sweep", "success", "status", "webhook"])
def test_nobody_gives_up_in_the_grace(slow_books: Shop, ask: str) -> None:
    shop = slow_books
    payment = ended(shop, shop.started(), 90 * SECOND)
    ways: dict[str, Callable[[], Any]] = {
        "sweep": lambda: sweep(shop),
        "success": lambda: shop.success(payment),
        "status": lambda: shop.client.get(f"/bdquickpay/status/{payment.token}"),
        "webhook": lambda: shop.webhook(payment, "failed"),
    }
    make_due(shop, payment)
    ways[ask]()
    assert asked(shop) == 1
    assert statuses(shop) == ["pending"]
    ended(shop, payment, 150 * SECOND)
    shop.change(payment, asked_at=None)
    make_due(shop, payment)
    ways[ask]()
    assert statuses(shop) == ["expired"]


def test_gateway_that_says_so_ends_it_at_once(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.switch(expired_status="expired")
    shop.gateway.time_out(payment, webhook=False)
    shop.success(payment)
    assert statuses(shop) == ["expired"]


def test_webhook_that_announces_the_money_puts_off_giving_up(slow_books: Shop) -> None:
    shop = slow_books
    payment = shop.started()
    assert shop.webhook(payment).status_code == 503
    assert shop.payment(payment).promised_at is not None
    ended(shop, payment, 14 * MINUTE)
    assert "confirming" in shop.click(payment.customer_reference).text.lower()
    make_due(shop, payment)
    sweep(shop)
    assert statuses(shop) == ["pending"]
    ended(shop, payment, 16 * MINUTE)
    shop.click(payment.customer_reference)
    assert statuses(shop) == ["expired", "pending"]


def test_promise_counts_although_nobody_could_be_asked_then(slow_books: Shop) -> None:
    shop = slow_books
    payment = shop.started()
    shop.gateway.fault("500", endpoint="verify", times=3)
    assert shop.webhook(payment).status_code == 503
    ended(shop, payment, 14 * MINUTE)
    shop.success(payment)
    assert statuses(shop) == ["pending"]


def test_promise_with_a_wrong_key_or_of_a_failure_is_none(slow_books: Shop) -> None:
    shop = slow_books
    payment = shop.started()
    body = {"event": "payment.completed", "invoice_id": payment.invoice_id}
    headers = {"X-App-Key": "wrong"}
    shop.client.post("/bdquickpay/webhook", json=body, headers=headers)
    shop.webhook(payment, "failed")
    assert shop.payment(payment).promised_at is None


def test_promise_pays_nothing(slow_books: Shop) -> None:
    shop = slow_books
    payment = shop.started()
    for _ in range(3):
        shop.webhook(payment)
    assert statuses(shop) == ["pending"]
    assert shop.ledger() == []


def test_cancelled_payment_has_the_grace_too(slow_books: Shop) -> None:
    """The customer paid and came back by the wrong link, while the books lag."""
    shop = slow_books
    payment = shop.started()
    shop.cancel(payment)
    ended(shop, payment, 90 * SECOND)
    assert "confirming" in shop.click(payment.customer_reference).text.lower()
    assert payable(shop) == 1
    shop.gateway.pay(payment, webhook=False, late=True)
    shop.click(payment.customer_reference)
    assert statuses(shop) == ["completed"]


def test_cancelled_payment_makes_way_after_the_grace(slow_books: Shop) -> None:
    shop = slow_books
    payment = shop.started()
    shop.cancel(payment)
    ended(shop, payment, 150 * SECOND)
    shop.click(payment.customer_reference)
    assert statuses(shop) == ["cancelled", "pending"]


# Every older session


def test_click_asks_about_every_older_session(slow_books: Shop) -> None:
    shop = slow_books
    first = shop.started()
    reference = first.customer_reference
    for number in range(1, 5):
        ended(shop, shop.payments()[-1], 3 * MINUTE)
        shop.click(reference)
        assert len(shop.payments()) == number + 1
    ended(shop, shop.payments()[-1], 3 * MINUTE)
    shop.gateway.pay(first, webhook=False, late=True)  # the oldest one
    before = len(shop.gateway.requests)
    assert told_paid(shop.click(reference))
    asked_about = {sent.body["invoice_id"] for sent in shop.gateway.requests[before:]}
    assert asked_about == {payment.invoice_id for payment in shop.payments()}
    assert statuses(shop) == ["completed", *["expired"] * 4]
    assert len(shop.ledger()) == 1


@pytest.mark.thorough
def test_no_older_session_is_left_out_however_many_there_are(slow_books: Shop) -> None:
    shop = slow_books
    first = shop.started()
    for _ in range(25):
        ended(shop, shop.payments()[-1], 3 * MINUTE)
        shop.click(first.customer_reference)
    ended(shop, shop.payments()[-1], 3 * MINUTE)
    shop.gateway.pay(first, webhook=False, late=True)
    shop.click(first.customer_reference)
    assert shop.payment(first).status == "completed"


def test_older_session_that_nobody_can_ask_about_holds_the_order_in_the_late_window(
    slow_books: Shop,
) -> None:
    shop = slow_books
    payment = ended(shop, shop.started(), 3 * MINUTE)
    shop.click(payment.customer_reference)
    new = ended(shop, shop.payments()[-1], 3 * MINUTE)
    shop.gateway.fault("500", endpoint="verify", times=None)
    assert shop.click(payment.customer_reference).status_code == 502
    assert payable(shop) == 2
    assert [p.id for p in shop.payments()] == [payment.id, new.id]


# Given up for good


def test_end_that_passed_while_the_gateway_was_asked_is_asked_about_again(
    slow_books: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is older than the end: the money may have come in between."""
    shop = slow_books
    payment = shop.started()
    end = payment.expires_at + 2 * MINUTE
    client = shop.app.extensions["bdquickpay"].client
    ask = client.verify_payment
    times = [end - SECOND]

    def slowly(*args: Any, **options: Any) -> Any:
        answer = ask(*args, **options)
        times.append(end + MINUTE)
        return answer

    client.verify_payment = slowly
    monkeypatch.setattr(clock, "utcnow", lambda: times[-1])
    tells_no_time = property(lambda client: None, lambda client, skew: None)
    monkeypatch.setattr(type(client), "clock_skew", tells_no_time, raising=False)
    shop.success(payment)
    assert statuses(shop) == ["pending"]
    shop.success(payment)
    assert statuses(shop) == ["expired"]


@pytest.mark.parametrize("days", [1, 10, 400])
def test_sweep_whose_clock_is_days_ahead_strikes_nobody_off(
    slow_books: Shop, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    shop = slow_books
    waiting, cancelled = shop.started(), shop.started()
    shop.cancel(cancelled)
    failed = shop.started()
    shop.gateway.fail(failed, webhook=False)
    with monkeypatch.context() as wrong:
        shift(wrong, shop, days * DAY)
        assert sweep(shop).errors == 0
        shop.success(waiting)
        assert sweep(shop).errors == 0
    assert statuses(shop) == ["pending", "cancelled", "failed"]
    soon = utcnow() + 3 * HOUR
    assert all(payment.check_after < soon for payment in shop.payments())
    for payment in (waiting, cancelled, failed):
        shop.gateway.pay(payment, webhook=False, late=True)
        make_due(shop, payment)
    sweep(shop)
    assert statuses(shop) == ["completed"] * 3


def test_clock_that_is_ahead_believes_no_loss_of_memory(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'Not found' ends a payment only after its end, by the gateway's clock too."""
    payment = shop.started()
    shop.change(payment, invoice_id="FORGOTTEN")
    with monkeypatch.context() as wrong:
        shift(wrong, shop, DAY)
        make_due(shop, payment)
        assert sweep(shop).errors == 1
    assert statuses(shop) == ["pending"]


@pytest.mark.thorough
def test_clock_that_is_ahead_gives_no_live_payment_up_at_the_click(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = shop.started()
    shop.gateway.fault("500", endpoint="verify", times=None)
    with monkeypatch.context() as wrong:
        shift(wrong, shop, 3 * DAY)
        assert shop.click(payment.customer_reference).status_code == 502
    assert statuses(shop) == ["pending"]
    assert payable(shop) == 1


def test_clock_that_is_behind_ends_it_later_and_never_twice(
    slow_books: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = slow_books
    with monkeypatch.context() as wrong:
        shift(wrong, shop, -31 * MINUTE)
        payment = shop.started()
        assert shop.click(payment.customer_reference).location == payment.payment_url
    assert payable(shop) == 1
    assert shop.payment(payment).expires_at > utcnow() + 20 * MINUTE


# A clock that is wrong where the payment is made


@pytest.mark.parametrize("minutes", [31, 60 * 24 * 3])
def test_end_that_has_passed_at_creation_is_not_believed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, minutes: int
) -> None:
    shift(monkeypatch, shop, minutes * MINUTE)
    reference = shop.order()
    with caplog.at_level(logging.WARNING):
        urls = {shop.click(reference).location for _ in range(3)}
    (payment,) = shop.payments()
    assert urls == {payment.payment_url}
    assert payable(shop) == 1
    left = payment.expires_at - clock.utcnow()
    assert 29 * MINUTE < left <= 30 * MINUTE
    assert "Is a clock wrong?" in caplog.text


@pytest.mark.thorough
@on_sqlite
@pytest.mark.parametrize("hours", [-24, 24])
def test_creation_begun_by_a_server_with_another_clock_does_not_spin(
    shop: Shop, hours: int, new_shop: Callable[..., Shop]
) -> None:
    """Its process has died; its clock says that this was a day ago, or will be in a day."""
    payment = shop.started()
    crashed = {"status": "created", "invoice_id": None, "payment_url": None, "expires_at": None}
    begun = utcnow() + hours * HOUR
    shop.change(payment, **crashed, previous_status=None, created_at=begun, check_after=begun)
    quick = new_shop(BDQUICKPAY_TIMEOUT=0.5)
    before = time.monotonic()
    assert quick.click(payment.customer_reference).status_code == 303
    assert time.monotonic() - before < 2 * (0.5 + 2)
    assert statuses(shop) == ["failed", "pending"]


@on_sqlite
def test_time_comes_from_one_place(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever patches it patches all that is stored."""
    monkeypatch.setattr(clock, "utcnow", lambda: datetime(2031, 5, 4, tzinfo=timezone.utc))
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    shop.success(payment)
    times = [payment.created_at, payment.updated_at, *(e.created_at for e in shop.events())]
    assert {moment.year for moment in times} == {2031}

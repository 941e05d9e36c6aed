"""However often the pages are loaded, the gateway is asked once in three seconds per payment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from flask_bdquickpay import clock

from ..shop import Shop

PAGES = ("success", "cancel", "status")


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's clock stands still, however slow the machine is."""
    now = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now)


def load(shop: Shop, payment: Any, page: str) -> Any:
    """Load a page at once, however short ago another was."""
    return shop.client.get(f"/bdquickpay/{page}/{payment.token}")


def verifications(shop: Shop) -> int:
    return sum(request.endpoint == "verify" for request in shop.gateway.requests)


def seconds_pass(shop: Shop, payment: Any, seconds: float) -> None:
    asked = shop.payment(payment).asked_at - timedelta(seconds=seconds)
    shop.change(payment, asked_at=asked)


@pytest.mark.parametrize("first", PAGES)
def test_pages_share_one_question_in_three_seconds(shop: Shop, first: str) -> None:
    payment = shop.started()
    for page in (first, *PAGES, *PAGES):
        assert load(shop, payment, page).status_code == 200
    assert verifications(shop) == 1
    seconds_pass(shop, payment, 2.9)
    load(shop, payment, first)
    assert verifications(shop) == 1
    seconds_pass(shop, payment, 3)
    shop.gateway.pay(payment, webhook=False)
    load(shop, payment, "success")
    assert verifications(shop) == 2
    assert shop.payment(payment).status == "completed"


def test_pages_that_are_loaded_at_once_ask_once(shop: Shop) -> None:
    payment = shop.started()
    start = threading.Barrier(6)

    def look(page: str) -> int:
        start.wait(10)
        return int(load(shop, payment, page).status_code)

    with ThreadPoolExecutor(6) as threads:
        codes = list(threads.map(look, PAGES * 2))
    assert codes == [200] * 6
    assert verifications(shop) == 1


@pytest.mark.parametrize("before", ["failed", "expired", "cancelled"])
def test_pages_of_a_belief_share_it_too(shop: Shop, before: str) -> None:
    payment = shop.started()
    shop.change(payment, status=before)
    pages = [load(shop, payment, page).text for page in ("success", "cancel", "success")]
    assert verifications(shop) == 1
    assert all(f"/bdquickpay/checkout/{payment.customer_reference}" in page for page in pages)


def test_gateway_out_of_reach_is_not_asked_oftener(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("500", endpoint="verify", times=None)
    load(shop, payment, "success")
    asked = verifications(shop)  # one question is tried a few times
    for page in PAGES * 2:
        assert load(shop, payment, page).status_code == 200
    assert verifications(shop) == asked


def test_payments_do_not_wait_for_each_other(shop: Shop) -> None:
    for payment in (shop.started(), shop.started()):
        load(shop, payment, "success")
    assert verifications(shop) == 2


def test_cancel_takes_the_answer_of_a_moment_ago(shop: Shop) -> None:
    payment = shop.started()
    load(shop, payment, "status")
    page = load(shop, payment, "cancel")
    assert "Payment cancelled" in page.text
    payment = shop.payment(payment)
    assert (payment.status, payment.previous_status) == ("cancelled", "pending")
    assert shop.heard[-1] == ("cancelled", payment.id)
    assert verifications(shop) == 1


@pytest.mark.parametrize("word", ["completed", "failed", "on hold"])
def test_cancel_takes_no_other_answer(shop: Shop, word: str) -> None:
    payment = shop.started()
    load(shop, payment, "status")
    shop.change(payment, gateway_status=word)
    load(shop, payment, "cancel")
    assert shop.payment(payment).status == "pending"


@pytest.mark.thorough
def test_cancel_takes_no_answer_that_did_not_come(shop: Shop) -> None:
    payment = shop.started()
    load(shop, payment, "success")
    assert shop.payment(payment).gateway_status == "pending"
    seconds_pass(shop, payment, 3)
    shop.gateway.fault("500", endpoint="verify", times=None)
    load(shop, payment, "success")
    page = load(shop, payment, "cancel")
    assert "We could not check your payment" in page.text
    assert shop.payment(payment).status == "pending"


def test_belief_is_not_shown_while_the_answer_is_out(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, status="failed")
    shop.gateway.fault("500", endpoint="verify", times=None)
    for page in ("success", "success", "cancel"):
        assert "/bdquickpay/checkout/" not in load(shop, payment, page).text


def test_other_page_that_is_asking_is_not_the_gateway_out_of_reach(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, asked_at=clock.utcnow())
    page = load(shop, payment, "success")
    assert "We are asking bKash about your payment" in page.text
    assert verifications(shop) == 0


def test_server_with_a_wrong_clock_keeps_nobody_from_asking(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, asked_at=clock.utcnow() + timedelta(minutes=31))
    load(shop, payment, "success")
    assert verifications(shop) == 1


def test_looks_at_a_paid_payment_ask_nobody(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    load(shop, payment, "success")
    asked = verifications(shop)
    for page in PAGES * 2:
        seconds_pass(shop, payment, 3)
        assert load(shop, payment, page).status_code == 200
    assert verifications(shop) == asked


def test_repeated_looks_are_a_row_for_each_page(shop: Shop) -> None:
    payment = shop.started()
    for _ in range(5):
        shop.success(payment)
    rows = [(event.source, event.count) for event in shop.events(payment)]
    assert rows == [("checkout", 1), ("return", 5)]

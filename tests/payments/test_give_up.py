"""A payment that the gateway cannot tell anything about does not hold its order for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.errors import ResolutionError

from ..shop import Shop
from .acts import asked, ended, give_up, make_due, payable, sweep

WINDOW = timedelta(hours=24)  # BDQUICKPAY_LATE_WINDOW
BEFORE, AFTER = WINDOW - timedelta(minutes=5), WINDOW + timedelta(minutes=5)


def silent(shop: Shop) -> None:
    """Verify fails from now on, for every payment."""
    shop.gateway.fault("500", endpoint="verify", times=None)


def decided(shop: Shop, payment: Any) -> list[tuple[str | None, str | None]]:
    return [(e.actor, e.note) for e in shop.events(payment) if e.actor is not None]


def money_that_comes_is_flagged(shop: Shop, payment: Any) -> None:
    """Found by the sweep, which goes on looking although verify has failed for long."""
    silent(shop)
    for _ in range(3):
        assert shop.payment(payment).check_after is not None
        make_due(shop, payment)
        assert sweep(shop).errors >= 1
    shop.gateway.clear_faults()
    shop.gateway.pay(payment, webhook=False, late=True)
    make_due(shop, payment)
    assert sweep(shop).changed == 1
    payment = shop.payment(payment)
    assert (payment.status, payment.order_key) == ("flagged", None)
    assert payment.reason == "paid after the shop had given the payment up"
    assert shop.ledger() == []


def test_until_the_late_window_ends_nobody_is_charged_again(shop: Shop) -> None:
    payment = ended(shop, shop.started(), BEFORE)
    silent(shop)
    assert shop.click(payment.customer_reference).status_code == 502
    assert asked(shop, "create") == 1
    assert shop.payment(payment).status == "pending"


def test_after_the_late_window_a_click_makes_a_new_one(shop: Shop) -> None:
    old = ended(shop, shop.started(), AFTER)
    silent(shop)
    answer = shop.click(old.customer_reference)
    old, new = shop.payments(old.customer_reference)
    assert answer.location == new.payment_url
    assert (old.status, old.reason) == ("expired", "given up by the shop")
    assert (old.order_key, new.order_key) == (None, old.customer_reference)
    assert shop.click(old.customer_reference).location == new.payment_url


@pytest.mark.thorough
def test_what_a_click_gave_up_is_watched(shop: Shop) -> None:
    old = ended(shop, shop.started(), AFTER)
    silent(shop)
    shop.click(old.customer_reference)
    money_that_comes_is_flagged(shop, old)


@pytest.mark.thorough
def test_cancelled_payment_is_given_up_at_the_click_too(shop: Shop) -> None:
    old = shop.started()
    shop.cancel(old)
    ended(shop, old, AFTER)
    silent(shop)
    shop.click(old.customer_reference)
    assert [p.status for p in shop.payments()] == ["expired", "pending"]


@pytest.mark.thorough
def test_payment_believed_over_does_not_hold_its_order_after_the_late_window(shop: Shop) -> None:
    """Nobody could ever verify it since: the sweep goes on asking, the order is free."""
    shop.gateway.switch(expired_status="pending")
    old = ended(shop, shop.started(), timedelta(minutes=3))
    shop.success(old)
    assert shop.payment(old).status == "expired"
    silent(shop)
    assert shop.click(old.customer_reference).status_code == 502
    ended(shop, old, AFTER)
    make_due(shop, old)
    assert sweep(shop).errors == 1
    assert shop.click(old.customer_reference).status_code == 303
    assert [p.status for p in shop.payments()] == ["expired", "pending"]
    assert shop.payment(old).check_after is not None


def test_order_is_not_freed_while_nobody_is_asked(shop: Shop) -> None:
    """In a pause that the gateway asked for."""
    payment = ended(shop, shop.started(), AFTER)
    shop.gateway.fault("429", endpoint="verify", retry_after=30)
    for _ in range(2):
        shop.success(payment)
        assert shop.click(payment.customer_reference).status_code == 502
    assert shop.payment(payment).status == "pending"


# By hand


def test_person_gives_up_earlier(shop: Shop) -> None:
    old = shop.started()
    silent(shop)
    give_up(shop, old)
    shop.click(old.customer_reference)
    old, new = shop.payments()
    assert (old.status, old.reason, old.resolved_by) == ("expired", "given up by the shop", None)
    assert decided(shop, old) == [("Karima", "nobody can tell")]
    assert new.status == "pending"
    assert shop.heard[-2:] == [("expired", old.id), ("created", new.id)]


@pytest.mark.thorough
@pytest.mark.parametrize("end", [timedelta(minutes=-20), timedelta(minutes=5), AFTER])
def test_what_a_person_gave_up_is_watched(shop: Shop, end: timedelta) -> None:
    old = ended(shop, shop.started(), end)
    give_up(shop, old)
    assert shop.payment(old).check_after <= utcnow() + timedelta(minutes=16)
    money_that_comes_is_flagged(shop, old)


def test_money_on_it_is_flagged_by_a_webhook_too_and_the_new_payment_stays(shop: Shop) -> None:
    old = shop.started()
    give_up(shop, old)
    shop.click(old.customer_reference)
    new = shop.payments()[-1]
    shop.gateway.pay(old, webhook=False)
    assert shop.webhook(old).status_code == 200
    assert [p.status for p in shop.payments()] == ["flagged", "pending"]
    assert shop.click(old.customer_reference).location == new.payment_url
    shop.gateway.pay(new, webhook=False)
    shop.webhook(new)
    assert [p.status for p in shop.payments()] == ["flagged", "completed"]
    assert len(shop.ledger()) == 1


def test_answer_after_the_end_closes_it_for_good(shop: Shop) -> None:
    shop.gateway.switch(expired_status="pending")
    old = ended(shop, shop.started(), AFTER)
    give_up(shop, old)
    make_due(shop, old)
    assert sweep(shop).checked == 1
    assert shop.payment(old).check_after is None


@pytest.mark.thorough
def test_person_frees_the_order_of_a_payment_believed_over(shop: Shop) -> None:
    """In the late window it holds the order as long as nobody can tell."""
    shop.gateway.switch(expired_status="pending")
    old = ended(shop, shop.started(), timedelta(minutes=3))
    shop.success(old)
    silent(shop)
    assert shop.click(old.customer_reference).status_code == 502
    give_up(shop, old)
    assert decided(shop, old) == [("Karima", "nobody can tell")]
    assert shop.click(old.customer_reference).status_code == 303
    assert payable(shop) == 2
    money_that_comes_is_flagged(shop, old)


@pytest.mark.parametrize("status", ["completed", "flagged", "rejected", "failed", "given up"])
def test_there_is_nothing_to_give_up(shop: Shop, status: str) -> None:
    payment = shop.started()
    if status == "failed":
        shop.gateway.fail(payment, webhook=False)
        shop.success(payment)  # the gateway's last word: it holds no order
    elif status == "given up":
        give_up(shop, payment)
    elif status == "completed":
        shop.gateway.pay(payment, webhook=False)
        shop.success(payment)
    else:
        shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
        shop.success(payment)
    if status == "rejected":
        with shop.app.app_context():
            state = shop.app.extensions["bdquickpay"]
            seen = state.store.find("id", payment.id)
            state.resolution.resolve(seen, accept=False, note="sent back", actor="Karima")
    before = shop.payment(payment)
    with pytest.raises(ResolutionError):
        give_up(shop, payment)
    after = shop.payment(payment)
    assert (after.status, after.reason) == (before.status, before.reason)

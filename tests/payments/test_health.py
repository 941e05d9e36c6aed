"""How the payments are: each field of `health()`, and that no query of it reads a whole table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flask_bdquickpay import payment_changed, payment_paid
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.payments.health import Health, Period, Pile, failure
from flask_bdquickpay.payments.reasons import REJECTED_BECAUSE

from ..benchmarks import year
from ..shop import Shop
from .acts import deaf, give_up, make_due, resolve, sweep
from .clock import time_passes
from .test_refunds import paid, refund, rejected
from .test_refused import ship

NOTHING = Pile(0, None)
QUIET = Period(0, {}, {}, None, None, None)
HOUR = timedelta(hours=1)


def health(shop: Shop) -> Health:
    with shop.app.app_context():
        found: Health = shop.bdquickpay.health()
        return found


def is_of(pile: Pile, count: int, age: timedelta = timedelta()) -> bool:
    """Whether so many wait, the oldest for about that long."""
    if pile.oldest_seconds is None:
        return False
    return pile.count == count and 0 <= pile.oldest_seconds - age.total_seconds() < 60


def test_empty_database(shop: Shop) -> None:
    before = utcnow()
    found = health(shop)
    assert before <= found.at <= utcnow()
    assert found == Health(
        at=found.at,
        open={"created": NOTHING, "pending": NOTHING},
        flagged=NOTHING,
        unbooked=NOTHING,
        unannounced=NOTHING,
        refunds_owed=NOTHING,
        due=NOTHING,
        events_due=NOTHING,
        last_webhook=None,
        hour=QUIET,
        day=QUIET,
    )


def test_open_payments_by_status_since_they_were_begun(shop: Shop) -> None:
    old = shop.started()
    time_passes(shop, 2 * HOUR, old.customer_reference)
    shop.started()
    lost = shop.started()
    shop.change(lost, status="created")
    paid(shop)
    found = health(shop).open
    assert is_of(found["pending"], 2, 2 * HOUR)
    assert is_of(found["created"], 1)


def test_flagged_since_the_money_came(shop: Shop) -> None:
    payment = shop.started()
    time_passes(shop, 5 * HOUR)
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.webhook(payment)
    shop.change(payment, verified_at=utcnow() - HOUR)
    assert is_of(health(shop).flagged, 1, HOUR)
    resolve(shop, payment, accept=True)
    assert health(shop).flagged == NOTHING


def test_money_that_the_shop_refuses(shop: Shop) -> None:
    payment = shop.started()
    time_passes(shop, HOUR)
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(ship, sender=shop.app):
        shop.webhook(payment)
    found = health(shop)
    assert is_of(found.unbooked, 1, HOUR)
    assert is_of(found.open["pending"], 1, HOUR)
    shop.webhook(payment)
    assert health(shop).unbooked == NOTHING


def test_paid_payment_of_which_the_shop_was_not_told(shop: Shop) -> None:
    with deaf(shop):
        payment = paid(shop)
    shop.change(payment, verified_at=utcnow() - HOUR)
    assert is_of(health(shop).unannounced, 1, HOUR)
    sweep(shop)
    assert health(shop).unannounced == NOTHING


@pytest.mark.thorough
def test_rejected_money_until_all_of_it_is_sent_back(shop: Shop) -> None:
    payment = rejected(shop)
    shop.change(payment, verified_at=utcnow() - 30 * HOUR)
    assert is_of(health(shop).refunds_owed, 1, 30 * HOUR)
    refund(shop, payment, 100)
    assert is_of(health(shop).refunds_owed, 1, 30 * HOUR)
    refund(shop, payment)
    assert health(shop).refunds_owed == NOTHING


def test_what_the_sweep_should_look_at_since_it_was_due(shop: Shop) -> None:
    late = shop.started()
    shop.change(shop.started(), check_after=utcnow() + HOUR)
    shop.change(late, check_after=utcnow() - HOUR)
    assert is_of(health(shop).due, 1, HOUR)
    sweep(shop)
    assert health(shop).due == NOTHING


def test_events_that_nobody_delivers(shop: Shop) -> None:
    with deaf(shop, payment_changed):
        payment = paid(shop)
        time_passes(shop, HOUR)
        assert is_of(health(shop).events_due, len(moved(shop, payment)), HOUR)
    sweep(shop)
    assert health(shop).events_due == NOTHING


def moved(shop: Shop, payment: Any) -> list[Any]:
    return [event for event in shop.events(payment) if event.new_status is not None]


def test_last_webhook(shop: Shop) -> None:
    paid(shop)
    time_passes(shop, HOUR)
    payment = paid(shop)
    paid_by_return(shop)
    (webhook,) = [event for event in shop.events(payment) if event.source == "webhook"]
    assert health(shop).last_webhook == webhook.created_at


def paid_by_return(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.success(payment)
    return payment


# What a period brought


def test_created_in_the_hour_and_in_the_day(shop: Shop) -> None:
    for age in (25 * HOUR, 2 * HOUR, timedelta()):
        time_passes(shop, age, shop.started().customer_reference)
    found = health(shop)
    assert (found.hour.created, found.day.created) == (1, 2)


def test_completed_by_who_told_of_it(shop: Shop) -> None:
    paid(shop)
    time_passes(shop, 25 * HOUR)
    paid(shop)
    time_passes(shop, 2 * HOUR)
    paid(shop)
    paid_by_return(shop)
    due = shop.started()
    shop.gateway.pay(due, webhook=False)
    make_due(shop, due)
    sweep(shop)
    found = health(shop)
    assert found.hour.completed == {"webhook": 1, "return": 1, "sweep": 1}
    assert found.day.completed == {"webhook": 2, "return": 1, "sweep": 1}


def test_failed_by_a_word_for_the_reason(shop: Shop) -> None:
    old = shop.started()
    shop.gateway.fail(old, webhook=False)
    shop.webhook(old, "failed")
    time_passes(shop, 2 * HOUR)
    rejected(shop)
    found = health(shop)
    assert found.hour.failed == {"rejected": 1}
    assert found.day.failed == {"rejected": 1, "at_gateway": 1}


def test_failure_after_which_money_came_is_none(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    shop.webhook(payment, "failed")
    assert health(shop).day.failed == {"at_gateway": 1}
    shop.gateway.pay(payment, webhook=False, late=True)
    shop.webhook(payment)
    assert shop.payment(payment).status == "completed"
    assert health(shop).day.failed == {}


def test_seconds_to_the_money_and_to_its_webhook(shop: Shop) -> None:
    for taken, lag in ((10, 1), (20, 2), (30, 3), (400, 70)):
        payment = paid(shop)
        told = next(e.created_at for e in moved(shop, payment) if e.new_status == "completed")
        came = told - timedelta(seconds=lag)
        begun = came - timedelta(seconds=taken)
        shop.change(payment, verified_at=came, created_at=begun)
    hour = health(shop).hour
    assert (hour.median_seconds, hour.p95_seconds) == (20, 400)
    assert hour.webhook_lag_seconds == 2


@pytest.mark.thorough
def test_hour_and_day_have_their_own_durations(shop: Shop) -> None:
    slow = paid(shop)
    shop.change(slow, created_at=slow.verified_at - timedelta(seconds=300))
    time_passes(shop, 2 * HOUR)
    quick = paid(shop)
    shop.change(quick, created_at=quick.verified_at - timedelta(seconds=30))
    found = health(shop)
    assert (found.hour.p95_seconds, found.day.p95_seconds) == (30, 300)


def test_customer_of_a_payment_that_was_given_up_and_paid_is_counted_once(shop: Shop) -> None:
    payment = shop.started()
    give_up(shop, payment)
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    assert shop.payment(payment).status == "flagged"
    resolve(shop, payment, accept=True)
    assert sum(health(shop).day.completed.values()) == 1


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("amount mismatch: 400.00 BDT were paid", "amount_mismatch"),
        (REJECTED_BECAUSE % {"message": "sold out"}, "rejected"),
        ("something that a shop wrote", "other"),
        (None, "other"),
    ],
)
def test_words_for_failures_are_closed(reason: str | None, word: str) -> None:
    assert failure(reason) == word


# By its indexes


@pytest.fixture
def large(shop: Shop) -> Shop:
    """A shop with a year of payments."""
    with shop.app.app_context():
        year.fill(shop.db.engine, shop.app.extensions["bdquickpay"].models, 20_000)
    return shop


def test_no_query_reads_a_whole_table(large: Shop) -> None:
    plans = plans_of(large)
    assert len(plans) == 9
    assert [plan for plan in plans if reads_all(plan)] == []
    found = health(large)
    assert (found.flagged.count, found.refunds_owed.count) == (year.FLAGGED, year.OWED)
    assert (found.unbooked.count, found.unannounced.count) == (year.UNBOOKED, year.UNTOLD)
    assert found.events_due.count == year.UNDELIVERED


def test_this_test_would_see_a_query_without_an_index(large: Shop) -> None:
    events = large.bdquickpay.PaymentEvent.__table__
    (index,) = [index for index in events.indexes if len(index.columns) > 1]
    with large.app.app_context():
        index.drop(large.db.engine)
    assert any(reads_all(plan) for plan in plans_of(large))


def plans_of(shop: Shop) -> list[str]:
    """How the database carries out each query of `health()`."""
    asked: list[tuple[str, Any]] = []

    def listen(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        asked.append((statement, parameters))

    with shop.app.app_context():
        engine = shop.db.engine
        shop.bdquickpay.health()  # a server's own settings are asked before
        sa.event.listen(engine, "before_cursor_execute", listen)
        shop.bdquickpay.health()
        sa.event.remove(engine, "before_cursor_execute", listen)
        with engine.connect() as connection:
            return [year.plan(connection, *one) for one in asked]


def reads_all(plan: str) -> bool:
    """Whether a table of ours or a whole index is read from end to end."""
    steps = [step for step in plan.splitlines() if "table=<derived" not in step]  # a sample
    words = ("SCAN bdquickpay", "Seq Scan", "type=ALL", "type=index ")
    return any(word in step for word in words for step in steps)

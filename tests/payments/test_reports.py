"""What reports say of payments that wait, and of a timeline, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.payments.records import COLUMNS
from flask_bdquickpay.payments.reports import Reports
from flask_bdquickpay.payments.waiting import is_owed, is_unbooked

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from ..unserved import learn, owed, refused, refusing


@contextmanager
def reports(shop: Shop) -> Iterator[Reports]:
    with shop.app.app_context():
        yield Reports(shop.app.extensions["bdquickpay"].store)
        shop.db.session.rollback()


def add_events(shop: Shop, payment: Any, number: int) -> list[int]:
    row = {"payment_id": payment.id, "source": "webhook", "old_status": "pending", "attempts": 0}
    with shop.app.app_context():
        facts = [row | {"created_at": utcnow(), "note": str(n)} for n in range(number)]
        shop.db.session.execute(sa.insert(shop.bdquickpay.PaymentEvent.__table__), facts)
        shop.db.session.commit()
    return [event.id for event in shop.events(payment)]


def test_new_columns_come_last() -> None:
    assert COLUMNS[-5:] == ("problem", "announced_at", "account", "label", "channel")


def test_money_that_the_shop_refuses_is_found_until_it_is_booked(shop: Shop) -> None:
    payment = refused(shop)
    shop.started()
    with reports(shop) as found:
        assert found.unbooked().count == 1
        assert found.unbooked().oldest == payment.created_at
        (record,) = found.some_unbooked(5)
    assert (record.id, record.received_amount) == (payment.id, Decimal(500))
    assert record.is_unbooked
    assert record.problem == "tests.unserved.no_stock raised ValueError: sold out"
    learn(shop, payment)
    with reports(shop) as found:
        assert found.unbooked().count == 0
        assert found.some_unbooked(5) == []


def test_money_on_a_payment_that_was_believed_over_is_found_too(shop: Shop) -> None:
    payment = refused(shop)
    for status in ("cancelled", "expired", "failed"):
        shop.change(payment, status=status)
        with reports(shop) as found:
            assert found.unbooked().count == 1


def test_a_decided_payment_is_not_unbooked(shop: Shop) -> None:
    payment = refused(shop)
    shop.change(payment, status="failed", resolved_by="Ayesha")
    with reports(shop) as found:
        assert found.unbooked().count == 0
        record = found.one(payment.id)
        assert record is not None
        assert not record.is_unbooked


def test_what_the_shop_is_owed_is_found_until_it_is_told(shop: Shop) -> None:
    payment = owed(shop)
    with reports(shop) as found:
        assert (found.owed().count, found.owed().oldest) == (1, payment.verified_at)
        assert [record.is_owed for record in found.some_owed(5)] == [True]
    learn(shop, payment)
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    with reports(shop) as found:
        assert found.owed().count == 0


def test_a_payment_of_the_first_version_is_owed_nothing(shop: Shop) -> None:
    payment = owed(shop)
    shop.change(payment, check_after=None)
    with reports(shop) as found:
        assert found.owed().count == 0
        assert found.some_owed(5) == []
        record = found.one(payment.id)
        assert record is not None
        assert not record.is_owed


def test_timeline_is_read_from_its_end(shop: Shop) -> None:
    payment = shop.started()
    add_events(shop, shop.started(), 3)
    ids = add_events(shop, payment, 8)
    with reports(shop) as found:
        pages = {
            "newest": found.timeline(payment.id, 3),
            "all": found.timeline(payment.id, None),
            "before": found.timeline(payment.id, 3, before=ids[4]),
            "after": found.timeline(payment.id, 3, after=ids[4]),
            "over": found.timeline(payment.id, 3, after=ids[-1]),
        }
        count = found.count_events(payment.id)
    shown = {name: [event.id for event in page] for name, page in pages.items()}
    assert shown == {
        "newest": ids[-3:],
        "all": ids,
        "before": ids[1:4],
        "after": ids[5:8],
        "over": [],
    }
    assert count == len(ids)


def test_an_event_is_found_only_by_its_own_payment(shop: Shop) -> None:
    mine, other = shop.started(), shop.started()
    (event,) = shop.events(mine)
    with reports(shop) as found:
        assert found.event(mine.id, event.id) is not None
        assert found.event(other.id, event.id) is None


def test_the_gateways_latest_word_says_whether_it_answers(shop: Shop) -> None:
    payment = shop.started()

    def unanswered() -> bool:
        with reports(shop) as found:
            return found.is_unanswered(payment.id)

    assert not unanswered()  # nobody has asked
    shop.gateway.fault("500", "verify", None)
    shop.success(payment)
    assert unanswered()
    shop.gateway.clear_faults()
    shop.change(payment, asked_at=None)
    shop.success(payment)
    assert not unanswered()
    shop.gateway.fault("500", "verify", None)
    shop.change(payment, asked_at=None)
    shop.success(payment)  # counts up in the first row, which is now the latest again
    assert [event.count for event in shop.events(payment)] == [1, 2, 1]
    assert unanswered()


def test_events_that_nobody_here_hears_are_late_once_they_were_tried(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    assert len(shop.events(payment)) == 1
    table = shop.bdquickpay.PaymentEvent.__table__

    def change(**columns: Any) -> None:
        with shop.app.app_context():
            shop.db.session.execute(sa.update(table).values(**columns))
            shop.db.session.commit()

    def late(*heard: bool) -> tuple[int, int]:
        with reports(shop) as found:
            return found.undelivered(utcnow(), heard).count, found.unheard(utcnow(), heard)

    change(deliver_after=utcnow() - timedelta(hours=1), attempts=0)
    assert late(False, True) == (1, 0)
    assert late(True) == late() == (0, 1)  # it is not about a refund
    change(attempts=1)
    assert late() == (1, 0)


def test_payments_of_the_first_version_do_not_say_what_came(shop: Shop) -> None:
    payments = [shop.started() for _ in range(4)]
    agreed, by_hand, flagged, unpaid = payments
    shop.change(agreed, status="completed")
    shop.change(by_hand, status="completed", resolved_by="Ayesha")
    shop.change(flagged, status="flagged")
    with reports(shop) as found:
        assert found.without_received(agreed=True) == 1
        assert found.without_received(agreed=False) == 2
    for payment in payments[:3]:
        shop.change(payment, received_amount=payment.amount)
    with reports(shop) as found:
        assert found.without_received(agreed=True) == found.without_received(agreed=False) == 0
    assert unpaid.received_amount is None


def test_money_that_is_refused_after_the_sweep_had_stopped_looking_is_watched(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.change(payment, status="expired", check_after=None)
    with refusing(shop), pytest.raises(ValueError, match="sold out"):
        learn(shop, payment)
    with reports(shop) as found:
        assert found.unbooked().count == 1


@on_sqlite
@pytest.mark.parametrize("condition", [is_owed, is_unbooked])
def test_what_waits_is_found_by_the_index_of_what_waits(shop: Shop, condition: Any) -> None:
    with shop.app.app_context():
        table = shop.bdquickpay.Payment.__table__
        statement = sa.select(sa.func.count()).select_from(table).where(condition(table))
        sql = statement.compile(shop.db.engine, compile_kwargs={"literal_binds": True})
        plan = shop.db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {sql}")).all()
    assert "USING INDEX ix_bdquickpay_payment_check_after" in str(plan)

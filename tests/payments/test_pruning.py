"""Forgetting: nothing that saw money, and nothing that a person decided, is ever deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flask_bdquickpay import PruneReport
from flask_bdquickpay.payments.erasure import Erasure, ErasureReport

from ..shop import NewShop, Shop
from .clock import time_passes
from .test_books import movements
from .test_refunds import paid, refund, refunds, rejected

YEARS = timedelta(days=800)
OLD = timedelta(days=400)


def prune(shop: Shop, older_than: timedelta = OLD, **options: Any) -> PruneReport:
    with shop.app.app_context():
        return shop.bdquickpay.prune(older_than=older_than, **options)


def let_go(shop: Shop, payment: Any) -> None:
    """An unpaid payment whose late window has passed, looked at for the last time."""
    shop.gateway.fail(payment, webhook=False)
    shop.webhook(payment)
    time_passes(shop, timedelta(days=3), payment.customer_reference)
    with shop.app.app_context():
        shop.bdquickpay.reconcile()
    assert shop.payment(payment).check_after is None


def test_unpaid_payments_are_counted_and_deleted_only_when_told_to(shop: Shop) -> None:
    unpaid, good = shop.started(), paid(shop)
    let_go(shop, unpaid)
    time_passes(shop, YEARS)
    report = prune(shop)
    assert (report.payments, report.done) == (1, False)
    assert len(shop.payments()) == 2
    report = prune(shop, yes=True)
    assert (report.payments, report.events > 0, report.done) == (1, True, True)
    assert [payment.id for payment in shop.payments()] == [good.id]
    assert {event.payment_id for event in shop.events()} == {good.id}


def test_money_decisions_and_refunds_stay_for_ever(shop: Shop) -> None:
    good, refused, flagged = paid(shop), rejected(shop), shop.started()
    refund(shop, good, 100)
    shop.gateway.pay(flagged, amount=400, completes=True, webhook=False)
    shop.webhook(flagged)
    before = movements(shop)
    time_passes(shop, YEARS)
    assert prune(shop, yes=True).payments == 0
    assert {p.id for p in shop.payments()} == {good.id, refused.id, flagged.id}
    assert [(m.kind, m.amount) for m in movements(shop)] == [(m.kind, m.amount) for m in before]


def test_payment_that_is_still_watched_or_not_told_of_is_kept(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    watched, untold = shop.started(), shop.started()
    let_go(shop, untold)
    time_passes(shop, YEARS)
    shop.change(watched, status="expired")
    with shop.app.app_context():
        event = shop.bdquickpay.PaymentEvent
        values = {"deliver_after": untold.created_at}
        shop.db.session.execute(
            sa.update(event).where(event.payment_id == untold.id).values(**values)
        )
        shop.db.session.commit()
    assert prune(shop, yes=True).payments == 0


def heed_foreign_keys(shop: Shop) -> None:
    """Have SQLite look at foreign keys, which it does only where the host switches that on."""
    with shop.app.app_context():
        engine = shop.db.engine

    def switch_on(connection: Any, record: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA foreign_keys = ON")

    sa.event.listen(engine, "connect", switch_on)
    engine.dispose()


@pytest.mark.thorough
def test_what_the_shops_own_table_refers_to_is_kept_with_the_reason(shop: Shop) -> None:
    first, second = shop.started(), shop.started()
    for payment in (first, second):
        let_go(shop, payment)
    time_passes(shop, YEARS)
    heed_foreign_keys(shop)
    with shop.app.app_context(), shop.db.engine.begin() as connection:
        engine = " ENGINE=InnoDB" if connection.dialect.name == "mysql" else ""
        number = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
        connection.exec_driver_sql(
            f"CREATE TABLE note (payment_id {number} NOT NULL, "
            f"FOREIGN KEY (payment_id) REFERENCES bdquickpay_payment (id)){engine}"
        )
        connection.exec_driver_sql(f"INSERT INTO note VALUES ({first.id})")
    report = prune(shop, yes=True)
    assert (report.payments, dict(report.kept)) == (1, {"the shop's own tables refer to it": 1})
    assert [payment.id for payment in shop.payments()] == [first.id]


def test_facts_that_changed_nothing_are_thinned_out(shop: Shop) -> None:
    payment = shop.started()
    shop.success(payment)
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    time_passes(shop, YEARS)
    assert prune(shop, what="timeline").events == 1
    assert prune(shop, what="timeline", yes=True).events == 1
    assert [event.source for event in shop.events(payment)] == ["checkout", "webhook"]


def test_the_floor_is_kept(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_PRUNE_FLOOR=30)
    prune(shop, timedelta(days=30))
    with pytest.raises(ValueError, match="30 days"):
        prune(shop, timedelta(days=29))
    with pytest.raises(ValueError, match="unpaid, timeline"):
        prune(shop, OLD, what="everything")


# Erasing


def erase(shop: Shop, reference: str) -> ErasureReport:
    with shop.app.app_context():
        store = shop.app.extensions["bdquickpay"].store
        return Erasure(store).run(reference, note="asked for by mail", actor="Ayesha")


def test_erasing_empties_what_is_personal_and_keeps_the_books(shop: Shop) -> None:
    payment = paid(shop)
    refund(shop, payment, 100, note="told to 01712345678", reason="broken")
    before = movements(shop)
    assert erase(shop, payment.customer_reference) == ErasureReport(1, 0)
    payment = shop.payment(payment)
    assert (payment.payment_metadata, payment.payment_url, payment.label, payment.lines) == (
        None,
        None,
        None,
        None,
    )
    assert payment.erased_at is not None
    (one,) = refunds(shop)
    assert (one.note, one.reason) == ("", "")
    events = shop.events(payment)
    assert [e.source for e in events if e.gateway_answer] == ["webhook"]  # what decided
    assert (events[-1].source, events[-1].actor, events[-1].note) == (
        "erase",
        "Ayesha",
        "asked for by mail",
    )
    assert "01712345678" not in str([(e.note, e.gateway_answer) for e in events])
    after = movements(shop)
    assert [(m.kind, m.amount, m.moved_at, m.invoice_id) for m in after] == [
        (m.kind, m.amount, m.moved_at, m.invoice_id) for m in before
    ]


def test_open_payments_are_left_and_told(shop: Shop) -> None:
    payment = shop.started()
    assert erase(shop, payment.customer_reference) == ErasureReport(0, 1)
    assert shop.payment(payment).payment_url is not None

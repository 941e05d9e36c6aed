"""Nothing grows without end: not a run that stops early, and not a stream of news."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_bdquickpay import payment_changed
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .acts import deliver, sweep


def add_events(shop: Shop, payment: Any, number: int) -> None:
    """News that is due, as a process that died would have left it."""
    due = {"deliver_after": utcnow() - timedelta(minutes=1), "attempts": 0, "count": 1}
    moved = {"old_status": "pending", "new_status": "pending", "source": "sweep"}
    row = {"payment_id": payment.id, "created_at": utcnow(), **moved, **due}
    with shop.app.app_context():
        shop.db.session.execute(sa.insert(shop.bdquickpay.PaymentEvent), [row] * number)
        shop.db.session.commit()


@pytest.mark.thorough
def test_all_that_is_due_is_delivered_however_much_it_is(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    add_events(shop, payment, 350)
    assert deliver(shop) == 351
    assert len({event for event, _ in shop.changed}) == 351
    assert deliver(shop) == 0


def test_sweep_delivers_all_that_is_due_too(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    add_events(shop, shop.started(), 150)
    assert sweep(shop).delivered == 151


@on_sqlite
def test_event_whose_payment_is_gone_ends_no_run(new_shop: NewShop) -> None:
    """SQLite keeps to no foreign key unless it is told to."""
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    lost, kept = shop.started(), shop.started()
    with shop.app.app_context():
        payments = shop.bdquickpay.Payment
        shop.db.session.execute(sa.delete(payments).where(payments.id == lost.id))
        shop.db.session.commit()
    assert deliver(shop) == 1
    assert [event for event, _ in shop.changed] == [shop.events(kept)[-1].id]


def test_news_that_is_delivered_is_told_to_nobody_again(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    heard: list[int] = []

    def hears(app: Flask, payment: Any, event: Any) -> None:
        heard.append(event.id)

    shop.started()
    with payment_changed.connected_to(hears, sender=shop.app):
        deliver(shop)
        deliver(shop)
    assert len(heard) == len(set(heard)) == 1


def test_cancelling_in_a_loop_sends_no_endless_stream_of_news(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    counts = []
    for _ in range(12):
        shop.cancel(payment)
        assert shop.click(payment.customer_reference).status_code == 303
        deliver(shop)
        counts.append((len(shop.changed), len(shop.events(payment))))
    assert len(shop.payments()) == 1
    assert counts[-1] == counts[-3]

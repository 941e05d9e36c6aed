"""Events that nobody in this process listens to are no reason for alarm, until they were tried."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flask_bdquickpay import payment_changed
from flask_bdquickpay.clock import utcnow

from ..shop import NewShop, Shop
from .patients import OK, RED, change_event, check


@pytest.fixture
def deaf(new_shop: NewShop) -> Shop:
    """A shop with an event that has been due for an hour and that nobody listens to."""
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    for receiver in shop.receivers:
        payment_changed.disconnect(receiver, sender=shop.app)
    change_event(shop, payment, deliver_after=utcnow() - timedelta(hours=1))
    return shop


@pytest.mark.thorough
def test_event_that_waits_for_another_process_is_fine(deaf: Shop) -> None:
    assert check(deaf, "outbox") == (
        OK,
        "1 wait, for a day at most: nobody in this process listens to them.",
    )


def test_event_that_was_tried_before_is_red(deaf: Shop) -> None:
    change_event(deaf, deaf.payments()[0], attempts=1)
    result = check(deaf, "outbox")
    assert result.state == RED
    assert "Events not delivered: 1, due since " in result.message


def test_event_that_somebody_listens_to_is_red(deaf: Shop) -> None:
    with payment_changed.connected_to(lambda app, payment, event: None, sender=deaf.app):
        assert check(deaf, "outbox").state == RED


def test_news_of_a_refund_waits_for_a_process_of_its_own(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.success(payment)
    with shop.app.app_context():
        shop.bdquickpay.deliver()
        paid = shop.db.session.get_one(shop.bdquickpay.Payment, payment.id)
        shop.bdquickpay.record_refund(paid, by="Ayesha", note="sent back")
    (refund,) = [event for event in shop.events(payment) if event.refund_id is not None]
    change_event(shop, payment, deliver_after=utcnow() - timedelta(hours=1))
    assert check(shop, "outbox").state == RED  # payment_changed is listened to, and late
    change_event(shop, payment, deliver_after=None)
    with shop.app.app_context():
        shop.db.session.get_one(shop.bdquickpay.PaymentEvent, refund.id).deliver_after = (
            utcnow() - timedelta(hours=1)
        )
        shop.db.session.commit()
    assert check(shop, "outbox").message.startswith("1 wait, for a day at most")

"""Refunds: what is written down is never more than came, and is told together with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_bdquickpay import (
    BDQuickPayError,
    InvalidPaymentRequest,
    RefundError,
    RefundNotAllowed,
    RefundTooLarge,
    payment_refunded,
    refund_changed,
    refund_voided,
)
from flask_bdquickpay.clock import utcnow

from ..shop import NewShop, Shop
from .test_races import race

CLERK = {"by": "Ayesha", "note": "one cup was broken"}


def paid(shop: Shop, amount: str = "500") -> Any:
    payment = shop.started(amount)
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    return shop.payment(payment)


def rejected(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    shop.webhook(payment)
    with shop.app.app_context():
        state = shop.app.extensions["bdquickpay"]
        seen = state.store.found(payment.id)
        state.resolution.resolve(seen, accept=False, note="wrong amount", actor="Karim")
    return shop.payment(payment)


def refund(shop: Shop, payment: Any, amount: Any = None, **facts: Any) -> int:
    with shop.app.app_context():
        held = shop.db.session.get(shop.bdquickpay.Payment, payment.id)
        recorded = shop.bdquickpay.record_refund(held, amount, **(CLERK | facts))
        return int(recorded.id)


def void(shop: Shop, refund_id: int) -> None:
    with shop.app.app_context():
        held = shop.db.session.get(shop.bdquickpay.Refund, refund_id)
        shop.bdquickpay.void_refund(held, by="Karim", note="entered twice")


def refunds(shop: Shop) -> list[Any]:
    return shop._read(sa.select(shop.bdquickpay.Refund).order_by(shop.bdquickpay.Refund.id))


def test_part_then_the_rest_of_a_payment_is_sent_back(shop: Shop) -> None:
    payment = paid(shop)
    refund(shop, payment, "200", trx_id="SENT1")
    payment = shop.payment(payment)
    assert (payment.refunded_amount, payment.refundable) == (Decimal(200), Decimal(300))
    assert (payment.is_partly_refunded, payment.is_refunded) == (True, False)
    refund(shop, payment)
    payment = shop.payment(payment)
    assert (payment.is_partly_refunded, payment.is_refunded) == (False, True)
    assert payment.status == "completed"
    assert [one.amount for one in refunds(shop)] == [Decimal(200), Decimal(300)]


def test_refund_is_told_inside_and_after_its_transaction(shop: Shop) -> None:
    inside: list[tuple[str, Decimal]] = []
    after: list[tuple[int, str]] = []

    def heard(app: Flask, payment: Any, refund: Any) -> None:
        inside.append((refund.state, payment.refunded_amount))

    def changed(app: Flask, payment: Any, refund: Any, event: Any) -> None:
        after.append((refund.id, event.source))

    payment = paid(shop)
    with (
        payment_refunded.connected_to(heard, sender=shop.app),
        refund_voided.connected_to(heard, sender=shop.app),
        refund_changed.connected_to(changed, sender=shop.app),
    ):
        number = refund(shop, payment, 200)
        void(shop, number)
        with shop.app.app_context():
            shop.bdquickpay.deliver()
    assert inside == [("sent", Decimal(200)), ("void", Decimal(0))]
    assert after == [(number, "refund")] * 2
    events = [event for event in shop.events(payment) if event.source == "refund"]
    assert [(e.actor, e.refund_id, e.new_status) for e in events] == [
        ("Ayesha", number, None),
        ("Karim", number, None),
    ]
    assert not [change for change in shop.changed if change[0] in {e.id for e in events}]


def test_receiver_that_raises_leaves_no_refund(shop: Shop) -> None:
    payment = paid(shop)

    def raises(app: Flask, payment: Any, refund: Any) -> None:
        raise ZeroDivisionError

    with payment_refunded.connected_to(raises, sender=shop.app), pytest.raises(ZeroDivisionError):
        refund(shop, payment, 200)
    assert refunds(shop) == []
    assert shop.payment(payment).refunded_amount == 0
    assert [event.source for event in shop.events(payment)] == ["checkout", "webhook"]


def test_voided_refund_frees_the_money_and_its_transaction(shop: Shop) -> None:
    payment = paid(shop)
    number = refund(shop, payment, 500, trx_id="SENT1")
    void(shop, number)
    (one,) = refunds(shop)
    assert (one.state, one.trx_id, one.voided_trx_id) == ("void", None, "SENT1")
    assert (one.voided_by, one.void_note) == ("Karim", "entered twice")
    with pytest.raises(RefundError, match="voided already"):
        void(shop, number)
    assert refund(shop, payment, 500, trx_id="SENT1") != number
    assert shop.payment(payment).is_refunded


@pytest.mark.parametrize(
    ("facts", "error", "says"),
    [
        ({"amount": "500.01"}, RefundTooLarge, "remains 500"),
        ({"amount": "0"}, InvalidPaymentRequest, "above 0"),
        ({"amount": 1.5}, InvalidPaymentRequest, "float"),
        ({"amount": "0.005"}, InvalidPaymentRequest, "two decimals"),
        ({"note": "  "}, RefundError, "note"),
        ({"by": ""}, RefundError, "by"),
        ({"method": "cheque"}, RefundError, "bkash, bank, cash, other"),
        ({"sent_at": utcnow() + timedelta(hours=1)}, RefundError, "future"),
        ({"sent_at": utcnow() - timedelta(days=1)}, RefundError, "before the money came"),
        ({"sent_at": utcnow().replace(tzinfo=None)}, RefundError, "time zone"),
    ],
)
def test_what_cannot_be_is_refused(
    shop: Shop, facts: dict[str, Any], error: type[Exception], says: str
) -> None:
    payment = paid(shop)
    with pytest.raises(error, match=says):
        refund(shop, payment, **({"amount": 100} | facts))
    assert refunds(shop) == []


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"by": None}, "by must be text"),
        ({"note": 7}, "note must be text"),
        ({"reason": None}, "reason must be text"),
        ({"trx_id": 7}, "trx_id must be text"),
        ({"request_key": 7}, "request_key must be text"),
        ({"sent_at": "2026-03-21"}, "datetime with a time zone"),
        ({"sent_at": utcnow().date()}, "datetime with a time zone"),
    ],
)
def test_what_is_of_another_type_is_refused(shop: Shop, facts: dict[str, Any], says: str) -> None:
    payment = paid(shop)
    with pytest.raises(RefundError, match=says):
        refund(shop, payment, 100, **facts)
    assert refunds(shop) == []


def test_transaction_of_another_record_is_refused_by_name(shop: Shop) -> None:
    payment, other = paid(shop), paid(shop)
    number = refund(shop, other, 100, trx_id="SENT1")
    for trx_id, name in (
        (payment.trx_id, "paid payment"),
        (other.trx_id, f"payment {other.id}"),
        ("SENT1", f"refund {number}"),
    ):
        with pytest.raises(RefundError, match=name):
            refund(shop, payment, 100, trx_id=trx_id)


@pytest.mark.parametrize("state", ["pending", "flagged", "failed"])
def test_money_that_did_not_come_or_is_undecided_is_not_sent_back(shop: Shop, state: str) -> None:
    payment = shop.started()
    if state == "flagged":
        shop.gateway.pay(payment, amount=400, completes=True, webhook=False)
    elif state == "failed":
        shop.gateway.fail(payment, webhook=False)
    shop.webhook(payment)
    assert shop.payment(payment).status == state
    with pytest.raises(RefundNotAllowed, match=state):
        refund(shop, payment, 100)


def test_rejected_money_is_owed_until_it_is_sent_back(shop: Shop) -> None:
    payment = rejected(shop)
    assert payment.reason == "rejected by the shop"
    assert payment.refundable == Decimal(400)
    with shop.app.app_context():
        owed = shop.bdquickpay.health().refunds_owed
    assert (owed.count, owed.oldest_seconds is not None) == (1, True)
    refund(shop, payment)
    with shop.app.app_context():
        assert shop.bdquickpay.health().refunds_owed.count == 0
    assert shop.payment(payment).status == "failed"


def test_order_that_was_refunded_is_not_charged_again(shop: Shop) -> None:
    payment = paid(shop)
    refund(shop, payment)
    shop.click(payment.customer_reference)
    assert len(shop.payments(payment.customer_reference)) == 1


def test_request_key_makes_an_entry_once(shop: Shop) -> None:
    payment, other = paid(shop), paid(shop)
    first = refund(shop, payment, 100, request_key="form-1")
    assert refund(shop, payment, 100, request_key="form-1") == first
    assert shop.payment(payment).refunded_amount == 100
    with pytest.raises(RefundError, match="form-1"):
        refund(shop, other, 100, request_key="form-1")


def outcome(shop: Shop, payment: Any, **facts: Any) -> Any:
    try:
        return refund(shop, payment, 300, **facts)
    except BDQuickPayError as error:
        return type(error)


def test_two_clerks_at_once_send_no_more_back_than_came(shop: Shop) -> None:
    payment = paid(shop)
    outcomes = race(*[lambda: outcome(shop, payment)] * 4)
    assert sorted(map(str, outcomes)) == sorted(
        map(str, [next(one for one in outcomes if isinstance(one, int)), *[RefundTooLarge] * 3])
    )
    assert shop.payment(payment).refunded_amount == 300


def test_the_same_entry_at_once_is_one_refund(shop: Shop) -> None:
    payment = paid(shop)
    outcomes = race(*[lambda: outcome(shop, payment, request_key="form-1")] * 3)
    assert len(set(outcomes)) == 1
    assert shop.payment(payment).refunded_amount == 300


def test_the_same_entry_with_its_transaction_is_the_one_of_who_was_faster(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rival comes after the key was looked for and before the transaction is."""
    payment, facts = paid(shop), {"request_key": "form-1", "trx_id": "SENT1"}
    rows, first = shop.app.extensions["bdquickpay"].refunds.rows, []
    owner_of = rows.owner_of

    def overtaken(trx_id: str) -> Any:
        monkeypatch.setattr(rows, "owner_of", owner_of)
        first.extend(race(lambda: refund(shop, payment, 300, **facts)))
        return owner_of(trx_id)

    monkeypatch.setattr(rows, "owner_of", overtaken)
    assert [refund(shop, payment, 300, **facts)] == first
    assert shop.payment(payment).refunded_amount == 300


@pytest.mark.thorough
def test_deferred_refund_is_delivered_by_the_sweep(new_shop: NewShop) -> None:
    shop, heard = new_shop(BDQUICKPAY_DELIVERY="deferred"), []

    def changed(app: Flask, payment: Any, refund: Any, event: Any) -> None:
        heard.append(refund.id)

    payment = paid(shop)
    with refund_changed.connected_to(changed, sender=shop.app):
        number = refund(shop, payment)
        assert heard == []
        with shop.app.app_context():
            shop.bdquickpay.reconcile()
    assert heard == [number]

"""`start` and `confirm` where somebody else's transaction is open; and inserting once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from flask_bdquickpay import BDQuickPayError, payment_paid

from ..shop import Shop
from .acts import confirm

Call = Callable[[Shop, Any], object]
CALLS: dict[str, Call] = {
    "start": lambda shop, payment: shop.bdquickpay.start(payment.customer_reference),
    "confirm": lambda shop, payment: shop.bdquickpay.confirm(payment),
}


@pytest.fixture
def paid_there(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return payment


@pytest.mark.parametrize("call", CALLS)
def test_in_a_block_of_the_hosts_own_it_is_refused_and_the_block_goes_on(
    shop: Shop, paid_there: Any, call: str
) -> None:
    asked = len(shop.gateway.requests)
    with shop.app.app_context():
        session = shop.db.session
        with session.begin():
            session.add(shop.Order(total=7))
            with pytest.raises(BDQuickPayError, match=r"block of db\.session\.begin"):
                CALLS[call](shop, paid_there)
            session.add(shop.Order(total=8))
        totals = sorted(session.scalars(sa.select(shop.Order.total)))
    assert totals == [7, 8, 500]
    assert len(shop.gateway.requests) == asked
    assert confirm(shop, paid_there) == "completed"


@pytest.mark.parametrize("call", CALLS)
def test_in_a_savepoint_it_is_refused_before_the_outer_transaction_is_touched(
    shop: Shop, paid_there: Any, call: str
) -> None:
    with shop.app.app_context():
        session = shop.db.session
        session.add(shop.Order(total=7))
        with session.begin_nested(), pytest.raises(BDQuickPayError, match="begin_nested"):
            CALLS[call](shop, paid_there)
        session.rollback()
        assert list(session.scalars(sa.select(shop.Order.total))) == [500]


def test_start_in_a_receiver_is_refused_and_the_payment_completes_without_it(
    shop: Shop, paid_there: Any
) -> None:
    refused: list[str] = []

    def starts(app: Flask, payment: Any) -> None:
        try:
            shop.bdquickpay.start(payment.customer_reference)
        except BDQuickPayError as error:
            refused.append(str(error))

    with payment_paid.connected_to(starts, sender=shop.app):
        assert shop.webhook(paid_there).status_code == 200
    assert len(refused) == 1
    assert "Use payment_changed, which comes after the commit." in refused[0]
    assert (len(shop.ledger()), shop.payment(paid_there).status) == (1, "completed")


def test_confirm_in_a_receiver_of_the_paid_payment_asks_nobody(shop: Shop, paid_there: Any) -> None:
    told: list[bool] = []

    def confirms(app: Flask, payment: Any) -> None:
        told.append(shop.bdquickpay.confirm(payment).is_paid)

    with payment_paid.connected_to(confirms, sender=shop.app):
        assert shop.webhook(paid_there).status_code == 200
    assert told == [True]
    assert (len(shop.ledger()), shop.payment(paid_there).status) == (1, "completed")


def insert_once(shop: Shop, app: Flask, payment: Any) -> None:
    """The documented way: a savepoint around the insert, the error caught around that."""
    try:
        with shop.db.session.begin_nested():
            shop.db.session.add(shop.Order(id=900, total=1))
    except IntegrityError:
        pass  # packed before; all is well


@pytest.mark.parametrize("there", [False, True])
def test_insert_or_go_on_when_it_is_there(shop: Shop, paid_there: Any, there: bool) -> None:
    if there:
        with shop.app.app_context():
            shop.db.session.add(shop.Order(id=900, total=1))
            shop.db.session.commit()

    def packs(app: Flask, payment: Any) -> None:
        insert_once(shop, app, payment)

    with payment_paid.connected_to(packs, sender=shop.app):
        assert shop.webhook(paid_there).status_code == 200
    assert shop.payment(paid_there).status == "completed"
    assert len(shop.ledger()) == 1
    assert shop.found("900").total == 1


def test_insert_that_rolls_all_back_is_told_the_way(shop: Shop, paid_there: Any) -> None:
    """Caught and rolled back, as one learns it: nothing is lost, and the error names the cure."""
    with shop.app.app_context():
        shop.db.session.add(shop.Order(id=900, total=1))
        shop.db.session.commit()

    def packs(app: Flask, payment: Any) -> None:
        try:
            shop.db.session.add(shop.Order(id=900, total=1))
            shop.db.session.commit()
        except IntegrityError:
            shop.db.session.rollback()

    with payment_paid.connected_to(packs, sender=shop.app):
        assert shop.webhook(paid_there).status_code == 503
    assert "'with db.session.begin_nested():'" in shop.payment(paid_there).problem
    assert (shop.ledger(), shop.payment(paid_there).status) == ([], "pending")
    assert shop.webhook(paid_there).status_code == 200

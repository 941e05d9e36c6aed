"""What only reads leaves alone what the view has begun, and works wherever it is called."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from ..shop import Shop
from .test_refunds import paid

Read = Callable[[Shop], object]


def health(shop: Shop) -> object:
    return shop.bdquickpay.health()


def statement(shop: Shop) -> object:
    file = io.BytesIO(b"TrxID,Amount,Date\n8HJ2XKPQ91,500,2026-03-21\n")
    return shop.bdquickpay.check_statement(file)


def prune(shop: Shop) -> object:
    return shop.bdquickpay.prune(older_than=timedelta(days=400))


def thin_out(shop: Shop) -> object:
    return shop.bdquickpay.prune(older_than=timedelta(days=400), what="timeline")


reads = pytest.mark.parametrize("read", [health, statement, prune, thin_out])


def reprice(shop: Shop, reference: str) -> None:
    """What a view has begun, and not committed."""
    shop.db.session.get_one(shop.Order, int(reference)).total = Decimal(7)


@reads
def test_view_may_still_roll_back(shop: Shop, read: Read) -> None:
    order = shop.order("500")
    with shop.app.app_context():
        reprice(shop, order)
        read(shop)
        shop.db.session.rollback()
        shop.db.session.commit()
    assert shop.found(order).total == 500


@reads
def test_view_may_still_commit(shop: Shop, read: Read) -> None:
    order = shop.order("500")
    with shop.app.app_context():
        reprice(shop, order)
        read(shop)
        shop.db.session.commit()
    assert shop.found(order).total == 7


@reads
def test_it_works_in_a_block_of_the_host(shop: Shop, read: Read) -> None:
    order = shop.order("500")
    with shop.app.app_context(), shop.db.session.begin():
        reprice(shop, order)
        read(shop)
    assert shop.found(order).total == 7


@reads
def test_it_leaves_no_transaction_behind(shop: Shop, read: Read) -> None:
    paid(shop)
    with shop.app.app_context():
        read(shop)
        assert not shop.db.session().in_transaction()

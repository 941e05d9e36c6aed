"""Payments that are paid, and that the shop's own code has not booked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import payment_paid

from .shop import Shop


def no_stock(app: Flask, payment: Any) -> None:
    """A receiver that refuses every payment."""
    raise ValueError("sold out")


@contextmanager
def refusing(shop: Shop) -> Iterator[None]:
    with payment_paid.connected_to(no_stock, sender=shop.app):
        yield


def learn(shop: Shop, payment: Any) -> None:
    """Have the shop ask about a payment, as its own code does."""
    with shop.app.app_context():
        shop.bdquickpay.confirm(shop.db.session.get_one(shop.bdquickpay.Payment, payment.id))


def refused(shop: Shop, total: str = "500") -> Any:
    """A payment whose money came, and that a receiver of the shop refuses."""
    payment = shop.started(total)
    shop.gateway.pay(payment, webhook=False)
    with refusing(shop), pytest.raises(ValueError, match="sold out"):
        learn(shop, payment)
    found = shop.payment(payment)
    assert found.problem is not None
    assert found.status == "pending"
    return found


@contextmanager
def unheard(shop: Shop) -> Iterator[None]:
    """Nobody listens to `payment_paid` meanwhile, as in a process that imports less."""
    mine = [found for found in shop.receivers if found in payment_paid.receivers_for(shop.app)]
    for receiver in mine:
        payment_paid.disconnect(receiver, sender=shop.app)
    try:
        yield
    finally:
        for receiver in mine:
            payment_paid.connect(receiver, sender=shop.app)


def owed(shop: Shop, total: str = "500") -> Any:
    """A payment that was completed while nobody listened."""
    payment = shop.started(total)
    shop.gateway.pay(payment, webhook=False)
    with unheard(shop):
        learn(shop, payment)
    found = shop.payment(payment)
    assert (found.status, found.announced_at) == ("completed", None)
    return found

"""bKash payments: what an order costs, and what follows when it is paid or not."""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa
from flask import Flask, redirect, url_for
from werkzeug import Response

from flask_bdquickpay import (
    BDQuickPay,
    PaymentRequest,
    PaymentStatus,
    payment_cancelled,
    payment_expired,
    payment_failed,
    payment_flagged,
    payment_paid,
)

from .models import SETTLED, Order, OrderLine, OrderStatus, Product, db, find_order

bdquickpay = BDQuickPay()


def init_app(app: Flask) -> None:
    # With `sender`, several apps in one process each hear of their own payments only.
    bdquickpay.init_app(app)
    payment_paid.connect(paid, sender=app)
    for signal in (payment_failed, payment_cancelled, payment_expired, payment_flagged):
        signal.connect(not_paid, sender=app)


@bdquickpay.order_loader
def load_order(reference: str) -> PaymentRequest | None:
    order = find_order(reference)
    if order is None:
        return None
    return PaymentRequest(amount=order.total, metadata={"order_id": order.id})


@bdquickpay.return_handler
def after_payment(payment: Any) -> Response:
    return redirect(url_for("orders.show", reference=payment.customer_reference), 303)


def paid(_app: Flask, payment: Any) -> None:
    """Take the goods from the stock, in the transaction that records the payment: exactly once.

    What ran out meanwhile is paid for all the same, so the order waits for a person.
    """
    order = find_order(payment.customer_reference)
    assert order is not None  # noqa: S101  # orders are never deleted
    for line in order.lines:
        line.taken = _take_from_stock(line)
    complete = all(line.taken for line in order.lines)
    order.status = OrderStatus.PAID if complete else OrderStatus.ATTENTION


def _take_from_stock(line: OrderLine) -> bool:
    """The database compares and subtracts in one step, so two buyers can't get the last piece."""
    product = sa.update(Product).where(
        Product.id == line.product_id, Product.stock >= line.quantity
    )
    result = db.session.execute(product.values(stock=Product.stock - line.quantity))
    return cast("sa.CursorResult[Any]", result).rowcount == 1


def not_paid(_app: Flask, payment: Any) -> None:
    """Note how the payment ended, unless another one has paid the order or is under review."""
    keep: tuple[OrderStatus, ...] = SETTLED
    if payment.previous_status != PaymentStatus.FLAGGED:
        keep = (*SETTLED, OrderStatus.FLAGGED)
    order = sa.update(Order).where(
        Order.reference == payment.customer_reference, Order.status.not_in(keep)
    )
    db.session.execute(order.values(status=OrderStatus(payment.status.value)))

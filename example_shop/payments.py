"""bKash payments: what an order costs, and what follows when it is paid or not."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask, redirect, url_for
from flask_babel import force_locale, gettext
from werkzeug import Response

from flask_bdquickpay import (
    BDQuickPay,
    FlagPayment,
    PaymentMixin,
    PaymentRequest,
    PaymentStatus,
    payment_cancelled,
    payment_expired,
    payment_failed,
    payment_flagged,
    payment_paid,
)

from .language import digits
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
    """Whoever has the reference may pay: it is as secret as a key, and customers have no account.

    With accounts, `@bdquickpay.checkout_check` would ask whose order it is. What is sold out ends
    the links that were sent for it.
    """
    order = find_order(reference)
    if order is None or order.is_sold_out:
        return None
    with force_locale(order.language):
        lines = [(_text(line), line.total) for line in order.lines]
        label = gettext("Order from Shapla Store")
    return PaymentRequest(
        amount=order.total,
        metadata={"order_id": order.id},
        reference=order.reference,
        account=order.branch,
        label=label,
        lines=lines,
    )


def _text(line: OrderLine) -> str:
    return f"{digits(line.quantity)} × {line.product.name}"


@bdquickpay.return_handler
def after_payment(payment: PaymentMixin) -> Response:
    return redirect(url_for("orders.show", reference=payment.customer_reference), 303)


def paid(_app: Flask, payment: PaymentMixin) -> None:
    """Take the goods from the stock, in the transaction that records the payment: exactly once.

    What ran out meanwhile is paid for all the same, so the order waits for a person. So does a
    payment whose order costs something else by now: somebody changed it while it was being paid.
    """
    order = find_order(payment.customer_reference)
    assert order is not None  # noqa: S101  # orders are never deleted
    if payment.amount != order.total:
        raise FlagPayment("the order's total has changed")
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


def not_paid(_app: Flask, payment: PaymentMixin) -> None:
    """Note how the payment ended, unless another one has paid the order or is under review."""
    if payment.previous_status == PaymentStatus.CREATED:
        return  # it never reached bKash: nobody was sent to pay
    keep: tuple[OrderStatus, ...] = SETTLED
    if payment.previous_status != PaymentStatus.FLAGGED:
        keep = (*SETTLED, OrderStatus.FLAGGED)
    order = sa.update(Order).where(
        Order.reference == payment.customer_reference, Order.status.not_in(keep)
    )
    db.session.execute(order.values(status=_how_it_ended(payment)))


def _how_it_ended(payment: PaymentMixin) -> OrderStatus:
    """The payment's own word; but what the gateway calls failed after its end ran out of time."""
    end = payment.expires_at
    is_over = end is not None and end < datetime.now(timezone.utc)
    failed_by_itself = (PaymentStatus.PENDING, PaymentStatus.FAILED)
    if (payment.previous_status, payment.status) == failed_by_itself and is_over:
        return OrderStatus.EXPIRED
    return OrderStatus(payment.status.value)

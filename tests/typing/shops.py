"""What a shop may rely on when it is type-checked: read by mypy and pyright, never run.

Each wrong use is marked with the error that it must be; where it is none any more, both complain
about the mark.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import Flask, redirect
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase
from typing_extensions import assert_type

from flask_bdquickpay import (
    BDQuickPay,
    GatewayError,
    MerchantAccount,
    PaymentEventMixin,
    PaymentMixin,
    PaymentRequest,
    PaymentStatus,
    RefundMixin,
    payment_changed,
    payment_paid,
)


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class MyPayment(PaymentMixin, Base):
    __tablename__ = "my_payment"

    @property
    def note(self) -> str:
        return "mine"


class MyEvent(PaymentEventMixin, Base):
    __tablename__ = "my_event"


# Without classes of one's own: the mixins' columns

plain = BDQuickPay(db=db)
assert_type(plain, BDQuickPay[PaymentMixin, PaymentEventMixin, RefundMixin])
#: An annotation needs no parameters.
annotated: BDQuickPay = plain


def columns(payment: PaymentMixin) -> None:
    assert_type(payment.id, int)
    assert_type(payment.token, str)
    assert_type(payment.amount, Decimal)
    assert_type(payment.status, PaymentStatus)
    assert_type(payment.previous_status, PaymentStatus | None)
    assert_type(payment.invoice_id, str | None)
    assert_type(payment.trx_id, str | None)
    assert_type(payment.reason, str | None)
    assert_type(payment.payment_metadata, dict[str, Any] | None)
    assert_type(payment.created_at, datetime)
    assert_type(payment.expires_at, datetime | None)
    assert_type(payment.is_paid, bool)
    assert_type(payment.events, list[PaymentEventMixin])
    assert_type(payment.refunds, list[RefundMixin])
    assert_type(payment.refundable, Decimal)


def events(event: PaymentEventMixin) -> None:
    assert_type(event.source, str)
    assert_type(event.new_status, PaymentStatus | None)
    assert_type(event.payment, PaymentMixin)


def calls() -> None:
    assert_type(plain.start("1042"), PaymentMixin)
    assert_type(plain.confirm(plain.start("1042")), PaymentMixin)
    assert_type(plain.reconcile().errors, int)
    assert_type(plain.reconcile(account="dhaka").errors, int)
    assert_type(plain.deliver(), int)
    assert_type(plain.pay_link(1042), str)
    assert_type(plain.pay_link("1042", expires_in=timedelta(days=3)), str)
    mixed: list[tuple[str, Decimal | int]] = [("Tea", 640), ("Discount", Decimal("-140"))]
    assert_type(PaymentRequest(500, label="Tea", lines=mixed).label, str | None)
    PaymentRequest(500, lines=[("Tea", 500)], account="dhaka")
    verified = plain.client.verify_payment("INVOICE")
    assert_type(verified.amount, Decimal | None)
    if verified.transaction is not None:
        assert_type(verified.transaction.trx_id, str | None)


def queries() -> None:
    model = plain.Payment
    paid = sa.select(model).where(model.status == PaymentStatus.COMPLETED, model.amount > 100)
    assert_type(db.session.scalars(paid).first(), PaymentMixin | None)
    newest = sa.select(model.amount).order_by(model.created_at.desc())
    assert_type(db.session.scalars(newest).first(), Decimal | None)
    _ = sa.select(plain.PaymentEvent).where(plain.PaymentEvent.new_status.is_not(None))


# With one's own: the shop gets its class back

own = BDQuickPay(payment_model=MyPayment, event_model=MyEvent)
assert_type(own, BDQuickPay[MyPayment, MyEvent, RefundMixin])
named = BDQuickPay[MyPayment](payment_model=MyPayment)
assert_type(named, BDQuickPay[MyPayment, PaymentEventMixin, RefundMixin])


def own_classes() -> None:
    assert_type(own.start("1042"), MyPayment)
    assert_type(own.start("1042").note, str)
    assert_type(named.confirm(named.start("1042")), MyPayment)
    assert_type(own.Payment, type[MyPayment])
    assert_type(db.session.scalars(sa.select(own.Payment)).one(), MyPayment)
    assert_type(db.session.scalars(sa.select(own.PaymentEvent)).one(), MyEvent)


# A function stays what it was under a decorator


@plain.account_loader
def load_account(name: str) -> MerchantAccount | None:
    return MerchantAccount("app-key", "secret-key", ["old-app-key"]) if name else None


assert_type(load_account("dhaka"), MerchantAccount | None)


@plain.order_loader
def load_order(reference: str) -> PaymentRequest | None:
    return PaymentRequest(Decimal("500.00"), {"order": reference})


@own.order_loader
async def load_order_later(reference: str) -> PaymentRequest | None:
    return PaymentRequest("500.00", reference=reference)


@plain.checkout_check
def is_mine(reference: str) -> bool:
    return reference == "1"


@own.checkout_check
async def is_mine_later(reference: str) -> bool:
    return is_mine(reference)


@plain.return_handler
def after_payment(payment: PaymentMixin) -> ResponseReturnValue:
    return redirect(f"/orders/{payment.customer_reference}")


@plain.observer
def observe(name: str, seconds: float, labels: dict[str, str]) -> None: ...


@plain.dispatcher
def tell_worker(event_id: int) -> None:
    delivered = plain.deliver_event(event_id)
    assert_type(delivered, bool)


@plain.order_url
def order_url(payment: PaymentMixin) -> str | None:
    return f"/orders/{payment.customer_reference}" if payment.is_paid else None


@own.order_url
async def own_order_url(payment: MyPayment) -> str:
    return payment.note


@own.return_handler
def after_own_payment(payment: MyPayment) -> ResponseReturnValue:
    return payment.note


@payment_paid.connect
def fulfil(app: Flask, payment: PaymentMixin) -> None:
    app.logger.info("%s", payment.amount)


@payment_changed.connect
def mail(app: Flask, payment: MyPayment, event: MyEvent) -> None:
    app.logger.info("%s %s", payment.note, event.source)


def decorated() -> None:
    assert_type(load_order("1"), PaymentRequest | None)
    assert_type(is_mine("1"), bool)
    fulfil(Flask("shop"), plain.start("1"))
    mail(Flask("shop"), own.start("1"), MyEvent())


def errors(error: GatewayError) -> None:
    assert_type(error.status_code, int | None)
    assert_type(error.invoice_id, str | None)


# What is wrong is told


def wrong(payment: PaymentMixin) -> None:
    payment.amount = 5.0  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    own.confirm(payment)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    len(payment.invoice_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    plain.pay_link("1042", 60)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    PaymentRequest(9.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    payment.colour = "pink"  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


@plain.order_loader  # type: ignore[type-var]  # pyright: ignore
def load_wrongly(reference: str) -> Decimal:
    return Decimal(reference)

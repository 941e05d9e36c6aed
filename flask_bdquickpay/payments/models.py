"""Payments, their timeline and what was sent back: the columns, for a shop's classes or ours."""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import JSON, Integer, String
from sqlalchemy.orm import Mapped

from .. import clock
from ..gateway.answers import as_status
from ..money import difference
from .columns import (
    UTCDateTime,
    for_type_checkers,
    money,
    now,
    number,
    optional,
    prose,
    required,
    state_word,
    text,
)
from .status import PaymentStatus

#: The longest reference, token, invoice or transaction id that is stored.
MAX_ID = 128
MAX_REFERENCE = 255


@for_type_checkers
class PaymentMixin:
    """Columns and behaviour of a payment, for a shop that declares its own class."""

    id: Mapped[int] = required(number(), primary_key=True)
    #: Unguessable; in the return URLs.
    token: Mapped[str] = required(
        text(64), unique=True, insert_default=lambda: secrets.token_urlsafe(32)
    )
    #: The gateway's name for the payment; ``None`` until it has answered.
    invoice_id: Mapped[str | None] = optional(text(MAX_ID), unique=True)
    #: The order.
    customer_reference: Mapped[str] = required(text(MAX_REFERENCE), index=True)
    #: BDT.
    amount: Mapped[Decimal] = required(money())
    status: Mapped[PaymentStatus] = required(
        state_word(), insert_default=PaymentStatus.CREATED, index=True
    )
    #: Before the last transition.
    previous_status: Mapped[PaymentStatus | None] = optional(state_word())
    #: Why it failed, was flagged or superseded.
    reason: Mapped[str | None] = optional(prose())
    payment_url: Mapped[str | None] = optional(prose())
    #: The transaction id of bKash.
    trx_id: Mapped[str | None] = optional(text(MAX_ID), unique=True)
    payment_metadata: Mapped[dict[str, Any] | None] = optional(JSON(none_as_null=True))
    #: The gateway's own word.
    gateway_status: Mapped[str | None] = optional(text(64))
    created_at: Mapped[datetime] = required(UTCDateTime(), insert_default=now, index=True)
    expires_at: Mapped[datetime | None] = optional(UTCDateTime())
    #: When the gateway verified the money.
    verified_at: Mapped[datetime | None] = optional(UTCDateTime(), index=True)
    #: What the verified transaction brought, in BDT; ``None`` until money came.
    received_amount: Mapped[Decimal | None] = optional(money())
    #: What was sent back of it, in BDT; never more than came.
    refunded_amount: Mapped[Decimal] = required(
        money(), insert_default=Decimal(0), server_default="0"
    )
    #: When a statement of the provider confirmed it, and what that took, in BDT.
    cleared_at: Mapped[datetime | None] = optional(UTCDateTime())
    fee: Mapped[Decimal | None] = optional(money())
    #: The merchant account that made it; empty: the one of the plain settings.
    account: Mapped[str] = required(text(40), insert_default="", server_default="")
    #: What the order is called, and its lines as pairs of text and amount.
    label: Mapped[str | None] = optional(text(80))
    lines: Mapped[list[list[str]] | None] = optional(JSON(none_as_null=True))
    #: Where it began: button, link or api.
    channel: Mapped[str | None] = optional(String(10))
    #: When its personal data was emptied.
    erased_at: Mapped[datetime | None] = optional(UTCDateTime())
    #: When `payment_paid` reached the shop; ``None`` on a completed payment: it is still owed.
    announced_at: Mapped[datetime | None] = optional(UTCDateTime())
    #: Why money that came is not booked: which receiver raised what.
    problem: Mapped[str | None] = optional(prose())
    #: The gateway and account that made it; see :attr:`~flask_bdquickpay.gateway.account.Account`.
    made_with: Mapped[str | None] = optional(text(64))
    #: Scheme and host of the URLs that the gateway was given.
    made_for: Mapped[str | None] = optional(text(MAX_REFERENCE))
    #: When a webhook announced that it was completed, which verify did not say yet.
    promised_at: Mapped[datetime | None] = optional(UTCDateTime())
    updated_at: Mapped[datetime] = required(UTCDateTime(), insert_default=now)
    #: The order's reference while this is the payment that the order stands or falls with: it can
    #: still be paid, is paid, or is under review. Unique, so that an order has only one.
    order_key: Mapped[str | None] = optional(text(MAX_REFERENCE), unique=True)
    #: Who decided about it; nothing changes it afterwards.
    resolved_by: Mapped[str | None] = optional(text(255), index=True)
    #: When a customer's page last had the gateway asked.
    asked_at: Mapped[datetime | None] = optional(UTCDateTime())
    #: When the gateway answered to that; ``None`` when it did not, or not yet.
    answered_at: Mapped[datetime | None] = optional(UTCDateTime())
    #: When the sweep looks at it next; ``None``: never.
    check_after: Mapped[datetime | None] = optional(UTCDateTime(), index=True)
    #: How often the sweep has looked.
    checks: Mapped[int] = required(Integer(), insert_default=0)
    #: Which sweep is looking at it now.
    lease: Mapped[str | None] = optional(String(32), index=True)

    if TYPE_CHECKING:
        __table__: ClassVar[Any]  # a Table; a declarative base promises less
        events: Mapped[list[PaymentEventMixin]]
        refunds: Mapped[list[RefundMixin]]

    @property
    def is_paid(self) -> bool:
        """Whether the money was verified, or accepted by a person."""
        return self.status == PaymentStatus.COMPLETED

    @property
    def is_final(self) -> bool:
        """Whether nothing more is awaited from the customer."""
        return PaymentStatus(self.status).is_final

    @property
    def refundable(self) -> Decimal:
        """What may still be sent back, in BDT; 0 until money came and was decided about."""
        decided = self.is_paid or (self.status == PaymentStatus.FAILED and self.resolved_by)
        came = self.received_amount if decided else None
        return Decimal(0) if came is None else difference(came, self.refunded_amount)

    @property
    def is_refunded(self) -> bool:
        """Whether all that came was sent back."""
        return self.refunded_amount > 0 and self.refunded_amount == self.received_amount

    @property
    def is_partly_refunded(self) -> bool:
        """Whether some of what came was sent back."""
        return self.refunded_amount > 0 and not self.is_refunded

    @property
    def is_payable(self) -> bool:
        """Whether the customer may be sent to :attr:`payment_url`."""
        if (
            self.status != PaymentStatus.PENDING
            or as_status(self.gateway_status or "") == "completed"
        ):
            return False
        return self.expires_at is None or clock.utcnow() <= self.expires_at

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status} {self.amount} BDT>"


@for_type_checkers
class PaymentEventMixin:
    """Columns of the timeline, which is also the outbox of `payment_changed`."""

    id: Mapped[int] = required(number(), primary_key=True)
    payment_id: Mapped[int] = required(number())
    #: What brought the fact: checkout, webhook, return, cancel, status, sweep, confirm, cli, desk,
    #: refund.
    source: Mapped[str] = required(String(20))
    old_status: Mapped[PaymentStatus] = required(state_word())
    #: ``None`` where nothing changed.
    new_status: Mapped[PaymentStatus | None] = optional(state_word())
    #: What the gateway said; no secrets.
    gateway_answer: Mapped[dict[str, Any] | None] = optional(JSON(none_as_null=True))
    note: Mapped[str | None] = optional(prose())
    #: Who decided, where it was a person.
    actor: Mapped[str | None] = optional(text(255))
    created_at: Mapped[datetime] = required(UTCDateTime(), insert_default=now)
    #: The refund that it is about.
    refund_id: Mapped[int | None] = optional(number())
    #: How often it came, where it only repeated itself.
    count: Mapped[int] = required(Integer(), insert_default=1, server_default="1")
    #: When it came last.
    repeated_at: Mapped[datetime | None] = optional(UTCDateTime())
    #: When `payment_changed` is to be delivered next; ``None``: delivered, or nothing to deliver.
    deliver_after: Mapped[datetime | None] = optional(UTCDateTime(), index=True)
    delivered_at: Mapped[datetime | None] = optional(UTCDateTime())
    attempts: Mapped[int] = required(Integer(), insert_default=0)
    #: Why the last delivery failed.
    error: Mapped[str | None] = optional(prose())

    if TYPE_CHECKING:
        __table__: ClassVar[Any]  # a Table; a declarative base promises less
        payment: Mapped[PaymentMixin]

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.id} {self.source} {self.old_status}>{self.new_status}>"
        )


@for_type_checkers
class RefundMixin:
    """Columns of money that a person sent back, or a record of it that was voided.

    Never edited, never deleted: a wrong entry is voided, and entered anew.
    """

    id: Mapped[int] = required(number(), primary_key=True)
    payment_id: Mapped[int] = required(number())
    #: BDT.
    amount: Mapped[Decimal] = required(money())
    #: sent or void.
    state: Mapped[str] = required(String(10), insert_default="sent")
    #: bkash, bank, cash or other.
    method: Mapped[str] = required(String(10), insert_default="bkash")
    #: The transaction that sent it; empty again once it is voided.
    trx_id: Mapped[str | None] = optional(text(MAX_ID), unique=True)
    voided_trx_id: Mapped[str | None] = optional(text(MAX_ID))
    #: When the money left.
    sent_at: Mapped[datetime] = required(UTCDateTime(), index=True)
    #: For the customer.
    reason: Mapped[str] = required(prose(), insert_default="")
    #: For the team.
    note: Mapped[str] = required(prose())
    created_at: Mapped[datetime] = required(UTCDateTime(), insert_default=now)
    created_by: Mapped[str] = required(text(255))
    voided_at: Mapped[datetime | None] = optional(UTCDateTime())
    voided_by: Mapped[str | None] = optional(text(255))
    void_note: Mapped[str | None] = optional(prose())
    #: When a statement of the provider confirmed it.
    cleared_at: Mapped[datetime | None] = optional(UTCDateTime())
    #: The caller's name for the entry: the same again is the same refund.
    request_key: Mapped[str | None] = optional(text(MAX_ID), unique=True)

    if TYPE_CHECKING:
        __table__: ClassVar[Any]  # a Table; a declarative base promises less
        payment: Mapped[PaymentMixin]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.state} {self.amount} BDT>"

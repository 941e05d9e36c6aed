"""Payments and their events as people may see them, as they were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..gateway.answers import as_status
from ..money import difference
from .status import MONEY_CAME, PaymentStatus

#: What a list of payments holds. Programs read these: they keep their order, new ones come last.
COLUMNS = (
    "id",
    "invoice_id",
    "customer_reference",
    "amount",
    "status",
    "previous_status",
    "reason",
    "trx_id",
    "gateway_status",
    "created_at",
    "expires_at",
    "verified_at",
    "updated_at",
    "resolved_by",
    "received_amount",
    "problem",
    "announced_at",
    "account",
    "label",
    "channel",
)


@dataclass(frozen=True)
class PaymentRecord:
    """A payment as people may see it: without its token. Fields as in `PaymentMixin`."""

    id: int
    invoice_id: str | None
    customer_reference: str
    amount: Decimal
    status: PaymentStatus
    previous_status: PaymentStatus | None
    reason: str | None
    trx_id: str | None
    gateway_status: str | None
    created_at: datetime
    expires_at: datetime | None
    verified_at: datetime | None
    updated_at: datetime
    resolved_by: str | None
    payment_metadata: dict[str, Any] | None
    check_after: datetime | None
    checks: int
    received_amount: Decimal | None
    problem: str | None
    announced_at: datetime | None
    made_with: str | None
    account: str
    refunded_amount: Decimal
    cleared_at: datetime | None
    fee: Decimal | None
    label: str | None
    lines: list[list[str]] | None
    channel: str | None

    @property
    def is_rejected(self) -> bool:
        """Whether a person decided that money which came does not count."""
        return self.status == PaymentStatus.FAILED and self.resolved_by is not None

    @property
    def refundable(self) -> Decimal:
        """What may still be sent back, in BDT; 0 until money came and was decided about."""
        decided = self.status == PaymentStatus.COMPLETED or self.is_rejected
        came = self.received_amount if decided else None
        return Decimal(0) if came is None else difference(came, self.refunded_amount)

    @property
    def is_unbooked(self) -> bool:
        """Whether the money came and is not booked: the shop's own code refuses it, say."""
        is_closed = self.status in MONEY_CAME or self.resolved_by is not None
        return as_status(self.gateway_status or "") == "completed" and not is_closed

    @property
    def is_owed(self) -> bool:
        """Whether it is paid, and the shop has not been told."""
        untold = self.announced_at is None and self.check_after is not None
        return self.status == PaymentStatus.COMPLETED and untold

    @property
    def listed(self) -> dict[str, Any]:
        """What a list of payments holds."""
        return {name: getattr(self, name) for name in COLUMNS}


@dataclass(frozen=True)
class EventRecord:
    """A line of a payment's timeline. Fields as in `PaymentEventMixin`."""

    id: int
    payment_id: int
    source: str
    old_status: PaymentStatus
    new_status: PaymentStatus | None
    gateway_answer: dict[str, Any] | None
    note: str | None
    actor: str | None
    created_at: datetime
    deliver_after: datetime | None
    delivered_at: datetime | None
    attempts: int
    error: str | None
    count: int
    repeated_at: datetime | None
    refund_id: int | None

    @property
    def is_told(self) -> bool:
        """Whether it is told to the shop's receivers after its commit."""
        return self.new_status is not None or self.refund_id is not None

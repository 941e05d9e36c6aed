"""What a verify answer means for a payment: pure, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..gateway.answers import VerifiedPayment, as_status
from . import reasons
from .status import BELIEFS, GIVEN_UP, MONEY_CAME, SUPERSEDED, PaymentStatus

_AT_ONCE = timedelta(0)
_MINUTE = timedelta(minutes=1)
_SLOWEST = timedelta(minutes=15)
_LATE = timedelta(hours=2)
#: How long after its end verify may go on to say pending: the gateway books with a delay. Longer
#: when a webhook has announced the money.
GRACE, PROMISED_GRACE = timedelta(minutes=2), timedelta(minutes=15)
_GATEWAY_WORDS = {
    "failed": PaymentStatus.FAILED,
    "cancelled": PaymentStatus.CANCELLED,
    "canceled": PaymentStatus.CANCELLED,
    "expired": PaymentStatus.EXPIRED,
}


@dataclass(frozen=True)
class Snapshot:
    """A payment as it stood when it was read; fields as the columns of `PaymentMixin`."""

    id: int
    token: str
    invoice_id: str | None
    customer_reference: str
    amount: Decimal
    status: PaymentStatus
    reason: str | None
    gateway_status: str | None
    order_key: str | None
    resolved_by: str | None
    created_at: datetime
    expires_at: datetime | None
    checks: int
    announced_at: datetime | None = None
    promised_at: datetime | None = None
    check_after: datetime | None = None
    received_amount: Decimal | None = None
    trx_id: str | None = None
    verified_at: datetime | None = None
    problem: str | None = None
    made_with: str | None = None
    made_for: str | None = None
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    account: str = ""
    has_webhook: bool = False  #: whether a webhook about it is in its timeline

    @property
    def is_closed(self) -> bool:
        """Whether no answer of the gateway can change it any more."""
        return self.money_came or self.resolved_by is not None

    @property
    def gateway_says(self) -> str:
        """The gateway's last word to judge by; `gateway_status` is as it wrote it."""
        return as_status(self.gateway_status or "")

    @property
    def is_over_at_gateway(self) -> bool:
        """Whether the gateway's last word was that no money will come."""
        return self.gateway_says in _GATEWAY_WORDS

    @property
    def is_unbooked(self) -> bool:
        """Whether the gateway has the money, and the shop's own code refuses it."""
        return self.gateway_says == "completed" and not self.is_closed

    @property
    def is_owed(self) -> bool:
        """Whether the shop has not been told of the money; what is owed is due for the sweep."""
        return (
            self.status == PaymentStatus.COMPLETED
            and self.announced_at is None
            and self.check_after is not None
        )

    @property
    def money_came(self) -> bool:
        """Whether the gateway has said that it was paid."""
        return self.status in MONEY_CAME

    @property
    def made_way(self) -> bool:
        """Whether another payment of the order took its place while it could still be paid."""
        return self.reason in (SUPERSEDED, GIVEN_UP)

    def after(self, **values: Any) -> Snapshot:
        """The payment as it stands once these columns have changed."""
        after = object.__new__(Snapshot)  # several times for each answer: replace() is slow
        vars(after).update(vars(self))
        vars(after).update((name, values[name]) for name in values.keys() & vars(self).keys())
        return after

    @property
    def is_believed_over(self) -> bool:
        """Whether no money came and none is expected, though it still might come."""
        return self.status in BELIEFS and self.resolved_by is None

    @property
    def may_hold_order(self) -> bool:
        """Whether its order waits for it: for the customer, or for what the gateway has to say."""
        if self.status in (PaymentStatus.PENDING, PaymentStatus.CANCELLED):
            return True
        waits = self.is_believed_over and self.check_after is not None
        return waits and not self.made_way and not self.is_over_at_gateway

    def was_asked_about(self, now: datetime, pause: timedelta) -> bool:
        """Whether a page has had the gateway asked just now; a time that lies ahead is of a server
        whose clock is wrong."""
        return self.asked_at is not None and abs(now - self.asked_at) < pause

    def has_expired(self, now: datetime) -> bool:
        """Whether its end, where it has one, is before `now`."""
        return self.expires_at is not None and now > self.expires_at

    @property
    def grace(self) -> timedelta:
        """How long after its end it may still be called pending."""
        return PROMISED_GRACE if self.promised_at is not None else GRACE


@dataclass(frozen=True)
class Verdict:
    """Where a payment is to go, why, and the bKash transaction that it keeps.

    `holds_order`: whether a flagged payment keeps its order from being charged anew.
    """

    status: PaymentStatus
    reason: str | None = None
    trx_id: str | None = None
    holds_order: bool = True

    def flagged(self, reason: str | None) -> Verdict:
        """The verdict on money that came beside another payment, whose order it is."""
        return replace(self, status=PaymentStatus.FLAGGED, reason=reason, holds_order=False)


def judge(
    payment: Snapshot,
    answer: VerifiedPayment,
    now: datetime,
    *,
    late_window: timedelta,
    flag_late: bool = False,
    gave_up: bool = False,
) -> Verdict | None:
    """Return the move that `answer` calls for, ``None`` when it calls for none.

    :param now: when it was asked for, by the clock that is further back, ours or the gateway's.
    :param late_window: how long after its end a payment with an unknown word is waited for.
    :param flag_late: whether money on a payment that had failed or expired is flagged.
    :param gave_up: whether the customer came back by the cancel URL.
    """
    if payment.is_closed:
        return None
    if answer.status == "completed":
        return _completed(payment, answer, flag_late)
    if payment.status != PaymentStatus.PENDING:
        return None  # a belief that only money can change
    status = _unpaid(payment, answer, now, late_window)
    if status is None and gave_up:
        status = PaymentStatus.CANCELLED
    if status is None:
        return None
    return Verdict(status, payment.reason if payment.made_way else _why(status, payment, answer))


def _completed(payment: Snapshot, answer: VerifiedPayment, flag_late: bool) -> Verdict:
    objection = _disagreement(payment, answer)
    if objection is None and flag_late and payment.status in _LATE_STATUSES:
        objection = reasons.PAID_LATE
    trx_id = answer.transaction.trx_id if answer.transaction else None
    status = PaymentStatus.COMPLETED if objection is None else PaymentStatus.FLAGGED
    return Verdict(status, objection, trx_id, holds_order=not payment.made_way)


_LATE_STATUSES = (PaymentStatus.FAILED, PaymentStatus.EXPIRED)


def _disagreement(payment: Snapshot, answer: VerifiedPayment) -> str | None:
    paid = answer.transaction.amount if answer.transaction else None
    if answer.amount != payment.amount:
        return reasons.OTHER_AMOUNT_ASKED % {"amount": answer.amount}
    if paid != payment.amount:
        return reasons.OTHER_AMOUNT_PAID % {"amount": paid}
    if answer.customer_reference not in (None, payment.customer_reference):
        return reasons.OTHER_ORDER % {"reference": answer.customer_reference}
    if payment.made_way:
        return reasons.PAID_SUPERSEDED if payment.reason == SUPERSEDED else reasons.PAID_GIVEN_UP
    return None


def _unpaid(
    payment: Snapshot, answer: VerifiedPayment, now: datetime, late_window: timedelta
) -> PaymentStatus | None:
    if answer.status in _GATEWAY_WORDS:
        return _GATEWAY_WORDS[answer.status]
    patience = payment.grace if answer.status == "pending" else late_window
    return PaymentStatus.EXPIRED if payment.has_expired(now - patience) else None


def _why(status: PaymentStatus, payment: Snapshot, answer: VerifiedPayment) -> str | None:
    if status != PaymentStatus.FAILED:
        return None
    paid = answer.transaction.amount if answer.transaction else None
    if paid not in (None, payment.amount):
        return reasons.OTHER_AMOUNT_PAID % {"amount": paid}
    return reasons.FAILED_AT_GATEWAY


def is_known(word: str) -> bool:
    """Whether the gateway's word for a state is one that we can read."""
    return word in _GATEWAY_WORDS or word in ("pending", "completed")


def is_payable(payment: Snapshot, now: datetime) -> bool:
    """Whether the gateway, by its last word, may still take or book money for an unpaid payment."""
    if payment.is_over_at_gateway:
        return False
    return payment.gateway_says != "pending" or not payment.has_expired(now - payment.grace)


def next_check(
    status: PaymentStatus,
    expires_at: datetime | None,
    checks: int,
    now: datetime,
    late_window: timedelta,
) -> datetime | None:
    """When the sweep is to look again, ``None`` when never: soon, then more and more rarely.

    A pending payment is looked at soon after it expires; during `late_window` after that, since
    money may still arrive.
    """
    if status not in BELIEFS and status != PaymentStatus.PENDING:
        return None
    end = (expires_at or now) + late_window
    due: datetime = now + min(
        _MINUTE * 2 ** min(checks - 1, 10) if checks else _AT_ONCE,
        _SLOWEST if now < end - late_window else _LATE,
    )
    if status == PaymentStatus.PENDING:
        if expires_at is not None and now <= expires_at:
            due = min(due, expires_at + _MINUTE / 12)
        return due
    return min(due, end) if now < end else None

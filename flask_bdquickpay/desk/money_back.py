"""How the desk says what went back to customers, what is owed to them, and what is cleared."""

from __future__ import annotations

from decimal import Decimal

from ..payments.records import PaymentRecord
from ..payments.refund_rows import DAYS_TO_REFUND
from . import words

__all__ = ["DAYS_TO_REFUND", "METHODS", "age", "badges", "taka"]

#: How money goes back.
METHODS = {"bkash": "bKash", "bank": "Bank", "cash": "Cash", "other": "Another way"}


def taka(amount: Decimal) -> str:
    """`৳1,250.50`, `৳200`: what is whole without its paisa."""
    return words.taka(amount).removesuffix(".00")


def badges(payment: PaymentRecord) -> list[tuple[str, str]]:
    """What is said beside a payment's state: a word for the style sheet, and a few words."""
    found: list[tuple[str, str]] = []
    came, sent = payment.received_amount, payment.refunded_amount
    if came is not None and sent:
        found.append(("refunded", f"Refunded {taka(sent)} of {taka(came)}"))
    if payment.is_rejected and payment.refundable > 0:
        found.append(("owed", f"Owed {taka(payment.refundable)}"))
    if payment.cleared_at is not None:
        found.append(("cleared", "Cleared"))
    return found


def age(days: int) -> str:
    """How long money has been owed."""
    if days < 1:
        return "since today"
    said = "1 day" if days == 1 else f"{words.number(days)} days"
    return f"{said}: more than {DAYS_TO_REFUND}" if days > DAYS_TO_REFUND else said

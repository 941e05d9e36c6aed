"""How the desk says what went back to customers, what is owed to them, and what is cleared."""

from __future__ import annotations

from decimal import Decimal

from ..payments.records import PaymentRecord
from ..payments.refund_rows import DAYS_TO_REFUND
from ..web.language import localized
from . import words
from .language import M_, say

__all__ = ["DAYS_TO_REFUND", "METHODS", "age", "badges", "method", "taka"]

#: How money goes back.
METHODS = {"bkash": M_("bKash"), "bank": M_("Bank"), "cash": M_("Cash"), "other": M_("Another way")}


def method(name: str) -> str:
    """How money goes back, in a word."""
    return say(METHODS[name])


def taka(amount: Decimal) -> str:
    """`৳1,250.50`, `৳200`: what is whole without its paisa."""
    return words.taka(amount).removesuffix(localized(".00"))


def badges(payment: PaymentRecord) -> list[tuple[str, str]]:
    """What is said beside a payment's state: a word for the style sheet, and a few words."""
    found: list[tuple[str, str]] = []
    came, sent = payment.received_amount, payment.refunded_amount
    if came is not None and sent:
        found.append(
            ("refunded", say("Refunded %(sent)s of %(came)s", sent=taka(sent), came=taka(came)))
        )
    if payment.is_rejected and payment.refundable > 0:
        found.append(("owed", say("Owed %(amount)s", amount=taka(payment.refundable))))
    if payment.cleared_at is not None:
        found.append(("cleared", say("Cleared")))
    return found


def age(days: int) -> str:
    """How long money has been owed."""
    if days < 1:
        return say("since today")
    said = words.some(days, M_("%(n)s day"), M_("%(n)s days"))
    if days <= DAYS_TO_REFUND:
        return said
    most = words.number(DAYS_TO_REFUND)
    return say("%(age)s: more than %(most)s", age=said, most=most)

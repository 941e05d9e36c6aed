"""What a payment counts as: what came, once it is paid; until then what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Table, case, func

from ..payments.records import PaymentRecord
from ..payments.status import PaymentStatus
from . import words
from .language import M_, say


def worth(payment: PaymentRecord) -> Decimal:
    """What a payment counts as in lists and sums."""
    came = payment.received_amount
    is_paid = payment.status == PaymentStatus.COMPLETED
    return came if is_paid and came is not None else payment.amount


def worth_of(payments: Table) -> ColumnElement[Decimal]:
    """The same for the database."""
    columns = payments.c
    came = func.coalesce(columns.received_amount, columns.amount)
    return case((columns.status == PaymentStatus.COMPLETED, came), else_=columns.amount)


def aside(payment: PaymentRecord) -> str:
    """What is said beside that number when another amount came than was asked."""
    came = payment.received_amount
    if came is None or came == payment.amount:
        return ""
    if payment.status == PaymentStatus.COMPLETED:
        return say("%(amount)s asked", amount=words.taka(payment.amount))
    return say("%(amount)s came", amount=words.taka(came))


@dataclass(frozen=True)
class Sum:
    """An amount with its name; `odd` when it is not as it should be."""

    name: str
    value: str
    odd: bool = False


def side_by_side(payment: PaymentRecord) -> list[Sum]:
    """What the order costs, what came, and the difference."""
    asked, came = payment.amount, payment.received_amount
    costs = Sum(say("Order costs"), words.taka(asked))
    if came is None:
        return [costs, Sum(say("bKash received"), say("not written down"), odd=True)]
    odd, name = came != asked, M_("Too much") if came > asked else M_("Missing")
    return [
        costs,
        Sum(say("bKash received"), words.taka(came), odd),
        Sum(
            say(name if odd else M_("Difference")),
            words.taka(abs(came - asked)) if odd else say("none"),
            odd,
        ),
    ]

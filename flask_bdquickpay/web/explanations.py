"""Why a payment is as it is, in words for its customer; the stored ones are for the shop."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from ..payments import reasons
from ..text import plain
from .language import N_, format_money, translate
from .shown import ShownPayment

_PATTERNS = {
    sentence: re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.*)", re.escape(sentence)))
    for sentence in reasons.SENTENCES
}
_NOT_STARTED = N_("The payment could not be started. No money was taken.")
_LATE = N_("The money came after the time to pay.")
#: What a customer is told instead of a stored sentence; empty: the page says it already.
_TOLD = {
    reasons.FAILED_AT_GATEWAY: "",
    reasons.OTHER_AMOUNT_PAID: N_("You paid %(amount)s; the order costs %(asked)s."),
    reasons.OTHER_AMOUNT_ASKED: N_("bKash asked for %(amount)s; the order costs %(asked)s."),
    reasons.OTHER_ORDER: N_("The money came for another order."),
    reasons.PAID_LATE: _LATE,
    reasons.PAID_SUPERSEDED: N_(
        "Another payment had taken the place of this one by the time the money came."
    ),
    reasons.PAID_ALREADY: N_("This order was already paid. Ask us about the second payment."),
    reasons.TRANSACTION_SEEN: N_("bKash names a transaction that we know from another payment."),
    reasons.UNKNOWN_AT_GATEWAY: N_("bKash does not know this payment any more."),
    reasons.ANSWER_LOST: _NOT_STARTED,
    reasons.REFUSED: _NOT_STARTED,
    reasons.NO_URL: _NOT_STARTED,
    reasons.INVOICE_TAKEN: _NOT_STARTED,
    reasons.REJECTED: "",
    reasons.PAID_GIVEN_UP: _LATE,
    reasons.REFUSED_HERE: N_("It could not be counted for this order."),
    reasons.OTHER_ACCOUNT: N_("The payment was begun with another account."),
}
_OTHER_AMOUNT = N_("The amount is not that of the order.")


def tell(payment: ShownPayment) -> str | None:
    """Return why a payment failed or was flagged in words for its customer; ``None``: nothing.

    What a person wrote to the customer, and what the shop's own code gave as a reason, is as it
    was written, in one line that turns no text around it.
    """
    sentence, parts = _take_apart(payment.reason or "")
    if sentence == reasons.REJECTED_BECAUSE:
        return plain(parts["message"])
    if sentence is None:
        return plain(payment.reason) if payment.reason else None
    if "amount" not in parts:
        return translate(_TOLD[sentence]) if _TOLD[sentence] else None
    amount = _money(parts["amount"])
    if amount is None:
        return translate(_OTHER_AMOUNT)
    return translate(
        _TOLD[sentence], amount=format_money(amount), asked=format_money(payment.amount)
    )


def came(payment: ShownPayment) -> Decimal | None:
    """Return what the customer paid, as far as it is known."""
    if payment.received_amount is not None:
        return Decimal(payment.received_amount)
    sentence, parts = _take_apart(payment.reason or "")
    return _money(parts["amount"]) if sentence == reasons.OTHER_AMOUNT_PAID else None


def is_not_accepted(payment: ShownPayment) -> bool:
    """Whether money came that does not count: a person rejected it, or it was another amount."""
    return payment.has_failed and (payment.resolved_by is not None or came(payment) is not None)


def _take_apart(reason: str) -> tuple[str | None, dict[str, str]]:
    """Return the sentence that a reason is, ``None`` when it is none of ours, and its parts."""
    for sentence, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(reason):
            return sentence, found.groupdict()
    return None, {}


def _money(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None

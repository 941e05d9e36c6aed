"""How the desk says things: English words and digits, times of Bangladesh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from ..payments.accounts import Accounts
from ..payments.records import PaymentRecord
from ..payments.status import GIVEN_UP, PaymentStatus
from ..web.language import DHAKA, format_money

_LATIN = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")
#: The plain account in the URL, where nothing means all; no account can be called so.
PLAIN = "_"
_MINUTE, _HOUR = 60, 3600

STATUSES = {
    PaymentStatus.COMPLETED: "Paid",
    PaymentStatus.FLAGGED: "Flagged",
    PaymentStatus.PENDING: "Waiting",
    PaymentStatus.CREATED: "Starting",
    PaymentStatus.CANCELLED: "Cancelled",
    PaymentStatus.EXPIRED: "Expired",
    PaymentStatus.FAILED: "Failed",
}
#: What a person is told about a status.
MEANINGS = {
    PaymentStatus.COMPLETED: "The money was verified, or accepted by a person.",
    PaymentStatus.FLAGGED: "Money came, but something disagrees. A person decides.",
    PaymentStatus.PENDING: "The customer was sent to bKash and has not paid yet.",
    PaymentStatus.CREATED: "Being made known to the gateway.",
    PaymentStatus.CANCELLED: "The customer came back without paying.",
    PaymentStatus.EXPIRED: "Not paid in time.",
    PaymentStatus.FAILED: "It did not work out.",
}
#: What is paid and waits for the shop's own code.
UNBOOKED, UNTOLD = "Paid, not booked", "Paid, shop not told"
_UNBOOKED = "The money came, but the shop’s own code refuses to book it."
_NOT_YET_BOOKED = "The money came, but the database was in the way. The sweep books it soon."
SOURCES = {
    "webhook": "Webhook",
    "return": "Customer’s return",
    "cancel": "Customer’s cancel",
    "status": "Waiting page",
    "sweep": "Sweep",
    "checkout": "Checkout",
    "confirm": "The shop’s code",
    "cli": "Command line",
    "desk": "This desk",
    "refund": "Refund",
}


#: Where a payment began.
CHANNELS = {"button": "Button", "link": "Payment link", "api": "The shop’s code"}


def channel(name: str | None) -> str:
    """Where a payment began; nothing of an old one, of which nobody knows it."""
    return CHANNELS.get(name or "", name or "")


def account(name: str) -> str:
    """What a merchant account is called; the plain settings' has no name."""
    return name or "Plain"


def account_choices(accounts: Accounts) -> dict[str, str]:
    """What the list can be narrowed to; nothing where only the shop's loader knows the names."""
    if accounts.hooks.account_loader is not None:
        return {}
    names = {name: name for name in accounts.settings.accounts}
    return {"": "All accounts", PLAIN: account(""), **names}


def state(payment: PaymentRecord) -> tuple[str, str]:
    """A word for the style sheet, and how it stands in a few words."""
    if payment.is_unbooked:
        return "refused", UNBOOKED
    if payment.is_owed:
        return "owed", UNTOLD
    if payment.is_rejected:
        return "failed", "Rejected"
    return payment.status.value, STATUSES[payment.status]


def meaning(payment: PaymentRecord, *, unanswered: bool) -> str:
    """What a person is told about a payment.

    :param unanswered: whether the gateway told nothing when it was last asked.
    """
    if payment.is_unbooked:
        return _UNBOOKED if payment.problem else _NOT_YET_BOOKED
    if payment.is_owed:
        return "The money was verified, but the shop’s own code has not been told of it."
    if payment.is_rejected:
        return f"Rejected by {payment.resolved_by}. {_held(payment)}"
    if payment.reason == GIVEN_UP:
        return "Given up, so that the order could be paid anew. Money that still comes is flagged."
    if unanswered:
        return "The customer was sent to bKash. Whether they paid, the gateway cannot tell now."
    return MEANINGS[payment.status]


def _held(payment: PaymentRecord) -> str:
    """What became of money that a person rejected."""
    if not payment.refunded_amount:
        return "No money was sent back from here."
    if payment.refundable > 0:
        return "Some of the money was sent back; the rest is owed to the customer."
    return "All of the money was sent back."


def taka(amount: Decimal) -> str:
    """`৳1,00,000.00`, in Latin digits whatever the shop's language: the desk is in English."""
    return format_money(amount).translate(_LATIN)


def lines(of_order: Iterable[Sequence[object]]) -> list[tuple[str, str]]:
    """The lines of an order, of a request or as they are stored."""
    return [(str(text), taka(Decimal(str(cost)))) for text, cost in of_order]


def whole_taka(amount: Decimal) -> str:
    """`৳1,00,000`, for the marks of a chart."""
    return "৳" + number(amount)


def number(value: Decimal | int) -> str:
    """`1,00,000`."""
    return format_decimal(value, "#,##,##0.##", locale="en")


def moment(value: datetime) -> str:
    """The day and time in Bangladesh."""
    return format_datetime(value, "d MMM y, HH:mm:ss", tzinfo=DHAKA, locale="en")


def day(value: date) -> str:
    return format_date(value, "d MMM y", locale="en")


def short_day(value: date) -> str:
    return format_date(value, "d MMM", locale="en")


def month(value: date) -> str:
    return format_date(value, "MMMM y", locale="en")


def short_month(value: date) -> str:
    return format_date(value, "MMM", locale="en")


def duration(seconds: int) -> str:
    """`45 s`, `2 min 5 s`, `1 h 4 min`."""
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        minutes, rest = divmod(seconds, _MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(seconds // _MINUTE, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def percent(part: int, whole: int) -> str:
    """`63%`; only what is nothing or all is said to be so."""
    share = round(100 * part / whole)
    if share == 0 and part:
        return "under 1%"
    if share == 100 and part != whole:
        return "over 99%"
    return f"{share}%"

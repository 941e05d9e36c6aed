"""How the desk says things: words and digits of its language, times of Bangladesh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from ..money import exactly
from ..payments.accounts import Accounts
from ..payments.records import PaymentRecord
from ..payments.status import GIVEN_UP, PaymentStatus
from ..web.language import DHAKA, current_language, format_money, localized
from .language import M_, say

#: The plain account in the URL, where nothing means all; no account can be called so.
PLAIN = "_"
_MINUTE, _HOUR = 60, 3600
_LAKH, _CRORE = 100_000, 10_000_000

STATUSES = {
    PaymentStatus.COMPLETED: M_("Paid"),
    PaymentStatus.FLAGGED: M_("Flagged"),
    PaymentStatus.PENDING: M_("Waiting"),
    PaymentStatus.CREATED: M_("Starting"),
    PaymentStatus.CANCELLED: M_("Cancelled"),
    PaymentStatus.EXPIRED: M_("Expired"),
    PaymentStatus.FAILED: M_("Failed"),
}
#: What a person is told about a status.
MEANINGS = {
    PaymentStatus.COMPLETED: M_("The money was verified, or accepted by a person."),
    PaymentStatus.FLAGGED: M_("Money came, but something disagrees. A person decides."),
    PaymentStatus.PENDING: M_("The customer was sent to bKash and has not paid yet."),
    PaymentStatus.CREATED: M_("Being made known to the gateway."),
    PaymentStatus.CANCELLED: M_("The customer came back without paying."),
    PaymentStatus.EXPIRED: M_("Not paid in time."),
    PaymentStatus.FAILED: M_("Failed at the gateway."),
}
#: What is paid and waits for the shop's own code.
UNBOOKED, UNTOLD = M_("Paid, not booked"), M_("Paid, shop not told")
SOURCES = {
    "webhook": M_("Webhook"),
    "return": M_("Customer’s return"),
    "cancel": M_("Customer’s cancel"),
    "status": M_("Waiting page"),
    "sweep": M_("Sweep"),
    "checkout": M_("Checkout"),
    "confirm": M_("The shop’s code"),
    "cli": M_("Command line"),
    "desk": M_("This desk"),
    "refund": M_("Refund"),
    "erase": M_("Erasure of personal data"),
}
#: Where a payment began.
CHANNELS = {"button": M_("Button"), "link": M_("Payment link"), "api": M_("The shop’s code")}


def status(value: PaymentStatus) -> str:
    """How a status is called."""
    return say(STATUSES[value])


def status_twice(value: PaymentStatus) -> str:
    """`Paid (completed)`: with the word of command line and programs, where it is another."""
    return _twice(status(value), value)


def state_twice(payment: PaymentRecord) -> str:
    """The same for how a payment stands."""
    return _twice(state(payment)[1], payment.status)


def _twice(said: str, value: PaymentStatus) -> str:
    return said if said.lower() == value.value else f"{said} ({value.value})"


def source(name: str) -> str:
    """Who or what brought an event."""
    return say(SOURCES.get(name, name))


def channel(name: str | None) -> str:
    """Where a payment began; nothing of an old one, of which nobody knows it."""
    return say(CHANNELS.get(name or "", name or ""))


def account(name: str) -> str:
    """What a merchant account is called; the plain settings' has no name."""
    return name or say("Plain")


def account_choices(accounts: Accounts) -> dict[str, str]:
    """What the list can be narrowed to; nothing where only the shop's loader knows the names."""
    if accounts.hooks.account_loader is not None:
        return {}
    names = {name: name for name in accounts.settings.accounts}
    return {"": say("All accounts"), PLAIN: account(""), **names}


def state(payment: PaymentRecord) -> tuple[str, str]:
    """A word for the style sheet, and how it stands in a few words."""
    if payment.is_unbooked:
        return "refused", say(UNBOOKED)
    if payment.is_owed:
        return "owed", say(UNTOLD)
    if payment.is_rejected:
        return "failed", say("Rejected")
    return payment.status.value, status(payment.status)


def meaning(payment: PaymentRecord, *, unanswered: bool) -> str:
    """What a person is told about a payment.

    :param unanswered: whether the gateway told nothing when it was last asked.
    """
    if payment.is_unbooked:
        return _unbooked(payment)
    if payment.is_owed:
        return say("The money was verified, but the shop’s own code has not been told of it.")
    if payment.is_rejected:
        return say(_held(payment), who=payment.resolved_by)
    if payment.reason == GIVEN_UP:
        return say(
            "Given up, so that the order could be paid anew. Money that still comes is flagged."
        )
    if unanswered:
        return say(
            "The customer was sent to bKash. Whether they paid, the gateway cannot tell now."
        )
    return say(MEANINGS[payment.status])


def _unbooked(payment: PaymentRecord) -> str:
    if payment.problem:
        return say("The money came, but the shop’s own code refuses to book it.")
    return say("The money came, but the database was in the way. The sweep books it soon.")


def _held(payment: PaymentRecord) -> str:
    """What became of money that a person rejected."""
    if not payment.refunded_amount:
        return M_("Rejected by %(who)s: the money must go back by hand.")
    if payment.refundable > 0:
        return M_("Rejected by %(who)s: some of the money was sent back, the rest is owed.")
    return M_("Rejected by %(who)s: all of the money was sent back.")


def taka(amount: Decimal) -> str:
    """`৳1,00,000.00`."""
    return format_money(amount)


def lines(of_order: Iterable[Sequence[object]]) -> list[tuple[str, str]]:
    """The lines of an order, of a request or as they are stored."""
    return [(str(text), taka(Decimal(str(cost)))) for text, cost in of_order]


def short_taka(amount: Decimal) -> str:
    """`৳20 lakh`, for the marks of a chart."""
    for unit, named in ((_CRORE, M_("৳%(n)s crore")), (_LAKH, M_("৳%(n)s lakh"))):
        if amount >= unit:
            with exactly():
                return say(named, n=number(amount / unit))
    return "৳" + number(amount)


def number(value: Decimal | int) -> str:
    """`1,00,000`."""
    with exactly():
        return localized(format_decimal(value, "#,##,##0.##", locale="en"))


def digits(name: int) -> str:
    """The number of a payment, a refund or an event, which is a name: without commas."""
    return localized(str(name))


def some(count: int, one: str, more: str) -> str:
    """`1 payment`, `7 payments`: the words for one, or those for another number `%(n)s`."""
    return say(one if count == 1 else more, n=number(count))


def payments(count: int) -> str:
    """`7 payments`."""
    return some(count, M_("%(n)s payment"), M_("%(n)s payments"))


def moment(value: datetime) -> str:
    """The day and time in Bangladesh."""
    return _time(value, "d MMM y, HH:mm:ss")


def short_moment(value: datetime) -> str:
    """The same without year and seconds."""
    return _time(value, "d MMM, HH:mm")


def _time(value: datetime, pattern: str) -> str:
    language = current_language()
    return localized(format_datetime(value, pattern, tzinfo=DHAKA, locale=language))


def day(value: date) -> str:
    return _date(value, "d MMM y")


def short_day(value: date) -> str:
    return _date(value, "d MMM")


def month(value: date) -> str:
    return _date(value, "MMMM y")


def short_month(value: date) -> str:
    return _date(value, "MMM")


def _date(value: date, pattern: str) -> str:
    return localized(format_date(value, pattern, locale=current_language()))


def duration(seconds: int) -> str:
    """`45 s`, `2 min 5 s`, `1 h 4 min`."""
    if seconds < _MINUTE:
        return say("%(n)s s", n=number(seconds))
    if seconds < _HOUR:
        return _two(*divmod(seconds, _MINUTE), M_("%(n)s min"), M_("%(n)s s"))
    return _two(*divmod(seconds // _MINUTE, 60), M_("%(n)s h"), M_("%(n)s min"))


def _two(large: int, small: int, of_large: str, of_small: str) -> str:
    parts = ((large, of_large), (small, of_small))
    return " ".join(say(unit, n=number(count)) for count, unit in parts if count)


def percent(part: Decimal | int, whole: Decimal | int) -> str:
    """`63%`; only what is nothing or all is said to be so."""
    with exactly():
        share = round(100 * part / whole)
    if share == 0 and part:
        return say("under 1%")
    if share == 100 and part != whole:
        return say("over 99%")
    return localized(f"{share}%")

"""Payment links: made for a message or a poster, opened and paid in any browser.

Opening one changes nothing, writes nothing and asks no gateway, so that scanners and previews may.
Paying needs no cookie: whoever has the link may pay, and is charged the amount that was shown.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal
from enum import Enum

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from .. import clock
from ..errors import ConfigurationError, InvalidPaymentRequest, OrderNotFoundError
from ..money import PaymentRequest, parse_amount
from ..payments.about import about_ids
from ..payments.hooks import fault_of
from ..payments.status import MONEY_CAME, PaymentStatus
from ..payments.verdict import Snapshot
from ..settings import LONGEST_LINK
from ..state import current_state
from . import pages
from .checkout import is_done
from .confirming import confirming
from .failures import answer_to, problem
from .receipts import holds
from .shown import ShownPayment, show
from .tokens import Link, WrongTokenError, make_token, read_token
from .urls import link_url

_logger = logging.getLogger(__name__)
_LONGEST_AMOUNT = 40


class Notice(Enum):
    """Why the page with the button is shown again instead of bKash's."""

    CHANGED = "changed"  #: the order costs something else by now
    UNREAD = "unread"  #: the form did not say which amount was shown


def pay_link(reference: object, expires_in: timedelta | float | None = None) -> str:
    """Return the address at which whoever has it may pay an order; the loader is not asked.

    :param expires_in: for how long, also in seconds; ``None``: ``BDQUICKPAY_LINK_AGE``.
    :raises ValueError: for a time that is not above 0, or is longer than 400 days.
    :raises InvalidPaymentRequest: for a reference that no order can have.
    :raises ConfigurationError: when the shop does not say where it is, or has no `SECRET_KEY`.
    """
    return address(new_link(reference, expires_in))


def new_link(reference: object, expires_in: timedelta | float | None = None) -> Link:
    """Return a link for an order, as :func:`pay_link`."""
    if fault := fault_of(reference):
        raise InvalidPaymentRequest(f"No link for the order {reference!r}: {fault}.")
    return Link(str(reference), clock.utcnow() + _age(expires_in))


def address(link: Link) -> str:
    """Return where a link leads to, as :func:`pay_link`."""
    return link_url(make_token(link))


def _age(expires_in: timedelta | float | None) -> timedelta:
    if expires_in is None:
        return timedelta(seconds=current_state().settings.link_age)
    age = timedelta(0)
    if isinstance(expires_in, timedelta):
        age = expires_in
    elif isinstance(expires_in, (int, float)) and 0 < expires_in <= LONGEST_LINK.total_seconds():
        age = timedelta(seconds=expires_in)
    if isinstance(expires_in, bool) or not timedelta(0) < age <= LONGEST_LINK:
        raise ValueError(
            f"expires_in must be a timedelta, or seconds, above 0 and at most {LONGEST_LINK.days} "
            f"days, not {expires_in!r}."
        )
    return age


# The route


def link(token: str) -> ResponseReturnValue:
    """Show what is to be paid, with the button; by POST send the customer to pay it."""
    try:
        opened = read_token(token)
    except WrongTokenError:
        return problem("not_found", 404)
    except ConfigurationError as error:
        _logger.error("A payment link can't be opened: %s", error, extra=about_ids("link"))
        return problem("not_ready", 503)
    if request.method == "POST" and _is_from_elsewhere():
        return problem("elsewhere", 403, opened.reference)
    if opened.has_expired:
        return problem("link_expired", 410)
    return _answer(opened, request.form.get("amount") if request.method == "POST" else None)


def _is_from_elsewhere() -> bool:
    """Whether another site's page had the button pressed."""
    return request.headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site"


def _answer(opened: Link, shown: str | None) -> ResponseReturnValue:
    try:
        wanted = current_state().hooks.load_order(opened.reference)
        return (
            _send(opened, wanted, shown or "")
            if request.method == "POST"
            else _page(opened, wanted)
        )
    except (OrderNotFoundError, NotFound):
        return _ended(opened)
    except Exception as error:  # whatever it is, it is logged and nothing was charged
        return answer_to(error, opened.reference)


def _ended(opened: Link) -> ResponseReturnValue:
    """The shop's loader says that there is nothing to pay, which may be why."""
    holder = current_state().store.find("order_key", opened.reference)
    is_paid = holder is not None and holder.money_came
    return problem("paid" if is_paid else "link_ended", 410)


def _send(opened: Link, wanted: PaymentRequest, shown: str) -> ResponseReturnValue:
    amount = _read(shown)
    if amount is None:
        return _page(opened, wanted, Notice.UNREAD), 400
    if amount != wanted.amount:
        return _page(opened, wanted, Notice.CHANGED, amount), 409
    payment = current_state().checkout.start(opened.reference, wanted, channel="link")
    if payment.is_payable:
        return redirect(str(payment.payment_url), 303)
    return _standing(show(payment))


def _read(shown: str) -> Decimal | None:
    """The amount that the page showed; ``None`` if nobody can read it."""
    try:
        return parse_amount(shown) if len(shown) <= _LONGEST_AMOUNT else None
    except InvalidPaymentRequest:
        return None


# The pages


def _page(
    opened: Link,
    wanted: PaymentRequest,
    notice: Notice | None = None,
    before: Decimal | None = None,
) -> str:
    state = current_state()
    holder = state.checkout.current(opened.reference, wanted)
    if holder is not None and is_done(holder):
        return _standing(show(state.store.load_kept(holder)))
    return pages.render(
        "link.html",
        reference=opened.reference,
        expires_at=opened.expires_at,
        order=wanted,
        goes_on=holder is not None and _goes_on(holder),
        notice=notice and notice.value,
        before=before,
    )


def _goes_on(holder: Snapshot) -> bool:
    """Whether the button leads on to a payment that has begun."""
    return holder.status == PaymentStatus.PENDING and not holder.has_expired(clock.utcnow())


def _standing(shown: ShownPayment) -> str:
    """How it stands with a payment on which the button would not help.

    The transaction and its like are for who came back with the payment's own token: a link goes
    through many hands.
    """
    if not holds(shown.token):
        shown = shown.for_strangers()
    if shown.status in MONEY_CAME:
        return pages.render("result.html", payment=shown, retry=False)
    return confirming(shown)

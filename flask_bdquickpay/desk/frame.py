"""What the pages of the desk share: their frame, who is there, what is said, the way back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..errors import (
    AuthenticationError,
    BDQuickPayError,
    GatewayError,
    InvoiceNotFoundError,
    MerchantInactiveError,
)
from ..payments.about import about
from ..payments.records import PaymentRecord
from ..payments.reports import Reports
from ..payments.signals import raised_by
from ..payments.status import PaymentStatus
from ..state import current_state
from ..web.language import current_language
from . import language, money_back, sums, words
from .forms import FilterForm
from .language import M_, say
from .listing import Listing
from .retold import linked, not_done, retell

_logger = logging.getLogger(__name__)
#: A payment in the URL.
PAYMENT = "<int(max=999999999999999999):payment_id>"
FRESH = M_("This page had become too old, so nothing was done. Please press the button again.")
NAMELESS = M_("Nobody decides without a name: give the desk one with Desk(who=…).")
_LARGEST = 10**18


@dataclass(frozen=True)
class Frame:
    """The frame of one desk.

    :ivar name: what the desk is called.
    :ivar actor: the name of the person at the desk, if it is known.
    :ivar way_out: the name and URL of the page around the desk, if there is one.
    :ivar order_url: the URL of a payment's order in the shop's own admin, if there is one.
    :ivar search: the keys of the shop's own data in which is searched.
    """

    name: str
    actor: Callable[[], str | None]
    way_out: Callable[[], tuple[str, str] | None]
    order_url: Callable[[PaymentRecord], str | None]
    search: Sequence[str] = ()

    def render(self, template: str, **context: Any) -> str:
        """Return a page of the desk."""
        state = current_state()
        tools = {
            "_": say,
            "lang": current_language(),
            "language": language,
            "desk": self,
            "words": words,
            "sums": sums,
            "money_back": money_back,
            "retell": retell,
            "linked": linked,
            "accounts": state.accounts,
            "shop_name": state.settings.shop.name,
            "is_test": state.is_test(),
            "flagged": Reports(state.store).count(PaymentStatus.FLAGGED),
        }
        return render_template(f"bdquickpay/desk/{template}", **tools, **context)

    def listing(self) -> Listing:
        """The payments of the current app."""
        state = current_state()
        return Listing(state.store, heard=state.outbox.heard, search=self.search)

    def payment_or_404(self, payment_id: int) -> PaymentRecord:
        """Return a payment, or end with a page that says that there is none."""
        payment: PaymentRecord = found(self.listing().one(payment_id))
        return payment


def found(value: Any) -> Any:
    """Return what was found, or end with a page that says that it was not."""
    if value is None:
        abort(404)
    return value


def outcome(payment: PaymentRecord, work: Callable[[], str]) -> tuple[str, str]:
    """Return what to say, and whether it is good news."""
    try:
        return work(), "success"
    except GatewayError as error:
        return _of_gateway(error), "error"
    except BDQuickPayError as error:
        return not_done(error), "error"
    except Exception as error:
        current_state().store.session.rollback()  # what failed may have left it unusable
        return went_wrong(payment, error), "error"


def _of_gateway(error: GatewayError) -> str:
    """What the gateway said, or that it said nothing; nothing has changed by it."""
    if isinstance(error, InvoiceNotFoundError):
        said = M_(
            "bdQuickPay does not know invoice %(invoice)s. Check that BDQUICKPAY_APP_KEY belongs "
            "to the merchant who made it."
        )
        return say(said, invoice=error.invoice_id)
    if isinstance(error, AuthenticationError):
        return say(
            "bdQuickPay does not accept the shop’s keys. Check BDQUICKPAY_APP_KEY and "
            "BDQUICKPAY_SECRET_KEY."
        )
    if isinstance(error, MerchantInactiveError):
        return say("bdQuickPay says that the merchant account is not active. Ask bdQuickPay.")
    said = M_("The gateway could not be asked, nothing has changed: %(why)s")
    return say(said, why=retell(error.message))


def is_old(form: Any) -> bool:
    """Whether a form's token is not the page's, or has run out."""
    return form.meta.csrf_field_name in form.errors


def went_wrong(payment: PaymentRecord, error: Exception) -> str:
    """Log that the shop's own code is in the way, or the database, and return what to say."""
    text = "Something at the desk went wrong (payment %s)"
    _logger.error(text, payment.id, exc_info=error, extra=about(payment, "desk"))
    if raised_by(error) is None:
        said = M_(
            "The database did not answer as it should (%(error)s). Look at the payment before you "
            "try again: it may have been done."
        )
        return say(said, error=type(error).__name__)
    said = M_("Not done: the shop’s own code raised %(error)s; its log says more.")
    return say(said, error=type(error).__name__)


def back(payment_id: int) -> ResponseReturnValue:
    """The way back to a payment's page, with the filters of the list that led to it."""
    return redirect(url_for(".payment", payment_id=payment_id, **filters()), code=303)


def filters() -> dict[str, Any]:
    """The filters of the list, as the URL has them; none if they are wrong."""
    form = FilterForm(request.args)
    return form.arguments() if form.validate() else {}


def download(name: str, lines: Iterable[str]) -> Response:
    """A CSV file of that name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, mimetype="text/csv", headers=headers)


def argument(name: str) -> int | None:
    """The payment or event beyond which a page begins."""
    text = request.args.get(name, "")
    if not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:20]), _LARGEST)

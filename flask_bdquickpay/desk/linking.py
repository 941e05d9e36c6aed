"""The desk's pages on which a payment link is made, and printed as a card with its code."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from ..errors import (
    ConfigurationError,
    InvalidPaymentRequest,
    OrderNotFoundError,
)
from ..money import PaymentRequest
from ..payments.about import about_ids
from ..payments.records import PaymentRecord
from ..state import current_state
from ..web.checkout import is_done
from ..web.language import BANGLA, ENGLISH, format_moment, format_money, speaking, translate
from ..web.links import address, new_link
from ..web.qr import drawing
from ..web.tokens import Link, WrongTokenError, make_token, read_token
from .frame import Frame
from .language import M_, say
from .link_forms import LinkForm
from .listing import Listing
from .retold import retell

_logger = logging.getLogger(__name__)
_UNKNOWN = M_("The shop knows no such order, or has nothing to be paid for it.")


class Refused(Exception):
    """There is no link for an order; says why, to the person at the desk."""


@dataclass(frozen=True)
class Offer:
    """A link with what it is for.

    :ivar held_by: the order's payment that has begun or ended already.
    :ivar is_done: whether nobody can pay by the link because of that payment.
    :ivar code: ``None`` without segno.
    """

    link: Link
    url: str
    order: PaymentRequest
    held_by: PaymentRecord | None
    is_done: bool
    code: Markup | None

    @property
    def token(self) -> str:
        return make_token(self.link)


@dataclass(frozen=True)
class Words:
    """What a card says in one language."""

    language: str
    amount: str
    scan: str
    until: str


class LinkPages(Frame):
    """Whoever may see the desk may make a link: nothing is changed, written or kept by it."""

    def add_rules(self, blueprint: Blueprint) -> None:
        """Add the pages to the blueprint."""
        blueprint.add_url_rule("/link", "link", self.link)
        blueprint.add_url_rule("/link/card/<token>", "card", self.card)

    def link(self) -> ResponseReturnValue:
        """Ask for an order; say what it costs, with its link."""
        usual = timedelta(seconds=current_state().settings.link_age)
        if "reference" not in request.args:
            return self.render("link.html", form=LinkForm(None, usual), offer=None)
        form = LinkForm(request.args, usual)
        offer = _offer(form) if form.validate() else None
        return self.render("link.html", form=form, offer=offer), 200 if offer else 400

    def card(self, token: str) -> ResponseReturnValue:
        """The same link on paper."""
        try:
            link = read_token(token)
            offer = _offer_of(link)
        except WrongTokenError:
            abort(404)
        except Refused:  # the page before says why
            return redirect(url_for(".link", reference=link.reference), 303)
        if offer.code is None or link.has_expired:
            abort(404)
        said = [_words(offer, language) for language in (ENGLISH, BANGLA)]
        shop = current_state().settings.shop
        return self.render("card.html", offer=offer, said=said, shop=shop)


def _offer(form: LinkForm) -> Offer | None:
    """What the form asks for; why there is none is said in it."""
    try:
        return _offer_of(new_link(form.reference.data, form.age))
    except (Refused, InvalidPaymentRequest) as error:
        form.reference.errors = [retell(str(error))]
        return None


def _offer_of(link: Link) -> Offer:
    """
    :raises Refused: for an order that can't be paid.
    """
    try:
        order = _order(link.reference)
        url = address(link)
    except ConfigurationError as error:
        raise Refused(retell(str(error))) from None
    state = current_state()
    holder = state.checkout.current(link.reference, order)
    return Offer(
        link=link,
        url=url,
        order=order,
        held_by=None if holder is None else Listing(state.store).one(holder.id),
        is_done=holder is not None and is_done(holder),
        code=_code(url, link.reference),
    )


def _order(reference: str) -> PaymentRequest:
    """Ask the shop's loader, whatever it raises."""
    state = current_state()
    try:
        order = state.hooks.load_order(reference)
        state.accounts.client(order.account or "")
    except (OrderNotFoundError, NotFound):
        raise Refused(say(_UNKNOWN)) from None
    except InvalidPaymentRequest as error:
        raise Refused(say("This order can’t be charged: %(why)s", why=error)) from None
    except ConfigurationError:
        raise
    except Exception as error:
        extra = about_ids("desk", customer_reference=reference)
        _logger.exception("No link for order %r at the desk", reference, extra=extra)
        state.store.session.rollback()  # what failed may have left it unusable
        said = M_("The shop’s own code raised %(error)s; its log says more.")
        raise Refused(say(said, error=type(error).__name__)) from None
    return order


def _code(url: str, reference: str) -> Markup | None:
    try:
        return drawing(url, say("QR code of the payment link of order %(order)s", order=reference))
    except ConfigurationError:
        return None


def _words(offer: Offer, language: str) -> Words:
    with speaking(language):
        return Words(
            language=language,
            amount=format_money(offer.order.amount),
            scan=translate("Scan with the phone’s camera and pay with bKash"),
            until=f"{translate('This link works until')}: {format_moment(offer.link.expires_at)}",
        )

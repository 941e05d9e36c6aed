"""The shop on its pages: its name, and messages to it that say what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import request

from ..shop import ShopDetails
from ..text import plain
from .language import localized, translate
from .shown import ShownPayment


@dataclass(frozen=True)
class Contact:
    """What the templates find as `bdqp.shop`."""

    details: ShopDetails

    @property
    def name(self) -> str | None:
        """Who is paid."""
        return self.details.name

    @property
    def logo(self) -> str | None:
        """The picture's address; a path without a leading slash begins where the app does."""
        logo = self.details.logo
        if logo is None or "://" in logo or logo.startswith("/"):
            return logo
        return f"{request.script_root}/{logo}"

    @property
    def phone(self) -> str | None:
        """The phone number in the digits of the page."""
        return self.details.phone and localized(self.details.phone)

    @property
    def call(self) -> str:
        """What the phone number leads to."""
        return f"tel:{self.details.dial}"

    @property
    def site(self) -> str:
        """The shop's address on the web, as one reads it."""
        return (self.details.url or "").partition("://")[2].rstrip("/")

    def whatsapp(self, reference: str | None, payment: ShownPayment | None = None) -> str:
        """A WhatsApp message to the shop, about an order and its payment where there is one."""
        text = _about(reference, payment)
        return f"https://wa.me/{self.details.whatsapp}" + (f"?text={quote(text)}" if text else "")

    def mail(self, reference: str | None, payment: ShownPayment | None = None) -> str:
        """The same as a mail."""
        text = _about(reference, payment)
        return f"mailto:{self.details.email}" + (f"?subject={quote(text)}" if text else "")


def _about(reference: str | None, payment: ShownPayment | None) -> str:
    """The order, invoice and transaction that a page shows, in a line."""
    facts = {
        "Order": payment.customer_reference if payment else reference,
        "Invoice": payment and payment.invoice_id,
        "Transaction ID": payment and payment.trx_id,
    }
    return ", ".join(f"{translate(name)} {plain(fact)}" for name, fact in facts.items() if fact)

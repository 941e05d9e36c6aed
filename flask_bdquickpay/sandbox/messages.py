"""The documented shapes: what create and verify answer, what a webhook says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from .records import COMPLETED, Payment

METHOD = "bkash"
UNAUTHORIZED = "Unauthorized. Invalid App Key or Secret Key."
INACTIVE = "The merchant account is inactive."
NOT_FOUND = "Invoice not found."
INVALID = "Validation error"
RETRIEVED = "Payment retrieved successfully."
SERVER_ERROR = "Unexpected server error. Contact support with the invoice_id."


def plain(value: object) -> object:
    """What JSON has no form for: an amount as the gateway writes it, anything else as text."""
    return number(value) if isinstance(value, Decimal) else str(value)


def number(amount: Decimal) -> int | float:
    """A JSON number, as documented: 500, and 500.5 for what is not whole."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def refusal(message: str, **more: Any) -> dict[str, Any]:
    return {"status": False, "message": message, **more}


def created(payment: Payment, payment_url: str) -> dict[str, Any]:
    return {
        "status": True,
        "invoice_id": payment.invoice_id,
        "amount": number(payment.amount),
        "customer_reference": payment.customer_reference,
        "payment_url": payment_url,
        "expires_at": moment(payment.expires_at),
    }


def retrieved(payment: Payment) -> dict[str, Any]:
    """Documented for completed and pending; whatever else looks like pending (assumed)."""
    data = full(payment) if payment.status == COMPLETED else short(payment)
    return {"status": True, "message": RETRIEVED, "data": data}


def short(payment: Payment) -> dict[str, Any]:
    return {
        "invoice_id": payment.invoice_id,
        "amount": number(payment.amount),
        "status": payment.status,
        "transaction": None,
    }


def full(payment: Payment) -> dict[str, Any]:
    return {
        "invoice_id": payment.invoice_id,
        "customer_reference": payment.customer_reference,
        "amount": number(payment.amount),
        "status": payment.status,
        "created_at": moment(payment.created_at),
        "expires_at": moment(payment.expires_at),
        "transaction": transaction(payment),
    }


def transaction(payment: Payment) -> dict[str, Any] | None:
    if payment.verified_at is None or payment.paid_amount is None:
        return None
    return {
        "trx_id": payment.trx_id,
        "payment_method": METHOD,
        "amount": number(payment.paid_amount),
        "status": COMPLETED,
        "verified_at": moment(payment.verified_at),
    }


def webhook(payment: Payment, at: datetime, outcome: str) -> dict[str, Any]:
    """The body of an event; `outcome` is completed or failed."""
    return {
        "event": f"payment.{outcome}",
        "invoice_id": payment.invoice_id,
        "payment_id": payment.id,
        "customer_reference": payment.customer_reference,
        "amount": number(payment.amount),
        "payment_method": METHOD,
        "status": outcome,
        "timestamp": moment(at),
    }


def return_url(payment: Payment, base: str, *, ampersand: bool = False) -> str:
    """Where the buyer goes, with the payment's details appended (their names are assumed)."""
    joiner = "&" if ampersand or "?" in base else "?"
    return f"{base}{joiner}{urlencode(_details(payment))}"


def _details(payment: Payment) -> Mapping[str, str]:
    details = {
        "invoice_id": payment.invoice_id,
        "payment_id": str(payment.id),
        "customer_reference": payment.customer_reference,
        "amount": str(number(payment.amount)),
        "status": payment.status,
    }
    return details if payment.trx_id is None else {**details, "trx_id": payment.trx_id}

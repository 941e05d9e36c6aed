"""What a log record about a payment carries as `extra`: whose it is, and what brought it up."""

from __future__ import annotations

from typing import Any, Protocol


class _Known(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def invoice_id(self) -> str | None: ...
    @property
    def customer_reference(self) -> str: ...


def about(payment: _Known, source: str | None) -> dict[str, Any]:
    """Return the `extra` of a record about a payment.

    :param source: as in the timeline: webhook, return, sweep, …
    """
    return about_ids(source, payment.id, payment.invoice_id, payment.customer_reference)


def about_ids(
    source: str | None,
    payment_id: int | None = None,
    invoice_id: str | None = None,
    customer_reference: str | None = None,
) -> dict[str, Any]:
    """The same, where no more is known than these; never a token, a key or an address."""
    return {
        "payment_id": payment_id,
        "invoice_id": invoice_id,
        "customer_reference": customer_reference,
        "source": source,
    }

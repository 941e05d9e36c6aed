"""The errors that a shop may see.

BDQuickPayError
├── ConfigurationError
├── InvalidPaymentRequest
├── OrderNotFoundError
├── ResolutionError
├── RefundError
│   ├── RefundNotAllowed
│   └── RefundTooLarge
├── StatementError
└── GatewayError
    ├── AuthenticationError       401
    ├── MerchantInactiveError     403
    ├── InvoiceNotFoundError      404
    ├── RequestRejectedError      422
    └── GatewayUnavailableError   time-out, connection, 5xx, 429, or not what the API documents
        └── GatewayPausedError    not asked: a 429 of a moment ago is being kept to
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal


class BDQuickPayError(Exception):
    """Base of every error that this extension raises."""


class ConfigurationError(BDQuickPayError):
    """A setting is missing or wrong; the message names it and shows a value that works."""


class InvalidPaymentRequest(BDQuickPayError, ValueError):
    """The amount or the metadata of a payment can't be sent to the gateway."""


class OrderNotFoundError(BDQuickPayError, LookupError):
    """The order loader knows no order of that reference."""


class ResolutionError(BDQuickPayError):
    """A person's decision about a payment can't be carried out; the message says why."""


class RefundError(BDQuickPayError):
    """A refund can't be recorded or voided; the message says why, naming the other record."""


class RefundNotAllowed(RefundError):
    """No money came on the payment, or nobody has decided about it; says the next step."""


class RefundTooLarge(RefundError):
    """More was to be sent back than remains.

    :ivar remains: BDT, ``None`` when somebody else has just taken some of it.
    """

    def __init__(self, message: str, *, remains: Decimal | None = None) -> None:
        super().__init__(message)
        self.remains: Decimal | None = remains


class StatementError(BDQuickPayError):
    """The file of a statement is no table that can be read; the message says why."""


class GatewayError(BDQuickPayError):
    """The gateway refused a call or could not be asked.

    :ivar message: what happened, without secrets.
    :ivar status_code: the HTTP status of the answer, ``None`` when there was no answer.
    :ivar errors: the gateway's messages for each wrong field (422).
    :ivar invoice_id: the payment that was asked about, ``None`` for a creation.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        errors: Mapping[str, Sequence[str]] | None = None,
        invoice_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.errors: dict[str, Sequence[str]] = dict(errors or {})
        self.invoice_id = invoice_id


class AuthenticationError(GatewayError):
    """The gateway does not accept the app key or the secret key (401)."""


class MerchantInactiveError(GatewayError):
    """The merchant account is inactive (403)."""


class InvoiceNotFoundError(GatewayError):
    """The gateway knows no such invoice for this merchant (404)."""


class RequestRejectedError(GatewayError):
    """The gateway found the request invalid (422); ``errors`` says which fields."""


class GatewayUnavailableError(GatewayError):
    """No usable answer: time-out, connection failure, 5xx, 429, or not what the API documents.

    :ivar retry_after: seconds until this process asks the account's gateway again, where the
        gateway wants to be left alone.
    """

    retry_after: float | None = None


class GatewayPausedError(GatewayUnavailableError):
    """Nothing was sent: the gateway wants to be left alone for `retry_after` seconds more."""

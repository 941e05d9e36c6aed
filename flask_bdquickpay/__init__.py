"""Take bKash payments in a Flask shop through bdQuickPay."""

from .client import BDQuickPayClient, CreatedPayment, Transaction, VerifiedPayment
from .errors import (
    AuthenticationError,
    BDQuickPayError,
    ConfigurationError,
    GatewayError,
    GatewayUnavailableError,
    InvalidPaymentRequest,
    InvoiceNotFoundError,
    MerchantInactiveError,
    OrderNotFoundError,
    RequestRejectedError,
    ResolutionError,
)
from .extension import BDQuickPay
from .models import PaymentEventMixin, PaymentMixin
from .money import PaymentRequest
from .reconcile import ReconcileReport
from .signals import (
    payment_cancelled,
    payment_changed,
    payment_created,
    payment_expired,
    payment_failed,
    payment_flagged,
    payment_paid,
)
from .status import PaymentStatus

__all__ = [
    "AuthenticationError",
    "BDQuickPay",
    "BDQuickPayClient",
    "BDQuickPayError",
    "ConfigurationError",
    "CreatedPayment",
    "GatewayError",
    "GatewayUnavailableError",
    "InvalidPaymentRequest",
    "InvoiceNotFoundError",
    "MerchantInactiveError",
    "OrderNotFoundError",
    "PaymentEventMixin",
    "PaymentMixin",
    "PaymentRequest",
    "PaymentStatus",
    "ReconcileReport",
    "RequestRejectedError",
    "ResolutionError",
    "Transaction",
    "VerifiedPayment",
    "payment_cancelled",
    "payment_changed",
    "payment_created",
    "payment_expired",
    "payment_failed",
    "payment_flagged",
    "payment_paid",
]

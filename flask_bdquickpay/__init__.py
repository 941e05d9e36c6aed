"""Take bKash payments in a Flask shop through bdQuickPay.

Names are imported when they are first used: pytest loads the test kit below this package in every
session of an environment, also where nobody asks for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        AuthenticationError,
        BDQuickPayError,
        ConfigurationError,
        GatewayError,
        GatewayPausedError,
        GatewayUnavailableError,
        InvalidPaymentRequest,
        InvoiceNotFoundError,
        MerchantInactiveError,
        OrderNotFoundError,
        RefundError,
        RefundNotAllowed,
        RefundTooLarge,
        RequestRejectedError,
        ResolutionError,
        StatementError,
    )
    from .extension import BDQuickPay
    from .gateway.answers import CreatedPayment, Transaction, VerifiedPayment
    from .gateway.client import BDQuickPayClient
    from .keys import MerchantAccount
    from .money import PaymentRequest
    from .payments.health import Health
    from .payments.models import PaymentEventMixin, PaymentMixin, RefundMixin
    from .payments.pruning import PruneReport
    from .payments.reconcile import ReconcileReport
    from .payments.signals import (
        FlagPayment,
        payment_cancelled,
        payment_changed,
        payment_created,
        payment_expired,
        payment_failed,
        payment_flagged,
        payment_paid,
        payment_refunded,
        refund_changed,
        refund_voided,
    )
    from .payments.statement import StatementReport
    from .payments.status import PaymentStatus

_MODULES = (
    "errors",
    "money",
    "keys",
    "payments.status",
    "payments.signals",
    "gateway.answers",
    "gateway.client",
    "payments.models",
    "payments.reconcile",
    "payments.health",
    "payments.pruning",
    "payments.statement",
    "extension",
)

__all__ = [
    "AuthenticationError",
    "BDQuickPay",
    "BDQuickPayClient",
    "BDQuickPayError",
    "ConfigurationError",
    "CreatedPayment",
    "FlagPayment",
    "GatewayError",
    "GatewayPausedError",
    "GatewayUnavailableError",
    "Health",
    "InvalidPaymentRequest",
    "InvoiceNotFoundError",
    "MerchantAccount",
    "MerchantInactiveError",
    "OrderNotFoundError",
    "PaymentEventMixin",
    "PaymentMixin",
    "PaymentRequest",
    "PaymentStatus",
    "PruneReport",
    "ReconcileReport",
    "RefundError",
    "RefundMixin",
    "RefundNotAllowed",
    "RefundTooLarge",
    "RequestRejectedError",
    "ResolutionError",
    "StatementError",
    "StatementReport",
    "Transaction",
    "VerifiedPayment",
    "payment_cancelled",
    "payment_changed",
    "payment_created",
    "payment_expired",
    "payment_failed",
    "payment_flagged",
    "payment_paid",
    "payment_refunded",
    "refund_changed",
    "refund_voided",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = getattr(import_module(f".{module}", __name__), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

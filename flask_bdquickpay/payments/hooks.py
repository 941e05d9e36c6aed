"""What a shop has registered, and what it says when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigurationError, InvalidPaymentRequest, OrderNotFoundError
from ..money import PaymentRequest
from ..text import is_printable
from .models import MAX_REFERENCE

OrderLoader = Callable[[str], "PaymentRequest | None"]
ReturnHandler = Callable[[Any], Any]
Dispatcher = Callable[[int], object]


@dataclass
class Hooks:
    """The functions of a shop; one object for all apps of an extension."""

    order_loader: OrderLoader | None = None
    return_handler: ReturnHandler | None = None
    dispatcher: Dispatcher | None = None

    def load_order(self, reference: str) -> PaymentRequest:
        """Return what to charge for an order.

        :raises OrderNotFoundError: when the order loader knows no such order.
        """
        check_reference(reference)
        if self.order_loader is None:
            raise ConfigurationError("Register what to charge with @bdquickpay.order_loader.")
        try:
            wanted = self.order_loader(reference)
        except InvalidPaymentRequest:
            raise
        except (ValueError, OverflowError) as error:  # int("abc"): no order's reference
            raise OrderNotFoundError(f"There is no order {reference!r} ({error}).") from error
        if wanted is None:
            raise OrderNotFoundError(f"There is no order {reference!r}.")
        return wanted


def check_reference(reference: str) -> None:
    """
    :raises OrderNotFoundError: for a reference that no order can have.
    """
    fits = 0 < len(reference) <= MAX_REFERENCE
    if not fits or not is_printable(reference) or reference != reference.strip():
        raise OrderNotFoundError("There is no such order.")

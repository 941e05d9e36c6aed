"""What a shop has registered, and what it says when it is asked."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError, InvalidPaymentRequest, OrderNotFoundError
from ..keys import MerchantAccount
from ..money import PaymentRequest
from ..text import JOINERS, is_printable
from .models import MAX_REFERENCE
from .observers import Observers

OrderLoader = Callable[[str], "PaymentRequest | Awaitable[PaymentRequest | None] | None"]
CheckoutCheck = Callable[[str], "bool | Awaitable[bool]"]
AccountLoader = Callable[[str], "MerchantAccount | Awaitable[MerchantAccount | None] | None"]
ReturnHandler = Callable[[Any], Any]
OrderURL = Callable[[Any], "str | Awaitable[str | None] | None"]
Dispatcher = Callable[[int], object]

_logger = logging.getLogger(__name__)


@dataclass
class Hooks:
    """The functions of a shop; one object for all apps of an extension."""

    order_loader: OrderLoader | None = None
    checkout_check: CheckoutCheck | None = None
    account_loader: AccountLoader | None = None
    return_handler: ReturnHandler | None = None
    order_url: OrderURL | None = None
    dispatcher: Dispatcher | None = None
    observers: Observers = field(default_factory=Observers)

    def load_order(self, reference: str) -> PaymentRequest:
        """Return what to charge for an order; what else the order loader raises goes on.

        :raises OrderNotFoundError: when the order loader knows no such order, or stumbles over
            the reference (a ValueError or OverflowError, as of ``int("abc")``).
        :raises ConfigurationError: when there is no order loader, or it returns something else.
        """
        check_reference(reference)
        if self.order_loader is None:
            raise ConfigurationError("Register what to charge with @bdquickpay.order_loader.")
        try:
            wanted = ask(self.order_loader, reference)
        except InvalidPaymentRequest:
            raise
        except (ValueError, OverflowError) as error:
            _logger.debug("No order %r: the order loader said %s", reference, error, exc_info=True)
            raise OrderNotFoundError(f"There is no order {reference!r} ({error}).") from error
        return _as_asked_for(reference, wanted)

    def load_account(self, name: str) -> MerchantAccount | None:
        """Return the account of a name, ``None`` when the shop knows no such account; what the
        account loader raises goes on.

        :raises ConfigurationError: when it returns something else.
        """
        found = None if self.account_loader is None else ask(self.account_loader, name)
        if found is None or isinstance(found, MerchantAccount):
            return found
        raise ConfigurationError(
            "the account loader must return a MerchantAccount, or None for an account that there "
            f"is not; it returned {type(found).__name__}"
        )

    def may_pay(self, reference: str) -> bool:
        """Whether the visitor of now may pay the order; what the shop's check raises goes on."""
        if self.checkout_check is None:
            return True
        answer: object = ask(self.checkout_check, reference)
        if not isinstance(answer, bool):
            _logger.warning("checkout_check must return True or False, not %.100r", answer)
        return answer is True


def _as_asked_for(reference: str, wanted: object) -> PaymentRequest:
    if wanted is None:
        raise OrderNotFoundError(f"There is no order {reference!r}.")
    if not isinstance(wanted, PaymentRequest):
        raise ConfigurationError(
            "The order loader must return a PaymentRequest, or None for an order that there is "
            f"not; it returned {type(wanted).__name__}."
        )
    if wanted.reference not in (None, reference):
        raise OrderNotFoundError(
            f"There is no order {reference!r}; it is called {wanted.reference!r}."
        )
    return wanted


def ask(function: Callable[..., object], *arguments: object) -> Any:
    """Return what a function of the shop says, also an async one.

    That one runs in a thread of its own, with what it finds here (app, request, session), since
    this thread may be running an event loop already.
    """
    answer = function(*arguments)
    if not inspect.isawaitable(answer):
        return answer

    async def wait() -> object:
        return await answer

    with ThreadPoolExecutor(1) as beside:
        return beside.submit(copy_context().run, asyncio.run, wait()).result()


def check_reference(reference: object) -> None:
    """
    :raises OrderNotFoundError: for a reference that no order can have; the message says why.
    """
    if fault := fault_of(reference):
        raise OrderNotFoundError(f"No order can be called {str(reference)[:100]!r}: {fault}.")


def fault_of(reference: object) -> str | None:
    """Return why no order can have a reference, ``None`` when one can."""
    if reference is None:
        return "it is None, as the id of an order that is not saved yet"
    reference = str(reference)
    if not 0 < len(reference) <= MAX_REFERENCE:
        return f"a reference has 1 to {MAX_REFERENCE} letters"
    if reference != reference.strip():
        return "it begins or ends with a space"
    if not is_printable(reference) or not reference.strip(JOINERS):
        return "a letter of it is invisible"
    if not {"", ".", ".."}.isdisjoint(reference.split("/")):
        return "as part of a URL it would become another one, for its slashes or dots"
    return None

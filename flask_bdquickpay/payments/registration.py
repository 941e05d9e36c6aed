"""What a shop registers with the extension: decorators that give the function back."""

from __future__ import annotations

from typing import TypeVar

from .hooks import (
    AccountLoader,
    CheckoutCheck,
    Dispatcher,
    Hooks,
    OrderLoader,
    OrderURL,
    ReturnHandler,
)
from .observers import Observer

L = TypeVar("L", bound=OrderLoader)
A = TypeVar("A", bound=AccountLoader)
C = TypeVar("C", bound=CheckoutCheck)
R = TypeVar("R", bound=ReturnHandler)
U = TypeVar("U", bound=OrderURL)
D = TypeVar("D", bound=Dispatcher)
W = TypeVar("W", bound=Observer)


class Registration:
    """Keeps the functions of a shop for all of its apps."""

    def __init__(self) -> None:
        self._hooks = Hooks()

    def order_loader(self, function: L) -> L:
        """Register ``f(reference) -> PaymentRequest | None``: what to charge for an order."""
        self._hooks.order_loader = function
        return function

    def account_loader(self, function: A) -> A:
        """Register ``f(name) -> MerchantAccount | None``: the keys of a merchant account.

        Asked for each name that ``BDQUICKPAY_ACCOUNTS`` does not have, whenever its keys are
        needed: at a click, a webhook, a question to the gateway. ``None``: no such account.
        """
        self._hooks.account_loader = function
        return function

    def checkout_check(self, function: C) -> C:
        """Register ``f(reference) -> bool``: whether the visitor of now may pay for the order.

        Asked in the checkout route alone; whatever is not True is a page (403).
        """
        self._hooks.checkout_check = function
        return function

    def return_handler(self, function: R) -> R:
        """Register ``f(payment) -> response`` for a customer who comes back, paid or not."""
        self._hooks.return_handler = function
        return function

    def order_url(self, function: U) -> U:
        """Register ``f(payment) -> str | None``: where its customer sees the order.

        The built-in pages then offer it to who came back with the payment's own token, first of
        all. A path of the shop, as of ``url_for``, or a whole ``http`` or ``https`` URL; ``None``:
        there is no such page. One that raises is logged, and the page is shown without it.
        """
        self._hooks.order_url = function
        return function

    def dispatcher(self, function: D) -> D:
        """Register ``f(event_id)``, which hands an event to a work queue after its commit.

        Used when ``BDQUICKPAY_DELIVERY`` is ``"deferred"``. The worker then calls
        :meth:`deliver_event`. One that raises or hangs leaves the event to the sweep.
        """
        self._hooks.dispatcher = function
        return function

    def observer(self, function: W) -> W:
        """Register ``f(name, seconds, labels)``, which is told how long something took.

        ``"gateway_request"`` (`call`, `outcome`; once a call, its retries included), ``"webhook"``
        (`answer`, the status code) and ``"receiver"`` (`signal`; once each time that a receiver
        was called). The labels are closed words. Any number may be registered. It is called in
        the middle of a payment: it counts, and neither waits nor asks the database. What it raises
        is logged once and ignored.
        """
        self._hooks.observers.add(function)
        return function

"""A client with keys, and what it asks of a gateway."""

from __future__ import annotations

import time
from typing import Any

from flask_bdquickpay import BDQuickPayClient, CreatedPayment, VerifiedPayment

from .hostile import INVOICE, Hostile

#: Far above every time-out used here, far below what a drip of the server lasts.
SOON = 10.0


def client_of(server: Hostile, timeout: float = 5.0) -> BDQuickPayClient:
    return BDQuickPayClient("the-app-key", "the-secret-key", server.base_url, timeout)


def verify(server: Hostile, timeout: float = 5.0) -> VerifiedPayment:
    return client_of(server, timeout).verify_payment(INVOICE)


def create(client: BDQuickPayClient, amount: Any = 500, **fields: Any) -> CreatedPayment:
    return client.create_payment(
        amount=amount,
        customer_reference=fields.pop("customer_reference", "ORDER-001"),
        success_url="https://shop.example/success",
        cancel_url="https://shop.example/cancel",
        **fields,
    )


def in_time(work: Any) -> Any:
    started = time.monotonic()
    try:
        return work()
    finally:
        assert time.monotonic() - started < SOON

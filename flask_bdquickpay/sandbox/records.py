"""What the sandbox keeps and hands out: payments, deliveries, requests, outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

PENDING = "pending"
COMPLETED = "completed"
FAILED = "failed"


@dataclass(frozen=True)
class Payment:
    """A payment as the gateway knows it; `id` is the documented `payment_id`."""

    id: int
    invoice_id: str
    token: str = field(repr=False)
    app_key: str = field(repr=False)
    amount: Decimal
    customer_reference: str
    success_url: str = field(repr=False)
    cancel_url: str = field(repr=False)
    webhook_url: str | None
    metadata: Mapping[str, Any]
    status: str
    reason: str
    created_at: datetime
    expires_at: datetime
    trx_id: str | None = None
    paid_amount: Decimal | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """One webhook on its way to a shop: `state` is queued, sending, held, delivered, failed
    or dropped; a failed one that will be retried by itself has a `due_at`."""

    id: int
    invoice_id: str
    url: str
    app_key: str | None = field(repr=False)
    body: Mapping[str, Any]
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime | None = None
    sent_at: datetime | None = None
    status_code: int | None = None
    answer: str = ""
    error: str = ""


@dataclass(frozen=True)
class Answer:
    """What the shop said to a webhook. No `status_code`: it said nothing, see `error`."""

    status_code: int | None
    text: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300 and not self.error

    @property
    def json(self) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


@dataclass(frozen=True)
class Outcome:
    """What came of a buyer's doing: the payment now, where the gateway sends the buyer
    (`return_url`), and the shop's answer to the webhook (None when none was sent)."""

    payment: Payment
    return_url: str
    webhook: Answer | None = None


@dataclass(frozen=True)
class RecordedRequest:
    """A call the shop made. The secret key is redacted; `body` is parsed JSON, else text."""

    endpoint: str
    method: str
    headers: Mapping[str, str]
    body: Any
    at: datetime

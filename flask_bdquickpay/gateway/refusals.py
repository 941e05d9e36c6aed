"""What it means when the gateway refuses a call: the error for each answer, without the keys.

Restates the gateway's API documentation, "HTTP codes".
"""

from __future__ import annotations

import math
from typing import Any

from ..errors import (
    AuthenticationError,
    GatewayError,
    GatewayPausedError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
    MerchantInactiveError,
    RequestRejectedError,
)
from ..keys import without_keys
from ..text import harmless
from .account import Account
from .pace import Pause

_SHOWN = 200


_REFUSALS: dict[int, tuple[type[GatewayError], str]] = {
    401: (AuthenticationError, "The gateway does not accept the app key or the secret key"),
    403: (MerchantInactiveError, "The merchant account is inactive"),
    404: (InvoiceNotFoundError, "The gateway knows no such invoice"),
    422: (RequestRejectedError, "The gateway rejected the request"),
}


def refusal(
    status_code: int, document: dict[str, Any] | None, invoice_id: str | None, account: Account
) -> GatewayError:
    """The error for an answer that is no success; its shape must be as documented."""
    said = _without_keys(document.get("message"), account) if document else ""
    known = _REFUSALS.get(status_code) if document and document.get("status") is False else None
    kind, text = known or (GatewayUnavailableError, _undocumented(status_code))
    message = f"{text}: {said}" if said else f"{text}."
    errors = _field_errors(document.get("errors"), account) if document else {}
    return kind(message, status_code=status_code, errors=errors, invoice_id=invoice_id)


_OUTCOMES: dict[type[GatewayError], str] = {
    AuthenticationError: "authentication",
    MerchantInactiveError: "inactive",
    InvoiceNotFoundError: "not_found",
    RequestRejectedError: "rejected",
    GatewayPausedError: "paused",
}


def outcome_of(error: GatewayError) -> str:
    """A closed word for how a call ended; `paused`: nothing was sent."""
    unavailable = "throttled" if error.status_code == 429 else "unavailable"
    return _OUTCOMES.get(type(error), unavailable)


def _undocumented(status_code: int) -> str:
    if status_code == 429:
        return "The gateway asks for fewer calls (HTTP 429)"
    return f"The gateway's answer (HTTP {status_code}) is not what its API documents"


def paused(pause: Pause, invoice_id: str | None) -> GatewayPausedError:
    """The error for a call that was not made, since the gateway wants to be left alone."""
    again = f"it is asked again in {math.ceil(pause.seconds)} s"
    nothing = "Nothing was sent." if invoice_id else "Nothing was sent, nothing was charged."
    message = f"The gateway asked for a pause (HTTP {pause.status_code}): {again}. {nothing}"
    error = GatewayPausedError(message, status_code=pause.status_code, invoice_id=invoice_id)
    error.retry_after = pause.seconds
    return error


def _without_keys(said: object, account: Account) -> str:
    text = harmless(said) if isinstance(said, str) else ""
    return without_keys(text, (account.app_key, account.secret_key))[:_SHOWN]


def _field_errors(errors: object, account: Account) -> dict[str, list[str]]:
    if not isinstance(errors, dict):
        return {}
    lists = {name: said if isinstance(said, list) else [said] for name, said in errors.items()}
    return {
        _without_keys(name, account): [_without_keys(str(text), account) for text in texts]
        for name, texts in lists.items()
    }

"""The gateway's rules for a request body, with its sentences: one entry per wrong field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Rule = Callable[[str, Any], str | None]

LONGEST_TEXT = 255
LONGEST_URL = 2048
# Letters of a path, query or fragment.
_LETTERS = "(?:[!$&-;=?-Z_a-z~]|%[0-9A-Fa-f]{2})*"
WEB_ADDRESS = re.compile(
    r"https?://(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[::1\])"
    r"(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    rf"(?:/{_LETTERS})?(?:\?{_LETTERS})?(?:\#{_LETTERS})?"
)
LARGEST_AMOUNT = Decimal("999999999.99")


class InvalidBody(ValueError):
    """The body broke a rule; `errors` is the documented mapping of field to sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("Validation error")
        self.errors: dict[str, list[str]] = dict(errors)


def parse(content_type: str, body: bytes) -> dict[str, Any]:
    """The body as an object, its decimals exact."""
    if content_type != "application/json":
        raise InvalidBody({"body": ["The Content-Type must be application/json."]})
    try:
        found = json.loads(body, parse_float=_decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidBody({"body": ["The body must be valid JSON."]}) from None
    if not isinstance(found, dict):
        raise InvalidBody({"body": ["The body must be a JSON object."]})
    return found


def check_create(body: Mapping[str, Any]) -> None:
    _check(body, CREATE)


def check_verify(body: Mapping[str, Any]) -> None:
    _check(body, VERIFY)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number beyond all bounds") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check(body: Mapping[str, Any], rules: Mapping[str, tuple[bool, Rule]]) -> None:
    found = {name: _sentence(body, name, *rule) for name, rule in rules.items()}
    errors = {name: [sentence] for name, sentence in found.items() if sentence}
    if errors:
        raise InvalidBody(errors)


def _sentence(body: Mapping[str, Any], name: str, required: bool, rule: Rule) -> str | None:
    label = name.replace("_", " ")
    if name not in body:
        return f"The {label} field is required." if required else None
    if required and (body[name] is None or body[name] == ""):
        return f"The {label} field is required."
    return rule(label, body[name])


def _amount(label: str, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return f"The {label} must be a number."
    if value <= 0:
        return f"The {label} must be greater than 0."
    if value > LARGEST_AMOUNT:
        return f"The {label} must not be greater than {LARGEST_AMOUNT}."
    whole_poisha = value == Decimal(value).quantize(Decimal("0.01"))
    return None if whole_poisha else f"The {label} must have at most 2 decimals."


def _text(label: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"The {label} must be a string."
    if not value.strip(" \t\n\r\f\v"):
        return f"The {label} field is required."
    if len(value) > LONGEST_TEXT:
        return f"The {label} must not be greater than {LONGEST_TEXT} characters."
    return None if _encodable(value) else f"The {label} must be valid UTF-8."


def _url(label: str, value: Any) -> str | None:
    fine = isinstance(value, str) and len(value) <= LONGEST_URL and WEB_ADDRESS.fullmatch(value)
    return None if fine else f"The {label} must be a valid URL."


def _object(label: str, value: Any) -> str | None:
    return None if isinstance(value, dict) else f"The {label} must be an object."


def _encodable(value: str) -> bool:
    # JSON can spell half a surrogate pair, which no database or URL can hold.
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


CREATE: Mapping[str, tuple[bool, Rule]] = {
    "amount": (True, _amount),
    "customer_reference": (True, _text),
    "success_url": (True, _url),
    "cancel_url": (True, _url),
    "webhook_url": (False, _url),
    "metadata": (False, _object),
}
VERIFY: Mapping[str, tuple[bool, Rule]] = {"invoice_id": (True, _text)}

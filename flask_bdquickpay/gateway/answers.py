"""What the gateway answers: its JSON as frozen dataclasses, checked field by field.

Restates the gateway's API documentation, "POST /payment/create" and "POST /payment/verify".
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from ..errors import GatewayUnavailableError
from ..text import is_harmless

_logger = logging.getLogger(__name__)


#: An answer larger than this is not the gateway's, in bytes.
MAX_ANSWER = 256 * 1024


#: A time outside of these years is no time; with one we could not reckon.
_EARLIEST, _LATEST = 1970, 3000


@dataclass(frozen=True)
class CreatedPayment:
    """The gateway's answer to create; attributes as in its documentation, `amount` in BDT."""

    invoice_id: str
    payment_url: str
    amount: Decimal | None
    customer_reference: str | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Transaction:
    """The transaction inside an answer to verify; `amount` in BDT."""

    trx_id: str | None
    payment_method: str | None
    amount: Decimal | None
    status: str | None
    verified_at: datetime | None


@dataclass(frozen=True)
class VerifiedPayment:
    """The gateway's answer to verify, the `data` of its document; `amount` in BDT.

    :ivar status: the gateway's word to judge by: in lower case, without spaces around it.
    :ivar word: the same as the gateway wrote it.
    """

    invoice_id: str
    status: str
    amount: Decimal | None
    customer_reference: str | None
    created_at: datetime | None
    expires_at: datetime | None
    transaction: Transaction | None
    word: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.word:
            object.__setattr__(self, "word", self.status)

    @property
    def facts(self) -> dict[str, Any]:
        """The documented fields alone, in the gateway's words, as JSON for the timeline."""
        facts = _as_json(self)
        facts["status"] = facts.pop("word")
        if self.transaction is not None:
            facts["transaction"] = _as_json(self.transaction)
        return facts


def parse(content: bytes) -> dict[str, Any] | None:
    """The JSON object, its numbers exact; ``None`` for anything else."""
    if len(content) > MAX_ANSWER:
        return None
    try:
        document = _JSON.decode(content.decode(json.detect_encoding(content)))
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _refuse_constant(word: str) -> None:
    """Keep Python's ``json`` from reading NaN and Infinity."""
    raise ValueError(f"{word} is not JSON")


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


class _Malformed(Exception):
    """A field of an answer is not what the API documents."""


def created(document: dict[str, Any], amount: Decimal, reference: str) -> CreatedPayment:
    """Return the answer to a creation.

    :raises GatewayUnavailableError: when it is not as documented.
    """
    try:
        answer = CreatedPayment(
            invoice_id=_word(document, "invoice_id"),
            payment_url=_word(document, "payment_url"),
            amount=_amount(document, "amount"),
            customer_reference=_optional_text(document, "customer_reference"),
            expires_at=_moment(document, "expires_at"),
        )
        if answer.amount not in (None, amount):
            raise _Malformed(f"amount is {answer.amount}, not {amount}")
        if answer.customer_reference not in (None, reference):
            raise _Malformed("customer_reference is another one")
    except _Malformed as error:
        raise _unusable(error, None) from error
    return answer


def verified(document: dict[str, Any], invoice_id: str) -> VerifiedPayment:
    """Return the answer to a verify.

    :raises GatewayUnavailableError: when it is not as documented, or about another invoice.
    """
    try:
        data = document.get("data")
        if not isinstance(data, dict):
            raise _Malformed("data is not an object")
        answer = VerifiedPayment(
            invoice_id=_word(data, "invoice_id"),
            word=_word(data, "status"),
            status=as_status(_word(data, "status")),
            amount=_amount(data, "amount"),
            customer_reference=_optional_text(data, "customer_reference"),
            created_at=_moment(data, "created_at"),
            expires_at=_moment(data, "expires_at"),
            transaction=_transaction(data.get("transaction")),
        )
        _check_verified(answer, invoice_id)
    except _Malformed as error:
        raise _unusable(error, invoice_id) from error
    return answer


def _check_verified(answer: VerifiedPayment, invoice_id: str) -> None:
    if answer.invoice_id != invoice_id:
        raise _Malformed("it is about another invoice")
    if answer.status != "completed":
        return
    paid = answer.transaction
    if paid is None or paid.status != "completed" or not (paid.trx_id or "").strip():
        raise _Malformed("it says completed without a completed transaction")
    if answer.amount is None or paid.amount is None:
        raise _Malformed("it says completed without an amount")


def as_status(word: str) -> str:
    """The gateway's word for a state as we compare it."""
    return word.strip().lower()


def _transaction(value: object) -> Transaction | None:
    if value is None or value in ([], {}, ""):  # languages differ in what "none" looks like
        return None
    if not isinstance(value, dict):
        raise _Malformed("transaction is not an object")
    status, method = _optional_text(value, "status"), value.get("payment_method")
    return Transaction(
        trx_id=_optional_text(value, "trx_id"),
        payment_method=method if method == "bkash" else None,  # nothing depends on it
        amount=_amount(value, "amount"),
        status=status and as_status(status),
        verified_at=_moment(value, "verified_at"),
    )


def _unusable(error: _Malformed, invoice_id: str | None) -> GatewayUnavailableError:
    return GatewayUnavailableError(
        f"The gateway's answer is not what its API documents: {error}.",
        status_code=200,
        invoice_id=invoice_id,
    )


def _word(document: dict[str, Any], name: str) -> str:
    text = _optional_text(document, name)
    if not text or text.isspace():
        raise _Malformed(f"{name} is missing")
    return text


_LONGEST = {"payment_url": 2000, "status": 64, "customer_reference": 255}
#: What names something, and may be written as a number.
_NAMES = ("invoice_id", "customer_reference", "trx_id")


def _optional_text(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if name in _NAMES:
        value = as_name(value)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _LONGEST.get(name, 128):
        raise _Malformed(f"{name} is not a short text")
    if not is_harmless(value):
        raise _Malformed(f"{name} has characters that are no letters")
    return value


def as_name(value: object) -> object:
    """A name that was written as a whole number, as the text that it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_json(fields: object) -> dict[str, Any]:
    """The fields as JSON has them; amounts and times as text."""
    return {name: _json_value(value) for name, value in vars(fields).items()}


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _amount(document: dict[str, Any], name: str) -> Decimal | None:
    """An amount as the gateway writes it: number or text, exact, however many decimals."""
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise _Malformed(f"{name} is not a number")
    try:
        amount = Decimal(value)
    except (InvalidOperation, ValueError):
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        raise _Malformed(f"{name} is not an amount")
    return amount


def _moment(document: dict[str, Any], name: str) -> datetime | None:
    """A time; one without a zone is taken as UTC, one that can't be read as not given."""
    value = document.get(name)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        if _EARLIEST < aware.year < _LATEST:
            return aware.astimezone(timezone.utc)
    except ValueError:
        pass
    _logger.warning("The gateway's %s can't be read as a time.", name)
    return None

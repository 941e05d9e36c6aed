"""Amounts in BDT as exact decimals."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, InvalidOperation, localcontext
from functools import reduce
from typing import Any
from uuid import UUID

from .errors import InvalidPaymentRequest
from .text import is_harmless

#: The largest amount that a payment's column holds.
MAX_AMOUNT = Decimal("9999999999.99")
#: The longest label, the most lines of an order, and the longest text of one.
MAX_LABEL, MAX_LINES, MAX_LINE = 80, 50, 255
_PAISA = Decimal("0.01")
_EXACT = Context(prec=28, traps=[])
_MAX_DEPTH = 20


def parse_amount(value: object) -> Decimal:
    """Return `value` (Decimal, int or str, in BDT) as a Decimal with two decimals.

    :raises InvalidPaymentRequest: for a float, anything that is no number, an amount that is not
        positive, has more than two decimals or is larger than :data:`MAX_AMOUNT`.
    """
    amount = _as_decimal(value)
    if not amount.is_finite() or amount <= 0:
        raise InvalidPaymentRequest(f"The amount must be above 0 BDT, not {value!r}.")
    if amount > MAX_AMOUNT:
        raise InvalidPaymentRequest(f"The amount must be at most {MAX_AMOUNT} BDT.")
    return _exact_paisa(amount)


def _as_decimal(value: object) -> Decimal:
    if isinstance(value, float):
        raise InvalidPaymentRequest(
            f"The amount {value!r} is a float, which can't hold money exactly; "
            f'pass a Decimal, an int or a str, such as Decimal("{value:.2f}").'
        )
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise InvalidPaymentRequest(f"The amount must be a Decimal, int or str, not {value!r}.")
    try:
        return Decimal(value)
    except (InvalidOperation, ValueError) as error:
        raise InvalidPaymentRequest(f"The amount {value!r} is not a number.") from error


# Exact in whatever decimal context the host has set


def exactly() -> AbstractContextManager[Context]:
    """Reckon exactly within, for those who take the context as it is."""
    return localcontext(_EXACT)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts in BDT."""
    return reduce(_EXACT.add, amounts, Decimal(0))


def difference(whole: Decimal, part: Decimal) -> Decimal:
    """Return what is left of an amount in BDT."""
    return _EXACT.subtract(whole, part)


def to_paisa(amount: Decimal) -> Decimal:
    """Return an amount in BDT with two decimals; NaN for one that has too many digits."""
    return amount.quantize(_PAISA, context=_EXACT)


def _exact_paisa(amount: Decimal) -> Decimal:
    rounded = to_paisa(amount)
    if rounded != amount:
        raise InvalidPaymentRequest(f"The amount {amount} has more than two decimals.")
    return rounded


#: What something costs, or how much it takes off.
Line = tuple[str, Decimal]


@dataclass(frozen=True)
class PaymentRequest:
    """What to charge for an order.

    :param amount: BDT; Decimal, int or str; positive, at most two decimals. Becomes a Decimal.
    :param metadata: JSON-like facts that travel to the gateway and back into
        ``Payment.payment_metadata``; Decimal, date and UUID values become strings.
    :param label: what the order is called, for the customer: one line of plain text, at most
        80 characters.
    :param lines: what it consists of, as pairs of text and amount, at most 50; a discount is
        negative. Their sum is the amount.
    :param account: the merchant account that takes the money; ``None``: that of the plain settings.
    :param reference: the order's one spelling; a request for another one is not found.
    :raises InvalidPaymentRequest: when one of them can't be used.
    """

    amount: Decimal
    metadata: dict[str, Any] | None = None
    label: str | None = None
    lines: tuple[Line, ...] | None = None
    account: str | None = None
    reference: str | None = None

    def __init__(
        self,
        amount: Decimal | int | str,
        metadata: dict[str, Any] | None = None,
        *,
        label: str | None = None,
        lines: Iterable[tuple[str, Decimal | int | str]] | None = None,
        account: str | None = None,
        reference: str | None = None,
    ) -> None:
        object.__setattr__(self, "amount", parse_amount(amount))
        object.__setattr__(self, "metadata", None if metadata is None else _json_object(metadata))
        object.__setattr__(self, "label", _label(label))
        object.__setattr__(self, "lines", None if lines is None else _lines(lines, self.amount))
        object.__setattr__(self, "account", _account(account))
        object.__setattr__(self, "reference", _spelling(reference))

    @property
    def lines_as_json(self) -> list[list[str]] | None:
        """The lines with their amounts as strings, which hold them exactly."""
        return None if self.lines is None else [[text, str(amount)] for text, amount in self.lines]


def _label(label: object) -> str | None:
    return None if label is None else _plain(label, MAX_LABEL, "The label") or None


def _plain(text: object, most: int, what: str) -> str:
    """Return one line of text, without the spaces around it."""
    if not isinstance(text, str):
        raise InvalidPaymentRequest(f"{what} must be text, not {text!r}.")
    text = text.strip()
    if len(text) > most or not is_harmless(text):
        raise InvalidPaymentRequest(
            f"{what} must be one line of at most {most} characters, without controls, "
            f"not {text[:200]!r}."
        )
    return text


def _lines(lines: object, amount: Decimal) -> tuple[Line, ...]:
    if isinstance(lines, (str, bytes, dict)) or not isinstance(lines, Iterable):
        raise InvalidPaymentRequest(
            f"The lines must be pairs of text and amount, such as [('Tea', 500)], not {lines!r}."
        )
    found = tuple(_line(line) for line in lines)
    if len(found) > MAX_LINES:
        raise InvalidPaymentRequest(f"An order has at most {MAX_LINES} lines, not {len(found)}.")
    together = total(cost for _, cost in found)
    if together != amount:
        raise InvalidPaymentRequest(
            f"The lines add up to {together:f} BDT, but the amount is {amount} BDT; "
            "a discount is a line with a negative amount."
        )
    return found


def _line(line: object) -> Line:
    if not isinstance(line, (tuple, list)) or len(line) != 2:
        raise InvalidPaymentRequest(f"A line must be a pair of text and amount, not {line!r}.")
    text = _plain(line[0], MAX_LINE, "A line's text")
    if not text:
        raise InvalidPaymentRequest("A line must say what it is for; its text is empty.")
    amount = _as_decimal(line[1])
    if not amount.is_finite() or amount.copy_abs() > MAX_AMOUNT:
        raise InvalidPaymentRequest(f"A line's amount can't be {line[1]!r} BDT.")
    return text, _exact_paisa(amount)


def _account(account: object) -> str | None:
    if account is None or isinstance(account, str):
        return account
    raise InvalidPaymentRequest(f"The account must be the name of one, not {account!r}.")


def _spelling(reference: object) -> str | None:
    if reference is None or (isinstance(reference, str) and reference):
        return reference
    raise InvalidPaymentRequest(
        f"The reference must be the order's own, as text, not {reference!r}; "
        "for a number pass str(order.id)."
    )


def _json_object(metadata: object) -> dict[str, Any]:
    if not isinstance(metadata, dict):
        raise InvalidPaymentRequest(f"The metadata must be a dict, not {metadata!r}.")
    return {str(key): _json_value(value, str(key)) for key, value in metadata.items()}


def _json_value(value: object, where: str, depth: int = 0) -> Any:
    if depth > _MAX_DEPTH:
        raise InvalidPaymentRequest(f"The metadata is nested too deeply at {where!r}.")
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float) and value - value == 0:  # neither NaN nor infinite
        return value
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {
            str(key): _json_value(item, f"{where}.{key}", depth + 1) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_json_value(item, f"{where}.{i}", depth + 1) for i, item in enumerate(value)]
    raise InvalidPaymentRequest(f"The metadata {where!r} is not JSON: {type(value).__name__}.")

"""Amounts are exact, and what can't be money is refused with a clear error."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import date, datetime, timezone
from decimal import Context, Decimal, FloatOperation, Inexact, localcontext
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_bdquickpay import BDQuickPayError, InvalidPaymentRequest, PaymentRequest
from flask_bdquickpay.money import MAX_AMOUNT, parse_amount


class Price(IntEnum):
    BOOK = 500


GOOD = [
    (Decimal("500.10"), "500.10"),
    (Decimal("500.1"), "500.10"),
    (Decimal("500.1000"), "500.10"),
    (Decimal("5E+2"), "500.00"),
    (500, "500.00"),
    (Price.BOOK, "500.00"),
    ("500", "500.00"),
    (" 500.5 ", "500.50"),
    ("0.01", "0.01"),
    ("৫০০", "500.00"),
    (MAX_AMOUNT, "9999999999.99"),
]


@pytest.mark.parametrize(("value", "amount"), GOOD)
def test_an_amount_becomes_a_decimal_with_two_places(value: Any, amount: str) -> None:
    parsed = parse_amount(value)
    assert (type(parsed), str(parsed)) == (Decimal, amount)


BAD: list[tuple[Any, str]] = [
    (5.0, r'float.*Decimal\("5\.00"\)'),
    (float("nan"), "float"),
    (0, "above 0"),
    ("-0.01", "above 0"),
    ("NaN", "above 0"),
    (Decimal("sNaN"), "above 0"),
    ("Infinity", "above 0"),
    ("0.001", "more than two decimals"),
    (Decimal("500.001"), "more than two decimals"),
    (Decimal("1E-999999"), "more than two decimals"),
    ("10000000000", "at most 9999999999.99"),
    ("1E+999999", "at most"),
    (10**5000, "at most"),
    ("five", "not a number"),
    ("", "not a number"),
    ("৳500", "not a number"),
    ("1,000", "not a number"),
    (True, "Decimal, int or str"),
    (None, "Decimal, int or str"),
    (b"500", "Decimal, int or str"),
    ([500], "Decimal, int or str"),
]


@pytest.mark.parametrize(("value", "said"), BAD, ids=[str(n) for n in range(len(BAD))])
def test_what_is_no_amount_is_refused_with_the_reason(value: Any, said: str) -> None:
    with pytest.raises(InvalidPaymentRequest, match=said) as caught:
        PaymentRequest(value)
    assert isinstance(caught.value, (BDQuickPayError, ValueError))


@given(st.integers(1, 999_999_999_999))
def test_every_amount_keeps_its_paisa(paisa: int) -> None:
    text = f"{paisa // 100}.{paisa % 100:02}"
    assert str(parse_amount(text)) == text
    assert parse_amount(Decimal(text)) * 100 == paisa


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_decimal_is_kept_exactly_or_refused(value: Decimal) -> None:
    try:
        assert parse_amount(value) == value
    except InvalidPaymentRequest:
        assert not (0 < value <= MAX_AMOUNT and value == round(value, 2))


def test_the_hosts_decimal_context_does_not_matter() -> None:
    with localcontext(Context(prec=3, traps=[Inexact, FloatOperation])):
        assert str(parse_amount("12345.67")) == "12345.67"
        with pytest.raises(InvalidPaymentRequest, match="two decimals"):
            parse_amount("12345.678")


def test_a_request_can_not_be_changed() -> None:
    request = PaymentRequest("500", {"order": 1})
    assert request == PaymentRequest(Decimal(500), {"order": 1})
    with pytest.raises(AttributeError):
        request.amount = Decimal(1)  # type: ignore[misc]


# Metadata


def test_metadata_becomes_json() -> None:
    moment = datetime(2026, 3, 21, 10, 30, tzinfo=timezone.utc)
    metadata = {
        "text": "চা",
        "number": 7,
        "half": 0.5,
        "none": None,
        "yes": True,
        "price": Decimal("1.10"),
        "id": UUID(int=1),
        "day": date(2026, 3, 21),
        "moment": moment,
        "nested": {"list": [1, (2, 3)], 5: "five"},
        "ordered": OrderedDict(a=1),
        "a.key.with.very.many.dots" + "." * 40: "",
    }
    kept = PaymentRequest(1, metadata).metadata
    assert kept is not None
    assert json.loads(json.dumps(kept)) == kept
    assert kept["price"] == "1.10"
    assert kept["day"] == "2026-03-21"
    assert kept["moment"] == "2026-03-21T10:30:00+00:00"
    assert kept["nested"] == {"list": [1, [2, 3]], "5": "five"}


def test_no_metadata_and_empty_metadata_are_told_apart() -> None:
    assert PaymentRequest(1).metadata is None
    assert PaymentRequest(1, {}).metadata == {}


def test_metadata_is_a_copy() -> None:
    metadata = {"list": [1]}
    request = PaymentRequest(1, metadata)
    metadata["list"].append(2)
    assert request.metadata == {"list": [1]}


def circle() -> dict[str, Any]:
    ring: dict[str, Any] = {}
    ring["ring"] = [ring]
    return ring


BAD_METADATA = [["list"], "text", {"x": object()}, {"x": {1, 2}}, {"x": float("nan")}]
BAD_METADATA += [{"x": float("inf")}, {"x": b"bytes"}, circle()]


@pytest.mark.parametrize("metadata", BAD_METADATA, ids=[str(n) for n in range(len(BAD_METADATA))])
def test_metadata_that_is_no_json_is_refused(metadata: Any) -> None:
    with pytest.raises(InvalidPaymentRequest, match="metadata"):
        PaymentRequest(1, metadata)


def test_the_place_of_wrong_metadata_is_named() -> None:
    with pytest.raises(InvalidPaymentRequest, match=r"'basket\.0\.price' is not JSON: object"):
        PaymentRequest(1, {"basket": [{"price": object()}]})


@pytest.mark.parametrize("kind", [dict, list])
def test_metadata_may_be_nested_to_a_depth(kind: type) -> None:
    def nested(levels: int) -> Any:
        inner = nested(levels - 1) if levels else 1
        return {"a": inner} if kind is dict else [inner]

    PaymentRequest(1, {"x": nested(19)})
    with pytest.raises(InvalidPaymentRequest, match="too deeply"):
        PaymentRequest(1, {"x": nested(20)})

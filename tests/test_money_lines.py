"""Label and lines: what an order is called, and what it consists of, to the poisha."""

from __future__ import annotations

from decimal import Decimal, Inexact, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_bdquickpay import InvalidPaymentRequest, PaymentRequest
from flask_bdquickpay.money import MAX_AMOUNT

TEA = [("2 × Sylhet tea", 640), ("Delivery", "60"), ("Discount", Decimal("-49.5"))]


def test_lines_become_exact_and_keep_their_order() -> None:
    request = PaymentRequest("650.50", lines=TEA)  # type: ignore[arg-type]
    assert request.lines == (
        ("2 × Sylhet tea", Decimal("640.00")),
        ("Delivery", Decimal("60.00")),
        ("Discount", Decimal("-49.50")),
    )
    assert all(isinstance(cost, Decimal) for _, cost in request.lines)
    assert request.lines_as_json == [
        ["2 × Sylhet tea", "640.00"],
        ["Delivery", "60.00"],
        ["Discount", "-49.50"],
    ]


def test_lines_may_be_whatever_yields_pairs() -> None:
    request = PaymentRequest(30, lines=([name, 10] for name in "abc"))  # type: ignore[misc]
    assert request.lines is not None
    assert [name for name, _ in request.lines] == ["a", "b", "c"]


def test_without_label_and_lines_there_are_none() -> None:
    request = PaymentRequest(500)
    assert (request.label, request.lines, request.lines_as_json, request.account) == (None,) * 4
    assert PaymentRequest(500, label="  ").label is None


BAD_LINES: list[tuple[Any, str]] = [
    ([("Tea", 499)], r"add up to 499\.00 BDT, but the amount is 500\.00 BDT"),
    ([("Tea", 500), ("Discount", "0.01")], "add up to 500.01"),
    ([], "add up to 0"),
    ([("Tea", 500.0)], "float"),
    ([("Tea", "five")], "not a number"),
    ([("Tea", "NaN")], "can't be 'NaN'"),
    ([("Tea", Decimal("sNaN"))], "can't be"),
    ([("Tea", MAX_AMOUNT * 2), ("Less", 500 - MAX_AMOUNT * 2)], "can't be"),
    ([("Tea", "499.999"), ("Bag", "0.001")], "more than two decimals"),
    ([("Tea", 500, "extra")], "must be a pair"),
    ([("Tea",)], "must be a pair"),
    (["ab"], "must be a pair"),
    ("ab", "pairs of text and amount"),
    ({"Tea": 500}, "pairs of text and amount"),
    (500, "pairs of text and amount"),
    ([(7, 500)], "text must be text"),
    ([(" ", 500)], "empty"),
    ([("Te\na", 500)], "one line"),
    ([("x" * 256, 500)], "at most 255"),
    ([("Tea", 10)] * 51, "at most 50 lines"),
]


@pytest.mark.parametrize(("lines", "message"), BAD_LINES)
def test_lines_that_are_none_are_refused(lines: Any, message: str) -> None:
    with pytest.raises(InvalidPaymentRequest, match=message):
        PaymentRequest(500, lines=lines)


def test_fifty_lines_are_not_too_many() -> None:
    assert len(PaymentRequest(500, lines=[("Tea", 10)] * 50).lines or ()) == 50


BAD_LABELS: list[tuple[Any, str]] = [
    ("x" * 81, "at most 80"),
    ("two\nlines", "one line"),
    ("turned \u202e round", "one line"),
    ("nul\0", "one line"),
    ("half \ud800", "one line"),
    (7, "must be text"),
]


@pytest.mark.parametrize(("label", "message"), BAD_LABELS)
def test_label_that_is_none_is_refused(label: Any, message: str) -> None:
    with pytest.raises(InvalidPaymentRequest, match=message):
        PaymentRequest(500, label=label)


@pytest.mark.parametrize("label", ["x" * 80, "৳" * 80, "🫖 চা", "র\u200d্যাক", "<b>&amp;"])
def test_label_is_any_text_of_one_line(label: str) -> None:
    assert PaymentRequest(500, label=f" {label} ").label == label


def test_account_is_a_name() -> None:
    assert PaymentRequest(500, account="dhaka").account == "dhaka"
    with pytest.raises(InvalidPaymentRequest, match="account"):
        PaymentRequest(500, account=7)  # type: ignore[arg-type]


def test_order_of_the_arguments_stays() -> None:
    with pytest.raises(TypeError):
        PaymentRequest(500, None, "label")  # type: ignore[call-arg]


costs = st.decimals(-1000, 1000, places=2)


@given(st.lists(costs, min_size=1, max_size=50))
def test_sum_is_exact_whatever_the_hosts_context(found: list[Decimal]) -> None:
    total = sum(found, Decimal(0))
    lines = [("line", cost) for cost in found]
    with localcontext() as host:
        host.prec = 2
        host.traps[Inexact] = True
        if total <= 0:
            with pytest.raises(InvalidPaymentRequest):
                PaymentRequest(total, lines=lines)
            return
        assert PaymentRequest(total, lines=lines).lines == tuple(lines)
    with pytest.raises(InvalidPaymentRequest, match="add up"):
        PaymentRequest(total + Decimal("0.01"), lines=lines)

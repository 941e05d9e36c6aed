"""The states of a payment and the moves between them."""

from __future__ import annotations

import json

import pytest

from flask_bdquickpay import PaymentStatus
from flask_bdquickpay.payments.status import MOVES

#: The contract's table: from each state to those that may follow.
PERMITTED = {
    "created": "pending failed",
    "pending": "completed failed cancelled expired flagged",
    "cancelled": "pending completed failed expired flagged",
    "failed": "completed flagged",
    "expired": "completed flagged",
    "flagged": "completed failed",
    "completed": "",
}


@pytest.mark.parametrize("status", PaymentStatus)
def test_the_permitted_moves(status: PaymentStatus) -> None:
    assert MOVES[status] == set(PERMITTED[status].split())


def test_a_status_is_its_word() -> None:
    assert [str(status) for status in PaymentStatus] == [status.value for status in PaymentStatus]
    assert PaymentStatus.COMPLETED == "completed"  # type: ignore[comparison-overlap]
    assert f"{PaymentStatus.COMPLETED}" == "completed"
    assert json.dumps(PaymentStatus.COMPLETED) == '"completed"'
    assert PaymentStatus("completed") is PaymentStatus.COMPLETED
    assert {PaymentStatus.PENDING: 1}["pending"] == 1  # type: ignore[index]


def test_all_but_created_and_pending_are_final() -> None:
    assert {str(status) for status in PaymentStatus if not status.is_final} == {
        "created",
        "pending",
    }

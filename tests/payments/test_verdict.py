"""What an answer means for a payment: every state with every answer, pure and without I/O."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_bdquickpay import PaymentStatus, Transaction, VerifiedPayment
from flask_bdquickpay.payments.status import MOVES
from flask_bdquickpay.payments.verdict import (
    GRACE,
    PROMISED_GRACE,
    Snapshot,
    Verdict,
    is_known,
    is_payable,
    judge,
    next_check,
)

NOW = datetime(2026, 3, 21, 10, 15, tzinfo=timezone.utc)
END = NOW + timedelta(minutes=15)
AFTER = END + timedelta(seconds=1)
DAY = timedelta(days=1)
UNPAID_WORDS = {
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "expired": "expired",
}


def payment(status: str = "pending", **values: Any) -> Snapshot:
    columns: dict[str, Any] = {
        "id": 1,
        "token": "t",
        "invoice_id": "I",
        "customer_reference": "ORDER-001",
        "amount": Decimal("500.00"),
        "status": PaymentStatus(status),
        "reason": None,
        "gateway_status": None,
        "order_key": "ORDER-001",
        "resolved_by": None,
        "created_at": NOW - timedelta(minutes=15),
        "expires_at": END,
        "checks": 0,
    }
    return Snapshot(**columns | values)


def answer(status: str = "completed", paid: Any = 500, **values: Any) -> VerifiedPayment:
    amount = None if paid is None else Decimal(paid)
    transaction = Transaction("TRX", "bkash", amount, "completed", NOW)
    fields: dict[str, Any] = {
        "invoice_id": "I",
        "status": status,
        "amount": Decimal(500),
        "customer_reference": "ORDER-001",
        "created_at": None,
        "expires_at": None,
        "transaction": transaction if status == "completed" else None,
    }
    return VerifiedPayment(**fields | values)


def where(seen: Snapshot, said: VerifiedPayment, now: datetime = NOW, **options: Any) -> str | None:
    verdict = judge(seen, said, now, late_window=DAY, **options)
    return None if verdict is None else str(verdict.status)


#: (status here, gateway's word) → where it goes; pending and completed are below.
TABLE: dict[tuple[str, str], str | None] = {
    ("completed", "completed"): None,
    ("completed", "failed"): None,
    ("completed", "pending"): None,
    ("flagged", "completed"): None,
    ("flagged", "failed"): None,
    ("flagged", "pending"): None,
    ("pending", "completed"): "completed",
    ("cancelled", "completed"): "completed",
    ("failed", "completed"): "completed",
    ("expired", "completed"): "completed",
    ("pending", "pending"): None,
    ("cancelled", "pending"): None,
    ("failed", "pending"): None,
    ("expired", "pending"): None,
    ("pending", "on hold"): None,
    ("cancelled", "on hold"): None,
    ("cancelled", "failed"): None,
    ("expired", "failed"): None,
    ("failed", "expired"): None,
    **{("pending", word): status for word, status in UNPAID_WORDS.items()},
}


@pytest.mark.parametrize(("case", "goes"), TABLE.items(), ids=[" ".join(c) for c in TABLE])
def test_the_table_of_states_and_answers(case: tuple[str, str], goes: str | None) -> None:
    status, word = case
    assert where(payment(status), answer(word)) == goes


STATUSES = [str(status) for status in PaymentStatus if status != "created"]
WORDS = ["completed", "pending", "on hold", *UNPAID_WORDS]


@pytest.mark.parametrize("now", [NOW, AFTER, AFTER + 2 * DAY])
@pytest.mark.parametrize("options", [{}, {"flag_late": True}, {"gave_up": True}], ids=str)
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("status", STATUSES)
def test_every_verdict_is_a_permitted_move(
    status: str, word: str, options: dict[str, bool], now: datetime
) -> None:
    goes = where(payment(status), answer(word), now, **options)
    assert goes is None or goes in MOVES[PaymentStatus(status)]


@pytest.mark.parametrize("word", [*WORDS, "anything"])
@pytest.mark.parametrize("status", STATUSES)
def test_only_a_completed_answer_completes(status: str, word: str) -> None:
    goes = where(payment(status), answer(word), AFTER, gave_up=True)
    assert goes not in ("completed", "flagged") or word == "completed"


def test_the_transaction_is_kept() -> None:
    assert judge(payment(), answer(), NOW, late_window=DAY) == Verdict(
        PaymentStatus.COMPLETED, None, "TRX"
    )


# What disagrees is flagged


DISAGREEMENTS: list[tuple[dict[str, Any], str]] = [
    ({"amount": Decimal("499.99")}, "amount mismatch: the gateway's payment is of 499.99 BDT"),
    ({"amount": Decimal("50000")}, "amount mismatch"),
    ({"amount": Decimal("500.001")}, "amount mismatch"),
    ({"amount": None}, "amount mismatch"),
    ({"paid": "499.99"}, "amount mismatch: 499.99 BDT were paid"),
    ({"paid": "500.01"}, "amount mismatch: 500.01 BDT were paid"),
    ({"paid": None}, "amount mismatch"),
    ({"transaction": None}, "amount mismatch"),
    ({"customer_reference": "ORDER-002"}, "another order: ORDER-002"),
    ({"customer_reference": ""}, "another order"),
    ({"customer_reference": "order-001"}, "another order: order-001"),
]


@pytest.mark.parametrize(("changed", "reason"), DISAGREEMENTS)
@pytest.mark.parametrize("status", ["pending", "cancelled", "failed", "expired"])
def test_money_that_disagrees_is_flagged(status: str, changed: dict[str, Any], reason: str) -> None:
    verdict = judge(payment(status), answer(**changed), NOW, late_window=DAY)
    assert verdict is not None
    assert verdict.status == PaymentStatus.FLAGGED
    assert reason in (verdict.reason or "")


def test_an_answer_without_the_reference_agrees() -> None:
    assert where(payment(), answer(customer_reference=None)) == "completed"


@pytest.mark.parametrize("amount", ["500", "500.0", "500.00", "5E+2"])
def test_amounts_are_compared_as_numbers(amount: str) -> None:
    assert where(payment(), answer(amount=Decimal(amount), paid=amount)) == "completed"


@pytest.mark.parametrize("status", ["pending", "cancelled", "failed", "expired"])
def test_money_on_a_superseded_payment_is_flagged(status: str) -> None:
    assert where(payment(status, reason="superseded"), answer()) == "flagged"


def test_a_superseded_payment_keeps_its_reason_when_it_ends_unpaid() -> None:
    for word in ("expired", "failed", "cancelled"):
        seen = payment(reason="superseded")
        verdict = judge(seen, answer(word), NOW, late_window=DAY)
        assert verdict == Verdict(PaymentStatus(word), "superseded")


LATE = [("pending", "completed"), ("cancelled", "completed")]
LATE += [("failed", "flagged"), ("expired", "flagged")]


@pytest.mark.parametrize(("status", "goes"), LATE)
def test_late_money_may_be_flagged(status: str, goes: str) -> None:
    assert where(payment(status), answer(), AFTER, flag_late=True) == goes
    assert where(payment(status), answer(), AFTER, flag_late=False) == "completed"


def test_a_decision_of_a_person_is_final() -> None:
    rejected = payment("failed", resolved_by="someone")
    assert [where(rejected, answer(word), AFTER) for word in WORDS] == [None] * len(WORDS)


# The end of a payment, and words that are not known


def test_pending_expires_a_grace_after_its_end_and_not_at_it() -> None:
    assert where(payment(), answer("pending"), END + GRACE) is None
    assert where(payment(), answer("pending"), AFTER + GRACE) == "expired"


def test_pending_is_waited_for_longer_after_a_webhook_has_announced_the_money() -> None:
    promised = payment(promised_at=END)
    assert where(promised, answer("pending"), END + PROMISED_GRACE) is None
    assert where(promised, answer("pending"), AFTER + PROMISED_GRACE) == "expired"


def test_an_unknown_word_is_waited_for_during_the_late_window() -> None:
    assert where(payment(), answer("on hold"), AFTER) is None
    assert where(payment(), answer("on hold"), END + DAY) is None
    assert where(payment(), answer("on hold"), AFTER + DAY) == "expired"


def test_a_payment_without_an_end_does_not_expire_by_itself() -> None:
    assert where(payment(expires_at=None), answer("pending"), AFTER + 99 * DAY) is None
    assert where(payment(expires_at=None), answer("expired"), NOW) == "expired"


def test_coming_back_by_the_cancel_url_cancels_what_is_pending() -> None:
    assert where(payment(), answer("pending"), gave_up=True) == "cancelled"
    assert where(payment(), answer("on hold"), gave_up=True) == "cancelled"
    assert where(payment(), answer("pending"), AFTER + GRACE, gave_up=True) == "expired"
    assert where(payment(), answer("failed"), gave_up=True) == "failed"
    assert where(payment(), answer(), gave_up=True) == "completed"
    assert where(payment("failed"), answer("pending"), gave_up=True) is None


def test_a_failure_says_why() -> None:
    paid = Transaction("TRX", "bkash", Decimal(400), "completed", NOW)
    plain = judge(payment(), answer("failed"), NOW, late_window=DAY)
    short = judge(payment(), answer("failed", transaction=paid), NOW, late_window=DAY)
    assert plain is not None
    assert short is not None
    assert plain.reason == "the gateway reports that the payment failed"
    assert short.reason == "amount mismatch: 400 BDT were paid"
    assert short.trx_id is None


def test_the_words_that_are_known() -> None:
    assert all(is_known(word) for word in ["pending", "completed", *UNPAID_WORDS])
    assert not any(is_known(word) for word in ["", "on hold", "Completed", "created"])


PAYABLE = [("pending", NOW, True), ("pending", AFTER, True), ("pending", AFTER + GRACE, False)]
PAYABLE += [("on hold", AFTER + GRACE, True)]
PAYABLE += [(word, NOW, False) for word in UNPAID_WORDS]


@pytest.mark.parametrize(("word", "now", "payable"), PAYABLE)
def test_what_the_gateway_may_still_take_money_for(word: str, now: datetime, payable: bool) -> None:
    assert is_payable(payment("cancelled", gateway_status=word), now) is payable


# When the sweep looks again


def due(
    status: str = "pending",
    end: datetime | None = END,
    checks: int = 0,
    now: datetime = NOW,
    window: timedelta = DAY,
) -> datetime | None:
    return next_check(PaymentStatus(status), end, checks, now, window)


@pytest.mark.parametrize("status", ["completed", "flagged", "created"])
def test_what_can_not_change_is_not_looked_at_again(status: str) -> None:
    assert due(status) is None


@pytest.mark.parametrize("status", ["pending", "cancelled", "failed", "expired"])
def test_the_first_look_is_at_once(status: str) -> None:
    assert due(status) == NOW


@pytest.mark.parametrize("checks", range(1, 20))
def test_a_pending_payment_is_looked_at_soon_after_its_end(checks: int) -> None:
    found = due(now=END - timedelta(seconds=20), checks=checks)
    assert found == END + timedelta(seconds=5)


@pytest.mark.parametrize("status", ["cancelled", "failed", "expired"])
def test_a_belief_is_looked_at_until_the_late_window_ends(status: str) -> None:
    assert due(status, now=END + DAY - timedelta(minutes=1), checks=9) == END + DAY
    assert due(status, now=END + DAY) is None
    assert due(status, now=END + 2 * DAY) is None


def test_a_pending_payment_is_never_forgotten() -> None:
    assert due(now=END + 99 * DAY, checks=1000) is not None


beliefs = st.sampled_from(["pending", "cancelled", "failed", "expired"])
offsets = st.timedeltas(timedelta(days=-3), timedelta(days=3))
windows = st.timedeltas(timedelta(seconds=1), timedelta(days=30))
ends = st.none() | offsets.map(lambda offset: NOW + offset)


@given(beliefs, ends, st.integers(1, 10_000), windows)
def test_the_next_look_is_in_the_future(
    status: str, end: datetime | None, checks: int, window: timedelta
) -> None:
    found = due(status, end, checks, NOW, window)
    assert found is None or NOW < found <= NOW + timedelta(hours=2)


@given(beliefs, ends, st.integers(0, 100), windows)
def test_looks_become_rarer(
    status: str, end: datetime | None, checks: int, window: timedelta
) -> None:
    sooner, later = (due(status, end, n, NOW, window) for n in (checks, checks + 1))
    assert (sooner is None) == (later is None)
    assert sooner is None or later is None or sooner <= later


@given(st.sampled_from(["cancelled", "failed", "expired"]), offsets, windows)
def test_looking_ends_with_the_late_window(
    status: str, offset: timedelta, window: timedelta
) -> None:
    now, end, looks = NOW, NOW + offset, 0
    while (found := due(status, end, looks, now, window)) is not None:
        assert looks == 0 or now < found <= max(end + window, NOW)
        now, looks = found, looks + 1
        assert looks < 2000
    assert now >= end + window or looks == 0

"""What the gateway answers is read exactly, and what the API does not document is no answer."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from flask_bdquickpay import GatewayError, GatewayUnavailableError
from flask_bdquickpay.gateway.answers import MAX_ANSWER

from . import hostile as gw
from .asking import client_of, create, in_time, verify
from .hostile import COMPLETED, CREATED, INVOICE, PENDING, TRANSACTION, hostile
from .troubles import NONSENSE

# Answers that are not what the API documents


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_no_answer(name: str) -> None:
    behaviour = gw.raw(NONSENSE[name], close=True)
    with hostile(behaviour) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))


WRONG: list[Any] = [True, 5, 1.5, [], {}, "", "x" * 3000, "a\x00b", "\ud800", float("nan")]
#: Of what names something: a whole number is a name that was written as one.
WRONG_NAMES = [one for one in WRONG if one != 5]
TEXTS = ("invoice_id", "status")


@pytest.mark.parametrize("wrong", [*WRONG, None])
@pytest.mark.parametrize("name", TEXTS)
def test_a_verified_field_of_a_wrong_type_is_no_answer(name: str, wrong: object) -> None:
    with (
        hostile(gw.answer(gw.verified(COMPLETED | {name: wrong}))) as server,
        pytest.raises(GatewayUnavailableError),
    ):
        verify(server)


@pytest.mark.parametrize("wrong", [True, 1.5, [], {}, "x" * 3000, "a\x00b", "\ud800"])
@pytest.mark.parametrize("name", ["customer_reference"])
def test_a_reference_of_a_wrong_type_is_no_answer(name: str, wrong: object) -> None:
    created, found = gw.answer(CREATED | {name: wrong}), gw.verified(COMPLETED | {name: wrong})
    with hostile(created, gw.answer(found)) as server:
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        with pytest.raises(GatewayUnavailableError):
            verify(server)


@pytest.mark.parametrize(
    ("name", "longest"), [("invoice_id", 128), ("status", 64), ("customer_reference", 255)]
)
def test_a_text_may_be_as_long_as_its_column(name: str, longest: int) -> None:
    long, too_long = ("a" * length for length in (longest, longest + 1))
    answers = [gw.answer(gw.verified(PENDING | {name: text})) for text in (long, too_long)]
    with hostile(*answers) as server:
        client = client_of(server)
        invoice = long if name == "invoice_id" else INVOICE
        assert getattr(client.verify_payment(invoice), name) == long
        with pytest.raises(GatewayUnavailableError, match=name):
            client.verify_payment(too_long if name == "invoice_id" else INVOICE)


@pytest.mark.parametrize(("refused", "taken"), [(0x1F, 0x20), (0xD800, 0xD7FF), (0xDFFF, 0xE000)])
def test_letters_that_no_column_takes_end_where_they_end(refused: int, taken: int) -> None:
    answers = [
        gw.answer(gw.verified(PENDING | {"customer_reference": f"A{chr(code)}B"}))
        for code in (refused, taken)
    ]
    with hostile(*answers) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        assert verify(server).customer_reference == f"A{chr(taken)}B"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("invoice_id", wrong) for wrong in [*WRONG_NAMES, None]),
        *(("payment_url", wrong) for wrong in [*WRONG, None]),
    ],
)
def test_a_created_field_of_a_wrong_type_is_no_answer(name: str, wrong: object) -> None:
    with hostile(gw.answer(CREATED | {name: wrong})) as server:
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        assert len(server.requests) == 1


@pytest.mark.parametrize("wrong", [*WRONG, None])
def test_completed_without_a_transaction_that_says_so_is_no_answer(wrong: object) -> None:
    paid = [TRANSACTION | {"status": wrong}]
    paid += [TRANSACTION | {"trx_id": wrong}] if wrong != 5 else []  # a name as a number
    broken = [COMPLETED | {"transaction": one} for one in [*paid, wrong]]
    with hostile(*[gw.answer(gw.verified(data)) for data in broken]) as server:
        for _ in broken:
            with pytest.raises(GatewayUnavailableError):
                verify(server)


def test_completed_without_its_transaction_key_is_no_answer() -> None:
    data = {name: value for name, value in COMPLETED.items() if name != "transaction"}
    with hostile(gw.answer(gw.verified(data))) as server, pytest.raises(GatewayUnavailableError):
        verify(server)


@pytest.mark.parametrize("data", [None, [], "x", 5, {}])
def test_data_that_is_no_payment_is_no_answer(data: object) -> None:
    with hostile(gw.answer(gw.verified(data))) as server, pytest.raises(GatewayUnavailableError):
        verify(server)


def test_an_answer_about_another_invoice_is_no_answer() -> None:
    data = gw.verified(COMPLETED | {"invoice_id": "ANOTHER"})
    with hostile(gw.answer(data)) as server:
        with pytest.raises(GatewayUnavailableError, match="another invoice") as caught:
            verify(server)
        assert caught.value.invoice_id == INVOICE
        assert len(server.requests) == 1


@pytest.mark.parametrize("changed", [{"amount": 501}, {"customer_reference": "ANOTHER"}])
def test_a_created_payment_that_is_another_one_is_no_answer(changed: dict[str, Any]) -> None:
    with hostile(gw.answer(CREATED | changed)) as server, pytest.raises(GatewayUnavailableError):
        create(client_of(server))


# Amounts and times


def with_amount(literal: str) -> gw.Behaviour:
    document = json.dumps(gw.verified(COMPLETED)).replace('"amount": 500', f'"amount": {literal}')
    return gw.answer(document)


EXACT = ["500", "500.0", "500.00", '"500"', '"500.00"', "5e2", "0.5E3"]


@pytest.mark.parametrize("literal", EXACT)
def test_an_amount_is_read_however_it_is_written(literal: str) -> None:
    with hostile(with_amount(literal)) as server:
        answer = verify(server)
    assert answer.amount == Decimal(500)
    assert answer.transaction is not None
    assert answer.transaction.amount == Decimal(500)


@pytest.mark.parametrize("literal", ["500.10", "0.1", "9999999999.99", "500.00000000000000000001"])
def test_an_amount_is_read_exactly(literal: str) -> None:
    with hostile(with_amount(literal)) as server:
        assert verify(server).amount == Decimal(literal)


NO_AMOUNT = ["NaN", "Infinity", "-Infinity", "1e400", "1e99999999999999999999", "1e-400", "9" * 60]
NO_AMOUNT += ["true", "[]", "{}", '""', '"NaN"', '"Infinity"', '"1e400"', '"five"', "null"]


@pytest.mark.parametrize("literal", NO_AMOUNT)
def test_what_is_no_amount_is_no_answer(literal: str) -> None:
    with hostile(with_amount(literal)) as server, pytest.raises(GatewayUnavailableError):
        verify(server)


MOMENTS = [
    ("2026-03-21T10:30:00+00:00", "2026-03-21T10:30:00"),
    ("2026-03-21T10:30:00Z", "2026-03-21T10:30:00"),
    ("2026-03-21T10:30:00", "2026-03-21T10:30:00"),
    ("2026-03-21 10:30:00", "2026-03-21T10:30:00"),
    ("2026-03-21T16:30:00+06:00", "2026-03-21T10:30:00"),
    ("2026-03-21T10:30:00.123456Z", "2026-03-21T10:30:00.123456"),
]


@pytest.mark.parametrize(("text", "utc"), MOMENTS)
def test_a_time_is_read_as_utc(text: str, utc: str) -> None:
    with hostile(gw.answer(gw.verified(PENDING | {"expires_at": text}))) as server:
        answer = verify(server)
    assert answer.expires_at == datetime.fromisoformat(f"{utc}+00:00")
    assert answer.expires_at.utcoffset() == timezone.utc.utcoffset(None)


NO_MOMENT = [5, "", "tomorrow", [], "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]


@pytest.mark.parametrize("value", NO_MOMENT)
def test_a_time_that_can_not_be_read_counts_as_not_given(value: object) -> None:
    with hostile(gw.answer(gw.verified(PENDING | {"expires_at": value}))) as server:
        assert verify(server).expires_at is None


# Size


def test_a_huge_answer_is_cut_off() -> None:
    padded = json.dumps(gw.verified(COMPLETED)) + " " * MAX_ANSWER
    with hostile(gw.answer(padded)) as server, pytest.raises(GatewayUnavailableError):
        verify(server)


def test_an_answer_of_the_largest_size_is_read() -> None:
    document = json.dumps(gw.verified(COMPLETED))
    with hostile(gw.answer(document + " " * (MAX_ANSWER - len(document)))) as server:
        assert verify(server).status == "completed"


def test_an_endless_answer_ends() -> None:
    with hostile(gw.endless) as server, pytest.raises(GatewayUnavailableError):
        assert in_time(lambda: verify(server, 20))


@pytest.mark.thorough
def test_a_gzip_bomb_does_not_go_off() -> None:
    tracemalloc = pytest.importorskip("tracemalloc")
    bomb = gzip.compress(b'{"status": true, "x": "' + b"x" * 200_000_000)
    with hostile(gw.answer(bomb, extra="Content-Encoding: gzip\r\n")) as server:
        tracemalloc.start()
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("letter", ["\ud800", "\0", "\n"])
def test_what_the_gateway_says_can_be_printed(letter: str) -> None:
    refusal = {"status": False, "message": f"bad {letter} word"}
    with hostile(gw.answer(refusal, 422)) as server, pytest.raises(GatewayError) as caught:
        create(client_of(server))
    assert caught.value.message.endswith("bad ? word")

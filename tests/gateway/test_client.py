"""The client holds against a gateway that is slow, broken or hostile."""

from __future__ import annotations

import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flask_bdquickpay import (
    AuthenticationError,
    BDQuickPayClient,
    ConfigurationError,
    CreatedPayment,
    GatewayError,
    GatewayUnavailableError,
    InvalidPaymentRequest,
    InvoiceNotFoundError,
    MerchantInactiveError,
    RequestRejectedError,
    VerifiedPayment,
)
from flask_bdquickpay.gateway.answers import MAX_ANSWER
from flask_bdquickpay.gateway.client import VERIFY_ATTEMPTS

from . import hostile as gw
from .hostile import COMPLETED, CREATED, INVOICE, PENDING, TRANSACTION, Hostile, hostile

#: Far above every time-out used here, far below what a drip of the server lasts.
SOON = 10.0
REDIRECT = "Location: {}/elsewhere\r\n"


def client_of(server: Hostile, timeout: float = 5.0) -> BDQuickPayClient:
    return BDQuickPayClient("the-app-key", "the-secret-key", server.base_url, timeout)


def verify(server: Hostile, timeout: float = 5.0) -> VerifiedPayment:
    return client_of(server, timeout).verify_payment(INVOICE)


def create(client: BDQuickPayClient, amount: Any = 500, **fields: Any) -> CreatedPayment:
    return client.create_payment(
        amount=amount,
        customer_reference=fields.pop("customer_reference", "ORDER-001"),
        success_url="https://shop.example/success",
        cancel_url="https://shop.example/cancel",
        **fields,
    )


# What is documented


def test_create_says_what_the_documentation_asks_for() -> None:
    with hostile(gw.answer(CREATED)) as server:
        create(client_of(server), webhook_url="https://shop.example/webhook", metadata={"order": 7})
    request = server.requests[0]
    assert request.line == "POST /api/payment/create HTTP/1.1"
    assert request.headers["x-app-key"] == "the-app-key"
    assert request.headers["x-secret-key"] == "the-secret-key"
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "amount": 500,
        "customer_reference": "ORDER-001",
        "success_url": "https://shop.example/success",
        "cancel_url": "https://shop.example/cancel",
        "webhook_url": "https://shop.example/webhook",
        "metadata": {"order": 7},
    }


def test_create_leaves_out_what_is_not_given() -> None:
    with hostile(gw.answer(CREATED)) as server:
        create(client_of(server))
    assert {"webhook_url", "metadata"}.isdisjoint(server.requests[0].json)


def test_create_returns_the_documented_answer() -> None:
    with hostile(gw.answer(CREATED)) as server:
        assert create(client_of(server)) == CreatedPayment(
            invoice_id=INVOICE,
            payment_url="https://bdquickpay.com/pay/bkash/TOKEN",
            amount=Decimal(500),
            customer_reference="ORDER-001",
            expires_at=datetime(2026, 3, 21, 10, 30, tzinfo=timezone.utc),
        )


AMOUNTS = [
    (Decimal("500.10"), b"500.10"),
    (500, b"500"),
    ("500.00", b"500"),
    ("0.01", b"0.01"),
    (Decimal("9999999999.99"), b"9999999999.99"),
    (Decimal("1E+2"), b"100"),
    (Decimal("0.30"), b"0.30"),
]


@pytest.mark.parametrize(("amount", "digits"), AMOUNTS)
def test_an_amount_is_written_digit_by_digit(amount: Any, digits: bytes) -> None:
    with hostile(gw.answer(CREATED | {"amount": None})) as server:
        create(client_of(server), amount)
    assert server.requests[0].body.startswith(b'{"amount": ' + digits + b", ")


def test_verify_asks_about_the_invoice() -> None:
    with hostile(gw.answer(gw.verified(PENDING))) as server:
        verify(server)
    assert server.requests[0].line == "POST /api/payment/verify HTTP/1.1"
    assert server.requests[0].headers["x-secret-key"] == "the-secret-key"
    assert server.requests[0].json == {"invoice_id": INVOICE}


def test_verify_returns_the_documented_completed_answer() -> None:
    with hostile(gw.answer(gw.verified(COMPLETED))) as server:
        answer = verify(server)
    assert (answer.invoice_id, answer.status, answer.amount) == (INVOICE, "completed", Decimal(500))
    assert answer.customer_reference == "ORDER-001"
    assert answer.created_at == datetime(2026, 3, 21, 10, 0, tzinfo=timezone.utc)
    assert answer.expires_at == datetime(2026, 3, 21, 10, 30, tzinfo=timezone.utc)
    paid = answer.transaction
    assert paid is not None
    assert (paid.trx_id, paid.payment_method, paid.amount) == ("8HJ2XKPQ91", "bkash", Decimal(500))
    assert paid.status == "completed"
    assert paid.verified_at == datetime(2026, 3, 21, 10, 22, 14, tzinfo=timezone.utc)


def test_verify_returns_the_documented_pending_answer() -> None:
    with hostile(gw.answer(gw.verified(PENDING))) as server:
        answer = verify(server)
    assert answer == VerifiedPayment(INVOICE, "pending", Decimal(500), None, None, None, None)


@pytest.mark.parametrize("word", ["PENDING", "on_hold", "Cancelled"])
def test_a_status_is_read_in_lower_case_and_unknown_words_are_kept(word: str) -> None:
    with hostile(gw.answer(gw.verified(PENDING | {"status": word}))) as server:
        assert verify(server).status == word.lower()


REFUSALS = [
    (401, AuthenticationError),
    (403, MerchantInactiveError),
    (404, InvoiceNotFoundError),
    (422, RequestRejectedError),
    (429, GatewayUnavailableError),
    (500, GatewayUnavailableError),
    (503, GatewayUnavailableError),
]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
def test_a_documented_refusal_becomes_its_error(status: int, kind: type[GatewayError]) -> None:
    errors = {"amount": ["The amount field is required."]}
    document = {"status": False, "message": "Because.", "errors": errors}
    with hostile(gw.answer(document, status)) as server, pytest.raises(kind) as caught:
        verify(server)
    assert type(caught.value) is kind
    assert caught.value.status_code == status
    assert caught.value.errors == errors
    assert caught.value.invoice_id == INVOICE
    assert "Because." in caught.value.message


@pytest.mark.parametrize("body", [b"<html>no</html>", b"{}", b"[]", b"null", b'{"status": true}'])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 502])
def test_a_refusal_without_its_documented_body_is_no_answer(status: int, body: bytes) -> None:
    """A proxy's 404 page must not be taken for the gateway's word about an invoice."""
    with hostile(gw.answer(body, status)) as server:
        with pytest.raises(GatewayUnavailableError) as caught:
            create(client_of(server))
        assert caught.value.status_code == status
        assert caught.value.invoice_id is None


def test_a_create_that_is_rejected_says_which_fields() -> None:
    errors = {"success_url": ["The success url must be a valid URL."]}
    document = {"status": False, "message": "Validation error", "errors": errors}
    with hostile(gw.answer(document, 422)) as server:
        with pytest.raises(RequestRejectedError) as caught:
            create(client_of(server))
        assert caught.value.errors == errors


@pytest.mark.parametrize("errors", ["wrong", 5, None, ["x"], {"amount": "one"}, {"amount": [1]}])
def test_the_errors_of_a_rejection_have_one_shape(errors: object) -> None:
    document = {"status": False, "message": 5, "errors": errors}
    with hostile(gw.answer(document, 422)) as server:
        with pytest.raises(RequestRejectedError) as caught:
            create(client_of(server))
        assert all(
            isinstance(name, str) and all(isinstance(text, str) for text in texts)
            for name, texts in caught.value.errors.items()
        )


# What can't be sent


@pytest.mark.parametrize("amount", [5.0, 0, -1, "1.001", "x", None, True, Decimal("NaN")])
def test_an_amount_that_is_none_is_refused_before_anything_is_sent(amount: Any) -> None:
    with hostile(gw.answer(CREATED)) as server:
        with pytest.raises(InvalidPaymentRequest):
            create(client_of(server), amount)
        assert server.connections == 0


@pytest.mark.parametrize("keys", [("", "secret"), ("app", ""), ("  ", "secret")])
def test_missing_keys_are_named_at_the_first_call(keys: tuple[str, str]) -> None:
    with hostile(gw.answer(CREATED)) as server:
        client = BDQuickPayClient(*keys, server.base_url)
        with pytest.raises(ConfigurationError, match=r"BDQUICKPAY_APP_KEY.*BDQUICKPAY_SECRET_KEY"):
            client.verify_payment(INVOICE)
        assert server.connections == 0


@pytest.mark.parametrize("key", [None, b"bytes", 1.5])
def test_a_key_that_is_no_text_is_refused(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="app_key"):
        BDQuickPayClient(key, "secret")


@pytest.mark.parametrize("host", ["bdquickpay.com", "127.0.0.1.example.com", "10.0.0.1"])
def test_plain_http_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="HTTPS"):
        BDQuickPayClient("a", "s", f"http://{host}/api")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10:5000", "localhost:80", "[::1]:5000"])
def test_plain_http_is_for_loopback(host: str) -> None:
    BDQuickPayClient("a", "s", f"http://{host}/api")


# Answers that are not what the API documents


NONSENSE: dict[str, bytes] = {
    "half": gw.message(gw.verified(COMPLETED))[:-40],
    "half with a right length": gw.message(json.dumps(gw.verified(COMPLETED))[:-40]),
    "html": gw.message("<html>Maintenance</html>"),
    "empty": gw.message(""),
    "array": gw.message("[]"),
    "status false": gw.message(gw.verified(COMPLETED) | {"status": False}),
    "status as text": gw.message(gw.verified(COMPLETED) | {"status": "true"}),
    "status 1": gw.message(gw.verified(COMPLETED) | {"status": 1}),
    "201": gw.message(gw.verified(COMPLETED), 201),
    "not http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n{}",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n{}",
    "no utf-8": gw.message(b'{"status": true, "data": "\xff\xfe"}'),
    "too deep": gw.message("[" * 100_000),
    "NaN": gw.message('{"status": true, "data": NaN}'),
    "exponent": gw.message('{"status": true, "data": 1e99999999999999999999}'),
    "long int": gw.message('{"status": true, "data": ' + "9" * 5000 + "}"),
    "bad gzip": gw.message(gw.verified(COMPLETED), extra="Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_no_answer(name: str) -> None:
    behaviour = gw.raw(NONSENSE[name], close=True)
    with hostile(behaviour) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))


WRONG: list[Any] = [True, 5, 1.5, [], {}, "", "x" * 3000, "a\x00b", "\ud800", float("nan")]
TEXTS = ("invoice_id", "status")


@pytest.mark.parametrize("wrong", [*WRONG, None])
@pytest.mark.parametrize("name", TEXTS)
def test_a_verified_field_of_a_wrong_type_is_no_answer(name: str, wrong: object) -> None:
    with (
        hostile(gw.answer(gw.verified(COMPLETED | {name: wrong}))) as server,
        pytest.raises(GatewayUnavailableError),
    ):
        verify(server)


@pytest.mark.parametrize("wrong", [True, 5, [], {}, "x" * 3000, "a\x00b", "\ud800"])
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


@pytest.mark.parametrize("wrong", [*WRONG, None])
@pytest.mark.parametrize("name", ["invoice_id", "payment_url"])
def test_a_created_field_of_a_wrong_type_is_no_answer(name: str, wrong: object) -> None:
    with hostile(gw.answer(CREATED | {name: wrong})) as server:
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        assert len(server.requests) == 1


@pytest.mark.parametrize("wrong", [*WRONG, None])
def test_completed_without_a_transaction_that_says_so_is_no_answer(wrong: object) -> None:
    paid = [TRANSACTION | {"status": wrong}, TRANSACTION | {"trx_id": wrong}]
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


# Time


def in_time(work: Any) -> Any:
    started = time.monotonic()
    try:
        return work()
    finally:
        assert time.monotonic() - started < SOON


FULL = gw.message(gw.verified(COMPLETED))
HEAD = FULL.index(b"\r\n\r\n") + 4
LATE: dict[str, gw.Behaviour] = {
    "no answer": gw.hang,
    "dripping headers": gw.drip(FULL),
    "one endless header": gw.drip(b"HTTP/1.1 200 OK\r\nX: ", 17),
    "dripping body": gw.drip(FULL[:-20] + b" " * 5000, HEAD),
    "dripping chunks": gw.drip(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2000, 47
    ),
}


@pytest.mark.parametrize("name", LATE)
def test_a_slow_gateway_is_left_at_the_deadline(name: str) -> None:
    with hostile(LATE[name]) as server:
        with pytest.raises(GatewayUnavailableError) as caught:
            in_time(lambda: verify(server, 0.5))
        assert caught.value.status_code is None
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: create(client_of(server, 0.5)))


def test_a_call_may_have_a_time_out_of_its_own() -> None:
    with hostile(gw.hang) as server:
        client = client_of(server, 60)
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: client.verify_payment(INVOICE, timeout=0.3))
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: create(client, timeout=0.3))


def test_a_longer_time_out_of_its_own_is_granted() -> None:
    def slow(call: gw.Call) -> None:
        call.wait(1)
        call.send(gw.message(gw.verified(PENDING)))

    with hostile(slow) as server:
        assert client_of(server, 0.1).verify_payment(INVOICE, timeout=30).status == "pending"


def test_all_attempts_of_verify_share_one_deadline() -> None:
    def slow_refusal(call: gw.Call) -> None:
        call.wait(0.3)
        call.send(gw.message("busy", 503))

    with hostile(slow_refusal) as server:
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: verify(server, 0.4))
        assert len(server.requests) < VERIFY_ATTEMPTS


# Repeating


BROKEN: dict[str, gw.Behaviour] = {
    "reset": gw.reset,
    "hang up": gw.hang_up,
    "500": gw.answer("oops", 500),
    "502": gw.answer("oops", 502),
    "429": gw.answer({"status": False, "message": "Too many requests"}, 429),
    "half": gw.raw(FULL[:-40], close=True),
}


@pytest.mark.parametrize("name", BROKEN)
def test_verify_is_asked_again_and_succeeds(name: str) -> None:
    with hostile(BROKEN[name], gw.answer(gw.verified(COMPLETED))) as server:
        assert verify(server).status == "completed"
        assert len(server.requests) == 2


@pytest.mark.parametrize("name", BROKEN)
def test_verify_is_asked_no_more_than_so_often(name: str) -> None:
    with hostile(BROKEN[name]) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        assert len(server.requests) == VERIFY_ATTEMPTS


@pytest.mark.parametrize("name", BROKEN)
def test_create_is_never_repeated(name: str) -> None:
    with hostile(BROKEN[name], gw.answer(CREATED)) as server:
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        server.stopping.wait(0.3)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with hostile(gw.answer({"status": False, "message": "No."}, status)) as server:
        with pytest.raises(GatewayError):
            verify(server)
        assert len(server.requests) == 1


def test_a_reset_before_the_request_is_read_is_no_answer() -> None:
    def greet(raw: Any) -> None:
        gw.end_with_reset(raw)
        raw.close()

    with hostile(gw.hang, greet=greet) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        assert server.connections == VERIFY_ATTEMPTS
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        assert server.connections == VERIFY_ATTEMPTS + 1


def test_nobody_listening_is_no_answer() -> None:
    with hostile(gw.hang) as server:
        pass
    with pytest.raises(GatewayUnavailableError, match="did not answer"):
        verify(server)


# Connections


def test_a_connection_is_used_again() -> None:
    with hostile(gw.answer(gw.verified(PENDING))) as server:
        client = client_of(server)
        for _ in range(5):
            client.verify_payment(INVOICE)
        assert [request.connection for request in server.requests] == [1] * 5


def test_a_connection_is_used_again_after_a_refusal() -> None:
    refusal = gw.answer({"status": False, "message": "No."}, 404)
    with hostile(refusal, gw.answer(gw.verified(PENDING))) as server:
        client = client_of(server)
        with pytest.raises(InvoiceNotFoundError):
            client.verify_payment(INVOICE)
        client.verify_payment(INVOICE)
        assert server.connections == 1


def test_a_connection_with_an_unread_answer_is_not_used_again() -> None:
    padded = json.dumps(gw.verified(COMPLETED)) + " " * MAX_ANSWER
    with hostile(gw.answer(padded), gw.answer(gw.verified(PENDING))) as server:
        client = client_of(server)
        with pytest.raises(GatewayUnavailableError):
            client.verify_payment(INVOICE)
        assert client.verify_payment(INVOICE).status == "pending"
        assert server.connections == 2


def test_a_connection_that_was_closed_while_idle_is_noticed_before_create() -> None:
    """Otherwise the answer would seem lost, and the order's payment would fail."""
    with hostile(gw.close_after(gw.verified(PENDING)), gw.answer(CREATED)) as server:
        client = client_of(server)
        client.verify_payment(INVOICE)
        server.stopping.wait(0.3)
        assert create(client).invoice_id == INVOICE
        assert [request.connection for request in server.requests] == [1, 2]


def test_fifty_threads_share_a_client() -> None:
    def echo(call: gw.Call) -> None:
        call.wait(0.02)
        invoice = call.request.json["invoice_id"]
        call.send(gw.message(gw.verified(PENDING | {"invoice_id": invoice})))

    with hostile(echo) as server:
        client, start = client_of(server, 30), threading.Barrier(50)

        def ask(number: int) -> list[str]:
            start.wait()
            names = [f"INVOICE-{number}-{turn}" for turn in range(4)]
            return [client.verify_payment(name).invoice_id for name in names]

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, range(50)))
        assert answers == [[f"INVOICE-{n}-{turn}" for turn in range(4)] for n in range(50)]
        assert server.connections <= 50


# Where the keys must not travel


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with (
        hostile(gw.answer(gw.verified(COMPLETED))) as elsewhere,
        hostile(gw.answer("", status, REDIRECT.format(elsewhere.base_url))) as server,
    ):
        with pytest.raises(GatewayUnavailableError) as caught:
            verify(server)
        assert caught.value.status_code == status
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        assert elsewhere.connections == 0
        assert len(server.requests) == 2


def test_cookies_are_not_kept() -> None:
    cookie = "Set-Cookie: session=abc; Path=/\r\n"
    with hostile(gw.answer(gw.verified(PENDING), extra=cookie)) as server:
        client = client_of(server)
        client.verify_payment(INVOICE)
        client.verify_payment(INVOICE)
        assert all("cookie" not in request.headers for request in server.requests)


def test_netrc_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with hostile(gw.answer(gw.verified(PENDING))) as server:
        verify(server)
    assert "authorization" not in server.requests[0].headers


def test_an_account_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test kit redirects every client of a process by this one property."""
    with (
        hostile(gw.answer(gw.verified(PENDING))) as one,
        hostile(gw.answer(gw.verified(PENDING))) as other,
    ):
        client = client_of(one)
        client.verify_payment(INVOICE)
        account = BDQuickPayClient("kit-app", "kit-secret", other.base_url).account
        monkeypatch.setattr(BDQuickPayClient, "account", property(lambda self: account))
        client.verify_payment(INVOICE)
    assert (len(one.requests), len(other.requests)) == (1, 1)
    assert other.requests[0].headers["x-app-key"] == "kit-app"


def test_short_keys_do_not_blot_out_what_the_gateway_says() -> None:
    refusal = {
        "status": False,
        "message": "Unauthorized: s.",
        "errors": {"success_url": ["The success url must be a valid URL."]},
    }
    with hostile(gw.answer(refusal, 422)) as server, pytest.raises(GatewayError) as caught:
        create(BDQuickPayClient("k", "s", server.base_url))
    assert caught.value.errors == refusal["errors"]
    assert caught.value.message.endswith("Unauthorized: ***.")


def test_key_that_begins_the_other_one_does_not_uncover_it() -> None:
    refusal = {"status": False, "message": "Not merchant-1-and-its-secret."}
    with hostile(gw.answer(refusal, 401)) as server, pytest.raises(GatewayError) as caught:
        create(BDQuickPayClient("merchant-1", "merchant-1-and-its-secret", server.base_url))
    assert caught.value.message.endswith("Not ***.")


@pytest.mark.parametrize("letter", ["\ud800", "\0", "\n"])
def test_what_the_gateway_says_can_be_printed(letter: str) -> None:
    refusal = {"status": False, "message": f"bad {letter} word"}
    with hostile(gw.answer(refusal, 422)) as server, pytest.raises(GatewayError) as caught:
        create(client_of(server))
    assert caught.value.message.endswith("bad ? word")

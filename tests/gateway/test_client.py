"""The client says and hears what the documentation of the API says."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
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

from . import hostile as gw
from .asking import client_of, create, verify
from .hostile import COMPLETED, CREATED, INVOICE, PENDING, hostile

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

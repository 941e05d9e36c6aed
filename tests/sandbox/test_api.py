"""The sandbox's API, to the letter of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from flask_bdquickpay.sandbox import SandboxError
from flask_bdquickpay.sandbox.server import SandboxServer

from .tools import KEYS, ORDER, Caller


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(synchronous=True) as server:
        yield Caller(server)


def test_create_answers_as_documented(shop: Caller) -> None:
    answer = shop.create(metadata={"order_id": 1})
    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == [
        "status", "invoice_id", "amount", "customer_reference", "payment_url", "expires_at",
    ]  # fmt: skip
    assert body["status"] is True
    assert body["amount"] == 500
    assert isinstance(body["amount"], int)
    assert body["payment_url"].startswith(f"{shop.server.url}/pay/bkash/")
    assert body["expires_at"].endswith("+00:00")


def test_payment_ids_count_up(shop: Caller) -> None:
    for _ in range(3):
        shop.new()
    assert [payment.id for payment in shop.sandbox.payments] == [3, 2, 1]


@pytest.mark.parametrize(("text", "shown"), [("500.00", 500), ("500.5", 500.5), ("0.01", 0.01)])
def test_amounts_are_read_and_written_exactly(shop: Caller, text: str, shown: float) -> None:
    body = b'{"amount": %s, "customer_reference": "A", ' % text.encode()
    body += b'"success_url": "http://a.test", "cancel_url": "http://a.test"}'
    headers = {**KEYS, "Content-Type": "application/json"}
    url = f"{shop.server.base_url}/payment/create"
    answer = requests.post(url, data=body, headers=headers, timeout=5).json()
    assert answer["amount"] == shown
    assert shop.sandbox.find(answer["invoice_id"]).amount == Decimal(text)


def test_verify_of_a_pending_payment_lacks_the_documented_keys(shop: Caller) -> None:
    invoice_id = shop.new()
    answer = shop.verify(invoice_id)
    assert answer.json() == {
        "status": True,
        "message": "Payment retrieved successfully.",
        "data": {
            "invoice_id": invoice_id, "amount": 500, "status": "pending", "transaction": None,
        },
    }  # fmt: skip


def test_verify_of_a_completed_payment_has_them_all(shop: Caller) -> None:
    invoice_id = shop.new()
    paid = shop.sandbox.pay(invoice_id).payment
    data = shop.data(invoice_id)
    assert list(data) == [
        "invoice_id", "customer_reference", "amount", "status", "created_at", "expires_at",
        "transaction",
    ]  # fmt: skip
    assert data["status"] == "completed"
    assert data["transaction"] == {
        "trx_id": paid.trx_id,
        "payment_method": "bkash",
        "amount": 500,
        "status": "completed",
        "verified_at": data["transaction"]["verified_at"],
    }


@pytest.mark.parametrize("missing", ["amount", "customer_reference", "success_url", "cancel_url"])
def test_a_missing_field_is_named(shop: Caller, missing: str) -> None:
    answer = shop.create(**{missing: ...})
    assert answer.status_code == 422
    sentence = f"The {missing.replace('_', ' ')} field is required."
    assert answer.json() == {
        "status": False, "message": "Validation error", "errors": {missing: [sentence]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "500"), ("amount", True), ("amount", 0), ("amount", -1), ("amount", 1.005),
        ("amount", 10**9), ("amount", None), ("amount", []),
        ("customer_reference", 7), ("customer_reference", "  "), ("customer_reference", "x" * 256),
        ("customer_reference", "\ud800"),
        ("success_url", "success"), ("success_url", "ftp://a.test"), ("success_url", "http://"),
        ("cancel_url", "http://a.test:99999/"), ("cancel_url", "http://a.test/a b"),
        ("cancel_url", 5), ("webhook_url", "http://[::1"), ("webhook_url", None),
        ("metadata", []), ("metadata", "text"), ("metadata", None),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(shop: Caller, field: str, value: Any) -> None:
    answer = shop.create(**{field: value})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


def test_every_wrong_field_has_an_entry(shop: Caller) -> None:
    answer = shop.post("/payment/create", {"amount": "x", "success_url": "x"})
    assert set(answer.json()["errors"]) == {
        "amount", "customer_reference", "success_url", "cancel_url",
    }  # fmt: skip


def test_documented_sentences(shop: Caller) -> None:
    errors = shop.create(amount=..., success_url="success").json()["errors"]
    assert errors == {
        "amount": ["The amount field is required."],
        "success_url": ["The success url must be a valid URL."],
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"amount=500", b"[]", b"null", b'{"amount": NaN}', b'{"amount": 1e99999999999999999999}',
     b"\xff", b"[" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/payment/create", "/payment/verify"])
def test_what_is_no_json_object_is_refused_in_json(shop: Caller, path: str, body: bytes) -> None:
    headers = {**KEYS, "Content-Type": "application/json"}
    answer = requests.post(shop.server.base_url + path, data=body, headers=headers, timeout=5)
    assert answer.status_code == 422
    assert answer.json()["status"] is False
    assert list(answer.json()["errors"]) == ["body"]


def test_another_content_type_is_refused(shop: Caller) -> None:
    url = f"{shop.server.base_url}/payment/create"
    answer = requests.post(url, data=ORDER, headers=KEYS, timeout=5)
    assert answer.status_code == 422
    assert "application/json" in answer.json()["errors"]["body"][0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-App-Key": "", "X-Secret-Key": ""},
        {"X-App-Key": KEYS["X-App-Key"]},
        {"X-Secret-Key": KEYS["X-Secret-Key"]},
        {**KEYS, "X-Secret-Key": "wrong"},
        {**KEYS, "X-App-Key": "ünknown".encode("latin-1")},
    ],
)
@pytest.mark.parametrize("path", ["/payment/create", "/payment/verify"])
def test_wrong_keys_are_refused_before_the_body_is_read(
    shop: Caller, path: str, headers: dict[str, Any]
) -> None:
    answer = shop.post(path, "no object", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {
        "status": False, "message": "Unauthorized. Invalid App Key or Secret Key.",
    }  # fmt: skip


def test_an_inactive_merchant_is_refused(shop: Caller) -> None:
    shop.sandbox.switch(merchant_active=False)
    assert shop.create().status_code == 403
    assert shop.create().json()["status"] is False
    shop.sandbox.switch(merchant_active=True)
    assert shop.create().status_code == 200


def test_an_unknown_invoice_is_not_found(shop: Caller) -> None:
    answer = shop.verify("NOSUCHINVOICE0000000")
    assert answer.status_code == 404
    assert answer.json() == {"status": False, "message": "Invoice not found."}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/payment/create", 405),
        ("PUT", "/payment/verify", 405),
        ("OPTIONS", "/payment/create", 405),
        ("POST", "/payment/refund", 404),
        ("GET", "/", 404),
    ],
)
def test_unknown_routes_and_methods_answer_in_json(
    shop: Caller, method: str, path: str, status: int
) -> None:
    url = shop.server.base_url + path
    answer = requests.request(method, url, headers=KEYS, timeout=5)
    assert answer.status_code == status
    assert answer.json()["status"] is False
    assert answer.json()["message"]
    assert (answer.headers.get("Allow") == "POST") == (status == 405)


def test_a_huge_body_is_refused_in_json(shop: Caller) -> None:
    answer = shop.create(metadata={"x": "x" * 1_100_000})
    assert answer.status_code == 413
    assert answer.json()["status"] is False


def test_a_crash_is_a_500_in_json(
    shop: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shop.sandbox, "create", lambda *_: 1 / 0)
    answer = shop.create()
    assert answer.status_code == 500
    assert answer.json()["message"].startswith("Unexpected server error")
    assert "ZeroDivisionError" in caplog.text


def test_expiry_is_the_gateways_failure(shop: Caller) -> None:
    invoice_id = shop.new()
    shop.sandbox.advance(1799)
    assert shop.data(invoice_id)["status"] == "pending"
    shop.sandbox.advance(1)
    data = shop.data(invoice_id)
    assert (data["status"], data["transaction"]) == ("failed", None)
    assert shop.sandbox.find(invoice_id).reason == "timeout"


@pytest.mark.parametrize("word", ["expired", "pending", "failed"])
def test_expiry_can_be_told_otherwise(shop: Caller, word: str) -> None:
    shop.sandbox.switch(expired_status=word)
    invoice_id = shop.new()
    shop.sandbox.advance(1800)
    assert shop.data(invoice_id)["status"] == word


@pytest.mark.parametrize("word", ["pending", "failed", "cancelled"])
def test_cancelling_can_be_told_otherwise(shop: Caller, word: str) -> None:
    shop.sandbox.switch(cancelled_status=word)
    invoice_id = shop.new()
    outcome = shop.sandbox.cancel(invoice_id)
    assert outcome.return_url.startswith("http://shop.test/cancel/token?")
    assert shop.data(invoice_id)["status"] == word


def test_another_amount_fails_the_payment(shop: Caller) -> None:
    invoice_id = shop.new()
    outcome = shop.sandbox.pay(invoice_id, 450)
    assert outcome.return_url.startswith("http://shop.test/cancel/token?")
    assert outcome.payment.reason == "amount mismatch"
    assert shop.data(invoice_id)["status"] == "failed"


@pytest.mark.parametrize("by_switch", [True, False])
def test_another_amount_can_be_let_through(shop: Caller, by_switch: bool) -> None:
    shop.sandbox.switch(accept_other_amounts=by_switch)
    invoice_id = shop.new()
    shop.sandbox.pay(invoice_id, "450.50", completes=None if by_switch else True)
    data = shop.data(invoice_id)
    assert data["status"] == "completed"
    assert (data["amount"], data["transaction"]["amount"]) == (500, 450.5)


def test_a_failed_payment_can_still_be_paid_late(shop: Caller) -> None:
    invoice_id = shop.new()
    shop.sandbox.time_out(invoice_id)
    with pytest.raises(SandboxError, match="late=True"):
        shop.sandbox.pay(invoice_id)
    shop.sandbox.pay(invoice_id, late=True)
    assert shop.data(invoice_id)["status"] == "completed"


def test_what_cannot_be_done_says_why(shop: Caller) -> None:
    invoice_id = shop.new()
    shop.sandbox.pay(invoice_id)
    with pytest.raises(SandboxError, match="is completed at the gateway, not pending"):
        shop.sandbox.pay(invoice_id, late=True)
    with pytest.raises(SandboxError, match="no payment with the invoice id NOPE"):
        shop.sandbox.fail("NOPE")
    with pytest.raises(SandboxError, match="has no invoice_id"):
        shop.sandbox.cancel(None)
    with pytest.raises(SandboxError, match="is no amount"):
        shop.sandbox.pay(shop.new(), "many")
    with pytest.raises(ValueError, match="No switch is called 'nope'"):
        shop.sandbox.switch(nope=1)
    with pytest.raises(ValueError, match="expired_status is one of"):
        shop.sandbox.switch(expired_status="gone")
    with pytest.raises(ValueError, match="between 0 seconds"):
        shop.sandbox.advance(-1)


def test_return_urls_carry_the_details(shop: Caller) -> None:
    plain, asked = shop.new(), shop.new(success_url="http://shop.test/s?a=1")
    paid = shop.sandbox.pay(plain)
    assert paid.return_url == (
        f"http://shop.test/success/token?invoice_id={plain}&payment_id=1"
        f"&customer_reference=ORDER-001&amount=500&status=completed&trx_id={paid.payment.trx_id}"
    )
    assert shop.sandbox.pay(asked).return_url.startswith("http://shop.test/s?a=1&invoice_id=")
    shop.sandbox.switch(append_with_ampersand=True)
    assert shop.sandbox.return_url(paid.payment).startswith("http://shop.test/success/token&inv")


def test_requests_are_kept_without_the_secret_key(shop: Caller) -> None:
    invoice_id = shop.new()
    shop.verify(invoice_id)
    shop.post("/payment/verify", "no object", headers={**KEYS, "x-secret-key": "canary"})
    create, verify, odd = shop.sandbox.requests
    assert (create.endpoint, create.body) == ("create", ORDER)
    assert (verify.endpoint, verify.body) == ("verify", {"invoice_id": invoice_id})
    assert odd.body == "no object"
    assert create.headers["X-App-Key"] == KEYS["X-App-Key"]
    assert "canary" not in repr(shop.sandbox.requests)
    assert KEYS["X-Secret-Key"] not in repr(shop.sandbox.requests)


def test_any_keys_are_the_merchants_where_that_is_wanted() -> None:
    with SandboxServer(any_keys=True, synchronous=True) as server:
        shop = Caller(server)
        keys = {"X-App-Key": "mine", "X-Secret-Key": "also mine"}
        assert shop.post("/payment/create", ORDER, headers=keys).status_code == 200
        assert shop.post("/payment/create", ORDER, headers={}).status_code == 401
        assert shop.sandbox.payments[0].app_key == "mine"


def test_another_address_can_be_handed_to_buyers() -> None:
    with SandboxServer(public_url="http://192.168.1.7:5005/") as server:
        url = Caller(server).create().json()["payment_url"]
        assert url.startswith("http://192.168.1.7:5005/pay/bkash/")

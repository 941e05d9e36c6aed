"""Each fault, over a real connection."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import requests

from flask_bdquickpay.sandbox import create_sandbox
from flask_bdquickpay.sandbox.faults import KINDS
from flask_bdquickpay.sandbox.server import SandboxServer
from flask_bdquickpay.sandbox.wire import PLAYS

from .tools import KEYS, ORDER, Caller


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(synchronous=True) as server:
        yield Caller(server)


def test_every_fault_of_the_api_has_a_play() -> None:
    assert set(PLAYS) == {kind for kind, (where, *_) in KINDS.items() if "webhook" not in where}


def test_a_fault_is_met_so_often_and_no_more(shop: Caller) -> None:
    shop.sandbox.fault(500, times=2)
    assert [shop.create().status_code for _ in range(3)] == [500, 500, 200]
    assert shop.sandbox.faults.active() == []


def test_a_fault_without_a_number_stays_until_cleared(shop: Caller) -> None:
    shop.sandbox.fault("429", times=None)
    assert [shop.create().status_code for _ in range(5)] == [429] * 5
    shop.sandbox.clear_faults()
    assert shop.create().status_code == 200


def test_a_fault_keeps_to_its_endpoint(shop: Caller) -> None:
    invoice_id = shop.new()
    shop.sandbox.fault("500", endpoint="create")
    assert shop.verify(invoice_id).status_code == 200
    assert shop.create().status_code == 500


def test_faults_are_met_in_the_order_in_which_they_were_set(shop: Caller) -> None:
    shop.sandbox.fault("500")
    shop.sandbox.fault("html")
    assert shop.create().status_code == 500
    assert shop.create().headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_reset(shop: Caller, kind: str) -> None:
    shop.sandbox.fault(kind)
    with pytest.raises(requests.ConnectionError) as caught:
        shop.create()
    assert "ConnectionResetError" in repr(caught.value)  # a reset, not a polite end
    assert len(shop.sandbox.payments) == (kind == "reset_after")
    assert len(shop.sandbox.requests) == 1


def test_latency_carries_the_call_out(shop: Caller) -> None:
    shop.sandbox.fault("latency", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        shop.post("/payment/create", ORDER, timeout=0.3)
    assert len(shop.sandbox.payments) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["drip", "drip_headers"])
def test_drip_comes_byte_by_byte(shop: Caller, kind: str) -> None:
    shop.sandbox.fault(kind, seconds=0.001)
    assert shop.create().json()["status"] is True
    shop.sandbox.fault(kind, seconds=60)
    received = raw_create(shop.server)
    assert received[:1] == b"H"
    head, _, body = received.partition(b"\r\n\r\n")
    assert (len(head), len(body)) == (1, 0) if kind == "drip_headers" else len(body) == 1


def raw_create(server: SandboxServer) -> bytes:
    """What arrives before the server falls silent."""
    body = json.dumps(ORDER).encode()
    lines = [f"{name}: {value}" for name, value in KEYS.items()]
    lines += [
        f"Host: {server.host}:{server.port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    head = "POST /api/bkash/v1/payment/create HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    with socket.create_connection((server.host, server.port), timeout=0.5) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except TimeoutError:
            pass
        return received


def test_html_with_200(shop: Caller) -> None:
    shop.sandbox.fault("html")
    answer = shop.create()
    assert answer.status_code == 200
    assert answer.text.startswith("<!doctype html>")


def test_half_json(shop: Caller) -> None:
    shop.sandbox.fault("half_json")
    answer = shop.create()
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


def test_status_false_with_200(shop: Caller) -> None:
    shop.sandbox.fault("status_false")
    answer = shop.create()
    assert (answer.status_code, answer.json()["status"]) == (200, False)


def test_errors_are_in_the_documented_shape(shop: Caller) -> None:
    shop.sandbox.fault(500)
    shop.sandbox.fault(429, retry_after=7)
    assert shop.create().json()["status"] is False
    answer = shop.create()
    assert answer.json()["status"] is False
    assert answer.headers["Retry-After"] == "7"
    assert shop.sandbox.payments == []


@pytest.mark.parametrize(
    ("kind", "field", "options", "expected"),
    [
        ("wrong_invoice", "invoice_id", {"invoice_id": "OTHER"}, "OTHER"),
        ("wrong_amount", "amount", {}, 501),
        ("wrong_amount", "amount", {"amount": 5}, 5),
        ("wrong_amount", "amount", {"amount": Decimal("5.50")}, 5.5),
        ("wrong_reference", "customer_reference", {}, "SOMEBODY-ELSE"),
        ("string_amount", "amount", {}, "500.00"),
        ("unknown_status", "status", {}, "processing"),
        ("unknown_status", "status", {"word": "reversed"}, "reversed"),
        ("no_transaction", "transaction", {}, None),
        ("no_transaction", "status", {}, "completed"),
    ],
)
def test_wrong_details_in_verify(
    shop: Caller, kind: str, field: str, options: dict[str, Any], expected: Any
) -> None:
    invoice_id = shop.new()
    shop.sandbox.pay(invoice_id)
    shop.sandbox.fault(kind, **options)
    assert shop.data(invoice_id)[field] == expected
    assert shop.data(invoice_id)[field] != expected or kind == "no_transaction"


@pytest.mark.parametrize(
    ("kind", "field", "expected"),
    [
        ("wrong_invoice", "invoice_id", "SANDBOXWRONGINVOICE0"),
        ("wrong_amount", "amount", 501),
        ("wrong_reference", "customer_reference", "SOMEBODY-ELSE"),
        ("string_amount", "amount", "500.00"),
    ],
)
def test_wrong_details_in_create(shop: Caller, kind: str, field: str, expected: Any) -> None:
    shop.sandbox.fault(kind)
    assert shop.create().json()[field] == expected


def test_wrong_details_leave_a_refusal_alone(shop: Caller) -> None:
    shop.sandbox.fault("wrong_amount")
    assert shop.create(amount="x").status_code == 422


def test_huge_body(shop: Caller) -> None:
    shop.sandbox.fault("huge", size=2_000_000)
    assert len(shop.create().content) == 2_000_000


def test_redirect(shop: Caller) -> None:
    shop.sandbox.fault("redirect", location="http://127.0.0.1:1/elsewhere")
    answer = shop.create()
    assert answer.status_code == 307
    assert answer.headers["Location"] == "http://127.0.0.1:1/elsewhere"


def test_any_answer_can_be_dictated(shop: Caller) -> None:
    shop.sandbox.fault("answer", endpoint="verify", status=418, body={"status": "true"})
    shop.sandbox.fault("answer", endpoint="verify", body="[1", content_type="text/plain")
    answer = shop.verify("X")
    assert (answer.status_code, answer.json()) == (418, {"status": "true"})
    assert shop.verify("X").text == "[1"


@pytest.mark.parametrize(("amount", "text"), [("5.50", "5.5"), ("500.00", "500")])
def test_a_dictated_amount_is_written_as_the_gateway_writes_one(
    shop: Caller, amount: str, text: str
) -> None:
    shop.sandbox.fault("answer", body={"data": {"amount": Decimal(amount)}})
    assert shop.verify("X").text == f'{{"data": {{"amount": {text}}}}}'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "nope"}, "No fault is called 'nope'. There are: latency"),
        ({"kind": "500", "endpoint": "webhook"}, "is for create and verify, not 'webhook'"),
        ({"kind": "500", "times": 0}, "times must be"),
        ({"kind": "500", "seconds": 1}, "has no option 'seconds'; it has no options"),
        ({"kind": "latency", "second": 1}, "its options are: seconds"),
        ({"kind": "latency", "seconds": "1"}, "must be a number from 0 on"),
    ],
)
def test_a_wrong_fault_is_refused(shop: Caller, arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match="(?s)" + message):
        shop.sandbox.fault(**arguments)
    assert shop.sandbox.faults.active() == []


def test_closing_ends_what_is_still_dripping() -> None:
    with SandboxServer(synchronous=True) as server:
        shop = Caller(server)
        for kind in ("drip", "drip_headers", "latency"):
            shop.sandbox.fault(kind, seconds=60)
        waiting = [threading.Thread(target=_create_somehow, args=(shop,)) for _ in range(3)]
        for thread in waiting:
            thread.start()
        while len(shop.sandbox.payments) < 3:
            time.sleep(0.01)
        started = time.monotonic()
    for thread in waiting:
        thread.join(5)
    assert time.monotonic() - started < 5
    assert not any(thread.is_alive() for thread in waiting)


def _create_somehow(shop: Caller) -> None:
    with suppress(requests.RequestException):
        shop.post("/payment/create", ORDER, timeout=30)


def test_without_the_server_a_reset_is_an_exception() -> None:
    app = create_sandbox(synchronous=True)
    sandbox = app.extensions["bdquickpay_sandbox"]
    sandbox.fault("reset_before")
    sandbox.fault("drip_headers", seconds=0)
    client = app.test_client()
    with pytest.raises(ConnectionResetError):
        client.post("/api/bkash/v1/payment/create", json=ORDER, headers=KEYS)
    answer = client.post("/api/bkash/v1/payment/create", json=ORDER, headers=KEYS)
    assert answer.json is not None
    assert answer.json["status"] is True
    sandbox.close()

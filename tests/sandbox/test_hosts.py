"""A page whose own name leads here (DNS rebinding) finds nothing: not a word, not a button."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_bdquickpay.sandbox import create_sandbox
from flask_bdquickpay.sandbox.server import SandboxServer, embedded, identity_at

from .tools import KEYS, ORDER, Caller

MISDIRECTED = 421
EVERYWHERE = [
    ("GET", "/"),
    ("GET", "/webhooks"),
    ("POST", "/faults"),
    ("GET", "/clock"),
    ("POST", "/switches"),
    ("GET", "/assumptions"),
    ("GET", "/static/sandbox.css"),
    ("GET", "/pay/bkash/no-such-token"),
    ("POST", "/api/bkash/v1/payment/create"),
    ("POST", "/api/bkash/v1/payment/verify"),
    ("GET", "/sandbox/api/identity"),
    ("GET", "/sandbox/api/payments"),
    ("POST", "/sandbox/api/clock"),
    ("GET", "/no/such/page"),
    ("OPTIONS", "/"),
]


def status(server: SandboxServer, host: str, method: str = "GET", path: str = "/") -> int:
    return ask(server, host, method, path)[0]


def ask(
    server: SandboxServer, host: str, method: str = "GET", path: str = "/", body: Any = None
) -> tuple[int, bytes]:
    """Ask the server on its port, under another name."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {**KEYS, "Host": host, "Content-Type": "application/json"}
    try:
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(synchronous=True) as running:
        yield running


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_another_host_is_refused_everywhere(server: SandboxServer, method: str, path: str) -> None:
    code, page = ask(server, f"evil.example:{server.port}", method, path)
    assert code == MISDIRECTED
    assert b"answers only at its own address" in page
    assert status(server, f"127.0.0.1:{server.port}", method, path) != MISDIRECTED


def test_nothing_is_paid_created_or_recorded_under_another_host(server: SandboxServer) -> None:
    invoice = Caller(server).new()
    known = len(server.sandbox.requests)
    server.sandbox.fault("500", times=1)
    for path in (f"/sandbox/api/payments/{invoice}/pay", "/api/bkash/v1/payment/create"):
        assert status(server, "evil.example", "POST", path) == MISDIRECTED
    assert server.sandbox.find(invoice).status == "pending"
    assert len(server.sandbox.requests) == known
    assert len(server.sandbox.faults.active()) == 1  # was not spent on the stranger


OTHERS = [
    "evil.example",
    "evil.example:%s",
    "127.0.0.1.evil.example:%s",
    "localhost.evil.example:%s",
    "evil@127.0.0.1:%s",
    "127.0.0.1:%s@evil.example",
    "127.0.0.1:1",
    "192.0.2.1:%s",
    "0.0.0.0:%s",
    "[::2]:%s",
    "[::1:%s",
    "localhost:port",
]


@pytest.mark.parametrize("host", OTHERS)
def test_what_is_not_its_own(server: SandboxServer, host: str) -> None:
    host = host % server.port if "%s" in host else host
    assert status(server, host) == MISDIRECTED


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_what_is_its_own(server: SandboxServer, name: str) -> None:
    assert status(server, f"{name}:{server.port}") == 200


def test_the_host_that_it_was_given_is_its_own() -> None:
    with SandboxServer(host="127.0.0.2") as server:
        assert server.url == f"http://127.0.0.2:{server.port}"
        assert Caller(server).create().status_code == 200


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://tunnel.example.com", "tunnel.example.com"),
        ("https://tunnel.example.com/", "Tunnel.Example.Com:443"),
        ("http://192.0.2.1:8080", "192.0.2.1:8080"),
        ("http://localhost:8080", "localhost:8080"),
    ],
)
def test_the_public_url_is_its_own(url: str, host: str) -> None:
    with SandboxServer(public_url=url) as server:
        code, body = ask(server, host, "POST", "/api/bkash/v1/payment/create", ORDER)
        assert code == 200
        assert json.loads(body)["payment_url"].startswith(url.rstrip("/") + "/pay/bkash/")
        assert status(server, f"127.0.0.1:{server.port}") == 200
        assert status(server, "other.example.com") == MISDIRECTED
        assert status(server, f"{host.partition(':')[0]}:9") == MISDIRECTED


def test_others_who_were_let_in_find_it_by_name_and_address() -> None:
    with SandboxServer(host="0.0.0.0", allow_remote=True) as server:
        machine = socket.gethostname()
        for name in ("192.0.2.1:9", "[2001:db8::1]", "localhost:8080", machine, f"{machine}.local"):
            assert status(server, name) == 200
        assert status(server, f"evil.example:{server.port}") == MISDIRECTED


def test_the_embedded_sandbox_answers_its_own_shop_alone(tmp_path: Path) -> None:
    found = embedded(tmp_path)
    try:
        port = int(found.url.rpartition(":")[2])
        assert identity_at(port) is not None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/sandbox/api/payments", headers={"Host": f"evil.example:{port}"})
        assert connection.getresponse().status == MISDIRECTED
        connection.close()
    finally:
        found.close()


def test_a_client_in_the_same_process_needs_no_port() -> None:
    client = create_sandbox(synchronous=True).test_client()
    assert client.get("/").status_code == 200
    assert client.get("/", base_url="http://127.0.0.1:5005").status_code == 200
    assert client.get("/", base_url="http://evil.example").status_code == MISDIRECTED


def test_a_client_without_a_host_header_is_no_browser(server: SandboxServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(b"GET /sandbox/api/identity HTTP/1.0\r\n\r\n")
        assert b" 200 " in raw.recv(64)

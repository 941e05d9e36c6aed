"""Connections: one deadline from the name's look-up to the last byte, certificates, proxies."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import trustme

import flask_bdquickpay.gateway.transport
from flask_bdquickpay import BDQuickPayClient, GatewayUnavailableError, VerifiedPayment

from . import hostile as gw
from .hostile import CREATED, INVOICE, PENDING, Hostile, hostile

Address = tuple[Any, ...]
#: Far above every time-out used here.
SOON = 10.0


def ask(base_url: str, timeout: float = 5.0) -> VerifiedPayment:
    client = BDQuickPayClient("the-app-key", "the-secret-key", base_url, timeout)
    return client.verify_payment(INVOICE)


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile(gw.answer(gw.verified(PENDING))) as running:
        yield running


@pytest.fixture
def dead_end() -> Iterator[int]:
    """A port that never answers: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        port: int = full.getsockname()[1]
        for _ in range(4):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield port


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Have `localhost` mean these ports of this machine, in this order."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


# Names and addresses


@pytest.mark.thorough
def test_a_host_whose_first_addresses_are_dead_is_reached(
    monkeypatch: pytest.MonkeyPatch, server: Hostile, dead_end: int
) -> None:
    resolve_to(monkeypatch, dead_end, dead_end, server.port)
    assert ask("http://localhost:1/api", 3).status == "pending"


def test_a_host_with_many_dead_addresses_is_left_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, dead_end: int
) -> None:
    resolve_to(monkeypatch, *[dead_end] * 40)
    started = time.monotonic()
    with pytest.raises(GatewayUnavailableError):
        ask("http://localhost:1/api", 0.5)
    assert time.monotonic() - started < SOON


@pytest.mark.thorough
def test_a_name_that_is_looked_up_forever_is_left_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, server: Hostile
) -> None:
    def look_up(*_: object, **__: object) -> list[Address]:
        server.stopping.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    started = time.monotonic()
    with pytest.raises(GatewayUnavailableError):
        ask("http://localhost:1/api", 0.5)
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize("error", [socket.gaierror("no such name"), UnicodeError("label too long")])
def test_a_name_that_is_not_found_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(GatewayUnavailableError):
        ask("http://localhost:1/api")


def test_a_name_without_an_address_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch)
    with pytest.raises(GatewayUnavailableError):
        ask("http://localhost:1/api")


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), BrokenPipeError(32, "pipe")])
def test_a_reset_while_connecting_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, server: Hostile, error: OSError
) -> None:
    """urllib3 takes such an error for one of sending, and reads an answer that is not there."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(flask_bdquickpay.gateway.transport, "_connect", fail)
    with pytest.raises(GatewayUnavailableError):
        ask(server.base_url)


# Certificates


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(served)
    return served


def test_a_certificate_of_nobody_is_refused(authority: trustme.CA) -> None:
    with hostile(gw.answer(CREATED), tls=context(authority, "127.0.0.1")) as server:
        with pytest.raises(GatewayUnavailableError, match="SSLError"):
            ask(server.base_url)
        assert server.requests == []


def trust(monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, folder: Any) -> None:
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


def test_the_environments_authorities_are_trusted(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    trust(monkeypatch, authority, tmp_path)
    secure = hostile(gw.answer(gw.verified(PENDING)), tls=context(authority, "127.0.0.1"))
    with secure as server:
        assert ask(server.base_url).status == "pending"


def test_a_certificate_of_another_host_is_refused(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    trust(monkeypatch, authority, tmp_path)
    tls = context(authority, "elsewhere.example")
    with hostile(gw.answer(gw.verified(PENDING)), tls=tls) as server:
        with pytest.raises(GatewayUnavailableError):
            ask(server.base_url)
        assert server.requests == []


def test_tls_connections_obey_the_deadline_and_are_used_again(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    trust(monkeypatch, authority, tmp_path)
    answer = gw.message(gw.verified(PENDING))
    with hostile(
        gw.raw(answer), gw.raw(answer), gw.drip(answer), tls=context(authority, "127.0.0.1")
    ) as server:
        client = BDQuickPayClient("the-app-key", "the-secret-key", server.base_url, 5)
        client.verify_payment(INVOICE)
        client.verify_payment(INVOICE)
        assert server.connections == 1
        started = time.monotonic()
        with pytest.raises(GatewayUnavailableError):
            client.verify_payment(INVOICE, timeout=0.5)
        assert time.monotonic() - started < SOON


def test_a_tls_handshake_that_never_ends_is_left_at_the_deadline(server: Hostile) -> None:
    server.greet = lambda raw: server.stopping.wait(60)
    started = time.monotonic()
    with pytest.raises(GatewayUnavailableError):
        ask(server.base_url.replace("http:", "https:"), 0.5)
    assert time.monotonic() - started < SOON


# Proxies


def test_the_environments_proxy_is_asked_for_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile(gw.answer("", 403)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(GatewayUnavailableError, match="ProxyError"):
            ask("https://gateway.example/api")
    lines = {request.line.rpartition(" ")[0] for request in proxy.requests}
    assert lines == {"CONNECT gateway.example:443"}
    assert all("x-secret-key" not in request.headers for request in proxy.requests)


def test_plain_http_to_loopback_never_passes_a_proxy(
    monkeypatch: pytest.MonkeyPatch, server: Hostile
) -> None:
    with hostile(gw.answer(gw.verified(PENDING))) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        ask(server.base_url)
        assert proxy.connections == 0
    assert len(server.requests) == 1

"""A webhook's body is read under limits of size and time, however and through whatever it comes."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trustme
from asgiref.wsgi import WsgiToAsgi
from flask import Flask, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from flask_bdquickpay.sandbox.server import SandboxServer
from flask_bdquickpay.web import webhook
from flask_bdquickpay.web.webhook import MAX_WEBHOOK

from ..shop import KEYS, Shop, make_shop
from . import serving
from .serving import DEADLINE, SOON, Answer, Caller, Serving

KEY = KEYS["BDQUICKPAY_APP_KEY"]
BODY = json.dumps({"event": "payment.completed", "invoice_id": "UNKNOWN"}).encode()
CHUNKED = "Transfer-Encoding: chunked"

#: Those that call us while the body is still on its way.
LIVE: dict[str, Serving] = {
    "werkzeug": serving.werkzeug,
    "gunicorn sync": partial(serving.gunicorn, worker="sync"),
    "gunicorn gthread": partial(serving.gunicorn, worker="gthread"),
}
#: All that undo chunks.
ALL = {**LIVE, "waitress": serving.waitress}


@pytest.fixture
def shop(tmp_path: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(webhook, "_DEADLINE", DEADLINE)
    shop = make_shop(f"sqlite:///{tmp_path}/shop.sqlite3", server)
    yield shop
    with shop.app.app_context():
        shop.db.engine.dispose()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A shop for the servers of many tests, which never comes so far as to ask the gateway."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('served')}/shop.sqlite3"
    gateway = cast("SandboxServer", SimpleNamespace(base_url="http://127.0.0.1:9/api"))
    shop = make_shop(uri, gateway)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhook, "_DEADLINE", DEADLINE)
        yield shop.app
    with shop.app.app_context():
        shop.db.engine.dispose()


@pytest.fixture(scope="module", params=LIVE)
def live(request: pytest.FixtureRequest, served: Flask) -> Iterator[int]:
    """The port of a server that hands the body over while it comes in."""
    with LIVE[request.param](served) as port:
        yield port


@pytest.fixture(scope="module", params=ALL)
def port(request: pytest.FixtureRequest, served: Flask) -> Iterator[int]:
    """The port of a server that undoes chunks."""
    with ALL[request.param](served) as port:
        yield port


def is_read(answer: Answer) -> bool:
    """Whether the invoice in the body was looked for."""
    return (answer.status, answer.json) == (404, {"error": "unknown invoice_id"})


def in_chunks(caller: Caller, body: bytes, size: int = 9) -> Answer:
    caller.head(CHUNKED)
    for start in range(0, len(body), size):
        caller.chunk(body[start : start + size])
    caller.send(b"0\r\n\r\n")
    return caller.answer()


# How it comes


def test_body_with_a_length_is_read(port: int) -> None:
    with Caller(port) as caller:
        caller.head(f"Content-Length: {len(BODY)}")
        caller.send(BODY[:9])
        caller.send(BODY[9:])
        assert is_read(caller.answer())


def test_body_in_chunks_is_read(port: int) -> None:
    with Caller(port) as caller:
        assert is_read(in_chunks(caller, BODY))


def test_body_in_chunks_may_be_as_large_as_any(port: int) -> None:
    padded = BODY + b" " * (MAX_WEBHOOK - len(BODY))
    with Caller(port) as caller:
        assert is_read(in_chunks(caller, padded, 10_000))


@pytest.mark.thorough
def test_connection_is_good_for_the_next_webhook(shop: Shop) -> None:
    with serving.gunicorn(shop.app, "gthread") as port, Caller(port) as caller:
        for _ in range(3):
            assert is_read(in_chunks(caller, BODY))


def test_body_in_no_chunks_is_no_object(port: int) -> None:
    with Caller(port) as caller:
        answer = in_chunks(caller, b"")
    assert (answer.status, answer.json) == (400, {"error": "the body must be a JSON object"})


# Its size


@pytest.mark.thorough
def test_declared_size_is_refused_before_anything_is_sent(live: int) -> None:
    with Caller(live) as caller:
        caller.head(f"Content-Length: {MAX_WEBHOOK + 1}")
        answer = caller.answer()
    assert (answer.status, list(answer.json)) == (413, ["error"])
    assert answer.seconds < DEADLINE


@pytest.mark.thorough
def test_chunks_are_refused_as_soon_as_they_are_too_many(live: int) -> None:
    with Caller(live) as caller:
        caller.head(CHUNKED)
        caller.chunk(b" " * MAX_WEBHOOK)
        caller.chunk(b" " * 2048)  # a server may wait for some more than we ask for
        answer = caller.answer()
    assert (answer.status, list(answer.json)) == (413, ["error"])


def test_key_is_looked_at_before_the_body_is_there(live: int) -> None:
    for headers in (["Content-Length: 100"], [CHUNKED], [f"Content-Length: {10**12}"]):
        with Caller(live) as caller:
            caller.head(*headers, key="wrong")
            answer = caller.answer()
        assert (answer.status, answer.json) == (401, {"error": "wrong X-App-Key"})
        assert answer.seconds < DEADLINE


# Its time

STALLED = [[f"Content-Length: {len(BODY)}"], [CHUNKED], ["Content-Length: 2000"]]


def is_late(answer: Answer) -> bool:
    said = {"error": "the body did not arrive in time; please retry"}
    in_time = DEADLINE * 0.9 < answer.seconds < SOON
    return in_time and (answer.status, answer.json) == (503, said)


@pytest.mark.thorough
@pytest.mark.parametrize("headers", STALLED)
def test_body_that_stalls_is_left_at_the_deadline(live: int, headers: list[str]) -> None:
    with Caller(live) as caller:
        caller.head(*headers)
        caller.send(b"9\r\n" + BODY[:5] if CHUNKED in headers else BODY[:5])
        assert is_late(caller.answer())


@pytest.mark.thorough
@pytest.mark.parametrize("headers", STALLED)
def test_body_that_never_begins_is_left_at_the_deadline(live: int, headers: list[str]) -> None:
    with Caller(live) as caller:
        caller.head(*headers)
        assert is_late(caller.answer())


@pytest.mark.thorough
@pytest.mark.parametrize("headers", [["Content-Length: 2000"], [CHUNKED]])
def test_body_that_drips_is_left_at_the_deadline(live: int, headers: list[str]) -> None:
    with Caller(live) as caller:
        caller.head(*headers)
        assert is_late(caller.drip(b"7d0\r\n" * (CHUNKED in headers) + b" " * 1900))


@pytest.mark.thorough
def test_chunks_that_drip_are_left_at_the_deadline(live: int) -> None:
    with Caller(live) as caller:
        caller.head(CHUNKED)
        assert is_late(caller.drip(b"1\r\n \r\n" * 300))


@pytest.mark.thorough
def test_encrypted_body_that_drips_ends_at_the_deadline(shop: Shop) -> None:
    """The encryption does not outlive the end of the reading; nothing is said in the clear."""
    authority = trustme.CA()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    with serving.werkzeug(shop.app, ours) as port:
        with Caller(port, theirs) as caller:
            caller.head("Content-Length: 2000")
            with pytest.raises((OSError, AssertionError)):
                caller.drip(b" " * 1900)
            assert DEADLINE * 0.9 < time.monotonic() - caller.begun < SOON
        with Caller(port, theirs) as caller:
            assert is_read(in_chunks(caller, BODY))


@pytest.mark.thorough
def test_server_answers_others_after_one_that_dripped(live: int) -> None:
    with Caller(live) as caller:
        caller.head("Content-Length: 2000")
        caller.drip(b" " * 1900)
    with Caller(live) as caller:
        assert is_read(in_chunks(caller, BODY))


# Cut off, malformed


@pytest.mark.parametrize("headers", [[f"Content-Length: {len(BODY)}"], [CHUNKED]])
def test_body_that_is_cut_off_is_a_bad_request(live: int, headers: list[str]) -> None:
    with Caller(live) as caller:
        caller.head(*headers)
        caller.send(b"9\r\n" + BODY[:5] if CHUNKED in headers else BODY[:5])
        caller.socket.shutdown(1)
        answer = caller.answer()
    assert (answer.status, list(answer.json)) == (400, ["error"])
    assert answer.seconds < DEADLINE


def test_malformed_chunk_is_a_bad_request(live: int) -> None:
    with Caller(live) as caller:
        caller.head(CHUNKED)
        caller.send(b"xyz\r\n" + BODY)
        answer = caller.answer()
    assert (answer.status, list(answer.json)) == (400, ["error"])


# A server that leaves chunks as they are, and tells nobody its socket


def test_chunks_that_nobody_undoes_are_asked_for_with_a_length(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """The client has said all, and keeps the connection open: reading on would wait for ever."""
    with serving.wsgiref(shop.app) as port, Caller(port) as caller:
        answer = in_chunks(caller, BODY)
    assert (answer.status, answer.json) == (411, {"error": "Length Required"})
    assert answer.seconds < DEADLINE
    assert "Content-Length" in caplog.text


def test_length_is_all_that_such_a_server_needs(shop: Shop) -> None:
    with serving.wsgiref(shop.app) as port, Caller(port) as caller:
        caller.head(f"Content-Length: {len(BODY)}")
        caller.send(BODY)
        assert is_read(caller.answer())


@pytest.mark.thorough
def test_body_that_drips_is_left_where_the_socket_is_not_known(shop: Shop) -> None:
    with serving.wsgiref(shop.app) as port, Caller(port) as caller:
        caller.head("Content-Length: 2000")
        assert is_late(caller.drip(b" " * 1900))


def test_no_length_and_no_chunks_is_no_body(shop: Shop) -> None:
    with serving.wsgiref(shop.app) as port, Caller(port) as caller:
        caller.head()
        answer = caller.answer()
    assert (answer.status, answer.json) == (400, {"error": "the body must be a JSON object"})


class Undone(io.RawIOBase):
    """An input that undoes chunks and says so in an attribute alone, as eventlet's does."""

    chunked_input = True

    def __init__(self, body: bytes) -> None:
        self._body = io.BytesIO(body)

    def read(self, size: int = -1) -> bytes:
        return self._body.read(size)


@pytest.mark.parametrize(("spaces", "status"), [(0, 404), (MAX_WEBHOOK, 413)])
def test_input_that_says_that_it_undoes_chunks_is_read(
    shop: Shop, spaces: int, status: int
) -> None:
    headers = Headers({"X-App-Key": KEY, "Transfer-Encoding": "chunked"})
    environ = EnvironBuilder("/bdquickpay/webhook", method="POST", headers=headers).get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ["wsgi.input"] = Undone(BODY + b" " * spaces)
    answer = Response(*run_wsgi_app(shop.app, environ))
    assert answer.status_code == status


# Servers that take the whole body in first


def through_asgi(app: Flask, *parts: bytes, headers: dict[str, str] | None = None) -> Answer:
    """What asgiref's adapter answers to a webhook without a length."""
    given = {"host": "shop", "x-app-key": KEY} | (headers or {})
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/bdquickpay/webhook",
        "query_string": b"", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    coming = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    coming.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    adapter: Any = WsgiToAsgi
    asyncio.run(adapter(app)(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return Answer(sent[0]["status"], body, 0)


IN_CHUNKS = {"transfer-encoding": "chunked", "content-type": "application/json"}


@pytest.mark.parametrize("headers", [IN_CHUNKS, {}])  # HTTP/2 has neither length nor chunks
def test_body_through_asgi_is_read(shop: Shop, headers: dict[str, str]) -> None:
    assert is_read(through_asgi(shop.app, BODY[:9], BODY[9:], headers=headers))


def test_paid_by_a_webhook_through_asgi(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    event = {"event": "payment.completed", "invoice_id": payment.invoice_id}
    answer = through_asgi(shop.app, json.dumps(event).encode(), headers=IN_CHUNKS)
    assert (answer.status, answer.json) == (200, {"received": True})
    assert shop.ledger() == [(payment.id, payment.customer_reference)]


@pytest.mark.thorough
@pytest.mark.parametrize(("size", "status"), [(MAX_WEBHOOK, 404), (MAX_WEBHOOK + 1, 413)])
def test_size_of_a_body_through_asgi_is_bounded(shop: Shop, size: int, status: int) -> None:
    padded = BODY + b" " * (size - len(BODY))
    answer = through_asgi(shop.app, padded[:1000], padded[1000:], headers=IN_CHUNKS)
    assert (answer.status, list(answer.json)) == (status, ["error"])


@pytest.mark.thorough
def test_hosts_own_limit_holds_through_asgi(shop: Shop) -> None:
    shop.app.config["MAX_CONTENT_LENGTH"] = 10
    answer = through_asgi(shop.app, BODY, headers=IN_CHUNKS)
    assert (answer.status, list(answer.json)) == (413, ["error"])


# The host has read it

READERS: dict[str, Callable[[], object]] = {
    "get_data": lambda: request.get_data(cache=True),
    "get_json": lambda: request.get_json(silent=True),
    "form": lambda: request.form,
    "stream": lambda: request.stream,
}


def read_first(app: Flask, reader: str) -> None:
    @app.before_request
    def read() -> None:
        READERS[reader]()


@pytest.mark.thorough
@pytest.mark.parametrize("reader", READERS)
def test_chunks_may_have_been_read_by_the_host(shop: Shop, reader: str) -> None:
    read_first(shop.app, reader)
    with serving.werkzeug(shop.app) as port, Caller(port) as caller:
        assert is_read(in_chunks(caller, BODY))
    assert is_read(through_asgi(shop.app, BODY, headers=IN_CHUNKS))


@pytest.mark.thorough
def test_large_body_that_the_host_has_read_is_refused(shop: Shop) -> None:
    read_first(shop.app, "get_data")
    with serving.werkzeug(shop.app) as port, Caller(port) as caller:
        assert in_chunks(caller, b" " * (MAX_WEBHOOK + 1), 70_000).status == 413

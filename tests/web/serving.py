"""Servers that a shop may run behind, each for real, and a client that talks to them raw."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask
from waitress.server import create_server  # type: ignore[import-untyped]
from werkzeug.serving import make_server

from flask_bdquickpay.sandbox.server import SandboxServer
from flask_bdquickpay.web import webhook

from ..shop import KEYS, make_shop

HOST = "127.0.0.1"
REPOSITORY = Path(__file__).parents[2]
#: Seconds that a webhook has on these servers, and by when its answer is here.
DEADLINE, SOON = 1.0, 6.0
Serving = Callable[[Flask], AbstractContextManager[int]]


@contextmanager
def _in_thread(run: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(10)


@contextmanager
def werkzeug(app: Flask, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    server = make_server(HOST, 0, app, threaded=True, ssl_context=tls)
    cast("Any", server).daemon_threads = True
    with _in_thread(server.serve_forever, server.shutdown):
        yield server.port
    server.server_close()


@contextmanager
def waitress(app: Flask) -> Iterator[int]:
    server = create_server(app, host=HOST, port=0, clear_untrusted_proxy_headers=True)

    def run() -> None:
        with suppress(OSError):  # its sockets are closed under it, which is how it ends
            server.run()

    with _in_thread(run, server.close):
        yield int(server.effective_port)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def wsgiref(app: Flask) -> Iterator[int]:
    """A server that leaves chunks as they come in, and tells nobody its socket."""
    server = WSGIServer((HOST, 0), _Quiet)
    server.set_app(cast("Any", app))
    with _in_thread(server.serve_forever, server.shutdown):
        yield server.server_port
    server.server_close()


@contextmanager
def gunicorn(app: Flask, worker: str = "gthread") -> Iterator[int]:
    """gunicorn in a process of its own, with a shop that has the same database and settings."""
    names = ("SQLALCHEMY_DATABASE_URI", "BDQUICKPAY_BASE_URL", "MAX_CONTENT_LENGTH")
    environment = os.environ | {"TEST_SHOP": json.dumps({name: app.config[name] for name in names})}
    with socket.create_server((HOST, 0)) as listening:
        number = listening.fileno()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{number}"]
        command += ["--worker-class", worker, "--log-level", "error", f"{__name__}:served()"]
        process = subprocess.Popen(command, env=environment, pass_fds=[number], cwd=REPOSITORY)
        try:
            port = listening.getsockname()[1]
            with Caller(port) as caller:  # which waits until it is up
                caller.head("Content-Length: 0")
                caller.answer()
            yield port
        finally:
            process.terminate()
            process.wait(20)


def served() -> Flask:
    """The app that gunicorn serves."""
    config = json.loads(os.environ["TEST_SHOP"])
    webhook._DEADLINE = DEADLINE
    gateway = cast("SandboxServer", SimpleNamespace(base_url=config["BDQUICKPAY_BASE_URL"]))
    return make_shop(config.pop("SQLALCHEMY_DATABASE_URI"), gateway, **config).app


# The client


@dataclass
class Answer:
    """What the server said, and after how many seconds."""

    status: int
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """A connection on which a webhook is sent piece by piece."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection((HOST, port), 30)
        self.socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self.begun = time.monotonic()

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def head(self, *headers: str, key: str = KEYS["BDQUICKPAY_APP_KEY"]) -> None:
        lines = ["POST /bdquickpay/webhook HTTP/1.1", "Host: localhost", f"X-App-Key: {key}"]
        lines += ["Content-Type: application/json", *headers, "", ""]
        self.begun = time.monotonic()
        self.send("\r\n".join(lines).encode())

    def send(self, data: bytes) -> None:
        """Send, unless the server has answered and hung up: its answer is there to be read."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def drip(self, data: bytes, pause: float = 0.05) -> Answer:
        """Send byte by byte until there is an answer, and return it."""
        self.socket.settimeout(pause)
        for byte in data:
            with suppress(TimeoutError):
                return self.answer(self._more())
            self.send(bytes([byte]))
        raise AssertionError("all was sent, and there was no answer")

    def answer(self, begun: bytes = b"") -> Answer:
        """Read one answer, which has a length."""
        self.socket.settimeout(30)
        stream = begun
        while b"\r\n\r\n" not in stream:
            stream += self._more()
        head, _, body = stream.partition(b"\r\n\r\n")
        status, *headers = head.decode("latin-1").split("\r\n")
        fields = {line.partition(":")[0].lower(): line.partition(":")[2] for line in headers}
        while len(body) < int(fields["content-length"]):
            body += self._more()
        return Answer(int(status.split()[1]), body, time.monotonic() - self.begun)

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        assert data, "the connection was closed without a whole answer"
        return data

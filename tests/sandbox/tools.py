"""What the sandbox's tests share: a shop that calls the gateway, and one that hears webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY
from flask_bdquickpay.sandbox.server import SandboxServer

KEYS = {"X-App-Key": APP_KEY, "X-Secret-Key": SECRET_KEY}
ORDER: dict[str, Any] = {
    "amount": 500,
    "customer_reference": "ORDER-001",
    "success_url": "http://shop.test/success/token",
    "cancel_url": "http://shop.test/cancel/token",
}


class Caller:
    """Calls the API as a shop would."""

    def __init__(self, server: SandboxServer) -> None:
        self.server, self.sandbox = server, server.sandbox

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        options = {"headers": KEYS, "timeout": 5, "allow_redirects": False, **options}
        return requests.post(self.server.base_url + path, json=body, **options)

    def create(self, **changes: Any) -> requests.Response:
        body = {k: v for k, v in {**ORDER, **changes}.items() if v is not ...}
        return self.post("/payment/create", body)

    def new(self, **changes: Any) -> str:
        """A new payment's invoice id."""
        return str(self.create(**changes).json()["invoice_id"])

    def verify(self, invoice_id: str, **options: Any) -> requests.Response:
        return self.post("/payment/verify", {"invoice_id": invoice_id}, **options)

    def data(self, invoice_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.verify(invoice_id).json()["data"]
        return found


class Listener:
    """A shop's webhook: keeps what came, answers with `status` once it is let to."""

    def __init__(self) -> None:
        self.status, self.came = 200, threading.Condition()
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.url = ""

    def take(self, headers: dict[str, str], body: bytes) -> None:
        with self.came:
            self.bodies.append(json.loads(body))
            self.headers.append(headers)
            self.came.notify_all()
        self.may_answer.wait(10)

    def wait_for(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.bodies) >= count, 10), self.bodies


@contextmanager
def listening() -> Iterator[Listener]:
    """A shop that listens on a loopback port meanwhile."""
    shop = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.take(dict(self.headers), body)
            self.send_response(shop.status)
            self.end_headers()
            self.wfile.write(b'{"received": true}')

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False  # joined when it closes
        runner = threading.Thread(target=server.serve_forever, args=(0.01,))
        runner.start()
        shop.url = f"http://127.0.0.1:{server.server_port}/bdquickpay/webhook"
        try:
            yield shop
        finally:
            shop.may_answer.set()
            server.shutdown()
            runner.join()

"""Calls an app through the WSGI interface, as a server does, without the cost of a test client."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from .byhand import KEYS
from .gateway import invoice_of

_SERVER = "http://127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """A response, as the server gets it."""

    code: int
    headers: list[tuple[str, str]]
    body: bytes


def caller(app: Flask, method: str = "GET", **headers: str) -> Callable[[str, bytes], Answer]:
    """What sends requests to an app: `call(path, body)`."""
    builder = EnvironBuilder(method=method, headers=[*headers.items()], base_url=_SERVER)
    blank = builder.get_environ()

    def call(path: str, body: bytes = b"") -> Answer:
        environ = dict(blank)
        environ["PATH_INFO"] = environ["REQUEST_URI"] = environ["RAW_URI"] = path
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = io.BytesIO(body)
        return _respond(app, environ)

    return call


def _respond(app: Flask, environ: dict[str, Any]) -> Answer:
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        begun[:] = [int(status[:3]), headers]

    chunks: Any = app.wsgi_app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Answer(begun[0], begun[1], body)


def webhook_body(reference: str) -> bytes:
    """What the gateway says when an order is paid."""
    event = {
        "event": "payment.completed",
        "invoice_id": invoice_of(reference),
        "payment_id": 42,
        "customer_reference": reference,
        "amount": 500,
        "payment_method": "bkash",
        "status": "completed",
        "timestamp": "2026-03-21T10:22:14+00:00",
    }
    return json.dumps(event).encode()


def webhook_caller(app: Flask, path: str, key: str = KEYS["X-App-Key"]) -> Callable[[str], Answer]:
    """What delivers the webhook of an order."""
    headers = {"X-App-Key": key, "Content-Type": "application/json"}
    call = caller(app, "POST", **headers)
    return lambda reference: call(path, webhook_body(reference))

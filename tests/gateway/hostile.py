"""A gateway that misbehaves: raw sockets on loopback, one behaviour for each request."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

INVOICE = "GALQYVTGASTRGOISR1FO"
TRANSACTION = {
    "trx_id": "8HJ2XKPQ91",
    "payment_method": "bkash",
    "amount": 500,
    "status": "completed",
    "verified_at": "2026-03-21T10:22:14+00:00",
}
COMPLETED = {
    "invoice_id": INVOICE,
    "customer_reference": "ORDER-001",
    "amount": 500,
    "status": "completed",
    "created_at": "2026-03-21T10:00:00+00:00",
    "expires_at": "2026-03-21T10:30:00+00:00",
    "transaction": TRANSACTION,
}
PENDING = {"invoice_id": INVOICE, "amount": 500, "status": "pending", "transaction": None}
CREATED = {
    "status": True,
    "invoice_id": INVOICE,
    "amount": 500,
    "customer_reference": "ORDER-001",
    "payment_url": "https://bdquickpay.com/pay/bkash/TOKEN",
    "expires_at": "2026-03-21T10:30:00+00:00",
}


def verified(data: object) -> dict[str, Any]:
    """The gateway's document around `data`."""
    return {"status": True, "message": "Payment retrieved successfully.", "data": data}


@dataclass
class Request:
    """What the client sent; `connection` counts from 1."""

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)


@dataclass
class Call:
    """One request, and the socket that its answer goes to."""

    server: Hostile
    request: Request
    socket: socket.socket
    #: Whether the connection is closed after the answer.
    close: bool = False

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def drip(self, data: bytes, pause: float = 0.05) -> None:
        """Send byte by byte, until the client is gone or the test is over."""
        for byte in data:
            self.send(bytes([byte]))
            if self.wait(pause):
                return

    def wait(self, seconds: float) -> bool:
        """Sleep; return whether the test is over."""
        return self.server.stopping.wait(seconds)

    def reset(self) -> None:
        """End the connection with a RST instead of a FIN."""
        end_with_reset(self.socket)
        self.close = True


def end_with_reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Behaviour = Callable[[Call], None]


@dataclass
class Hostile:
    """A server whose n-th request meets the n-th behaviour, and the last one ever after."""

    behaviours: list[Behaviour]
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    #: What to do before a new connection's first request is read.
    greet: Callable[[socket.socket], object] | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listening.getsockname()[1]

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/api"

    def serve(self) -> None:
        while not self.stopping.is_set():
            with suppress(OSError):
                accepted, _ = self._listening.accept()
                self.connections += 1
                arguments = (accepted, self.connections)
                threading.Thread(target=self._talk, args=arguments, daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        with suppress(OSError):  # wakes accept()
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._listening.close()

    def _talk(self, raw: socket.socket, number: int) -> None:
        with raw, suppress(OSError):
            if self.greet is not None:
                self.greet(raw)
            client = self.tls.wrap_socket(raw, server_side=True) if self.tls else raw
            with client, client.makefile("rb") as stream:
                while (request := _read(stream, number)) is not None:
                    call = Call(self, request, client)
                    self._next(request)(call)
                    if call.close:
                        return

    def _next(self, request: Request) -> Behaviour:
        with self._lock:
            self.requests.append(request)
            return self.behaviours[min(len(self.requests), len(self.behaviours)) - 1]


def _read(stream: Any, number: int) -> Request | None:
    line = stream.readline().decode("latin-1").strip()
    headers = {}
    while (header := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(number, line, headers, body) if line else None


@contextmanager
def hostile(*behaviours: Behaviour, **options: Any) -> Iterator[Hostile]:
    """Run a server with these behaviours for the length of a `with` block."""
    server = Hostile(list(behaviours), **options)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)


# Behaviours


def message(document: object, status: int = 200, extra: str = "") -> bytes:
    """An HTTP answer: `document` as JSON, or as it is when it is bytes or text."""
    body = document if isinstance(document, (bytes, str)) else json.dumps(document)
    body = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n{extra}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answer(document: object, status: int = 200, extra: str = "") -> Behaviour:
    return raw(message(document, status, extra))


def raw(data: bytes, close: bool = False) -> Behaviour:
    def behave(call: Call) -> None:
        call.send(data)
        call.close = close

    return behave


def drip(data: bytes, at_once: int = 0) -> Behaviour:
    """Send the first bytes at once and the rest one by one, for a minute or so."""

    def behave(call: Call) -> None:
        call.send(data[:at_once])
        call.drip(data[at_once:] + b" " * 1200)

    return behave


def hang(call: Call) -> None:
    call.wait(60)
    call.close = True


def reset(call: Call) -> None:
    call.reset()


def hang_up(call: Call) -> None:
    call.close = True


def endless(call: Call) -> None:
    call.send(b'HTTP/1.1 200 OK\r\n\r\n{"status": true, "x": "')
    while not call.server.stopping.is_set():
        call.send(b"x" * 65536)


def close_after(document: object) -> Behaviour:
    """Answer and close without a word, as a server does with a connection that idles."""
    return raw(message(document), close=True)

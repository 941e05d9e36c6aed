"""A gateway that costs nearly nothing: create and verify over real HTTP, in a process of its own.

It keeps no books: an invoice's name tells its order, every payment is completed and brings the
same amount. `/after/200` before the path of the API makes each answer take 200 ms.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from .processes import ended

#: What every order costs, in BDT.
AMOUNT = 500
_INVOICE = "INV-"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_WAIT = re.compile(r"/after/(\d+)/")


def invoice_of(reference: str) -> str:
    """The invoice that this gateway makes for an order."""
    return f"{_INVOICE}{reference}"


@dataclass(frozen=True)
class Gateway:
    """Where a running gateway is."""

    port: int

    def base_url(self, milliseconds: int = 0) -> str:
        """The base URL under which every answer takes so long."""
        return f"http://127.0.0.1:{self.port}/after/{milliseconds}"


@contextmanager
def running(module: str = "tests.benchmarks.gateway", *options: str) -> Iterator[Gateway]:
    """Run a gateway, or another one of that kind, on a free loopback port."""
    command = [sys.executable, "-m", module, *options]
    with ended(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as process:
        assert process.stdout is not None
        yield Gateway(int(process.stdout.readline()))


#: An answer, and the seconds after which it is sent.
Answer = tuple[bytes, float]


class Connection(asyncio.Protocol):
    """One keep-alive connection; a request is answered before the next one is sent.

    :param respond: `respond(path, body)`.
    """

    def __init__(self, respond: Callable[[str, bytes], Answer]) -> None:
        self._respond, self._received = respond, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if not end or len(rest) < size:
            return
        self._received = b""
        answer, seconds = self._respond(head.split(b" ", 2)[1].decode(), rest)
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def listen(respond: Callable[[str, bytes], Answer]) -> asyncio.Server:
    """Answer on a free loopback port, and say on stdout which one it is."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(respond), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    return server


def http(document: dict[str, Any], status: str = "200 OK") -> bytes:
    """An HTTP response."""
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status}\r\nDate: {_date(int(time.time()))}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def moment(seconds: int) -> str:
    """The time so many seconds from now, as the API writes it."""
    return _iso(int(time.time()) + seconds)


@lru_cache(maxsize=16)
def _iso(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(second))


# This gateway


def _respond(path: str, body: bytes) -> Answer:
    wait = _WAIT.match(path)
    document = _verify(body) if path.endswith("/verify") else _create(body)
    return http(document), int(wait[1]) / 1000 if wait else 0


def _create(body: bytes) -> dict[str, Any]:
    asked = json.loads(body)
    invoice = invoice_of(asked["customer_reference"])
    return {
        "status": True,
        "invoice_id": invoice,
        "amount": asked["amount"],
        "customer_reference": asked["customer_reference"],
        "payment_url": f"http://127.0.0.1/pay/{invoice}",
        "expires_at": moment(1800),
    }


def _verify(body: bytes) -> dict[str, Any]:
    invoice = json.loads(body)["invoice_id"]
    paid = {
        "trx_id": f"TRX-{invoice}",
        "payment_method": "bkash",
        "amount": AMOUNT,
        "status": "completed",
        "verified_at": moment(0),
    }
    data = {
        "invoice_id": invoice,
        "customer_reference": invoice.removeprefix(_INVOICE),
        "amount": AMOUNT,
        "status": "completed",
        "created_at": moment(-60),
        "expires_at": moment(1740),
        "transaction": paid,
    }
    return {"status": True, "message": "Payment retrieved successfully.", "data": data}


async def _serve() -> None:
    server = await listen(_respond)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())

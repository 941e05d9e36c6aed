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
from collections.abc import Iterator
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
_WAIT = re.compile(rb"^POST /after/(\d+)/")


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
def running() -> Iterator[Gateway]:
    """Run a gateway on a free loopback port."""
    command = [sys.executable, "-m", "tests.benchmarks.gateway"]
    with ended(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as process:
        assert process.stdout is not None
        yield Gateway(int(process.stdout.readline()))


class _Connection(asyncio.Protocol):
    """One keep-alive connection; requests are answered in their order."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._received = transport, b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if not end or len(rest) < size:
            return
        body, self._received = rest[:size], rest[size:]
        answer = _http(_verify(body) if b"/verify " in head[:200] else self._create(body))
        wait = _WAIT.match(head)
        seconds = int(wait[1]) / 1000 if wait else 0
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _create(self, body: bytes) -> dict[str, Any]:
        asked = json.loads(body)
        invoice = invoice_of(asked["customer_reference"])
        port = self._transport.get_extra_info("sockname")[1]
        return {
            "status": True,
            "invoice_id": invoice,
            "amount": asked["amount"],
            "customer_reference": asked["customer_reference"],
            "payment_url": f"http://127.0.0.1:{port}/pay/{invoice}",
            "expires_at": _moment(1800),
        }


def _verify(body: bytes) -> dict[str, Any]:
    invoice = json.loads(body)["invoice_id"]
    paid = {
        "trx_id": f"TRX-{invoice}",
        "payment_method": "bkash",
        "amount": AMOUNT,
        "status": "completed",
        "verified_at": _moment(0),
    }
    data = {
        "invoice_id": invoice,
        "customer_reference": invoice.removeprefix(_INVOICE),
        "amount": AMOUNT,
        "status": "completed",
        "created_at": _moment(-60),
        "expires_at": _moment(1740),
        "transaction": paid,
    }
    return {"status": True, "message": "Payment retrieved successfully.", "data": data}


def _http(document: dict[str, Any]) -> bytes:
    body = json.dumps(document).encode()
    date = _date(int(time.time()))
    head = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _moment(seconds: int) -> str:
    return _iso(int(time.time()) + seconds)


@lru_cache(maxsize=16)
def _iso(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(second))


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())

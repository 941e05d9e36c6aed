"""A gateway that keeps books and whose webhooks are lost, doubled, late and out of order.

Beside the API it has `/pay`, where the load test's customers pay, and `/books`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .byhand import KEYS
from .gateway import Answer, http, listen, moment

#: Shares of the payments whose webhook never comes, comes twice, comes late.
LOST, DOUBLED, LATE = 0.15, 0.2, 0.25
#: Share of verify calls that are answered with 500.
FAILING = 0.02
#: Seconds: an answer takes, a webhook takes, and one that is late.
_ANSWER, _SOON, _MUCH_LATER = (0.02, 0.08), (0.0, 0.5), (2.0, 15.0)
#: A webhook that is not acknowledged comes again after so many seconds, so often.
_PAUSE, _TRIES = 5.0, 5


@dataclass
class Entry:
    """A payment in the gateway's books.

    :ivar paid_at: seconds since the epoch.
    """

    invoice_id: str
    reference: str
    amount: int
    success_url: str
    cancel_url: str
    webhook_url: str
    status: str = "pending"
    trx_id: str | None = None
    paid_at: float | None = None


@dataclass
class Books:
    """All that the gateway knows.

    :ivar answers: to webhooks, (HTTP status, seconds); 0: nobody answered.
    :ivar underway: webhooks that are still to be sent.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    answers: list[tuple[int, float]] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    late: int = 0
    underway: int = 0


class Unreliable:
    """The gateway."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._books = Books()
        self._tasks: set[asyncio.Task[None]] = set()

    def respond(self, path: str, body: bytes) -> Answer:
        """Answer a call of the API, or one of the load test."""
        asked = json.loads(body or b"{}")
        seconds = self._random.uniform(*_ANSWER)
        if path.endswith("/payment/create"):
            return self._create(asked), seconds
        if path.endswith("/payment/verify"):
            return self._verify(asked["invoice_id"]), seconds
        if path == "/pay":
            return self._pay(**asked), 0
        return http(asdict(self._books)), 0

    def _create(self, asked: dict[str, Any]) -> bytes:
        invoice = f"INV{len(self._books.entries) + 1:08}"
        urls = {name: asked[name] for name in ("success_url", "cancel_url", "webhook_url")}
        reference, amount = asked["customer_reference"], asked["amount"]
        self._books.entries[invoice] = Entry(invoice, reference, amount, **urls)
        said = {"invoice_id": invoice, "amount": amount, "customer_reference": reference}
        url = f"http://127.0.0.1/pay/{invoice}"
        return http({"status": True, **said, "payment_url": url, "expires_at": moment(1800)})

    def _verify(self, invoice: str) -> bytes:
        entry = self._books.entries.get(invoice)
        if self._random.random() < FAILING:
            message = {"status": False, "message": "unexpected server error"}
            return http(message, "500 Internal Server Error")
        if entry is None:
            return http({"status": False, "message": "not found"}, "404 Not Found")
        return http({"status": True, "message": "", "data": _data(entry)})

    def _pay(self, invoice_id: str, status: str) -> bytes:
        entry = self._books.entries[invoice_id]
        urls = {"success_url": entry.success_url, "cancel_url": entry.cancel_url}
        if status != "pending":
            self._decide(entry, status)
        return http(urls)

    def _decide(self, entry: Entry, status: str) -> None:
        """The customer has paid, or failed to."""
        entry.status, entry.paid_at = status, time.time()
        if status == "completed":
            entry.trx_id = f"TRX{entry.invoice_id}"
        if self._random.random() < LOST:
            self._books.lost += 1
        else:
            self._plan(entry)
            if self._random.random() < DOUBLED:
                self._books.doubled += 1
                self._plan(entry)

    def _plan(self, entry: Entry) -> None:
        late = self._random.random() < LATE
        self._books.late += late
        self._books.underway += 1
        seconds = self._random.uniform(*(_MUCH_LATER if late else _SOON))
        task = asyncio.get_running_loop().create_task(self._deliver(entry, seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, entry: Entry, seconds: float) -> None:
        try:
            for pause in [seconds, *[_PAUSE] * (_TRIES - 1)]:
                await asyncio.sleep(pause)
                begun = time.perf_counter()
                code = await _post(entry)
                self._books.answers.append((code, time.perf_counter() - begun))
                if 200 <= code < 300:
                    return
        finally:
            self._books.underway -= 1


def _data(entry: Entry) -> dict[str, Any]:
    paid = {"trx_id": entry.trx_id, "payment_method": "bkash", "amount": entry.amount}
    paid |= {"status": "completed", "verified_at": moment(0)}
    return {
        "invoice_id": entry.invoice_id,
        "customer_reference": entry.reference,
        "amount": entry.amount,
        "status": entry.status,
        "transaction": paid if entry.trx_id else None,
    }


async def _post(entry: Entry) -> int:
    """Send the webhook; return the HTTP status, 0 when there was no answer within 10 seconds."""
    try:
        return await asyncio.wait_for(_exchange(entry), 10)
    except (OSError, ValueError, IndexError, asyncio.TimeoutError):
        return 0


async def _exchange(entry: Entry) -> int:
    url = urlsplit(entry.webhook_url)
    event = {"event": f"payment.{entry.status}", "invoice_id": entry.invoice_id}
    body = json.dumps(event | {"status": entry.status, "amount": entry.amount}).encode()
    head = f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nX-App-Key: {KEYS['X-App-Key']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        return int((await reader.read()).split(b" ", 2)[1])
    finally:
        writer.close()


async def _serve(seed: int) -> None:
    server = await listen(Unreliable(seed).respond)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

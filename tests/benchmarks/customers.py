"""The customers of the load test: they click, pay, come back or do not, and try again."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

#: Shares of the customers who click twice, who come back, and what they do at the gateway.
DOUBLE_CLICKS, RETURNS = 0.1, 0.4
_DEEDS = {"pay": 0.82, "fail": 0.05, "cancel": 0.04, "cancel and pay": 0.04, "leave": 0.05}
_TRIES = 20
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
_TROUBLE = (OSError, http.client.HTTPException)


@dataclass
class Diary:
    """What all customers met with.

    :ivar clicks: seconds from a click to the gateway's page, tries included.
    :ivar retries: requests that were sent again after a server had died.
    :ivar two_ways: double clicks that led to two payments.
    """

    bought: int = 0
    clicks: list[float] = field(default_factory=list)
    retries: int = 0
    two_ways: int = 0
    gave_up: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Customer:
    """One who buys again and again, in one browser."""

    def __init__(self, shop: int, gateway: int, diary: Diary, seed: int) -> None:
        self._shop, self._gateway, self._diary = shop, gateway, diary
        self._random = random.Random(seed)
        self._headers: dict[str, str] = {}
        self._form = ""
        self._hands = ThreadPoolExecutor(2)

    def open_shop(self, reference: str) -> None:
        """Open an order's page, whose token is good for all."""
        _, headers, body = self._ask("GET", f"/orders/{reference}")
        token = _TOKEN.search(body)
        assert token is not None, body
        cookie = headers["Set-Cookie"].partition(";")[0]
        self._headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        self._form = urlencode({"csrf_token": token[1].decode()})

    def buy(self, reference: str) -> None:
        """Pay an order, or not, as it comes."""
        begun = time.perf_counter()
        url = self._click(reference)
        if url is None:
            self._note(gave_up=1)
            return
        self._note(bought=1, click=time.perf_counter() - begun)
        deed = self._random.choices([*_DEEDS], [*_DEEDS.values()])[0]
        self._at_gateway(url.rpartition("/")[2], deed)

    def _click(self, reference: str) -> str | None:
        path = f"/bdquickpay/checkout/{reference}"
        clicks = 2 if self._random.random() < DOUBLE_CLICKS else 1
        urls = {*self._hands.map(self._post, [path] * clicks)} - {None}
        self._note(two_ways=len(urls) > 1)
        return min(filter(None, urls), default=None)

    def _post(self, path: str) -> str | None:
        """Where a click leads to; ``None`` when the shop says again and again that it cannot."""
        for _ in range(_TRIES):
            status, headers, _ = self._ask("POST", path, self._form, self._headers)
            if status == 303:
                return str(headers["Location"])
            time.sleep(0.2)
        return None

    def _at_gateway(self, invoice: str, deed: str) -> None:
        if deed.startswith("cancel"):
            self._come_back(self._pay(invoice, "pending")["cancel_url"])
        if deed.endswith("pay") or deed == "fail":
            status = "failed" if deed == "fail" else "completed"
            urls = self._pay(invoice, status)
            if self._random.random() < RETURNS:
                self._come_back(urls["success_url" if status == "completed" else "cancel_url"])

    def _pay(self, invoice: str, status: str) -> dict[str, str]:
        body = json.dumps({"invoice_id": invoice, "status": status})
        answer = _exchange(self._gateway, "POST", "/pay", body, {})[2]
        urls: dict[str, str] = json.loads(answer)
        return urls

    def _come_back(self, url: str) -> None:
        self._ask("GET", urlsplit(url).path)

    def _ask(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, Any, bytes]:
        """Ask the shop, and ask again where a server died."""
        for _ in range(_TRIES):
            try:
                return _exchange(self._shop, method, path, body, headers or {})
            except _TROUBLE:
                self._note(retries=1)
                time.sleep(self._random.uniform(0.05, 0.3))
        raise ConnectionError("the shop is gone")

    def _note(self, click: float | None = None, **counts: int) -> None:
        with self._diary.lock:
            for name, count in counts.items():
                setattr(self._diary, name, getattr(self._diary, name) + count)
            if click is not None:
                self._diary.clicks.append(click)


def _exchange(
    port: int, method: str, path: str, body: str, headers: dict[str, str]
) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body.encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()

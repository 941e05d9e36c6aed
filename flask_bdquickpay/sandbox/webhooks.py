"""Sends webhooks: once, and again when the shop did not take them.

A delivery is queued in the store, claimed by whoever sends it, and marked with the shop's answer.
In a running sandbox a few worker threads do the sending, so that the buyer's redirect waits for
nobody; a synchronous one (the test kit's) has no threads and sends when it is told to.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from .calls import tell_webhook
from .clock import Clock
from .faults import KINDS, Fault, Faults
from .journal import GATEWAY, Journal
from .messages import webhook
from .records import Answer, Delivery, Payment
from .store import Store

WORKERS = 3
LONGEST_PAUSE = 60.0
LONGEST_ANSWER = 4096

_logger = logging.getLogger(__name__)


def post(delivery: Delivery, timeout: float) -> Answer:
    """POST over HTTP; the shop has `timeout` seconds for its whole answer."""
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy from the environment has no say on loopback
            return _send(session, delivery, started, timeout)
    except requests.RequestException as error:
        return Answer(None, error=f"{type(error).__name__}: the shop could not be reached in time")


def _send(session: requests.Session, delivery: Delivery, started: float, timeout: float) -> Answer:
    body = json.dumps(delivery.body).encode()
    with session.post(
        delivery.url,
        data=body,
        headers=headers(delivery),
        timeout=timeout,
        allow_redirects=False,
        stream=True,
    ) as response:
        text = _read(response, started + timeout)
        late = time.monotonic() - started > timeout
        return Answer(response.status_code, text, "answered too late" if late else "")


def _read(response: requests.Response, deadline: float) -> str:
    found = b""
    for byte in response.iter_content(1):
        found += byte
        if len(found) >= LONGEST_ANSWER or time.monotonic() > deadline:
            break
    return found.decode(errors="replace")


def headers(delivery: Delivery) -> dict[str, str]:
    """What every webhook carries; no key where a forged one is to have none."""
    fixed = {"Content-Type": "application/json", "User-Agent": "bdQuickPay-sandbox"}
    return fixed if delivery.app_key is None else {**fixed, "X-App-Key": delivery.app_key}


class Webhooks:
    """The outgoing post: `announce` an event, `send_again` by hand, `run_due` what is waiting."""

    timeout: float
    retry_after: float
    attempts: int
    synchronous: bool

    def __init__(
        self,
        store: Store,
        clock: Clock,
        faults: Faults,
        journal: Journal,
        *,
        timeout: float,
        retry_after: float,
        attempts: int,
        synchronous: bool,
    ) -> None:
        self.timeout, self.retry_after, self.attempts = timeout, retry_after, attempts
        self.synchronous = synchronous
        self.transport: Callable[[Delivery], Answer] = lambda delivery: post(delivery, timeout)
        self.tick: Callable[[], datetime | None] = lambda: None
        self._store, self._clock, self._faults = store, clock, faults
        self._journal = journal
        self._bell, self._rings, self._stopped = threading.Condition(), 0, False
        self._workers: list[threading.Thread] = []

    # Sending --------------------------------------------------------------------------------

    def announce(self, payment: Payment, outcome: str, *, wait: bool) -> Answer | None:
        """Queue the event's webhook; with `wait` send it too and return the shop's answer."""
        if payment.webhook_url is None:
            return None
        fault = self._faults.take("webhook", payment.invoice_id)
        body = webhook(payment, self._clock.now(), outcome)
        if fault is not None:
            said = f"fault: {KINDS[fault.kind][1]}"
            self._journal.add(GATEWAY, said, payment.invoice_id, is_good=False)
        queued = self._queue(payment, body, fault)
        if wait or (fault is not None and fault.kind == "before_redirect"):
            return self._send_now(queued)
        self.wake()
        return None

    def send(self, invoice_id: str, url: str, app_key: str | None, body: Any) -> Answer:
        """Send exactly this, now, whatever faults are switched on; it is not retried."""
        now = self._clock.now()
        delivery = self._store.add_delivery(
            invoice_id=invoice_id, url=url, app_key=app_key, body=body, state="sending",
            attempts=1, created_at=now,
        )  # fmt: skip
        return self._deliver(delivery, retry=False)

    def send_again(self, delivery_id: int) -> Answer | None:
        """Retry by hand, whatever came of it before; None if it is being sent right now."""
        claimed = self._store.claim(delivery_id)
        return None if claimed is None else self._deliver(claimed)

    def queue_again(self, delivery_id: int) -> None:
        """Let a worker retry it at once; a synchronous sandbox sends it here."""
        if self.synchronous:
            self.send_again(delivery_id)
            return
        self._store.change_delivery(delivery_id, state="queued", due_at=self._clock.now())
        self.wake()

    def run_due(self) -> None:
        """Send everything that is due on the sandbox's clock."""
        while self._run_one():
            pass

    def _queue(
        self, payment: Payment, body: Mapping[str, Any], fault: Fault | None
    ) -> list[Delivery]:
        now, kind = self._clock.now(), fault.kind if fault else ""
        options = fault.options if fault else {}
        values = {
            "invoice_id": payment.invoice_id,
            "url": payment.webhook_url,
            "app_key": options.get("app_key", payment.app_key),
            "body": body,
            "attempts": 0,
            "created_at": now,
            **self._schedule(now, kind, options),
        }
        copies = int(options.get("copies", 1))
        return [self._store.add_delivery(**values) for _ in range(copies)]

    def _schedule(self, now: datetime, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
        if kind == "never":
            return {"state": "dropped"}
        if kind == "late":
            return {"state": "queued", "due_at": now + timedelta(seconds=options["seconds"])}
        if kind == "out_of_order":
            return {"state": "held", "due_at": now + timedelta(seconds=self.retry_after)}
        return {"state": "queued", "due_at": now}

    def _send_now(self, queued: list[Delivery]) -> Answer | None:
        answer = None
        for delivery in queued:
            if delivery.due_at == delivery.created_at:
                answer = self.send_again(delivery.id)
        if self.synchronous:
            self.run_due()
        return answer

    def _deliver(self, delivery: Delivery, *, retry: bool = True) -> Answer:
        answer, begun = Answer(None, error="the shop's code raised an exception"), time.monotonic()
        try:
            answer = self.transport(delivery)
        finally:
            again_at = self._note(delivery, answer, retry)
            tell_webhook(
                self._journal,
                delivery,
                answer,
                headers=headers(delivery),
                seconds=time.monotonic() - begun,
                again_at=again_at,
            )
        self._store.release("held", self._clock.now())
        self.wake()
        return answer

    def _note(self, delivery: Delivery, answer: Answer, retry: bool) -> datetime | None:
        now = self._clock.now()
        again = retry and not answer.ok and delivery.attempts < self.attempts
        due_at = now + timedelta(seconds=self.retry_after) if again else None
        self._store.change_delivery(
            delivery.id,
            state="delivered" if answer.ok else "failed",
            due_at=due_at,
            sent_at=now,
            status_code=answer.status_code,
            answer=answer.text,
            error=answer.error,
        )
        return due_at

    def _run_one(self) -> bool:
        claimed = self._store.claim_due(self._clock.now())
        if claimed is not None:
            self._deliver(claimed)
        return claimed is not None

    # Workers --------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to send by itself; what a crash cut off is sent again."""
        with self._bell:
            if self.synchronous or self._workers or self._stopped:
                return
            self._store.release("sending", self._clock.now())
            work = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]
            self._workers = work
        for worker in work:
            worker.start()

    def wake(self) -> None:
        """Something may be due: look now."""
        self.start()
        with self._bell:
            self._rings += 1
            self._bell.notify_all()

    def stop(self) -> bool:
        """Stop the workers; True once none is left (one may be waiting for a shop's answer)."""
        with self._bell:
            self._stopped = True
            self._bell.notify_all()
        for worker in self._workers:
            worker.join(self.timeout + 1)
        return not any(worker.is_alive() for worker in self._workers)

    def _work(self) -> None:
        while not self._stopped:
            seen = self._rings
            try:
                self._turn(seen)
            except Exception:
                _logger.exception("A webhook worker failed; it goes on.")
                self._rest(seen, 1.0)

    def _turn(self, seen: int) -> None:
        expiry = self.tick()
        if not self._run_one():
            self._rest(seen, self._pause(expiry))

    def _rest(self, seen: int, seconds: float) -> None:
        with self._bell:
            self._bell.wait_for(lambda: self._stopped or self._rings != seen, seconds)

    def _pause(self, expiry: datetime | None) -> float:
        moments = [at for at in (self._store.next_delivery(), expiry) if at is not None]
        if not moments:
            return LONGEST_PAUSE
        ahead = (min(moments) - self._clock.now()).total_seconds()
        return min(max(ahead, 0.05), LONGEST_PAUSE)

"""What happened, in order: calls of shops, doings of buyers, webhooks. In memory, and bounded."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .clock import Clock

SHOP, BUYER, WEBHOOK, GATEWAY = "shop → gateway", "buyer", "gateway → shop", "gateway"
MOST, LONGEST = 1000, 4096


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    `number` counts them all; `invoice_id` is None where no payment is known. `result` says what
    came of it, `is_good` whether that is fine (None: neither). `sent` and `got` are whole messages,
    `curl` is what says the same; `delivery_id` is the webhook's.
    """

    number: int
    at: datetime
    who: str
    what: str
    invoice_id: str | None = None
    result: str = ""
    is_good: bool | None = None
    sent: str = ""
    got: str = ""
    curl: str = ""
    delivery_id: int | None = None


class Journal:
    """The newest entries; of a long text only the beginning is kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._entries: deque[Entry] = deque(maxlen=MOST)
        self.version: int = 0

    def add(
        self,
        who: str,
        what: str,
        invoice_id: str | None = None,
        *,
        at: datetime | None = None,
        **more: Any,
    ) -> None:
        """Something happened, now unless it is said when."""
        texts = {name: cut(text) for name, text in more.items() if isinstance(text, str)}
        with self._lock:
            self.version = next(self._numbers)
            when = at or self._clock.now()
            entry = Entry(self.version, when, who, cut(what), invoice_id, **{**more, **texts})
            self._entries.append(entry)

    def touch(self) -> None:
        """Something changed that is no entry: pages are out of date."""
        with self._lock:
            self.version = next(self._numbers)

    def entries(self) -> list[Entry]:
        """The oldest first."""
        with self._lock:
            return list(self._entries)


def cut(text: str) -> str:
    """The text, or its beginning."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"

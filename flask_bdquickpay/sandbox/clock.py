"""A clock that can be moved, so that nobody waits half an hour for a payment to expire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone


class Clock:
    """The real time in UTC plus an offset, which only ever grows."""

    def __init__(self, offset: float = 0, moved: Callable[[float], None] | None = None) -> None:
        self.offset: float = offset
        self._moved = moved or (lambda _offset: None)

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.offset)

    def advance(self, seconds: float) -> datetime:
        """Move forward and return the new time; time does not run backwards."""
        if not 0 <= seconds <= 10 * 365 * 86400:
            raise ValueError("advance() takes between 0 seconds and ten years")
        self.offset += seconds
        self._moved(self.offset)
        return self.now()

"""How long the gateway wants to be left alone: one pause for all calls of an account.

The API's documentation names no limit. So a 429, and a `Retry-After`, mean what they mean in HTTP
(RFC 6585 and 9110), and every thread of this process keeps to them.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from .. import clock
from . import dates

#: The longest pause that the gateway may ask for, in seconds.
LONGEST = 300.0
#: Where it names none: the first one, in seconds, and where the doubling ends.
_FIRST, _LAST = 1.0, 60.0
_TOO_MANY, _UNAVAILABLE = 429, 503


@dataclass(frozen=True)
class Pause:
    """Why nothing is sent: the HTTP status that asked for it, and how many seconds are left."""

    status_code: int
    seconds: float


class Pace:
    """The pause of one account; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = self._until = -math.inf
        self._status_code = _TOO_MANY
        self._refusals = 0

    def now(self) -> float:
        """The moment to tell :meth:`heard` as that at which a call was sent."""
        return monotonic()

    def pause(self) -> Pause | None:
        """Return the pause that is on, if any."""
        with self._lock:
            left = self._until - monotonic()
            return Pause(self._status_code, left) if left > 0 else None

    def heard(self, status_code: int, headers: Mapping[str, str], sent: float) -> None:
        """Take an answer in. A 429 begins a pause, and a 503 that says for how long."""
        wanted = retry_after(headers)
        with self._lock:
            if status_code == _TOO_MANY or (status_code == _UNAVAILABLE and wanted is not None):
                self._slow_down(status_code, sent, wanted)
            elif status_code < 500 and sent >= self._begun:
                self._refusals = 0

    def _slow_down(self, status_code: int, sent: float, wanted: float | None) -> None:
        now = monotonic()
        if sent >= self._begun:  # those that were under way together are one refusal
            self._begun, self._refusals = now, self._refusals + 1
        self._status_code = status_code
        self._until = max(self._until, now + (wanted or _growing(self._refusals)))


def _growing(refusals: int) -> float:
    pause = _FIRST * 2.0 ** min(refusals - 1, 10)
    return min(_LAST, pause * random.uniform(0.75, 1.25))  # noqa: S311  # jitter, no secret


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of `Retry-After`, at most the longest pause; ``None`` where it names none."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, headers)
    return min(seconds, LONGEST) if seconds > 0 else None


def _seconds_until(text: str, headers: Mapping[str, str]) -> float:
    """From the gateway's own clock, as far as it tells it, to the moment that it names."""
    moment = dates.http_date(text)
    if moment is None:
        return 0.0
    now = dates.http_date(headers.get("Date", "")) or clock.utcnow()
    return (moment - now).total_seconds()

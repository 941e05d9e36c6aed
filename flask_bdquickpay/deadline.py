"""One deadline for all that a thread does, gateway calls and lock waits alike."""

from __future__ import annotations

import time
from contextvars import ContextVar, Token

_end: ContextVar[float] = ContextVar("end", default=float("inf"))


class deadline:  # small, as it is read: with deadline(9)
    """Bounds what is done within; an outer deadline that ends earlier stays in force."""

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._token: Token[float]

    def __enter__(self) -> None:
        self._token = _end.set(min(_end.get(), time.monotonic() + self._seconds))

    def __exit__(self, *_: object) -> None:
        _end.reset(self._token)


def time_left() -> float:
    """Seconds that are left; none or fewer once the deadline has passed."""
    return _end.get() - time.monotonic()


def remaining() -> float:
    """Seconds that are left.

    :raises TimeoutError: when there are none.
    """
    left = time_left()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left

"""One deadline for all that a thread does, gateway calls and lock waits alike."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_end: ContextVar[float] = ContextVar("end", default=float("inf"))


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound what is done within; an outer deadline that ends earlier stays in force."""
    token = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


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

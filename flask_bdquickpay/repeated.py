"""A warning that may come a thousand times a second, and must not fill a disk."""

from __future__ import annotations

import logging
import threading
from time import monotonic


class RepeatedWarning:
    """One log record in so many seconds at most, with the number of times since the last one."""

    def __init__(self, logger: logging.Logger, text: str, *, seconds: float) -> None:
        """Make one.

        :param text: with ``%s`` for the number, then as many more as the caller passes.
        :param seconds: between two records.
        """
        self._logger, self._text, self._seconds = logger, text, seconds
        self._lock = threading.Lock()
        self._unsaid = 0
        self._silent_until = 0.0

    def __call__(self, *arguments: object) -> None:
        """Count it, and say it unless it was said just now."""
        with self._lock:
            self._unsaid += 1
            now = monotonic()
            if now < self._silent_until:
                return
            count, self._unsaid = self._unsaid, 0
            self._silent_until = now + self._seconds
        self._logger.warning(self._text, count, *arguments)

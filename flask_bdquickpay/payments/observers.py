"""Tells the shop's observers how long a thing took, and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable

#: ``f(name, seconds, labels)``.
Observer = Callable[[str, float, dict[str, str]], object]

_logger = logging.getLogger(__name__)


def unobserved(name: str, seconds: float, labels: dict[str, str]) -> None:
    """Tell nobody."""


class Observers:
    """Those that a shop has registered; an observer itself, which never raises."""

    def __init__(self) -> None:
        self._all: list[Observer] = []
        self._faulty: set[int] = set()

    def add(self, observer: Observer) -> None:
        """Tell this one, too."""
        self._all.append(observer)

    def __call__(self, name: str, seconds: float, labels: dict[str, str]) -> None:
        """Tell each of them; of one that raises the log hears once."""
        for observer in self._all:
            try:
                observer(name, seconds, dict(labels))
            except Exception:
                if id(observer) not in self._faulty:  # it need not be hashable, and stays
                    self._faulty.add(id(observer))
                    _logger.exception("Observer %r raised; it is not said again", observer)

"""Does what nobody is to wait for, in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

_logger = logging.getLogger(__name__)
#: Seconds that whoever hands over a job waits for it at most.
COURTESY = 0.2


@dataclass(frozen=True)
class _Job:
    name: str
    do: Callable[[], object]
    about: Mapping[str, Any]
    done: threading.Event = field(default_factory=threading.Event)


class Courier:
    """Does one job after the other; the thread ends when there is none left.

    :param most: how many jobs may wait; ``None``: any number.
    :param daemon: whether the process may end while jobs wait.
    """

    def __init__(self, most: int | None = None, *, daemon: bool = False) -> None:
        self._most = most
        self._daemon = daemon
        self._lock = threading.Lock()
        self._queue: deque[_Job] = deque()
        self._worker: threading.Thread | None = None
        _couriers.add(self)

    def take(
        self, name: str, do: Callable[[], object], about: Mapping[str, Any] | None = None
    ) -> bool:
        """Take a job and wait for its end, but only a moment; return whether it was taken.

        :param about: the `extra` of what is logged of it.
        """
        job = _Job(name, do, about or {})
        with self._lock:
            if len(self._queue) == self._most:
                return False
            self._queue.append(job)
            if not self._is_working():
                self._start()
            if self._worker is None:
                self._queue.clear()
                return False
        job.done.wait(COURTESY)
        return True

    def _is_working(self) -> bool:
        """Whether there is a thread that works; none survives a fork."""
        return self._worker is not None and self._worker.is_alive()

    def reset(self) -> None:
        """Begin anew in a process that was forked."""
        self._lock, self._worker = threading.Lock(), None
        self._queue.clear()

    def _start(self) -> None:
        name = "bdquickpay-outbox"
        self._worker = threading.Thread(target=self._work, name=name, daemon=self._daemon)
        try:
            self._worker.start()
        except RuntimeError:  # the machine has no thread to spare
            self._worker = None
            _logger.exception("Events are left to the sweep")

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._worker = None
                    return
                job = self._queue.popleft()
            try:
                job.do()
            except BaseException:  # a receiver's SystemExit too: later jobs need this thread
                _logger.exception("%s stays in the outbox", job.name, extra=job.about)
            job.done.set()


_couriers: WeakSet[Courier] = WeakSet()


def _after_fork() -> None:
    """The child has none of the parent's threads, and none of their work to do."""
    for courier in _couriers:
        courier.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

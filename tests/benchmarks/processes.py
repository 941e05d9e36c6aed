"""Processes that end with who started them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

S = TypeVar("S", str, bytes)


@contextmanager
def ended(process: subprocess.Popen[S]) -> Iterator[subprocess.Popen[S]]:
    """Yield a process and end it: politely, and after 10 seconds not."""
    try:
        with process:
            yield process
            stop(process)
    finally:
        stop(process)


def stop(process: subprocess.Popen[S]) -> None:
    """End a process that may have ended already."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)

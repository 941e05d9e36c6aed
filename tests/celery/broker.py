"""A real Redis server, and one that takes connections and never answers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

redis = pytest.importorskip("redis", reason="needs celery[redis]")
#: Seconds after which a wait is in vain.
PATIENCE = 40.0


def wait_for(condition: Callable[[], object], what: str = "it") -> None:
    """Look again and again until the condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class Broker:
    """A Redis server of the test's own, without a file."""

    program: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Any:
        return redis.Redis(port=self.port)

    def start(self) -> None:
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--logfile", "/dev/null"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(self.answers, "Redis")

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "Redis ended"
        with self.client as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def waiting(self, queue: str = "bdquickpay") -> int:
        """How many messages nobody has taken."""
        with self.client as client:
            return int(client.llen(queue))

    def everything(self) -> dict[bytes, Any]:
        """All that is in it."""
        read = {b"list": lambda c, k: c.lrange(k, 0, -1), b"set": lambda c, k: c.smembers(k)}
        read |= {b"hash": lambda c, k: c.hgetall(k), b"string": lambda c, k: c.get(k)}
        read |= {b"zset": lambda c, k: c.zrange(k, 0, -1)}
        with self.client as client:
            return {key: read[client.type(key)](client, key) for key in client.scan_iter()}


@contextmanager
def running_broker() -> Iterator[Broker]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs Redis (Debian: redis-server)")
    broker = Broker(program)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a broker that takes every connection and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"

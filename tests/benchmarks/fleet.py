"""The machines of the load test, as far as one machine can be many: servers and workers.

Reads /proc, so it needs Linux.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .processes import stop
from .served import free_port, wait_for

_PROC = Path("/proc")
_GUNICORN = [sys.executable, "-m", "gunicorn", "--worker-class=gthread", "--threads=4"]
_GUNICORN += ["--preload", "--reuse-port", "--graceful-timeout=10"]
_APP = "tests.benchmarks.load_shop:create_app()"
_WORKER = [sys.executable, "-m", "tests.benchmarks.load_shop"]
_CELERY = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.load_celery"]
_CELERY_WORKER = [*_CELERY, "worker", "--queues=bdquickpay", "--concurrency=2", "--loglevel=ERROR"]


class Fleet:
    """Gunicorn servers that share a port, and workers: loops that sweep, or Celery's with a beat.

    Each but the beat is a process that has loaded the shop, whose children do the work; it puts
    another one in the place of a child that is gone.

    :ivar killed: how many children were killed.
    """

    def __init__(
        self,
        variables: dict[str, str],
        servers: int,
        per_server: int,
        workers: int,
        beat: Path | None = None,
    ) -> None:
        self.port = free_port()
        self.killed = 0
        self._environment = os.environ | variables
        serve = [*_GUNICORN, f"--workers={per_server}", f"--bind=127.0.0.1:{self.port}", _APP]
        self._parents = [self._start(serve) for _ in range(servers)]
        self._beats: list[subprocess.Popen[bytes]] = []
        if beat is None:
            self._parents += [self._start(_WORKER) for _ in range(workers)]
        else:
            named = [[*_CELERY_WORKER, f"--hostname=load{number}"] for number in range(workers)]
            self._parents += [self._start(command) for command in named]
            self._beats = [self._start([*_CELERY, "beat", f"--schedule={beat}"])]

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=self._environment, **quiet)

    def wait(self) -> None:
        """Wait until all of them work."""
        for parent in self._parents:
            while not children(parent.pid):
                assert parent.poll() is None, "a process of the fleet ended"
                time.sleep(0.1)
        wait_for(self.port, self._parents[0])

    def kill_one(self, chance: random.Random) -> None:
        """Kill one who works, without a warning."""
        pids = [pid for parent in self._parents for pid in children(parent.pid)]
        os.kill(chance.choice(pids), signal.SIGKILL)
        self.killed += 1

    def processor_seconds(self) -> float:
        """What all of them have used so far, those included that are gone."""
        return sum(tree_seconds(one.pid) for one in (*self._parents, *self._beats))

    def stop(self) -> None:
        """End all of them."""
        for one in (*self._parents, *self._beats):
            one.terminate()
        for one in (*self._parents, *self._beats):
            stop(one)


@contextmanager
def fleet(
    variables: dict[str, str],
    servers: int,
    per_server: int,
    workers: int,
    beat: Path | None = None,
) -> Iterator[Fleet]:
    """Run a fleet until the block ends.

    :param beat: where Celery's beat keeps its schedule; ``None``: workers without Celery.
    """
    running = Fleet(variables, servers, per_server, workers, beat)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def children(pid: int) -> list[int]:
    """The processes whose parent is `pid`."""
    found = [(int(path.name), _stat(path)) for path in _PROC.glob("[0-9]*")]
    return [child for child, stat in found if stat and int(stat[1]) == pid]


def tree_seconds(pid: int) -> float:
    """Processor time of a process, of its children, and of those that it has waited for."""
    stat = _stat(_PROC / str(pid))
    own = sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK") if stat else 0.0
    return own + sum(map(tree_seconds, children(pid)))


def _stat(process: Path) -> list[str]:
    """What follows the name in /proc/PID/stat; nothing when the process is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []

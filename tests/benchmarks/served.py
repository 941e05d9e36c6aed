"""Webhook → paid through gunicorn: a server process with one sync worker for each subject."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any

from flask import Flask

from .bench import Bench
from .byhand import KEYS
from .measure import Figure, Turn, stopwatch
from .processes import ended
from .shops import CAREFUL, EXTENSION, NAIVE, Shop
from .webhooks import SHOPS
from .wsgi import webhook_body

_SUBJECTS = (NAIVE, CAREFUL, EXTENSION)
_VARIABLE = "BENCHMARKED_SHOP"


def served(bench: Bench) -> Iterator[Figure]:
    """The same webhooks, each on a connection of its own, as a sync worker takes them."""
    if find_spec("gunicorn") is None:
        return
    with ExitStack() as stack:
        turns = {name: stack.enter_context(_open(bench, name)) for name in _SUBJECTS}
        times = bench.interleave(turns)
    for name in (CAREFUL, EXTENSION):
        what = f"webhook → paid by gunicorn, {name}"
        yield bench.compare("gunicorn").faster(what, times[name], NAIVE, times[NAIVE])


@contextmanager
def _open(bench: Bench, name: str) -> Iterator[Turn]:
    """Serve a shop on an empty database; yield its turn of webhooks."""
    base_url = bench.gateway.base_url()
    with bench.new_database() as uri, SHOPS[name](uri, base_url) as shop:
        task = json.dumps({"name": name, "uri": uri, "base_url": base_url})
        with gunicorn("tests.benchmarks.served:create_app()", {_VARIABLE: task}) as port:
            yield _turn(shop, port, bench.slice)


def create_app() -> Flask:
    """What gunicorn serves: the shop that the environment tells."""
    task = json.loads(os.environ[_VARIABLE])
    return SHOPS[task["name"]](task["uri"], task["base_url"]).app


@contextmanager
def gunicorn(app: str, variables: dict[str, str], *options: str) -> Iterator[int]:
    """Run gunicorn on a free loopback port until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", *options, app]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with ended(subprocess.Popen(command, env=os.environ | variables, **quiet)) as process:
        wait_for(port, process)
        yield port


def free_port() -> int:
    """A loopback port that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[Any], seconds: float = 60) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("nobody listens")


def _turn(shop: Shop, port: int, batch: int) -> Turn:
    def turn() -> float:
        references = shop.pending(batch)
        with stopwatch() as seconds:
            codes = {_post(port, shop.webhook_path, reference) for reference in references}
        assert codes == {200}
        shop.check_paid(references)
        return seconds()

    return turn


def _post(port: int, path: str, reference: str) -> int:
    body = webhook_body(reference)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-App-Key: {KEYS['X-App-Key']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(head.encode() + body)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return int(answer.split(b" ", 2)[1])

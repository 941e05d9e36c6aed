"""The README's shop behind a server, as a process of its own, and how each server is started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from flask_bdquickpay.sandbox.server import SandboxServer

from ..project.recipes.bench import readme_shop
from ..shop import KEYS

ROOT = Path(__file__).parents[2]
#: What a deployment has beside its shop.
WSGI = """
from shop import create_app

app = create_app()
"""
#: asgiref 3.13 answers kept-alive connections of uvicorn with 500 now and then, whatever the app.
BY_A2WSGI = """
from a2wsgi import WSGIMiddleware
from wsgi import app

asgi = WSGIMiddleware(app)
"""
BY_ASGIREF = """
from asgiref.wsgi import WsgiToAsgi
from wsgi import app

asgi = WsgiToAsgi(app)
"""
FILES = {"wsgi": WSGI, "by_a2wsgi": BY_A2WSGI, "by_asgiref": BY_ASGIREF}
ORDERS = """
import sys
from shop import Order, create_app, db

with create_app().app_context():
    db.session.add_all(Order(reference=name, total=500) for name in sys.argv[1:])
    db.session.commit()
"""


@dataclass(frozen=True)
class Server:
    """How a server is started, and stopped."""

    name: str
    needs: str
    arguments: Sequence[str]
    stop: signal.Signals = signal.SIGTERM

    def command(self, port: int) -> list[str]:
        return [sys.executable, *(word.format(port=port) for word in self.arguments)]


def _gunicorn(name: str, *options: str, needs: str = "gunicorn") -> Server:
    begin = ("-m", "gunicorn", "--bind=127.0.0.1:{port}", "--graceful-timeout=5")
    return Server(f"gunicorn-{name}", needs, [*begin, *options, "wsgi:app"])


_UWSGI = (
    *("-c", "import pyuwsgi, sys; pyuwsgi.run(sys.argv[1:])"),
    *("--http11-socket=127.0.0.1:{port}", "--master", "--need-app", "--die-on-term"),
    *("--module=wsgi:app", "--pythonpath=.", "--enable-threads"),
)
SERVERS = [
    _gunicorn("sync", "--workers=2"),
    _gunicorn("gthread", "--workers=2", "--worker-class=gthread", "--threads=4"),
    _gunicorn("gevent", "--workers=2", "--worker-class=gevent", needs="gevent"),
    _gunicorn("preload", "--workers=2", "--preload"),
    Server("uwsgi-prefork", "pyuwsgi", [*_UWSGI, "--processes=2"]),
    Server("uwsgi-threads", "pyuwsgi", [*_UWSGI, "--processes=2", "--threads=4", "--lazy-apps"]),
    Server(
        "waitress", "waitress", ["-m", "waitress", "--listen=127.0.0.1:{port}", "wsgi:app"],
        signal.SIGINT,
    ),
    Server("uvicorn-a2wsgi", "uvicorn", ["-m", "uvicorn", "--port={port}", "by_a2wsgi:asgi"]),
    Server(
        "hypercorn-asgiref", "hypercorn",
        ["-m", "hypercorn", "--bind=127.0.0.1:{port}", "by_asgiref:asgi"],
    ),
]  # fmt: skip


@dataclass
class Served:
    """A shop that is served."""

    home: str
    database: Path
    process: subprocess.Popen[bytes]
    log: Path

    def stopped(self, how: signal.Signals) -> int:
        """Stop the server as its operator does; return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def serving(
    server: Server, folder: Path, gateway: SandboxServer, orders: Sequence[str]
) -> Iterator[Served]:
    """Serve the README's shop, with these orders of 500 taka."""
    if find_spec(server.needs) is None:
        pytest.skip(f"needs {server.needs}")
    for name, code in (FILES | {"shop": readme_shop()}).items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    env = environment(folder, gateway)
    subprocess.run([sys.executable, "-c", ORDERS, *orders], cwd=folder, env=env, check=True)
    log, port = folder / "log.txt", free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            server.command(port), cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        wait_for(port, process, log)
        yield Served(f"http://127.0.0.1:{port}", folder / "shop.sqlite3", process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def environment(folder: Path, gateway: SandboxServer) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "FLASK_SECRET_KEY": "servers",
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/shop.sqlite3",
        **{f"FLASK_{name}": key for name, key in KEYS.items()},
        "FLASK_BDQUICKPAY_BASE_URL": gateway.base_url,
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + 60
    while not listens(port):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

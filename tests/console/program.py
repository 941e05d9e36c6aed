"""`flask --app … bdquickpay …` as a process of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..shop import Shop

ROOT = Path(__file__).parents[2]
APP = """
import logging, os, sys
from types import SimpleNamespace
from tests.shop import make_shop

gateway = SimpleNamespace(base_url=os.environ["TEST_GATEWAY"])
shop = make_shop(os.environ["TEST_DATABASE"], gateway)
app = shop.app
if "TEST_NOISE" in os.environ:
    logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
    with app.app_context():
        shop.db.engine.echo = True
"""


class Program:
    """`flask --app … bdquickpay …` as a process, on the database and gateway of a shop."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        (folder / "program.py").write_text(APP)
        self.environ = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
            "PYTHONWARNINGS": "ignore",
            "TEST_GATEWAY": shop.server.base_url,
            "TEST_DATABASE": shop.app.config["SQLALCHEMY_DATABASE_URI"],
            "TERM": "xterm-256color",
        }
        for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "FLASK_DEBUG"):
            self.environ.pop(name, None)
        self.folder = folder

    def start(self, *args: object, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "flask", "--app", "program", "bdquickpay"]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen(
            [*command, *map(str, args)],
            cwd=self.folder,
            env=self.environ,
            text=True,
            **streams,
        )

    def run(self, *args: object) -> tuple[int, str, str]:
        with self.start(*args) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def on_terminal(self, *args: object, columns: int = 80, typed: str = "") -> tuple[int, str]:
        """Run on a pseudo-terminal, at which somebody types; return the exit code and all that it
        showed."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with self.start(*args, stdin=slave, stdout=slave, stderr=slave) as process:
            os.close(slave)
            os.write(master, f"{typed}\x04".encode())  # and then nothing more
            shown = b"".join(_until_closed(master))
        os.close(master)
        return process.returncode, shown.decode()


def _until_closed(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # how Linux says that nobody has the terminal any more
            return
        if not chunk:
            return
        yield chunk


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

"""The tutorial, as a reader goes through it: each file copied, each command run, in its order."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from ..doctor.patients import free_port
from .pages import DOCS, read
from .recipes.bench import BLOCK, NAME, command_line, csrf_token, surroundings

PAGE = DOCS / "tutorial.md"
SERVE = "flask --app shop run"
#: What is not run again here: `test_packaging.py` installs the wheel in a new environment.
INSTALL = [
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install Flask-BDQuickPay pytest",
]


def blocks() -> list[tuple[str, str]]:
    """The name in the first line of each block, and all that stands in it."""
    return [(name[1], code) for code in BLOCK.findall(read(PAGE)) if (name := NAME.match(code))]


def commands() -> list[str]:
    """What is typed into a terminal, line by line."""
    said = [code.splitlines()[1:] for name, code in blocks() if name.endswith("terminal")]
    return [line for lines in said for line in lines]


class Reader:
    """Somebody who does what the page says, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.typed = [*INSTALL, SERVE]
        self.browser = requests.Session()
        self.browser.trust_env = False
        for name, code in blocks():
            if name.endswith(".py"):
                (folder / name).write_text(code, encoding="utf-8")

    def runs(self, command: str) -> str:
        """Run a command of the page; return what it prints."""
        assert command in commands()
        self.typed.append(command)
        pytest_alone = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
        done = subprocess.run(
            pytest_alone if command == "pytest" else command_line(command),
            cwd=self.folder,
            env=surroundings(),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def shop(self) -> Iterator[None]:
        serve = [*command_line(SERVE), "--port", str(self.port)]
        with subprocess.Popen(serve, cwd=self.folder, env=surroundings()) as process:
            try:
                self._wait(process)
                yield
            finally:
                process.terminate()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert process.poll() is None
            try:
                self.browser.get(f"http://127.0.0.1:{self.port}/static/none", timeout=5)
                return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError("the shop did not start")

    def buys(self, **form: str) -> str:
        """Buy, pay at the sandbox, and return the page on which that ends."""
        shop = f"http://127.0.0.1:{self.port}"
        order = self.browser.get(shop, timeout=30)
        assert "Tea for 320.00 taka" in order.text
        action = re.search(r'action="([^"]+)"', order.text)
        assert action is not None
        token = {"csrf_token": csrf_token(order.text)}
        page = self.browser.post(shop + html.unescape(action[1]), data=token, timeout=30)
        assert "no real money moves" in page.text
        assert "Try what can go wrong" in page.text
        self.browser.post(page.url, data=form, timeout=30)
        self.order = order.url
        return self.browser.get(order.url, timeout=30).text


@pytest.mark.thorough
def test_who_follows_it_ends_with_a_paid_order_and_a_test(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    with reader.shop():
        assert ": paid" in reader.buys(action="pay")
        assert "completed" in reader.runs("flask --app shop bdquickpay payments")
        assert "pending > completed" in reader.runs("flask --app shop bdquickpay show 1")
        assert ": new" in reader.buys(action="other", amount="321", completes="on")
        assert "flagged" in reader.runs("flask --app shop bdquickpay payments --status flagged")
        reader.runs(next(line for line in commands() if " resolve 2 --accept " in line))
        assert ": paid" in reader.browser.get(reader.order, timeout=30).text
        assert "Payments looked at: 0" in reader.runs("flask --app shop bdquickpay reconcile")
    assert "1 passed" in reader.runs("pytest")
    assert reader.typed == commands()

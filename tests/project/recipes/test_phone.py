"""The recipe "On a phone"."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import pytest
import requests

from .bench import (
    Bench,
    command_line,
    csrf_token,
    lines,
    place,
    run,
    settings,
    surroundings,
    value,
    wait_for,
)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


@contextmanager
def running(command: str, cwd: Path, port: int, **environment: str) -> Iterator[None]:
    """A command of a recipe while it serves a port."""
    with subprocess.Popen(
        command_line(command),
        cwd=cwd,
        env=surroundings(**environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(lambda: process.poll() is not None or answers(port))
            assert process.poll() is None, command
            yield
        finally:
            process.terminate()


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


class Phone:
    """The recipe with this machine in the place of the computer in the network."""

    def __init__(self, bench: Bench) -> None:
        bench.copy("On a phone")
        self._ports = {port: free_port() for port in ("5005", "5443", "5000")}
        self.commands = [
            [self.here(line) for line in lines("On a phone", f"{name} terminal")]
            for name in ("first", "second", "third")
        ]
        front = bench.folder / "front.py"
        front.write_text(self.here(front.read_text()))
        self.sandbox, self.front, self.shop = (int(port) for port in self._ports.values())

    def here(self, text: str) -> str:
        text = text.replace("0.0.0.0", "127.0.0.1").replace("192.168.0.20", "127.0.0.1")
        for theirs, ours in self._ports.items():
            text = re.sub(rf"\b{theirs}\b", str(ours), text)
        return text.replace("example_shop", "shop")


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_on_a_phone(bench: Bench) -> None:
    phone = Phone(bench)
    app = bench.app(bench.load("shop"))
    place(app, bench.load("shop"), "a1")
    (sandbox,), (front,), (*exports, shop) = phone.commands
    given = settings([line.removeprefix("export ") for line in exports])
    with ExitStack() as stack:
        stack.enter_context(running(sandbox, bench.folder, phone.sandbox))
        stack.enter_context(running(front, bench.folder, phone.front))
        stack.enter_context(running(shop, bench.folder, phone.shop, **given))
        buys_on(phone)
        wait_for(lambda: value(app, bench.load("shop").Order.status) == "paid")
        assert controls_of(phone) == {404}


def buys_on(phone: Phone) -> None:
    """Buy as a phone's browser does, in which the certificate was accepted."""
    order = f"http://127.0.0.1:{phone.shop}/orders/a1"
    with requests.Session() as browser:
        browser.verify, browser.trust_env = False, False
        token = csrf_token(browser.get(order).text)
        checkout = order.replace("/orders/", "/bdquickpay/checkout/")
        page = browser.post(checkout, data={"csrf_token": token})
        assert page.url.startswith(f"https://127.0.0.1:{phone.front}/pay/bkash/")
        style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page.text)
        assert style is not None
        assert browser.get(f"https://127.0.0.1:{phone.front}{style[1]}").status_code == 200
        own = {"Origin": f"https://127.0.0.1:{phone.front}"}  # as an older browser says it
        assert browser.post(page.url, data={"action": "pay"}, headers=own).url == order


def controls_of(phone: Phone) -> set[int]:
    """What the phone is answered when it looks for more than payment pages."""
    controls = "/sandbox/api/payments"
    tried = ("/", controls, f"/pay/..{controls}", "/api/bkash/v1/payment/verify")
    return {front_answers(phone.front, path) for path in tried}


def front_answers(port: int, path: str) -> int:
    """The status of a path that is sent as it is written, dots and all."""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    with closing(HTTPSConnection("127.0.0.1", port, context=anyone, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_sandbox_stays_on_this_machine_until_told(bench: Bench) -> None:
    bench.copy("On a phone")
    done = run(bench, "flask --app shop bdquickpay sandbox --host 0.0.0.0")
    assert done.returncode == 2
    assert "--allow-remote" in done.stderr


def test_settings_of_the_phone_are_those_that_the_sandbox_prints(bench: Bench) -> None:
    phone = Phone(bench)
    ((sandbox,), _, (*exports, _)) = phone.commands
    with subprocess.Popen(
        command_line(sandbox),
        cwd=bench.folder,
        env=surroundings(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = "".join(iter(process.stdout.readline, "Ctrl-C ends it.\n"))
        process.terminate()
    for name, text in settings([line.removeprefix("export FLASK_") for line in exports]).items():
        assert re.search(rf'{name} = \[?"{re.escape(text)}"', printed), (name, printed)

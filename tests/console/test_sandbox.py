"""`sandbox`: the settings that it prints work."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .commandline import run
from .program import Program


@contextmanager
def sandbox(program: Program, *args: object) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the sandbox; yield its process and the lines that it printed first."""
    with program.start("sandbox", "--port", 0, *args) as process:
        assert process.stdout is not None
        lines = []
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line, process.communicate()
            lines.append(line)
        try:
            yield process, lines
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def settings_in(lines: list[str]) -> dict[str, str]:
    found = re.findall(r'^  (BDQUICKPAY_\w+) = "(.+)"$', "".join(lines), re.MULTILINE)
    return dict(found)


@pytest.mark.thorough
@on_sqlite
def test_the_sandbox_prints_settings_that_work(program: Program, new_shop: NewShop) -> None:
    with sandbox(program) as (process, lines):
        shop = new_shop(**settings_in(lines))
        payment = shop.started()
        assert requests.get(payment.payment_url, timeout=10).status_code == 200
        assert lines[0] == "SANDBOX: no real money moves.\n"
    assert process.returncode == 0


@pytest.mark.thorough
@on_sqlite
def test_the_sandbox_keeps_its_state_in_a_file(
    program: Program, new_shop: NewShop, tmp_path: Path
) -> None:
    state = tmp_path / "state.sqlite3"
    with sandbox(program, "--state", state) as (_, lines):
        payment = new_shop(**settings_in(lines)).started()
    with sandbox(program, "--state", state) as (_, lines):
        shop = new_shop(**settings_in(lines))
        assert run(shop, "verify", payment.id).exit_code == 0


@pytest.mark.thorough
@on_sqlite
def test_a_port_that_is_taken_is_one_line(program: Program, shop: Shop) -> None:
    code, out, err = program.run("sandbox", "--port", shop.server.port)
    assert (code, out) == (1, "")
    assert "Choose another port" in err
    assert len(err.splitlines()) == 1


@pytest.mark.thorough
@on_sqlite
def test_the_sandbox_lets_others_in_when_told(program: Program) -> None:
    with sandbox(program, "--host", "0.0.0.0", "--allow-remote") as (_, lines):
        assert "http://127.0.0.1:" in "".join(lines)


@pytest.mark.thorough
@on_sqlite
def test_the_sandbox_behind_a_tunnel_names_the_host_to_trust(
    program: Program, new_shop: NewShop
) -> None:
    with sandbox(program, "--public-url", "https://tunnel.example.com") as (_, lines):
        assert '  BDQUICKPAY_PAYMENT_HOSTS = ["tunnel.example.com"]\n' in lines
        shop = new_shop(**settings_in(lines), BDQUICKPAY_PAYMENT_HOSTS=["tunnel.example.com"])
        assert shop.started().payment_url.startswith("https://tunnel.example.com/")

"""Running the sandbox: on a port, and embedded, as one for all processes of an app."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import requests

from flask_bdquickpay.sandbox import SandboxError, create_sandbox
from flask_bdquickpay.sandbox.server import (
    STATE_FILE,
    Embedded,
    SandboxServer,
    embedded,
    identity_at,
)
from flask_bdquickpay.sandbox.store import Store

from .tools import Caller

ANOTHER_PROCESS = """
import sys
from flask_bdquickpay.sandbox.server import embedded
found = embedded(sys.argv[1])
print(found.url, flush=True)
sys.stdin.read()
"""

FORKING_PROCESS = """
import os, sys, time, requests
from flask_bdquickpay.sandbox.server import embedded
found = embedded(sys.argv[1])
end, start = os.pipe()
if os.fork():
    os.read(end, 1)
    os._exit(0)
assert found._server is None
assert requests.get(found.url).status_code == 200
os.write(start, b"x")
while found._look():
    time.sleep(0.01)
before = found.url
found.ensure()
assert found.url == before
assert requests.get(found.url).status_code == 200
print("taken over", flush=True)
os._exit(0)
"""

ENDS_WITHIN_A_STATEMENT = """
import threading
from flask_bdquickpay.sandbox.store import Store
store, begun = Store(), threading.Event()
store._connection.create_function("begin", 0, begun.set)
slow = "WITH RECURSIVE n(i) AS (SELECT begin() UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"
threading.Thread(target=store._run, args=[slow], daemon=True).start()
begun.wait()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that embeds the sandbox of this folder; and the address it found."""
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Embedded]:
    found = embedded(tmp_path)
    yield found
    found.close()


def test_serves_on_a_free_loopback_port_until_closed() -> None:
    with SandboxServer() as server:
        assert server.base_url == f"http://127.0.0.1:{server.port}/api/bkash/v1"
        assert Caller(server).create().status_code == 200
        assert server.running
    assert not server.running
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=5)
    server.close()  # twice does no harm


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "shop.example", ""])
def test_refuses_to_be_reached_by_others(host: str) -> None:
    with pytest.raises(SandboxError, match="allow_remote=True"):
        SandboxServer(host=host)


def test_is_reached_by_others_when_told_to() -> None:
    with SandboxServer(host="0.0.0.0", allow_remote=True) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert requests.get(server.url, timeout=5).status_code == 200


def test_a_taken_port_is_a_clear_error() -> None:
    with SandboxServer() as server, pytest.raises(SandboxError, match="Choose another port"):
        SandboxServer(port=server.port)


def test_serves_an_app_of_ones_own() -> None:
    app = create_sandbox("my-key", "my-secret", merchant="Me")
    with SandboxServer(app) as server:
        assert server.app is app
        assert Caller(server).create().status_code == 401


def test_a_client_that_says_nothing_does_not_hold_up_closing() -> None:
    with SandboxServer() as server, socket.create_connection((server.host, server.port)):
        assert requests.get(server.url, timeout=5).status_code == 200


def test_state_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    with SandboxServer(path=path) as server:
        shop = Caller(server)
        paid, failed = shop.new(metadata={"a": [1]}), shop.new(amount=1.5)
        before = shop.sandbox.pay(paid).payment
        shop.sandbox.advance(60)
        shop.sandbox.switch(expired_status="expired")
    with SandboxServer(path=path) as server:
        shop = Caller(server)
        assert shop.sandbox.find(paid) == before
        assert shop.sandbox.find(failed).status == "pending"
        assert shop.sandbox.clock.offset == 60
        assert shop.sandbox.switches["expired_status"] == "expired"
        assert [payment.id for payment in shop.sandbox.payments] == [2, 1]
        shop.new()
        assert shop.sandbox.payments[0].id == 3


def test_what_a_crash_cut_off_is_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    store = Store(path)
    now = create_sandbox().extensions["bdquickpay_sandbox"].clock.now()
    store.add_delivery(
        invoice_id="X", url="http://127.0.0.1:1/", app_key="k", body={}, state="sending",
        attempts=1, created_at=now,
    )  # fmt: skip
    store.close()
    with SandboxServer(path=path) as server:
        for _ in range(500):
            if server.sandbox.deliveries[0].state == "failed":
                break
            threading.Event().wait(0.01)
        assert server.sandbox.deliveries[0].attempts == 2


@pytest.mark.parametrize("broken", ["garbage", "foreign", "newer", "folder"])
def test_a_broken_state_file_is_a_clear_error(tmp_path: Path, broken: str) -> None:
    path = tmp_path / STATE_FILE
    if broken == "folder":
        path.mkdir()
    elif broken == "garbage":
        path.write_bytes(b"no database" * 1000)
    else:
        sql = "CREATE TABLE a (b)" if broken == "foreign" else "PRAGMA user_version = 99"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql)
    with pytest.raises(SandboxError, match=STATE_FILE):
        embedded(tmp_path)


def test_an_instance_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SandboxError, match="cannot make the folder"):
        embedded(tmp_path / "file" / "instance")


def test_embedded_serves_and_remembers_its_address(tmp_path: Path) -> None:
    first = embedded(tmp_path / "instance")
    assert requests.get(first.url, timeout=5).status_code == 200
    assert first.ensure() == first.base_url == f"{first.url}/api/bkash/v1"
    first.close()
    again = embedded(tmp_path / "instance")
    assert again.url == first.url
    again.close()


def test_one_process_has_one_sandbox_per_folder(shared: Embedded, tmp_path: Path) -> None:
    second = embedded(tmp_path)
    assert second.url == shared.url
    second.close()  # was not the one that serves
    assert identity_at(int(shared.url.rpartition(":")[2])) is not None
    other = embedded(tmp_path / "other")
    assert other.url != shared.url
    other.close()


def test_another_program_at_the_remembered_port_is_left_alone(tmp_path: Path) -> None:
    first = embedded(tmp_path)
    first.close()
    port = int(first.url.rpartition(":")[2])
    with SandboxServer(port=port) as stranger:
        second = embedded(tmp_path)
        assert second.url not in (first.url, stranger.url)
        second.close()


def test_another_process_finds_the_sandbox_that_runs(shared: Embedded, tmp_path: Path) -> None:
    with another_process(tmp_path) as (_, url):
        assert url == shared.url


def test_the_sandbox_outlives_the_process_that_served_it(tmp_path: Path) -> None:
    with another_process(tmp_path) as (process, url):
        mine = embedded(tmp_path)
        assert mine.url == url
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    mine._seen = 1e-9  # the last look was long ago
    assert mine.ensure().startswith(url)
    assert requests.get(mine.url, timeout=5).status_code == 200
    mine.close()


@pytest.mark.thorough
def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ExitStack() as stack:
        found: list[str] = []
        starting = [another_process(tmp_path) for _ in range(4)]
        threads = [
            threading.Thread(target=lambda one=one: found.append(stack.enter_context(one)[1]))
            for one in starting
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert len(set(found)) == 1
        assert requests.get(found[0], timeout=5).status_code == 200


def test_nobody_waits_for_a_process_that_looks_for_the_sandbox(tmp_path: Path) -> None:
    """Least of all the sandbox that is just starting there and writes to the same file."""
    embedded(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / STATE_FILE, timeout=0)) as state, ExitStack() as stack:
        stranger = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = str(stranger.getsockname()[1])
        with state:
            state.execute("UPDATE settings SET value = ? WHERE name = 'port'", [port])
        looking = threading.Thread(target=lambda: stack.callback(embedded(tmp_path).close))
        looking.start()
        for _ in range(2):  # it looks, tries to listen, and looks again
            connection, _ = stranger.accept()
            with connection, state:
                state.execute("INSERT OR REPLACE INTO settings VALUES ('test', '1')")
        looking.join()


def test_a_process_may_end_while_the_sandbox_works() -> None:
    root = str(Path(__file__).parents[2])
    code = [sys.executable, "-c", ENDS_WITHIN_A_STATEMENT]
    assert subprocess.run(code, cwd=root, timeout=60, check=False).returncode == 0


def test_ensure_is_safe_from_many_threads(shared: Embedded, tmp_path: Path) -> None:
    shared.close()
    everyone = [embedded(tmp_path) for _ in range(3)]
    threads = [threading.Thread(target=one.ensure) for one in everyone * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.url for one in everyone} == {shared.url}
    for one in everyone:
        one.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_takes_over(tmp_path: Path) -> None:
    """As in a server that loads the app first, and forks its workers then."""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING_PROCESS, str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert "taken over" in answer.stdout, answer.stderr

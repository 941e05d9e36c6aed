"""The staircase of fixtures: server → database → shop."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from types import CodeType, SimpleNamespace
from typing import Any

import pytest
import werkzeug.routing
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from flask_bdquickpay.gateway import client, pace
from flask_bdquickpay.sandbox.server import SandboxServer

from . import databases, rounds
from .shop import KEYS, Shop, check_tables, make_shop

MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    tempfile.tempdir = str(MEMORY)  # a disk's fsync would be most of the time

# Each test makes an app, which would compile the same templates and URL rules anew.


class Templates(BytecodeCache):
    """Compiles a template once."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.code


class Rule(werkzeug.routing.Rule):
    """Compiles what builds the URLs of a rule once."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if self.defaults:
            return super()._compile_builder(append_unknown)
        key = (self.rule, *self._trace, append_unknown)
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


_builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
Flask.url_rule_class = Rule
Flask.jinja_options = {"bytecode_cache": Templates()}

DATABASES = os.environ.get("TEST_DATABASES", "sqlite,postgresql,mariadb").split(",")

pytest_addoption = rounds.add_option


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    rounds.choose(config, items)


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests, which every collection of garbage would go through


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with databases.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    with databases.mariadb() as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/shop.sqlite3"
        return
    server = request.getfixturevalue(f"{request.param}_server")
    with databases.fresh_database(server) as uri:
        yield uri


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """The sandbox gateway on a loopback port; its clock ends what it made a client wait for."""
    with SandboxServer(
        app_key=KEYS["BDQUICKPAY_APP_KEY"],
        secret_key=KEYS["BDQUICKPAY_SECRET_KEY"],
        synchronous=True,
    ) as running:
        monkeypatch.setattr(pace, "monotonic", lambda: monotonic() + running.sandbox.clock.offset)
        # A call that failed is repeated as often as ever, but soon.
        monkeypatch.setattr(client, "random", SimpleNamespace(uniform=lambda low, high: low / 20))
        yield running


@pytest.fixture
def new_shop(database_uri: str, server: SandboxServer) -> Iterator[Callable[..., Shop]]:
    """Make a shop with settings of the test's own; all shops of a test share the database."""
    shops: list[Shop] = []

    def make(**config: Any) -> Shop:
        shops.append(make_shop(database_uri, server, **config))
        return shops[-1]

    yield make
    for thread in threading.enumerate():
        if thread.name == "bdquickpay-outbox":
            thread.join(30)
    for shop in shops:
        with shop.app.app_context():
            shop.db.engine.dispose()
    check_tables()


@pytest.fixture
def shop(new_shop: Callable[..., Shop]) -> Shop:
    """A shop with the default settings."""
    return new_shop()

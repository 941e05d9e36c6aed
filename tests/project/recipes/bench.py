"""A bench on which a recipe is copied from docs/howto and run."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from werkzeug.test import TestResponse

from flask_bdquickpay import BDQuickPay
from flask_bdquickpay.payments import signals
from flask_bdquickpay.sandbox.kit import Gateway

from ..pages import HOW_TO, section
from ..source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: The first line of a block names its file.
NAME = re.compile(r"(?:#|\{#) (.+?)(?: #\})?\n")


def blocks(heading: str) -> list[tuple[str, str]]:
    """The blocks of a recipe: the name of the file, and all that stands in it."""
    recipe = section(heading, *HOW_TO)
    found = [(NAME.match(code), code) for code in BLOCK.findall(recipe)]
    assert all(name for name, _ in found), f"a block of {heading!r} does not name its file"
    return [(name[1], code) for name, code in found if name]


def block(heading: str, name: str) -> str:
    return dict(blocks(heading))[name]


def lines(heading: str, name: str) -> list[str]:
    return block(heading, name).splitlines()[1:]


def readme_shop() -> str:
    app: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    return app[0]


class Bench:
    """A folder into which a reader copies a recipe, and in which it is run."""

    def __init__(self, folder: Path, gateway: Gateway) -> None:
        self.folder, self.gateway = folder, gateway
        self._modules: set[str] = set()
        self._apps: list[Flask] = []

    def write(self, name: str, code: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
        return path

    def copy(self, heading: str, *, readme: bool = True) -> None:
        if readme:
            self.write("shop.py", readme_shop())
        for name, code in blocks(heading):
            if name.endswith((".py", ".html")):
                self.write(name, code)

    def load(self, name: str) -> ModuleType:
        self._modules |= {name, "shop"}
        return importlib.import_module(name)

    def app(self, module: ModuleType) -> Flask:
        app: Flask = vars(module).get("app") or module.create_app()
        self._apps.append(app)
        return app

    def close(self) -> None:
        for thread in threading.enumerate():
            if thread.name == "bdquickpay-outbox":
                thread.join(30)
        for app in self._apps:
            with app.app_context():
                database(app).engine.dispose()
        for signal in (*signals.OF_STATUS.values(), signals.payment_changed):
            for receiver in list(signal.receivers_for(self)):
                if receiver.__module__ in self._modules:
                    signal.disconnect(receiver)
        for name in self._modules:
            sys.modules.pop(name, None)


def database(app: Flask) -> SQLAlchemy:
    found: SQLAlchemy = app.extensions["sqlalchemy"]
    return found


def extension(app: Flask) -> BDQuickPay[Any, Any, Any]:
    """The extension object of the module that made the app."""
    found: BDQuickPay[Any, Any, Any] = vars(sys.modules[app.import_name])["bdquickpay"]
    return found


def place(app: Flask, shop: ModuleType, *references: str) -> None:
    """Add orders of 500 taka."""
    add(app, *(shop.Order(reference=reference, total=500) for reference in references))


def add(app: Flask, *objects: Any) -> None:
    with app.app_context():
        database(app).session.add_all(objects)
        database(app).session.commit()


def value(app: Flask, column: Any) -> Any:
    with app.app_context():
        return database(app).session.scalar(database(app).select(column))


def csrf_token(page: str) -> str:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None, page
    return token[1]


def press(client: FlaskClient, page: str, **data: str) -> TestResponse:
    return client.post(page, data=data | {"csrf_token": csrf_token(client.get(page).text)})


def run(bench: Bench, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a recipe in the bench's folder."""
    return subprocess.run(
        command_line(command),
        cwd=bench.folder,
        env=surroundings(**environment),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def command_line(command: str) -> list[str]:
    words = shlex.split(command)
    modules = {"flask": ["-m", "flask"], "celery": ["-m", "celery"], "rq": ["-m", "rq.cli"]}
    return [sys.executable, *({"python": []} | modules)[words[0]], *words[1:]]


def surroundings(**environment: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | environment


@contextmanager
def bench_down(bench: Bench) -> Iterator[None]:
    """Meanwhile the gateway answers nothing but errors."""
    bench.gateway.fault("500", times=None)
    yield
    bench.gateway.clear_faults()


def settings(text: list[str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text)


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)

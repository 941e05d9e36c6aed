"""Runs the sandbox on a loopback port: for a `with` block, or for every process of an app."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import secrets
import socket
import threading
import time
import weakref
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from pathlib import Path
from sqlite3 import Connection, Error
from typing import Any

from flask import Flask

from .admin import PREFIX as ADMIN_PREFIX
from .api import PREFIX
from .app import create_sandbox
from .control import Sandbox
from .errors import SandboxError
from .listener import Listener
from .store import connect

LOOPBACK = "127.0.0.1"
STATE_FILE = "bdquickpay-sandbox.sqlite3"
PATIENCE = 10.0


class SandboxServer:
    """A sandbox that is served from construction to `close()`, by a daemon thread.

    `port` 0 takes a free one. A host that others can reach is refused unless `allow_remote`.
    Without an `app`, one is made: `options` are those of `create_sandbox`.
    """

    app: Flask
    host: str
    port: int

    def __init__(
        self,
        app: Flask | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        *,
        allow_remote: bool = False,
        listening: socket.socket | None = None,
        **options: Any,
    ) -> None:
        if not allow_remote and not is_loopback(host):
            raise SandboxError(
                f"The sandbox only listens on this machine, not on {host}. "
                "Anyone who reaches it can pay with nothing; allow_remote=True allows it."
            )
        with listening or listen(host, port) as found:
            self.app = app or create_sandbox(**options)
            self._listener = Listener(host, found, self.app)
        self.app.extensions["bdquickpay_sandbox_hosts"].listens_at(host, remote=allow_remote)
        self.host, self.port = host, self._listener.port
        self._thread = threading.Thread(target=self._listener.run, daemon=True)
        self._thread.start()
        self.sandbox.webhooks.wake()

    @property
    def sandbox(self) -> Sandbox:
        found: Sandbox = self.app.extensions["bdquickpay_sandbox"]
        return found

    @property
    def url(self) -> str:
        """Where its pages are. One that listens everywhere is shown at its loopback address."""
        shown = {"0.0.0.0": LOOPBACK, "::": "::1", "": LOOPBACK}.get(self.host, self.host)  # noqa: S104
        return f"http://[{shown}]:{self.port}" if ":" in shown else f"http://{shown}:{self.port}"

    @property
    def base_url(self) -> str:
        """What a shop calls: its BDQUICKPAY_BASE_URL."""
        return self.url + PREFIX

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> None:
        """Until somebody closes it, or the user presses Ctrl-C."""
        while self.running:
            self._thread.join(1)

    def close(self) -> None:
        """Stop serving, end every thread and forget an in-memory state."""
        if self.running:
            self.sandbox.stopping.set()
            self._listener.close(self._thread)
        self.sandbox.close()

    def forget(self) -> None:
        """In a forked child: let go of the parent's port, and of nothing else."""
        with suppress(OSError):
            self._listener.socket.close()

    def __enter__(self) -> SandboxServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or a clear error."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        raise SandboxError(
            f"The sandbox cannot listen on {host}, port {port}: {error}. "
            "Choose another port; 0 takes a free one."
        ) from error


class Embedded:
    """The one sandbox of all processes that share a state file.

    Whoever calls `ensure()` first serves it; the others find it at the port remembered in the
    file. When the serving process ends, the next `ensure()` serves it again, at the same address.
    """

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self.path: Path = path
        self._options = options
        self._port, self._seen, self._server = 0, 0.0, None  # type: tuple[int, float, SandboxServer | None]
        self._lock = threading.Lock()
        _everywhere.add(self)
        self.ensure()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def base_url(self) -> str:
        return self.url + PREFIX

    def ensure(self) -> str:
        """Make sure that it runs; returns its `base_url`. Cheap: a look at another process's
        sandbox holds for a second."""
        with self._lock:
            if not self._is_alive():
                self._elect()
            return self.base_url

    def close(self) -> None:
        """Stop serving, if this process does."""
        with self._lock:
            if self._server is not None:
                self._server.close()
            self._server, self._seen = None, 0.0

    def forget(self) -> None:
        """In a forked child: the parent serves, this process does not."""
        self._lock, self._seen = threading.Lock(), 0.0
        if self._server is not None:
            self._server.forget()
        self._server = None

    @property
    def lock(self) -> AbstractContextManager[Any] | None:
        """What keeps the state file at rest, in the process that serves it."""
        return None if self._server is None else self._server.sandbox.store.lock

    def _is_alive(self) -> bool:
        if self._server is not None:
            return self._server.running
        if self._seen and time.monotonic() - self._seen < 1:
            return True
        return self._seen > 0 and self._look()

    def _elect(self) -> None:
        """Find the live sandbox or become it. Rivals meet at the port, where only one can listen,
        and at its row in the file: no lock is held while one looks at another, which may be busy
        writing to the same file."""
        self._server = None
        with closing(connect(self.path)) as connection:
            try:
                found = self._find_or_listen(connection)
            except Error as error:
                raise SandboxError(f"The sandbox cannot use {self.path}: {error}") from error
        if found is not None:
            self._server = SandboxServer(listening=found, path=self.path, **self._options)

    def _find_or_listen(self, connection: Connection) -> socket.socket | None:
        """The socket to serve at; None if another process serves."""
        self._identity: str = _remembered(connection, "identity", secrets.token_hex(16))
        while True:
            remembered = self._port = _remembered(connection, "port", 0)
            if remembered and self._look():
                return None
            found = self._listen()
            if found is None:
                return None
            self._port = found.getsockname()[1]
            if _replaced(connection, "port", remembered, self._port):
                return found
            found.close()  # a rival's port was written first

    def _listen(self) -> socket.socket | None:
        """At the remembered port if it is free; None if a rival came to serve there meanwhile."""
        try:
            return listen(LOOPBACK, self._port)
        except SandboxError:
            return None if self._look() else listen(LOOPBACK, 0)  # another program has our port

    def _look(self) -> bool:
        alive = identity_at(self._port) == self._identity
        self._seen = time.monotonic() if alive else 0.0
        return alive


def embedded(instance_path: str | Path, **options: Any) -> Embedded:
    """The sandbox of `BDQUICKPAY_SANDBOX = True`, its state in a file in the instance folder.

    `options` are those of `create_sandbox`; they count for the process that serves it.
    """
    folder = Path(instance_path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxError(f"The sandbox cannot make the folder {folder}: {error}") from error
    return Embedded(folder / STATE_FILE, options)


def identity_at(port: int) -> str | None:
    """The id of the sandbox at this loopback port; None if there is none. One that listens
    already may need a while until it answers."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE)
    try:
        connection.request("GET", f"{ADMIN_PREFIX}/identity")
        answer = json.loads(connection.getresponse().read(1000))
        return str(answer["id"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _remembered(connection: Connection, name: str, default: Any) -> Any:
    sql = "INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)"
    connection.execute(sql, [name, json.dumps(default)])
    row = connection.execute("SELECT value FROM settings WHERE name = ?", [name]).fetchone()
    return json.loads(row[0])


def _replaced(connection: Connection, name: str, old: Any, new: Any) -> bool:
    sql = "UPDATE settings SET value = ? WHERE name = ? AND value = ?"
    changed = connection.execute(sql, [json.dumps(new), name, json.dumps(old)])
    return bool(changed.rowcount)


_everywhere: weakref.WeakSet[Embedded] = weakref.WeakSet()


_held = ExitStack()


def _hold_all() -> None:
    """Let no statement be under way: in the child SQLite would take its lock for held for ever."""
    for found in list(_everywhere):
        if (lock := found.lock) is not None:
            _held.enter_context(lock)


def _forget_all() -> None:
    _held.close()
    for found in list(_everywhere):
        found.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_all, after_in_parent=_held.close, after_in_child=_forget_all)

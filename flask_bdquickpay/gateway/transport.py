"""Pooled HTTP connections that obey one deadline from connect to the last byte.

The time-out of requests is per `recv`, so a server that drips bytes outlives it. Here every socket
operation gets only the time that is left.
"""

from __future__ import annotations

import io
import socket
from http.client import BadStatusLine
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from ..deadline import remaining


class _Reader(io.RawIOBase):
    """Reads a socket, each time for no longer than is left."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(remaining())
        return self._socket.recv_into(buffer)


class _Socket:
    """A socket that obeys the deadline, and sends a request's head and body in one piece."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._unsent = b""

    def makefile(self, mode: str, *args: Any, **kwargs: Any) -> Any:
        # The real file is kept beside the reader: the socket counts it, and stays open for it.
        held: Any = self._socket.makefile(mode, *args, **kwargs)  # type: ignore[call-overload]
        return _File(_Reader(self._socket), held)

    def sendall(self, data: bytes) -> None:
        self._unsent += data

    def flush(self) -> None:
        data, self._unsent = self._unsent, b""
        self._socket.settimeout(remaining())
        self._socket.sendall(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class _File(io.BufferedReader):
    def __init__(self, raw: _Reader, held: Any) -> None:
        super().__init__(raw)
        self._held = held

    def close(self) -> None:
        super().close()
        self._held.close()


def _resolve(host: str, port: int) -> list[Any]:
    """The addresses of a host. The resolver knows no time-out, so another thread waits for it."""
    answer: SimpleQueue[list[Any] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, ValueError) as error:
            answer.put(OSError(f"{host} has no address: {error}"))

    Thread(target=look_up, daemon=True).start()
    try:
        found = answer.get(timeout=remaining())
    except Empty:
        raise TimeoutError(f"the address of {host} was not found in time") from None
    if isinstance(found, OSError):
        raise found
    return found


def _connect(address: Any, seconds: float, options: Any) -> socket.socket:
    family, kind, protocol, _, place = address
    sock = socket.socket(family, kind, protocol)
    try:
        for option in options or ():
            sock.setsockopt(*option)
        sock.settimeout(seconds)
        sock.connect(place)
        sock.settimeout(remaining())
    except BaseException:
        sock.close()
        raise
    return sock


def _connect_to_any(addresses: list[Any], options: Any) -> socket.socket:
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            return _connect(address, remaining() / left, options)
        except OSError:
            if left == 1:
                raise
    raise OSError("the host has no address")


class _Connects:
    """Connects to each address of a host within what is left, not that long to each."""

    def _new_conn(self: Any) -> socket.socket:
        try:
            addresses = _resolve(self._dns_host, self.port)
            return _connect_to_any(addresses, self.socket_options)
        except OSError as error:
            # A bare ConnectionResetError would be taken for one that came after the request.
            raise NewConnectionError(self, f"no connection: {error}") from error

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # a mixin of urllib3's connections
        vars(self)["sock"] = _Socket(vars(self)["sock"])

    def request(self: Any, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)  # type: ignore[misc]
        # urllib3 takes a failure from here as one of sending, after which there may be an answer.
        self.sock.flush()

    def getresponse(self) -> Any:
        response = super().getresponse()  # type: ignore[misc]
        if response.status < 200:
            # The answer proper is still to come: whoever used the connection next would read it.
            raise BadStatusLine(f"an answer of {response.status}")
        return response


class _HTTPConnection(_Connects, HTTPConnection):
    pass


class _HTTPSConnection(_Connects, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """An adapter of requests whose connections obey :func:`.deadline.deadline`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_our_pools(self.poolmanager)

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Take over what we look at; a cookie is none of it."""
        response = requests.Response()
        response.status_code, response.raw = resp.status, resp
        response.headers = CaseInsensitiveDict(resp.headers)
        response.request, response.connection = req, self
        return response

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        _use_our_pools(manager)
        return manager


def _use_our_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

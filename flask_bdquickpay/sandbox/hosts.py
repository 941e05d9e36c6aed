"""Answers only under the sandbox's own names.

A web page can have its own name lead to this machine (DNS rebinding), and would then read and
press everything here through the developer's browser. Its requests still name it as their Host.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.wrappers import Response
from werkzeug.wsgi import get_host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MISDIRECTED = 421
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
REFUSAL = (
    "The sandbox answers only at its own address, such as http://127.0.0.1:%s. To reach it at "
    "another one, through a tunnel say: flask bdquickpay sandbox --public-url https://HOST\n"
)
_PORTS = {"http": 80, "https": 443}


class OwnHosts:
    """WSGI middleware: a request for any other host is refused, whatever it asks for."""

    def __init__(self, app: WSGIApplication, public_url: str | None) -> None:
        self._app = app
        self._names = set(LOOPBACK_NAMES)
        self._public = _public_places(public_url)
        self._remote = False

    def listens_at(self, host: str, *, remote: bool) -> None:
        """Answer at this name, too; with `remote` at the machine's name and at every address,
        whatever the port: something on another machine may lead here."""
        machine = socket.gethostname()
        self._remote = remote
        names = (host, machine, f"{machine}.local") if remote else (host,)
        self._names |= {name.lower() for name in names if name}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if self._is_own(environ):
            return self._app(environ, start)
        text = REFUSAL % environ.get("SERVER_PORT", "5005")
        return Response(text, MISDIRECTED, content_type="text/plain")(environ, start)

    def _is_own(self, environ: WSGIEnvironment) -> bool:
        name, port = _place(get_host(environ), environ["wsgi.url_scheme"])
        if (name, port) in self._public:
            return True
        if self._remote:
            return name in self._names or _is_address(name)
        return name in self._names and str(port) == environ.get("SERVER_PORT")


def _place(host: str, scheme: str) -> tuple[str, int | None]:
    """Name and port of a Host header; no name when it is not one."""
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port or _PORTS.get(scheme)
    except ValueError:
        return "", None
    whole = parts.netloc == host and parts.username is None
    return (parts.hostname or "", port) if whole else ("", None)


def _public_places(url: str | None) -> set[tuple[str, int | None]]:
    """Names and ports of the URL. What stands before us, a tunnel say, may speak plain HTTP to us:
    without a port the one of either scheme is meant."""
    parts = urlsplit(url or "")
    if parts.hostname is None:
        return set()
    return {(parts.hostname, port) for port in ([parts.port] if parts.port else _PORTS.values())}


def _is_address(name: str) -> bool:
    """Whether it is an IP address, which no page can make its own."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

"""Reads a request's body, bounded in size and in time, whichever server it came through.

How much there is to read is known by one of these:

1. `Content-Length`. It is held against the limit before a byte is read.
2. The server took the whole body in before it called us, and hands over a file or a `BytesIO`
   (asgiref's `WsgiToAsgi`, Hypercorn, uvicorn; Waitress too, which adds the length).
3. The server ends the input where the body ends: it sets `wsgi.input_terminated` (gunicorn,
   Werkzeug, gevent, Cheroot), or its input says that it undoes the chunks (eventlet).

A body in chunks of which none is true is not read: on such a server (wsgiref, uWSGI) there is
nothing to be found, or we would wait for a client that has said all that it had to say. 411 asks
for a `Content-Length`, which a proxy such as nginx adds.
"""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Request
from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from ..deadline import remaining, time_left

_PIECE = 16 * 1024
#: Where we cannot end a wait: a server waits until it has all that it is asked for.
_SMALLEST = 1


def read_body(request: Request, limit: int) -> bytes:
    """Return the body, also one that the host has read before us.

    :raises RequestEntityTooLarge: when it is larger than `limit` or than the host's own limit.
    :raises LengthRequired: when nobody can tell where it ends.
    :raises BadRequest: when it is cut off or malformed.
    :raises TimeoutError: when it is not here by the deadline.
    """
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge
    body = _unread(request, limit + 1) or request.get_data()
    if len(body) > limit:
        raise RequestEntityTooLarge
    return body


def _unread(request: Request, most: int) -> bytes:
    """What is left to read; nothing where the host has read it all."""
    read, connection = _stream(request).read, _connection(request)
    waits = connection is None and not _is_at_rest(request.environ["wsgi.input"])
    with _cut_off_at_deadline(connection):
        try:
            return _read(read, most, _SMALLEST if waits else _PIECE)
        except RequestEntityTooLarge:
            raise
        except Exception as error:  # each server has its own for what it can't read
            remaining()  # raises another one if that is why
            raise BadRequest from error


def _read(read: Callable[[int], bytes], most: int, piece: int) -> bytes:
    body = bytearray()
    while len(body) < most:
        remaining()
        found = read(min(piece, most - len(body)))
        if not found:
            break
        body += found
    remaining()  # what ends at the deadline need not be the whole
    return bytes(body)


def _stream(request: Request) -> Any:
    """What can be read to its end."""
    environ = request.environ
    if request.content_length is None and not environ.get("wsgi.input_terminated"):
        if _ends_by_itself(environ["wsgi.input"]):
            known = environ | {"wsgi.input_terminated": True}
            return get_input_stream(known, max_content_length=request.max_content_length)
        if "Transfer-Encoding" in request.headers:
            raise LengthRequired
    return request.stream


def _ends_by_itself(source: Any) -> bool:
    return _is_at_rest(source) or bool(getattr(source, "chunked_input", False))


def _is_at_rest(source: Any) -> bool:
    """Whether it is a file or memory: reading it waits for nobody."""
    return isinstance(source, SpooledTemporaryFile) or (
        isinstance(source, io.IOBase) and source.seekable()
    )


# The deadline


def _connection(request: Request) -> socket.socket | None:
    """The connection that the body comes in on, where the server lets us know it."""
    environ = request.environ
    if not environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1"):
        return None  # others share the connection
    given = (environ.get(name) for name in ("gunicorn.socket", "gunicorn.sock", "werkzeug.socket"))
    source = environ.get("eventlet.input")
    return next(filter(None, given), None) or (source and source.get_socket())


@contextmanager
def _cut_off_at_deadline(connection: socket.socket | None) -> Iterator[None]:
    """Let whoever reads from the connection come to its end at the deadline.

    A client that drips bytes outlives every time-out of a socket, which is for one wait alone.
    """
    if connection is None:
        yield
        return
    seconds = min(max(time_left(), 0), threading.TIMEOUT_MAX)
    timer = threading.Timer(seconds, _end_reading, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end_reading(connection: socket.socket) -> None:
    """Close the way in; the answer still goes out."""
    with suppress(OSError):  # it is gone already
        if isinstance(connection, ssl.SSLSocket):
            socket.socket.shutdown(connection, socket.SHUT_RD)  # its own would end the encryption
        else:
            connection.shutdown(socket.SHUT_RD)

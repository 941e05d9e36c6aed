"""Plays the faults on the wire, around the gateway's API.

The API itself always behaves as documented; what goes wrong goes wrong here, where the raw
connection is at hand. Resets and dripped headers need the sandbox's own server; through Flask's
test client a reset raises `ConnectionResetError` and headers cannot drip.
"""

from __future__ import annotations

import io
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from .calls import tell_call
from .messages import SERVER_ERROR, plain, refusal
from .records import RecordedRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .control import Sandbox

ENDPOINTS = {
    "/api/bkash/v1/payment/create": "create",
    "/api/bkash/v1/payment/verify": "verify",
}
LARGEST_BODY = 1_000_000
#: A list in which the gateway leaves the invoice id that it has made.
MADE = "bdquickpay_sandbox.made"
# Close at once and answer with RST instead of FIN.
NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
Play = Callable[["Exchange", Mapping[str, Any]], Response]


class ConnectionDone(ConnectionError):
    """Everything was written to the raw connection; the server has nothing left to say."""


class Exchange:
    """One call to the API: asks the gateway when it is told to, at most once."""

    app: WSGIApplication
    environ: WSGIEnvironment
    stop: threading.Event

    def __init__(self, app: WSGIApplication, environ: WSGIEnvironment, stop: threading.Event):
        self.app, self.environ, self.stop = app, environ, stop

    def answer(self) -> Response:
        return Response.from_app(self.app, self.environ, buffered=True)

    def wait(self, seconds: float) -> None:
        self.stop.wait(seconds)

    @property
    def connection(self) -> socket.socket | None:
        found: socket.socket | None = self.environ.get("werkzeug.socket")
        return found


class Wire:
    """WSGI middleware: records what the shop sent, then plays the fault that is due, if any."""

    app: WSGIApplication
    sandbox: Sandbox

    def __init__(self, app: WSGIApplication, sandbox: Sandbox) -> None:
        self.app, self.sandbox = app, sandbox

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        endpoint = ENDPOINTS.get(environ.get("PATH_INFO", ""))
        call = self._record(endpoint, Request(environ)) if endpoint else None
        if call is None:
            return self.app(environ, start)
        self.sandbox.gather(call.endpoint)
        return self._answer(call, environ)(environ, start)

    def _answer(self, call: RecordedRequest, environ: WSGIEnvironment) -> Response:
        """Let the gateway answer, or the fault that is due; either way it is written down."""
        made: list[str] = []
        environ[MADE] = made
        fault, begun, answer = self.sandbox.faults.take(call.endpoint), time.monotonic(), None
        exchange = Exchange(self.app, environ, self.sandbox.stopping)
        try:
            play = PLAYS[fault.kind] if fault else None
            answer = play(exchange, fault.options) if play and fault else exchange.answer()
        finally:
            tell_call(
                self.sandbox.journal,
                call,
                answer,
                url=Request(environ).base_url,
                invoice_id=next(iter(made), None),
                seconds=time.monotonic() - begun,
                fault=fault,
            )
        return answer

    def _record(self, endpoint: str, request: Request) -> RecordedRequest | None:
        request.max_content_length = LARGEST_BODY
        try:
            body = request.get_data()
        except HTTPException:
            return None  # too large or cut off: the app says so
        request.environ["wsgi.input"] = io.BytesIO(body)
        request.environ["CONTENT_LENGTH"] = str(len(body))
        headers = {name: _redacted(name, value) for name, value in request.headers.items()}
        at = self.sandbox.clock.now()
        call = RecordedRequest(endpoint, request.method, headers, _json(body), at)
        self.sandbox.record(call)
        return call


def _redacted(name: str, value: str) -> str:
    return "[redacted]" if name.lower() == "x-secret-key" else value


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        json.dumps(body, default=plain), status, headers, content_type="application/json"
    )


def reset(connection: socket.socket | None) -> None:
    """Make the connection end in a reset, once the server lets go of it."""
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    raise ConnectionResetError("The sandbox resets this connection, as it was told to.")


# The plays, one per kind of fault ---------------------------------------------------------------


def _latency(exchange: Exchange, options: Mapping[str, Any]) -> Response:
    answer = exchange.answer()
    exchange.wait(options["seconds"])
    return answer


def _drip(exchange: Exchange, options: Mapping[str, Any]) -> Response:
    answer = exchange.answer()
    length = str(len(answer.get_data()))
    answer.response = _slowly(answer.get_data(), exchange, options["seconds"])
    answer.headers["Content-Length"] = length
    return answer


def _drip_headers(exchange: Exchange, options: Mapping[str, Any]) -> Response:
    connection = exchange.connection
    if connection is None:
        return _drip(exchange, options)
    for byte in _slowly(_raw(exchange.answer()), exchange, options["seconds"]):
        connection.sendall(byte)
    raise ConnectionDone("The answer has been dripped.")


def _slowly(data: bytes, exchange: Exchange, seconds: float) -> Iterator[bytes]:
    for position in range(len(data)):
        if exchange.stop.is_set():
            return
        yield data[position : position + 1]
        exchange.wait(seconds)


def _raw(answer: Response) -> bytes:
    body = answer.get_data()
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    return f"HTTP/1.1 {answer.status}\r\n{headers}Connection: close\r\n\r\n".encode() + body


def _reset_before(exchange: Exchange, _options: Mapping[str, Any]) -> Response:
    reset(exchange.connection)
    return Response()


def _reset_after(exchange: Exchange, _options: Mapping[str, Any]) -> Response:
    exchange.answer()
    reset(exchange.connection)
    return Response()


def _error_500(_exchange: Exchange, _options: Mapping[str, Any]) -> Response:
    return _reply(refusal(SERVER_ERROR), 500)


def _error_429(_exchange: Exchange, options: Mapping[str, Any]) -> Response:
    headers = {"Retry-After": str(options["retry_after"])}
    return _reply(refusal("Too many requests."), 429, headers)


def _html(exchange: Exchange, _options: Mapping[str, Any]) -> Response:
    exchange.answer()
    page = "<!doctype html><title>Maintenance</title><h1>We will be back soon.</h1>"
    return Response(page, content_type="text/html; charset=utf-8")


def _half_json(exchange: Exchange, _options: Mapping[str, Any]) -> Response:
    answer = exchange.answer()
    body = answer.get_data()
    answer.set_data(body[: len(body) // 2])
    return answer


def _status_false(exchange: Exchange, _options: Mapping[str, Any]) -> Response:
    exchange.answer()
    return _reply(refusal("Something went wrong."))


def _huge(exchange: Exchange, options: Mapping[str, Any]) -> Response:
    exchange.answer()
    size = int(options["size"])
    pieces = (b" " * min(65536, size - done) for done in range(0, size, 65536))
    return Response(pieces, content_type="application/json")


def _redirect(_exchange: Exchange, options: Mapping[str, Any]) -> Response:
    return Response(status=int(options["code"]), headers={"Location": str(options["location"])})


def _answer(_exchange: Exchange, options: Mapping[str, Any]) -> Response:
    body = options["body"]
    text = body if isinstance(body, (str, bytes)) else json.dumps(body, default=plain)
    return Response(text, int(options["status"]), content_type=str(options["content_type"]))


def _details(answer: dict[str, Any]) -> dict[str, Any]:
    """The part that describes the payment: `data` in a verify answer, all of a create one."""
    return answer.get("data") or answer


def _edit(change: Callable[[dict[str, Any], Mapping[str, Any]], None]) -> Play:
    """A play that changes the payment's details in a good answer, and leaves a bad one alone."""

    def play(exchange: Exchange, options: Mapping[str, Any]) -> Response:
        answer = exchange.answer()
        if answer.status_code != 200:
            return answer
        body = json.loads(answer.get_data())
        change(_details(body), options)
        return _reply(body)

    return play


def _wrong_invoice(details: dict[str, Any], options: Mapping[str, Any]) -> None:
    details["invoice_id"] = options["invoice_id"]


def _wrong_amount(details: dict[str, Any], options: Mapping[str, Any]) -> None:
    wanted = options["amount"]
    details["amount"] = details["amount"] + 1 if wanted is None else wanted


def _wrong_reference(details: dict[str, Any], options: Mapping[str, Any]) -> None:
    details["customer_reference"] = options["reference"]


def _string_amount(details: dict[str, Any], _options: Mapping[str, Any]) -> None:
    details["amount"] = f"{details['amount']:.2f}"
    if details.get("transaction"):
        details["transaction"]["amount"] = f"{details['transaction']['amount']:.2f}"


def _unknown_status(details: dict[str, Any], options: Mapping[str, Any]) -> None:
    details["status"] = options["word"]


def _no_transaction(details: dict[str, Any], _options: Mapping[str, Any]) -> None:
    details.update(status="completed", transaction=None)


PLAYS: Mapping[str, Play] = {
    "latency": _latency,
    "drip": _drip,
    "drip_headers": _drip_headers,
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "500": _error_500,
    "429": _error_429,
    "html": _html,
    "half_json": _half_json,
    "status_false": _status_false,
    "wrong_invoice": _edit(_wrong_invoice),
    "wrong_amount": _edit(_wrong_amount),
    "wrong_reference": _edit(_wrong_reference),
    "string_amount": _edit(_string_amount),
    "unknown_status": _edit(_unknown_status),
    "no_transaction": _edit(_no_transaction),
    "huge": _huge,
    "redirect": _redirect,
    "answer": _answer,
}

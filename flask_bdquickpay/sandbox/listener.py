"""A threaded WSGI server that can reset a connection and that leaves nothing open behind it."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import Any, ClassVar

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

LONGEST_SILENCE = 30.0


class Handler(WSGIRequestHandler):
    """Quiet; gives up on a client that says nothing."""

    timeout: ClassVar[float | None] = LONGEST_SILENCE

    def connection_dropped(self, *_: Any) -> None:
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing: the sandbox's own pages show what was asked of it."""


class Listener(ThreadedWSGIServer):
    """Serves until it is closed, which also ends what it is still answering."""

    daemon_threads = True

    def __init__(self, host: str, listening: socket.socket, app: Any) -> None:
        self._busy: dict[threading.Thread, socket.socket] = {}
        self._closing = False
        port = listening.getsockname()[1]
        # Handed a socket, Werkzeug makes a copy of it; left to bind one, it would end the program
        # where the port is taken.
        super().__init__(host, port, app, Handler, fd=listening.fileno())

    def run(self) -> None:
        while not self._closing:
            self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._busy[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._busy.pop(threading.current_thread(), None)

    def shutdown_request(self, request: Any) -> None:
        """No polite FIN before a reset."""
        if _resets(request):
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def close(self, runner: threading.Thread) -> None:
        self._closing = True
        self._knock()
        runner.join(5)
        self.server_close()
        for thread, connection in list(self._busy.items()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(5)

    def _knock(self) -> None:
        # The loop sleeps until somebody comes; so come.
        with suppress(OSError), socket.socket(self.address_family) as knock:
            knock.settimeout(1)
            knock.connect(self.socket.getsockname())

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing, as in `Handler.log`."""


def _resets(request: socket.socket) -> bool:
    with suppress(OSError, struct.error):
        lingers = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        return bool(lingers[0])
    return False

"""What may go wrong with a gateway: each trouble under its name."""

from __future__ import annotations

import json

from . import hostile as gw
from .hostile import COMPLETED

REDIRECT = "Location: {}/elsewhere\r\n"


NONSENSE: dict[str, bytes] = {
    "half": gw.message(gw.verified(COMPLETED))[:-40],
    "half with a right length": gw.message(json.dumps(gw.verified(COMPLETED))[:-40]),
    "html": gw.message("<html>Maintenance</html>"),
    "empty": gw.message(""),
    "array": gw.message("[]"),
    "status false": gw.message(gw.verified(COMPLETED) | {"status": False}),
    "status as text": gw.message(gw.verified(COMPLETED) | {"status": "true"}),
    "status 1": gw.message(gw.verified(COMPLETED) | {"status": 1}),
    "201": gw.message(gw.verified(COMPLETED), 201),
    "not http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n{}",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n{}",
    "no utf-8": gw.message(b'{"status": true, "data": "\xff\xfe"}'),
    "too deep": gw.message("[" * 100_000),
    "NaN": gw.message('{"status": true, "data": NaN}'),
    "exponent": gw.message('{"status": true, "data": 1e99999999999999999999}'),
    "long int": gw.message('{"status": true, "data": ' + "9" * 5000 + "}"),
    "bad gzip": gw.message(gw.verified(COMPLETED), extra="Content-Encoding: gzip\r\n"),
}


FULL = gw.message(gw.verified(COMPLETED))
HEAD = FULL.index(b"\r\n\r\n") + 4
LATE: dict[str, gw.Behaviour] = {
    "no answer": gw.hang,
    "dripping headers": gw.drip(FULL),
    "one endless header": gw.drip(b"HTTP/1.1 200 OK\r\nX: ", 17),
    "dripping body": gw.drip(FULL[:-20] + b" " * 5000, HEAD),
    "dripping chunks": gw.drip(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2000, 47
    ),
}


BROKEN: dict[str, gw.Behaviour] = {
    "reset": gw.reset,
    "hang up": gw.hang_up,
    "500": gw.answer("oops", 500),
    "502": gw.answer("oops", 502),
    "429": gw.answer({"status": False, "message": "Too many requests"}, 429),
    "half": gw.raw(FULL[:-40], close=True),
}

"""Messages as the developer's pages show them: whole, and as the curl that sends them again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from .faults import KINDS, Fault
from .journal import SHOP, WEBHOOK, Journal
from .keys import APP_KEY, SECRET_KEY
from .records import Answer, Delivery, RecordedRequest
from .texts import time_of_day

#: What a shop's HTTP library adds, and nobody looks for.
_NOISE = {"host", "connection", "accept", "accept-encoding", "user-agent", "content-length"}


def secret_of(app_key: str) -> str | None:
    """The secret key that goes with a public test key; None: only its owner knows it."""
    ending = app_key.removeprefix(APP_KEY)
    is_public = app_key.startswith(APP_KEY) and (not ending or ending.startswith("-"))
    return SECRET_KEY + ending if is_public else None


def curl(url: str, headers: Mapping[str, str], body: str) -> str:
    """The command that sends this message."""
    given = [f"  -H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    return " \\\n".join([f"curl -X POST {shlex.quote(url)}", *given, f"  -d {shlex.quote(body)}"])


def tell_call(
    journal: Journal,
    call: RecordedRequest,
    answer: Response | None,
    *,
    url: str,
    invoice_id: str | None,
    seconds: float,
    fault: Fault | None,
) -> None:
    """Write down a call of the shop, with what it was answered; no answer: it was cut off."""
    body = _text(call.body)
    if invoice_id is None and call.endpoint == "verify" and isinstance(call.body, dict):
        named = call.body.get("invoice_id")
        invoice_id = named if isinstance(named, str) else None
    path = urlsplit(url).path
    played = f" (fault: {KINDS[fault.kind][1]})" if fault else ""
    journal.add(
        SHOP,
        f"{call.method} {path.removeprefix('/api/bkash/v1')}{played}",
        invoice_id,
        at=call.at,
        result=_result(answer, seconds),
        is_good=answer is not None and answer.status_code == 200 and fault is None,
        sent=_message(f"{call.method} {path}", _shown(call.headers), body),
        got="" if answer is None else _answered(answer),
        curl=curl(url, _headers_to_send(call.headers), body),
    )


def tell_webhook(
    journal: Journal,
    delivery: Delivery,
    answer: Answer,
    *,
    headers: Mapping[str, str],
    seconds: float,
    again_at: datetime | None,
) -> None:
    """Write down a webhook that was sent, with what the shop answered and when it is sent again."""
    body, path = json.dumps(dict(delivery.body), default=str), urlsplit(delivery.url).path
    said = str(answer.status_code) if answer.status_code else "no answer"
    retry = f" · again at {time_of_day(again_at)}" if again_at else ""
    attempt = f" (attempt {delivery.attempts})" if delivery.attempts > 1 else ""
    problem = f"\n{answer.error}" if answer.error else ""
    journal.add(
        WEBHOOK,
        f"POST {path}{attempt}",
        delivery.invoice_id,
        result=f"{said} · {_milliseconds(seconds)}{retry}",
        is_good=answer.ok,
        sent=_message(f"POST {path}", headers, _text(delivery.body)),
        got=f"HTTP {said}\n\n{answer.text}{problem}",
        curl=curl(delivery.url, headers, body),
        delivery_id=delivery.id,
    )


def _result(answer: Response | None, seconds: float) -> str:
    if answer is None:
        return f"connection cut off · {_milliseconds(seconds)}"
    said = [str(answer.status_code), *_status(answer), _milliseconds(seconds)]
    return " · ".join(said)


def _status(answer: Response) -> list[str]:
    """What verify says of the payment."""
    try:
        return [str(json.loads(_body(answer))["data"]["status"])[:40]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _body(answer: Response) -> str:
    return answer.get_data().decode(errors="replace") if answer.is_sequence else "(sent bit by bit)"


def _milliseconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{max(1, round(seconds * 1000))} ms"


def _answered(answer: Response) -> str:
    return f"HTTP {answer.status}\n\n{_pretty(_body(answer))}"


def _message(line: str, headers: Mapping[str, str], body: str) -> str:
    return "\n".join([line, *(f"{name}: {value}" for name, value in headers.items()), "", body])


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _NOISE}


def _headers_to_send(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of a call, its redacted secret given back where everybody may know it."""
    shown = _shown(headers)
    for name in shown:
        if name.lower() == "x-secret-key":
            key = next((v for n, v in headers.items() if n.lower() == "x-app-key"), "")
            shown[name] = secret_of(key) or "YOUR-SECRET-KEY"
    return shown


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body, indent=2, default=str)


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body

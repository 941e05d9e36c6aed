"""Which faults are switched on, for which endpoint and for how many calls."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API = ("create", "verify")
WEBHOOK = ("webhook",)
VERIFY = ("verify",)

# kind -> (endpoints it makes sense for, what it does, its options with their defaults)
KINDS: Mapping[str, tuple[tuple[str, ...], str, Mapping[str, Any]]] = {
    "latency": (API, "answers late; the call is carried out", {"seconds": 5.0}),
    "drip": (API, "sends the body byte by byte", {"seconds": 0.5}),
    "drip_headers": (API, "sends headers and body byte by byte", {"seconds": 0.5}),
    "reset_before": (API, "resets the connection; nothing is carried out", {}),
    "reset_after": (API, "carries the call out, then resets the connection", {}),
    "500": (API, "answers 500; nothing is carried out", {}),
    "429": (API, "answers 429; nothing is carried out", {"retry_after": 30}),
    "html": (API, "answers 200 with an HTML page; the call is carried out", {}),
    "half_json": (API, "answers with the first half of the JSON", {}),
    "status_false": (API, 'answers 200 with "status": false', {}),
    "wrong_invoice": (API, "names another invoice", {"invoice_id": "SANDBOXWRONGINVOICE0"}),
    "wrong_amount": (API, "names another amount", {"amount": None}),
    "wrong_reference": (API, "names another customer reference", {"reference": "SOMEBODY-ELSE"}),
    "string_amount": (API, 'writes amounts as text: "500.00"', {}),
    "unknown_status": (VERIFY, "names a status nobody has heard of", {"word": "processing"}),
    "no_transaction": (VERIFY, "says completed without a transaction", {}),
    "huge": (API, "answers with a huge body", {"size": 50_000_000}),
    "redirect": (API, "redirects", {"location": "/", "code": 307}),
    "answer": (
        API,
        "answers exactly what it is told; nothing is carried out",
        {"status": 200, "body": "", "content_type": "application/json"},
    ),
    "never": (WEBHOOK, "the webhook is never sent", {}),
    "duplicate": (WEBHOOK, "the webhook is sent twice", {"copies": 2}),
    "late": (WEBHOOK, "the webhook is sent late, on the sandbox's clock", {"seconds": 60.0}),
    "out_of_order": (WEBHOOK, "the webhook is sent after the next one", {}),
    "wrong_key": (WEBHOOK, "the webhook carries a wrong app key", {"app_key": "wrong-app-key"}),
    "before_redirect": (WEBHOOK, "the shop answers before the buyer is sent back", {}),
}

ALIASES = {"reset": "reset_before", "5xx": "500", "webhook_before_redirect": "before_redirect"}


@dataclass
class Fault:
    """One switch that is on. `remaining` None: until cleared. `invoice_id`: for one payment."""

    id: int
    kind: str
    endpoint: str | None
    remaining: int | None
    options: Mapping[str, Any] = field(default_factory=dict)
    invoice_id: str | None = None

    def hits(self, endpoint: str, invoice_id: str | None) -> bool:
        if self.invoice_id not in (None, invoice_id):
            return False
        return endpoint in (KINDS[self.kind][0] if self.endpoint is None else (self.endpoint,))


class Faults:
    """The switches, in the order in which they were set; each call meets the first that fits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._on: list[Fault] = []

    def add(
        self,
        kind: str | int,
        endpoint: str | None,
        times: int | None,
        options: Mapping[str, Any],
        invoice_id: str | None = None,
    ) -> Fault:
        name = str(kind).replace("-", "_").replace(" ", "_").lower()
        name = ALIASES.get(name, name)
        _check(name, endpoint, times, options)
        known = {**KINDS[name][2], **options}
        fault = Fault(next(self._ids), name, endpoint, times, known, invoice_id)
        with self._lock:
            self._on.append(fault)
        return fault

    def take(self, endpoint: str, invoice_id: str | None = None) -> Fault | None:
        """The fault that this call meets, which then has one call less to go."""
        with self._lock:
            fault = next((f for f in self._on if f.hits(endpoint, invoice_id)), None)
            if fault is not None and fault.remaining is not None:
                self._count_down(fault)
            return fault

    def active(self) -> list[Fault]:
        with self._lock:
            return list(self._on)

    def clear(self, fault_id: int | None = None) -> None:
        with self._lock:
            self._on = [f for f in self._on if fault_id is not None and f.id != fault_id]

    def _count_down(self, fault: Fault) -> None:
        fault.remaining = (fault.remaining or 1) - 1
        if not fault.remaining:
            self._on.remove(fault)


def _check(kind: str, endpoint: str | None, times: int | None, options: Mapping[str, Any]) -> None:
    if kind not in KINDS:
        raise ValueError(f"No fault is called {kind!r}. There are: {', '.join(KINDS)}.")
    endpoints, _, known = KINDS[kind]
    if endpoint is not None and endpoint not in endpoints:
        raise ValueError(f"The fault {kind!r} is for {' and '.join(endpoints)}, not {endpoint!r}.")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ValueError("times must be a whole number from 1 on, or None: until cleared.")
    _check_options(kind, known, options)


def _check_options(kind: str, known: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in known:
            there_are = f"its options are: {', '.join(known)}" if known else "it has no options"
            raise ValueError(f"The fault {kind!r} has no option {name!r}; {there_are}.")
        default = known[name]
        if isinstance(default, (int, float)) and not _positive(value):
            raise ValueError(f"The option {name!r} of {kind!r} must be a number from 0 on.")


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9

"""What is to become of the next payment: named stories over the faults and the payment page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from .faults import Fault, Faults

JUST_WORK, CLOSE_TAB, WRONG_AMOUNT, TIME_OUT = "just_work", "close_tab", "wrong_amount", "time_out"
MOST = 1000


@dataclass(frozen=True)
class Scenario:
    """A story; `fault` is the kind and the endpoint of what goes wrong on the wire."""

    title: str
    hint: str = ""
    fault: tuple[str, str] | None = None


SCENARIOS: Mapping[str, Scenario] = {
    JUST_WORK: Scenario("Just work"),
    "lose_webhook": Scenario(
        "Lose the webhook", "the return or the sweep must find it", ("never", "webhook")
    ),
    CLOSE_TAB: Scenario("Pay, then close the tab", "no return, only the webhook"),
    "webhook_first": Scenario(
        "Webhook before the buyer",
        "it is answered before they return",
        ("before_redirect", "webhook"),
    ),
    "webhook_twice": Scenario(
        "Webhook twice", "the second must change nothing", ("duplicate", "webhook")
    ),
    WRONG_AMOUNT: Scenario("Wrong amount, “completed”", "must be flagged"),
    TIME_OUT: Scenario("Time out, then pay late", "“Pay” runs out of time; then pay all the same"),
    "gateway_down": Scenario(
        "Gateway down while creating", "create is answered with 500", ("500", "create")
    ),
}


class Scenarios:
    """Which one the next payment gets, and which one the newest payments have got."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.RLock()
        self._next = JUST_WORK
        self._prepared: Fault | None = None
        self._given: OrderedDict[str, str] = OrderedDict()

    @property
    def next(self) -> str:
        """The name of the one that the next payment gets."""
        with self._lock:
            if self._prepared is not None and self._prepared not in self._faults.active():
                self._next, self._prepared = JUST_WORK, None  # the call that it was for has come
            return self._next

    def choose(self, name: str) -> None:
        """Let the next payment have this one.

        :raises ValueError: when there is none of that name.
        """
        if name not in SCENARIOS:
            raise ValueError(f"No scenario is called {name!r}. There are: {', '.join(SCENARIOS)}.")
        with self._lock:
            if self._prepared is not None:
                self._faults.clear(self._prepared.id)
            kind, endpoint = SCENARIOS[name].fault or ("", "")
            prepares = endpoint == "create"
            self._prepared = self._faults.add(kind, endpoint, 1, {}) if prepares else None
            self._next = name

    def begin(self, invoice_id: str) -> None:
        """This is the next payment; the one after it just works."""
        with self._lock:
            name = self.next
            if self._prepared is None:
                self._next = JUST_WORK
            else:
                name = JUST_WORK  # the call that meets it is still to come
            self._given[invoice_id] = name
            if len(self._given) > MOST:
                self._given.popitem(last=False)
        kind, endpoint = SCENARIOS[name].fault or ("", "")
        if endpoint == "webhook":
            self._faults.add(kind, endpoint, 1, {}, invoice_id)

    def of(self, invoice_id: str) -> str:
        """The name of the one that a payment has got."""
        return self._given.get(invoice_id, JUST_WORK)

"""What the load test found, and what follows for more payments than one machine takes."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

from .report import listed, table

#: What is reckoned for: payments in a day, and how much busier the busiest hour is than the mean.
_PER_DAY, _PEAK = 10_000_000, 4
#: Share of a core that is used at the peak, so that one server's end is not everybody's.
_USED = 0.6
_WORDS = {
    "lost": "paid at the gateway and not here",
    "double": "fulfilled or booked twice",
    "unpaid": "booked here and not paid at the gateway",
    "unfulfilled": "booked and not fulfilled",
    "unsold": "fulfilled and not booked",
    "charged_twice": "orders charged twice",
    "open": "decided at the gateway and still open here",
}


@dataclass(frozen=True)
class LoadReport:
    """A finished load test; times in seconds."""

    about: dict[str, str]
    plan: dict[str, Any]
    settled: bool
    audit: dict[str, int]
    bought: int
    seconds: float
    killed: int
    customers: dict[str, int]
    webhooks: dict[str, int]
    events: dict[str, int]
    clicks: list[float]
    answers: list[float]
    unanswered: int
    paid_after: dict[str, list[float]]
    used: dict[str, float]

    @property
    def agrees(self) -> bool:
        """Whether both books say the same, and the shop was told of everything."""
        return not any(self.audit[name] for name in _WORDS) and not self.events["undelivered"]

    def as_json(self) -> str:
        """All of it, times as quartiles and the like."""
        lists = {"clicks": _spread(self.clicks), "answers": _spread(self.answers)}
        paid = {source: _spread(times) for source, times in self.paid_after.items()}
        return json.dumps(asdict(self) | lists | {"paid_after": paid}, indent=1) + "\n"

    def as_markdown(self) -> str:
        """The report."""
        parts = [
            listed(self.about),
            self._course(),
            self._books(),
            self._times(),
            self._reckoning(),
        ]
        return "\n\n".join(parts) + "\n"

    def _course(self) -> str:
        plan, rate = self.plan, self.bought / self.seconds
        celery = "Celery workers of 2 processes each and a beat"
        sweepers = celery if plan["celery"] else "processes that sweep"
        return (
            f"{self.bought:,} purchases in {self.seconds:.0f} s (**{rate:.1f} per second**) by "
            f"{plan['customers']} customers at {plan['servers']} servers of {plan['per_server']} "
            f"workers each, beside {plan['workers']} {sweepers}. {self.killed} processes "
            f"were killed; customers sent {self.customers['retries']} requests again. Webhooks: "
            f"{self.webhooks['lost']} never came, {self.webhooks['doubled']} came twice, "
            f"{self.webhooks['late']} came 2 to 15 s late; {self.unanswered} were not acknowledged "
            f"and sent again."
        )

    def _books(self) -> str:
        rows = [["paid here and there, fulfilled once", f"**{self.audit['paid']:,}**"]]
        rows += [[words, f"**{self.audit[name]}**"] for name, words in _WORDS.items()]
        rows.append(["double clicks that led to two payments", f"**{self.customers['two_ways']}**"])
        rows.append(["events not delivered", f"**{self.events['undelivered']}**"])
        again = self.events["told"] - self.events["events"]
        rows.append(["events delivered", f"{self.events['events']:,}, of which {again} again"])
        return table(["the books at the end", "payments"], rows)

    def _times(self) -> str:
        rows = [_row("click to the gateway's page", self.clicks)]
        rows.append(_row("answer to a webhook", self.answers))
        for source, times in sorted(self.paid_after.items()):
            rows.append(_row(f"paid there to paid here, by {source}", times))
        return table(["milliseconds", "number", "median", "95 %", "99 %"], rows)

    def _reckoning(self) -> str:
        shop, database = (self._each(name) * 1000 for name in ("shop_seconds", "database_seconds"))
        wal, disk = (self._each(name) / 1024 for name in ("wal_bytes", "disk_bytes"))
        mean = _PER_DAY / 86400
        peak = mean * _PEAK
        cores = [math.ceil(peak * cost / 1000 / _USED) for cost in (shop, database)]
        rows = [
            ["shop: page, click, webhooks, return, sweep", f"{shop:.1f} ms", f"{cores[0]} cores"],
            ["PostgreSQL", f"{database:.1f} ms", f"{cores[1]} cores"],
            ["write-ahead log", f"{wal:.1f} KiB", f"{peak * wal / 1024:.1f} MiB/s"],
            ["tables and indexes", f"{disk:.1f} KiB", f"{_PER_DAY * disk / 2**20:.0f} GiB a day"],
        ]
        head = ["cost", "of a purchase", f"at {_PER_DAY / 1e6:.0f} million a day"]
        said = (
            f"{_PER_DAY / 1e6:.0f} million a day are {mean:.0f} per second; the busiest hour is "
            f"reckoned at {_PEAK} times that, {peak:.0f} per second, with cores used to "
            f"{_USED:.0%}. The write-ahead log is that of the busiest hour."
        )
        return f"{table(head, rows)}\n\n{said}"

    def _each(self, name: str) -> float:
        return self.used[name] / max(1, self.bought)


def _row(name: str, times: list[float]) -> list[str]:
    spread = _spread(times)
    return [name, f"{len(times):,}", *(f"{spread[key] * 1000:.0f}" for key in _KEYS)]


_KEYS = ("median", "95", "99")


def _spread(times: list[float]) -> dict[str, float]:
    if len(times) < 2:
        return dict.fromkeys(_KEYS, times[0] if times else 0.0)
    cuts = quantiles(times, n=100, method="inclusive")
    return {"median": cuts[49], "95": cuts[94], "99": cuts[98]}

"""The dashboard: turns the statistics into what a merchant sees at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..payments.refund_rows import DAYS_TO_REFUND, OwedRefund
from ..payments.reports import Backlog, Debt
from ..payments.status import PaymentStatus
from . import words
from .charts import ColumnChart, Row, column_chart, rows
from .listing import OVERDUE, OWED, REFUSED, UNDELIVERED
from .statistics import CUSTOMERS, Attention, Paid, Period, Statistics, Waits

#: The histogram's steps in seconds.
_STEPS = (
    (0, 30, "under 30 s"),
    (30, 60, "30 s to 1 min"),
    (60, 120, "1 to 2 min"),
    (120, 300, "2 to 5 min"),
    (300, 900, "5 to 15 min"),
    (900, 3600, "15 min to 1 h"),
    (3600, None, "over 1 h"),
)
_SOURCE_HINTS = {
    "webhook": "the gateway told the shop",
    "return": "the customer came back to the shop",
    "cancel": "the customer pressed cancel, but had paid",
    "status": "the customer waited on the shop’s page",
    "sweep": "flask bdquickpay reconcile asked",
    "checkout": "the customer pressed Pay again",
    "confirm": "the shop’s own code asked",
    "cli": "somebody at the command line",
    "desk": "somebody at this desk",
}
_TONES = {
    PaymentStatus.COMPLETED: "good",
    PaymentStatus.FLAGGED: "bad",
    PaymentStatus.FAILED: "bad",
    PaymentStatus.CREATED: "warn",
    PaymentStatus.PENDING: "warn",
}


@dataclass(frozen=True)
class Tile:
    """One number with its name."""

    name: str
    value: str
    hint: str


@dataclass(frozen=True)
class Task:
    """Something to look at, with the list's filter that shows it."""

    show: str
    count: int
    title: str
    advice: str


@dataclass(frozen=True)
class Dashboard:
    """Everything on the page."""

    tiles: list[Tile]
    tasks: list[Task]
    debt: Debt
    owed: list[OwedRefund]
    unheard: str
    paid: list[Paid]
    amounts: ColumnChart
    counts: ColumnChart
    outcomes: list[Row]
    waits: list[Row]
    sources: list[Row]

    @property
    def is_late(self) -> bool:
        """Whether money has been owed for longer than it may be."""
        return any(one.age_days > DAYS_TO_REFUND for one in self.owed)

    @property
    def has_paid(self) -> bool:
        return any(bucket.count or bucket.refunded for bucket in self.paid)

    @property
    def has_all_waits(self) -> bool:
        """Whether every customer of the period is among those who took so long."""
        return sum(row.count for row in self.waits) < CUSTOMERS

    @property
    def has_waits(self) -> bool:
        return any(row.count for row in self.waits)

    @property
    def has_sources(self) -> bool:
        return any(row.count for row in self.sources)


def build(statistics: Statistics, period: Period) -> Dashboard:
    """Ask for all the numbers of a period."""
    paid = statistics.paid(period)
    waits = statistics.waits(period)
    outcomes = statistics.outcomes(period)
    attention, debt = statistics.attention(), statistics.debt()
    return Dashboard(
        tiles=[
            *_money(period, paid),
            _conversion(statistics.orders(period), outcomes.get(PaymentStatus.COMPLETED, 0)),
            _median(waits),
        ],
        tasks=_tasks(attention),
        debt=debt,
        owed=statistics.oldest_owed() if debt.count else [],
        unheard=some(attention.unheard, "event") if attention.unheard else "",
        paid=paid,
        amounts=_amounts(paid, period),
        counts=_counts(paid, period),
        outcomes=_outcomes(outcomes),
        waits=_waits(waits),
        sources=_sources(statistics.sources(period)),
    )


def _money(period: Period, paid: list[Paid]) -> list[Tile]:
    latest, name = paid[-1], "12 months" if period.monthly else "30 days"
    total, back, cleared = (
        sum((getattr(bucket, what) for bucket in paid), Decimal(0))
        for what in ("amount", "refunded", "cleared")
    )
    tiles = [
        Tile("This month" if period.monthly else "Today", words.taka(latest.amount), _day(latest)),
        Tile(f"Last {name}", words.taka(total), _payments(sum(bucket.count for bucket in paid))),
    ]
    if back:
        said = f"{words.taka(back)} went back to customers"
        tiles.append(Tile(f"Net, {name}", words.taka(total - back), said))
    if cleared:
        share = f"{words.percent(int(cleared), int(total))} of it is in a statement"
        tiles.append(Tile(f"Cleared, {name}", words.taka(cleared), share))
    return tiles


def _day(latest: Paid) -> str:
    if not latest.refunded:
        return _payments(latest.count)
    return f"{_payments(latest.count)}; {words.taka(latest.refunded)} went back"


def _conversion(started: int, paid: int) -> Tile:
    if not started:
        return Tile("Checkout to paid", "–", "no checkout yet")
    share = f"{words.number(paid)} of {some(started, 'order')}"
    return Tile("Checkout to paid", words.percent(paid, started), share)


def _median(waits: Waits) -> Tile:
    if waits.median is None:
        return Tile("Time to pay", "–", "nothing paid yet")
    return Tile("Time to pay", words.duration(waits.median), "half of the customers were faster")


def _payments(count: int) -> str:
    return some(count, "payment")


def some(count: int, things: str) -> str:
    return f"{words.number(count)} {things}{'' if count == 1 else 's'}"


def _tasks(attention: Attention) -> list[Task]:
    tasks = [
        Task(
            PaymentStatus.FLAGGED.value,
            attention.flagged,
            "Flagged payments",
            "Money came, but something disagrees. Look at each and accept or reject it.",
        ),
        Task(
            REFUSED,
            attention.refused.count,
            words.UNBOOKED,
            f"Money came{_since(attention.refused)}, but the shop’s own code refuses it. Have it "
            "mended, or accept or reject each.",
        ),
        Task(
            OWED,
            attention.owed.count,
            words.UNTOLD,
            f"Verified{_since(attention.owed)} while the shop’s code was not listening. Open each "
            "and press “Tell the shop”.",
        ),
        Task(
            OVERDUE,
            attention.overdue.count,
            "Overdue checks",
            f"Due{_since(attention.overdue)}: is “flask bdquickpay reconcile” run "
            "every few minutes?",
        ),
        Task(
            UNDELIVERED,
            attention.undelivered.count,
            "Events not delivered",
            f"Waiting{_since(attention.undelivered)}: the shop’s mails or messages may not have "
            "gone out.",
        ),
    ]
    return [task for task in tasks if task.count]


def _since(backlog: Backlog) -> str:
    return f" since {words.moment(backlog.oldest)}" if backlog.oldest else ""


def _amounts(paid: list[Paid], period: Period) -> ColumnChart:
    best = max(paid, key=lambda bucket: bucket.amount)
    values = [(bucket.begin, bucket.amount) for bucket in paid]
    return column_chart(
        _most(best, words.taka(best.amount), period),
        values,
        write=words.whole_taka,
        name=words.month if period.monthly else words.day,
        label=words.short_month if period.monthly else words.short_day,
    )


def _counts(paid: list[Paid], period: Period) -> ColumnChart:
    best = max(paid, key=lambda bucket: bucket.count)
    values = [(bucket.begin, Decimal(bucket.count)) for bucket in paid]
    return column_chart(
        _most(best, _payments(best.count), period),
        values,
        write=words.number,
        name=words.month if period.monthly else words.day,
        label=words.short_month if period.monthly else words.short_day,
    )


def _most(best: Paid, value: str, period: Period) -> str:
    """The chart in a sentence."""
    if not best.count:
        return "Nothing was paid."
    when = f"in {words.month(best.begin)}" if period.monthly else f"on {words.day(best.begin)}"
    return f"The most {when}: {value}."


def _outcomes(found: Mapping[PaymentStatus, int]) -> list[Row]:
    total = sum(found.values())
    lines = [
        (name, found[status], words.percent(found[status], total), _TONES.get(status, ""))
        for status, name in words.STATUSES.items()
        if found.get(status)
    ]
    return rows(lines)


def _waits(waits: Waits) -> list[Row]:
    steps = [(name, waits.between(begin, end)) for begin, end, name in _STEPS]
    return rows([(name, count, "", "") for name, count in steps])


def _sources(found: Mapping[str, int]) -> list[Row]:
    """The ways that news comes by; those of every shop also when none came that way."""
    usual = dict.fromkeys(("webhook", "return", "sweep"), 0)
    ordered = sorted((usual | dict(found)).items(), key=lambda item: -item[1])
    return rows(
        [(words.SOURCES.get(name, name), n, _SOURCE_HINTS.get(name, ""), "") for name, n in ordered]
    )

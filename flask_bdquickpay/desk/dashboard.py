"""The dashboard: turns the statistics into what a merchant sees at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..money import difference, total
from ..payments.refund_rows import DAYS_TO_REFUND, OwedRefund
from ..payments.reports import Backlog, Debt
from ..payments.status import PaymentStatus
from . import words
from .charts import ColumnChart, Row, column_chart, rows
from .language import M_, say
from .periods import DAYS, MONTHS, Period
from .retold import retell
from .statistics import CUSTOMERS, Attention, Paid, Statistics, Waits
from .wanted import OVERDUE, OWED, REFUSED, UNDELIVERED

#: The histogram's steps in seconds.
_STEPS = (
    (0, 30, M_("under 30 s")),
    (30, 60, M_("30 s to 1 min")),
    (60, 120, M_("1 to 2 min")),
    (120, 300, M_("2 to 5 min")),
    (300, 900, M_("5 to 15 min")),
    (900, 3600, M_("15 min to 1 h")),
    (3600, None, M_("over 1 h")),
)
_SOURCE_HINTS = {
    "webhook": M_("the gateway told the shop"),
    "return": M_("the customer came back to the shop"),
    "cancel": M_("the customer pressed cancel, but had paid"),
    "status": M_("the customer waited on the shop’s page"),
    "sweep": M_("flask bdquickpay reconcile asked"),
    "checkout": M_("the customer pressed Pay again"),
    "confirm": M_("the shop’s own code asked"),
    "cli": M_("somebody at the command line"),
    "desk": M_("somebody at this desk"),
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
    """One number with its name; `change` compares it with the period before."""

    name: str
    value: str
    hint: str
    change: str = ""


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
    failures: list[Row]
    is_new: bool

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


def build(statistics: Statistics, period: Period, link: Callable[[date], str]) -> Dashboard:
    """Ask for all the numbers of a period.

    :param link: where to look at what was paid in a day or a month.
    """
    paid = statistics.paid(period)
    waits = statistics.waits(period)
    outcomes = statistics.outcomes(period)
    attention, debt = statistics.attention(), statistics.debt()
    failed = statistics.failures(period) if outcomes.get(PaymentStatus.FAILED) else []
    return Dashboard(
        tiles=[
            *_money(period, paid, statistics.earlier(period.before())),
            _conversion(statistics.orders(period), outcomes.get(PaymentStatus.COMPLETED, 0)),
            _median(waits),
        ],
        tasks=_tasks(attention),
        debt=debt,
        owed=statistics.oldest_owed() if debt.count else [],
        unheard=_unheard(attention.unheard),
        paid=paid,
        amounts=_amounts(paid, period, link),
        counts=_counts(paid, period, link),
        outcomes=_outcomes(outcomes),
        waits=_waits(waits),
        sources=_sources(statistics.sources(period)),
        failures=rows([(retell(reason), count, "", "bad") for reason, count in failed]),
        is_new=not outcomes and statistics.has_none(),
    )


def span(period: Period) -> str:
    """What the period is called."""
    if period.is_open and period.monthly and len(period.buckets()) == MONTHS:
        return say("12 months")
    if period.is_open and not period.monthly and len(period.buckets()) == DAYS:
        return say("30 days")
    return f"{words.day(period.since)} – {words.day(period.until)}"


def _money(period: Period, paid: list[Paid], earlier: Decimal) -> list[Tile]:
    came, back, cleared = (
        total(getattr(bucket, what) for bucket in paid)
        for what in ("amount", "refunded", "cleared")
    )
    count = words.payments(sum(bucket.count for bucket in paid))
    name = span(period)
    tiles = [Tile(name, words.taka(came), count, _change(came, earlier))]
    if period.is_open:
        tiles.insert(0, _latest(period, paid))
    if back:
        said = say("%(amount)s went back to customers", amount=words.taka(back))
        tiles.append(
            Tile(say("Net, %(period)s", period=name), words.taka(difference(came, back)), said)
        )
    if cleared:
        share = words.percent(cleared, came)
        tiles.append(
            Tile(
                say("Cleared, %(period)s", period=name),
                words.taka(cleared),
                say("%(share)s of it is in a statement", share=share),
            )
        )
    return tiles


def _latest(period: Period, paid: list[Paid]) -> Tile:
    """Today or this month, and what it was before."""
    latest, name = paid[-1], say("This month") if period.monthly else say("Today")
    if len(paid) == 1:
        return Tile(name, words.taka(latest.amount), _day(latest))
    before = M_("Last month: %(amount)s") if period.monthly else M_("Yesterday: %(amount)s")
    return Tile(
        name,
        words.taka(latest.amount),
        _day(latest),
        say(before, amount=words.taka(paid[-2].amount)),
    )


def _change(now: Decimal, before: Decimal) -> str:
    """By how much it is more or less than in the period before."""
    if not before:
        return ""
    share = round(100 * (now - before) / before)
    if not share:
        return say("as much as in the period before")
    more = M_("▲ %(n)s%% to the period before")
    less = M_("▼ %(n)s%% to the period before")
    return say(more if share > 0 else less, n=words.number(abs(share)))


def _day(latest: Paid) -> str:
    count = words.payments(latest.count)
    if not latest.refunded:
        return count
    back = words.taka(latest.refunded)
    return say("%(payments)s; %(amount)s went back", payments=count, amount=back)


def _conversion(started: int, paid: int) -> Tile:
    name = say("Checkout to paid")
    if not started:
        return Tile(name, "–", say("no checkout yet"))
    orders = words.some(started, M_("%(n)s order"), M_("%(n)s orders"))
    share = say("%(n)s of %(orders)s", n=words.number(paid), orders=orders)
    return Tile(name, words.percent(paid, started), share)


def _median(waits: Waits) -> Tile:
    name = say("Time to pay")
    if waits.median is None:
        return Tile(name, "–", say("nothing paid yet"))
    return Tile(name, words.duration(waits.median), say("half of the customers were faster"))


def _unheard(count: int) -> str:
    if not count:
        return ""
    return words.some(
        count,
        M_("%(n)s event in the outbox, for a day at most: nobody in this process listens to it."),
        M_(
            "%(n)s events in the outbox, for a day at most: nobody in this process listens to them."
        ),
    )


def _tasks(attention: Attention) -> list[Task]:
    tasks = [
        Task(
            PaymentStatus.FLAGGED.value,
            attention.flagged,
            say("Flagged payments"),
            say(
                "Money came (%(amount)s), but something disagrees. Look at each and decide.",
                amount=words.taka(attention.held),
            ),
        ),
        _waiting(
            REFUSED,
            words.UNBOOKED,
            attention.refused,
            M_(
                "Money came since %(when)s, but the shop’s own code refuses it. Have it mended, or "
                "decide about each."
            ),
        ),
        _waiting(
            OWED,
            words.UNTOLD,
            attention.owed,
            M_(
                "Verified since %(when)s while the shop’s code was not listening. Open each and "
                "press “Tell the shop”."
            ),
        ),
        _waiting(
            OVERDUE,
            M_("Overdue checks"),
            attention.overdue,
            M_("Due since %(when)s: is “flask bdquickpay reconcile” run every minute?"),
        ),
        _waiting(
            UNDELIVERED,
            M_("Events not delivered"),
            attention.undelivered,
            M_("Waiting since %(when)s: the shop’s mails or messages may not have gone out."),
        ),
    ]
    return [task for task in tasks if task.count]


def _waiting(show: str, title: str, backlog: Backlog, advice: str) -> Task:
    since = words.moment(backlog.oldest) if backlog.oldest else "–"
    return Task(show, backlog.count, say(title), say(advice, when=since))


def _amounts(paid: list[Paid], period: Period, link: Callable[[date], str]) -> ColumnChart:
    best = max(paid, key=lambda bucket: bucket.amount)
    values = [(bucket.begin, bucket.amount) for bucket in paid]
    return column_chart(
        _most(best, words.taka(best.amount), period),
        values,
        write=words.taka,
        mark=words.short_taka,
        name=words.month if period.monthly else words.day,
        label=words.short_month if period.monthly else words.short_day,
        link=link,
    )


def _counts(paid: list[Paid], period: Period, link: Callable[[date], str]) -> ColumnChart:
    best = max(paid, key=lambda bucket: bucket.count)
    values = [(bucket.begin, Decimal(bucket.count)) for bucket in paid]
    return column_chart(
        _most(best, words.payments(best.count), period),
        values,
        write=words.number,
        mark=words.number,
        name=words.month if period.monthly else words.day,
        label=words.short_month if period.monthly else words.short_day,
        link=link,
    )


def _most(best: Paid, value: str, period: Period) -> str:
    """The chart in a sentence."""
    if not best.count:
        return say("Nothing was paid.")
    if period.monthly:
        return say("The most in %(month)s: %(value)s.", month=words.month(best.begin), value=value)
    return say("The most on %(day)s: %(value)s.", day=words.day(best.begin), value=value)


def _outcomes(found: Mapping[PaymentStatus, int]) -> list[Row]:
    total = sum(found.values())
    lines = [
        (
            words.status(status),
            found[status],
            words.percent(found[status], total),
            _TONES.get(status, ""),
        )
        for status in words.STATUSES
        if found.get(status)
    ]
    return rows(lines)


def _waits(waits: Waits) -> list[Row]:
    steps = [(say(name), waits.between(begin, end)) for begin, end, name in _STEPS]
    return rows([(name, count, "", "") for name, count in steps])


def _sources(found: Mapping[str, int]) -> list[Row]:
    """The ways that news comes by; those of every shop also when none came that way."""
    usual = dict.fromkeys(("webhook", "return", "sweep"), 0)
    ordered = sorted((usual | dict(found)).items(), key=lambda item: -item[1])
    return rows(
        [(words.source(name), n, say(_SOURCE_HINTS.get(name, "")), "") for name, n in ordered]
    )

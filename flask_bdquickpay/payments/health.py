"""Whether money moves: what waits, since when, and what the last hour and day brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select

from .. import clock
from . import reasons
from .refund_rows import owed
from .status import PaymentStatus
from .store import Store
from .waiting import EVER, is_owed, is_unbooked

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_OPEN = (PaymentStatus.CREATED, PaymentStatus.PENDING)
#: So many of the last day's completed payments are looked at for the durations, the newest.
_SAMPLE = 250
#: So far back in the timeline the last webhook is looked for, in rows.
_FAR = 10_000
#: What a failure is called: closed words, whatever numbers its sentence holds.
_FAILURES = {
    reasons.FAILED_AT_GATEWAY: "at_gateway",
    reasons.OTHER_AMOUNT_PAID: "amount_mismatch",
    reasons.ANSWER_LOST: "answer_lost",
    reasons.REFUSED: "creation_refused",
    reasons.NO_URL: "untrusted_url",
    reasons.INVOICE_TAKEN: "invoice_taken",
    reasons.REJECTED: "rejected",
}


@dataclass(frozen=True)
class Pile:
    """Something that waits.

    :ivar oldest_seconds: for how long the oldest has waited, ``None`` where nothing does.
    """

    count: int
    oldest_seconds: float | None


@dataclass(frozen=True)
class Period:
    """What a period brought.

    :ivar created: payments begun in it.
    :ivar completed: payments that were completed in it, by the source of the news.
    :ivar failed: payments that failed in it and still are, by a word for the reason.
    :ivar median_seconds: in which half of the customers had paid, of the day's newest 250.
    :ivar p95_seconds: in which 95 of 100 of them had.
    :ivar webhook_lag_seconds: between the money and the webhook that told of it, the median.
    """

    created: int
    completed: Mapping[str, int]
    failed: Mapping[str, int]
    median_seconds: float | None
    p95_seconds: float | None
    webhook_lag_seconds: float | None


@dataclass(frozen=True)
class Health:
    """How the payments of an app are.

    :ivar at: when they were looked at.
    :ivar open: payments that are created or pending, by status; ages since they were begun.
    :ivar flagged: payments that wait for a person; ages since their money came.
    :ivar unbooked: payments whose money is there and is not booked, since the shop's own code
        refuses it, say.
    :ivar unannounced: completed payments of which the shop has not been told.
    :ivar refunds_owed: rejected payments whose money was not sent back; ages since it came.
    :ivar due: payments that the sweep should look at.
    :ivar events_due: events that should be delivered.
    :ivar last_webhook: when the last one came, looked for in the newest 10,000 facts.
    """

    at: datetime
    open: Mapping[str, Pile]
    flagged: Pile
    unbooked: Pile
    unannounced: Pile
    refunds_owed: Pile
    due: Pile
    events_due: Pile
    last_webhook: datetime | None
    hour: Period
    day: Period


class HealthCheck:
    """Asks the database, by its indexes, and changes nothing.

    What waits is found among the little that waits, what a period brought by the times of the last
    day: whatever is older and settled costs nothing.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_status = _by_status(store)
        self._by_check = _by_check(store)
        self._refunds_owed = _refunds_owed(store)
        self._events_due = _events_due(store)
        self._last_webhook = _last_webhook(store)
        self._created = _created(store)
        self._completed = _completed(store)
        self._failed = _failed(store)
        self._durations = _durations(store)

    def look(self) -> Health:
        """Return how the payments are now."""
        now = clock.utcnow()
        times = {"now": now, "hour": now - _HOUR, "day": now - _DAY}
        with self._store.beside_host():
            return self._look(times)

    def _look(self, times: dict[str, datetime]) -> Health:
        now = times["now"]
        unbooked, unannounced, due = _piles(now, self._rows(self._by_check, times)[0])
        (refunds_owed,) = _piles(now, self._rows(self._refunds_owed, times)[0])
        (events_due,) = _piles(now, self._rows(self._events_due, times)[0])
        by_status = {row[0]: _piles(now, row[1:]) for row in self._rows(self._by_status, times)}
        nothing = [Pile(0, None)] * 2
        hour, day = self._periods(times)
        return Health(
            at=now,
            open={str(word): by_status.get(word, nothing)[0] for word in _OPEN},
            flagged=by_status.get(PaymentStatus.FLAGGED, nothing)[1],
            unbooked=unbooked,
            unannounced=unannounced,
            refunds_owed=refunds_owed,
            due=due,
            events_due=events_due,
            last_webhook=next((row[0] for row in self._rows(self._last_webhook, times)), None),
            hour=hour,
            day=day,
        )

    def _periods(self, times: dict[str, datetime]) -> tuple[Period, Period]:
        """What the last hour and the last day brought."""
        created = self._rows(self._created, times)[0]
        completed = self._rows(self._completed, times)
        failed = [(failure(row[0]), *row[1:]) for row in self._rows(self._failed, times)]
        samples = [_Sample(*row) for row in self._rows(self._durations, times)]
        hour, day = (
            _period(
                created[number],
                _summed((row[0], row[1 + number]) for row in completed),
                _summed((row[0], row[1 + number]) for row in failed),
                [sample for sample in samples if sample.told_at >= since],
            )
            for number, since in enumerate((times["hour"], times["day"]))
        )
        return hour, day

    def _rows(self, statement: Select[Any], times: dict[str, datetime]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._store.ask(statement, times)]


@dataclass(frozen=True)
class _Sample:
    """When a payment was begun, its money came, and who told of it when."""

    begun_at: datetime
    came_at: datetime
    told_at: datetime
    source: str


def _period(
    created: int, completed: dict[str, int], failed: dict[str, int], samples: list[_Sample]
) -> Period:
    taken = [_seconds(one.begun_at, one.came_at) for one in samples]
    lags = [_seconds(one.came_at, one.told_at) for one in samples if one.source == "webhook"]
    return Period(
        created=created,
        completed=completed,
        failed=failed,
        median_seconds=_percentile(taken, 50),
        p95_seconds=_percentile(taken, 95),
        webhook_lag_seconds=_percentile(lags, 50),
    )


# The statements. Each begins at an index; those of `waiting` and `owed` keep SQLite from another,
# worse one.


def _by_status(store: Store) -> Select[Any]:
    """What is open or flagged: since when it was begun, and since when its money is there."""
    payments = store.payments.c
    waits = payments.status.in_((*_OPEN, PaymentStatus.FLAGGED))
    columns = (*_pile(payments.created_at), *_pile(_came(store)))
    return select(payments.status, *columns).where(waits).group_by(payments.status)


def _by_check(store: Store) -> Select[Any]:
    """What is unbooked, unannounced, or due: all of it the sweep looks at."""
    payments, check = store.payments, store.payments.c.check_after
    return select(
        *_pile(payments.c.created_at, is_unbooked(payments)),
        *_pile(_came(store), is_owed(payments)),
        *_pile(check, check <= bindparam("now")),
    ).where(check >= EVER)


def _refunds_owed(store: Store) -> Select[Any]:
    return select(*_pile(_came(store))).where(*owed(store.payments))


def _events_due(store: Store) -> Select[Any]:
    due = store.events.c.deliver_after
    return select(*_pile(due)).where(due <= bindparam("now"))


def _last_webhook(store: Store) -> Select[Any]:
    events = store.events.c
    newest = select(func.coalesce(func.max(events.id), 0)).scalar_subquery()
    recent = and_(events.id > newest - _FAR, events.source == "webhook")
    return select(events.created_at).where(recent).order_by(events.id.desc()).limit(1)


def _created(store: Store) -> Select[Any]:
    begun = store.payments.c.created_at
    return select(*_of_hour_and_day(begun)).where(begun >= bindparam("day"))


def _completed(store: Store) -> Select[Any]:
    events = store.events.c
    counts = _of_hour_and_day(events.created_at)
    came = _arrived(store, PaymentStatus.COMPLETED)
    return select(events.source, *counts).where(came).group_by(events.source)


def _failed(store: Store) -> Select[Any]:
    payments, events = store.payments, store.events
    counts = _of_hour_and_day(events.c.created_at, payments.c.id)
    joined = events.join(payments, payments.c.id == events.c.payment_id)
    failed = (
        _arrived(store, PaymentStatus.FAILED),
        func.lower(payments.c.status) == PaymentStatus.FAILED.value,
    )
    found = select(payments.c.reason, *counts).select_from(joined).where(*failed)
    return found.group_by(payments.c.reason)


def _durations(store: Store) -> Select[Any]:
    """Samples of the day: the newest, so that those of the hour are among them."""
    payments, events = store.payments.c, store.events.c
    newest = (
        select(events.payment_id, events.created_at, events.source)
        .where(_arrived(store, PaymentStatus.COMPLETED))
        .order_by(events.created_at.desc())
        .limit(_SAMPLE)
        .subquery()
    )
    columns = (payments.created_at, payments.verified_at, newest.c.created_at, newest.c.source)
    joined = newest.join(store.payments, payments.id == newest.c.payment_id)
    return select(*columns).select_from(joined).where(payments.verified_at.is_not(None))


def _arrived(store: Store, status: PaymentStatus) -> ColumnElement[bool]:
    """The events of the last day that brought a payment to a status."""
    events = store.events.c
    return and_(events.new_status == status, events.created_at >= bindparam("day"))


def _came(store: Store) -> ColumnElement[datetime]:
    """When the money of a payment came, as far as that is known."""
    payments = store.payments.c
    return func.coalesce(payments.verified_at, payments.updated_at)


def _pile(since: ColumnElement[datetime], condition: Any = None) -> tuple[Any, Any]:
    """How many there are, and since when."""
    if condition is None:
        return func.count(), func.min(since)
    return func.count(case((condition, 1))), func.min(case((condition, since)))


def _of_hour_and_day(when: Any, counted: Any = 1) -> tuple[Any, Any]:
    """How many of the last day's rows are of the last hour, and how many there are."""
    recent = case((when >= bindparam("hour"), counted))
    if counted == 1:
        return func.count(recent), func.count()
    return func.count(recent.distinct()), func.count(counted.distinct())


# What the rows say


def failure(reason: str | None) -> str:
    """Return a closed word for why a payment failed."""
    for sentence, word in _FAILURES.items():
        if reason is not None and reason.startswith(sentence.partition("%(")[0]):
            return word
    return "other"


def _piles(now: datetime, row: tuple[Any, ...]) -> list[Pile]:
    """The piles of a row, in which each has its count and since when the oldest waits."""
    pairs = zip(row[::2], row[1::2], strict=True)
    return [Pile(count, oldest and _seconds(oldest, now)) for count, oldest in pairs]


def _summed(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The words that were counted, without those that nothing was counted for."""
    found = Counter[str]()
    for word, count in counts:
        found[word] += count
    return dict(+found)


def _seconds(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds())


def _percentile(values: list[float], percent: int) -> float | None:
    """The value that so many percent do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]

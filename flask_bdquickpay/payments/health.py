"""Whether money moves: what waits, since when, and what the last hour and day brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Table, func, select

from .. import clock
from . import reasons
from .refund_rows import owed
from .status import PaymentStatus
from .store import Store
from .waiting import is_owed, is_unbooked

#: So many of a period's payments are looked at for its durations, the newest.
_SAMPLE = 1000
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
    :ivar completed: payments whose money came in it, by the source of the news.
    :ivar failed: payments begun in it that failed, by a word for the reason.
    :ivar median_seconds: in which half of the customers had paid, of the newest 1,000.
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
    """Asks the database, by its indexes, and changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._payments: Table = store.payments
        self._events: Table = store.events

    def look(self) -> Health:
        """Return how the payments are now."""
        now = clock.utcnow()
        payments = self._payments.c
        came = func.coalesce(payments.verified_at, payments.updated_at)
        health = Health(
            open=self._open(now),
            flagged=self._pile(now, came, payments.status == PaymentStatus.FLAGGED),
            unbooked=self._pile(now, payments.created_at, is_unbooked(self._payments)),
            unannounced=self._pile(now, came, is_owed(self._payments)),
            refunds_owed=self._pile(now, came, *owed(self._payments)),
            due=self._pile(now, payments.check_after, payments.check_after <= now),
            events_due=self._pile(
                now, self._events.c.deliver_after, self._events.c.deliver_after <= now
            ),
            last_webhook=self._last_webhook(),
            hour=self._period(now - timedelta(hours=1)),
            day=self._period(now - timedelta(days=1)),
        )
        self._store.session.rollback()
        return health

    # What waits

    def _open(self, now: datetime) -> dict[str, Pile]:
        status = self._payments.c.status
        waiting = (PaymentStatus.CREATED, PaymentStatus.PENDING)
        columns = (status, func.count(), func.min(self._payments.c.created_at))
        statement: Select[Any] = select(*columns).where(status.in_(waiting)).group_by(status)
        found = {row[0]: row[1:] for row in self._store.session.execute(statement)}
        return {str(word): _pile(now, *found.get(word, (0, None))) for word in waiting}

    def _pile(self, now: datetime, since: Any, *conditions: Any) -> Pile:
        statement: Select[Any] = select(func.count(), func.min(since)).where(*conditions)
        return _pile(now, *self._store.session.execute(statement).one())

    def _last_webhook(self) -> datetime | None:
        events = self._events.c
        newest = self._store.session.execute(select(func.max(events.id))).scalar() or 0
        recent = select(events.created_at).where(
            events.id > newest - _FAR, events.source == "webhook"
        )
        found: datetime | None = self._store.session.execute(
            recent.order_by(events.id.desc()).limit(1)
        ).scalar()
        return found

    # What a period brought

    def _period(self, since: datetime) -> Period:
        taken, lags = self._durations(since)
        return Period(
            created=self._created(since),
            completed=self._completed(since),
            failed=self._failed(since),
            median_seconds=_percentile(taken, 50),
            p95_seconds=_percentile(taken, 95),
            webhook_lag_seconds=_percentile(lags, 50),
        )

    def _created(self, since: datetime) -> int:
        statement = select(func.count()).where(self._payments.c.created_at >= since)
        return int(self._store.session.execute(statement).scalar_one())

    def _completed(self, since: datetime) -> dict[str, int]:
        statement = self._news(since, self._events.c.source, func.count())
        rows = self._store.session.execute(statement.group_by(self._events.c.source))
        return {str(source): int(count) for source, count in rows}

    def _news(self, since: datetime, *columns: Any) -> Select[Any]:
        """What told of the money that came since then."""
        payments, events = self._payments, self._events
        joined = payments.join(events, events.c.payment_id == payments.c.id)
        statement: Select[Any] = select(*columns).select_from(joined)
        return statement.where(
            payments.c.verified_at >= since, events.c.new_status == PaymentStatus.COMPLETED
        )

    def _durations(self, since: datetime) -> tuple[list[float], list[float]]:
        """Seconds from begin to money, and from money to the webhook that told of it."""
        payments, events = self._payments.c, self._events.c
        columns = (payments.created_at, payments.verified_at, events.created_at, events.source)
        newest = self._news(since, *columns).order_by(payments.verified_at.desc()).limit(_SAMPLE)
        taken, lags = [], []
        for begun, came, told, source in self._store.session.execute(newest):
            taken.append(max(0.0, (came - begun).total_seconds()))
            if source == "webhook":
                lags.append(max(0.0, (told - came).total_seconds()))
        return taken, lags

    def _failed(self, since: datetime) -> dict[str, int]:
        payments = self._payments.c
        failed = (payments.created_at >= since, payments.status == PaymentStatus.FAILED)
        statement = select(payments.reason, func.count()).where(*failed).group_by(payments.reason)
        found = Counter[str]()
        for reason, count in self._store.session.execute(statement):
            found[failure(reason)] += int(count)
        return dict(found)


def failure(reason: str | None) -> str:
    """Return a closed word for why a payment failed."""
    for sentence, word in _FAILURES.items():
        if reason is not None and reason.startswith(sentence.partition("%(")[0]):
            return word
    return "other"


def _pile(now: datetime, count: int, oldest: datetime | None) -> Pile:
    age = None if oldest is None else max(0.0, (now - oldest).total_seconds())
    return Pile(int(count), age)


def _percentile(values: list[float], percent: int) -> float | None:
    """The value that so many percent do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]

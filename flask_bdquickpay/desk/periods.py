"""The days that the dashboard looks at, all of them in Bangladesh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ..web.language import DHAKA

DAYS, MONTHS = 30, 12
#: A longer period is told month by month.
_MOST_DAYS = 62
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """The days that are looked at, `until` included, and how they are grouped.

    :ivar is_open: whether it is the latest, so that what is still to come belongs to it.
    """

    since: date
    until: date
    monthly: bool
    is_open: bool = True

    @property
    def begin(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.since, time(), DHAKA)

    @property
    def end(self) -> datetime | None:
        """The first moment after it, if there are any."""
        return None if self.is_open else datetime.combine(self.until + _DAY, time(), DHAKA)

    def buckets(self) -> list[date]:
        """The first day of each bar."""
        if self.monthly:
            first = self.since.replace(day=1)
            months = (self.until.year - first.year) * 12 + self.until.month - first.month
            return [months_on(first, number) for number in range(months + 1)]
        days = (self.until - self.since).days
        return [self.since + timedelta(days=number) for number in range(days + 1)]

    def bucket(self, day: date) -> date:
        return day.replace(day=1) if self.monthly else day

    def days_of(self, bucket: date) -> tuple[date, date]:
        """The first and the last day of a bar."""
        if not self.monthly:
            return bucket, bucket
        last = months_on(bucket, 1) - _DAY
        return max(bucket, self.since), min(last, self.until)

    def before(self) -> Period:
        """The period of the same length that ends where this one begins."""
        until = self.since - _DAY
        if self.monthly and self.since.day == 1:
            since = months_on(self.since, -len(self.buckets()))
        else:
            since = self.since - (self.until - self.since) - _DAY
        return Period(since, until, self.monthly, is_open=False)


def last_days(now: datetime) -> Period:
    """The last 30 days, today included."""
    today = now.astimezone(DHAKA).date()
    return Period(today - timedelta(days=DAYS - 1), today, monthly=False)


def last_months(now: datetime) -> Period:
    """The last 12 months, this one included."""
    today = now.astimezone(DHAKA).date()
    return Period(months_on(today.replace(day=1), 1 - MONTHS), today, monthly=True)


def days(since: date, until: date, now: datetime) -> Period:
    """Days of a person's choice."""
    today = now.astimezone(DHAKA).date()
    is_open = since <= today <= until
    if is_open:
        until = today  # the days that are still to come have nothing to say
    return Period(since, until, (until - since).days >= _MOST_DAYS, is_open)


def months_on(first: date, months: int) -> date:
    """The first day of a month so many months later."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)

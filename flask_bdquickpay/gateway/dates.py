"""Dates as HTTP writes them, and what they say about this machine's clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache


@lru_cache(maxsize=8)  # all answers of a second have the same
def http_date(text: str) -> datetime | None:
    """A date of HTTP, in UTC; ``None`` for what is none."""
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError):
        return None


def clock_skew(date: str, sent: datetime, received: datetime) -> timedelta | None:
    """By how much the clock that wrote `date` is ahead of ours, in whole seconds.

    It wrote the date somewhere between `sent` and `received`, and left the fraction of the second
    out; so a difference below a second is none.

    :returns: ``None`` for a date that can't be read.
    """
    theirs = http_date(date)
    if theirs is None:
        return None
    ours = sent + (received - sent) / 2
    ahead = theirs + timedelta(seconds=0.5) - ours
    return timedelta(seconds=int(ahead.total_seconds()))

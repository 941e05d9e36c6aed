"""The time, from one place; and the place whose days the shop's books follow."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

#: Bangladesh has one time zone and no daylight saving; a fixed offset needs no tzdata.
DHAKA = timezone(timedelta(hours=6), "Asia/Dhaka")


def utcnow() -> datetime:
    """The time now, timezone-aware UTC."""
    return datetime.now(timezone.utc)

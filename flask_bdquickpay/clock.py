"""The time, from one place."""

from __future__ import annotations

from datetime import datetime, timezone


def utcnow() -> datetime:
    """The time now, timezone-aware UTC."""
    return datetime.now(timezone.utc)

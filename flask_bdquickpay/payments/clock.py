"""The time, from one place."""

from __future__ import annotations

from datetime import datetime

from ..gateway import dates


def utcnow() -> datetime:
    """The time now, timezone-aware UTC."""
    return dates.utcnow()

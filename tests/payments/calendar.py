"""Moves the shop's clock and the gateway's together, so that months pass in a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from flask_bdquickpay import clock
from flask_bdquickpay.gateway import dates
from flask_bdquickpay.sandbox.control import Sandbox


@dataclass(frozen=True)
class Calendar:
    """The time of a test: the machine's own, and what was let pass."""

    sandbox: Callable[[], Sandbox]

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.sandbox().clock.offset)

    def passes(self, **delta: float) -> None:
        """Let time pass, in timedelta's words."""
        self.sandbox().advance(timedelta(**delta).total_seconds())

    def sleeps_until(self, moment: datetime) -> None:
        """Let time pass until then."""
        self.passes(seconds=max(0.0, (moment - self.now()).total_seconds()))

    @classmethod
    def kept(cls, sandbox: Callable[[], Sandbox], patch: pytest.MonkeyPatch) -> Calendar:
        """Have the shop go by it, too."""
        calendar = cls(sandbox)
        patch.setattr(clock, "utcnow", calendar.now)
        patch.setattr(dates, "clock_skew", _no_skew)
        return calendar


def _no_skew(*_: Any) -> timedelta:
    """Between the two there is none; the dates in the answers' heads are the machine's."""
    return timedelta(0)

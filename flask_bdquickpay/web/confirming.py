"""The page that waits for the gateway, and for how long."""

from __future__ import annotations

from datetime import timedelta

from .. import clock
from . import pages
from .shown import ShownPayment

#: For how long after a payment's end the page without JavaScript goes on loading itself.
_PATIENCE = timedelta(minutes=10)
_SOON = timedelta(minutes=5)


def confirming(
    shown: ShownPayment, *, status_url: str | None = None, unreachable: bool = False
) -> str:
    """Render `confirming.html`.

    :param status_url: what the page asks, ``None`` when it loads itself anew instead.
    :param unreachable: whether bKash could not be asked just now.
    """
    return pages.render(
        "confirming.html",
        payment=shown,
        status_url=status_url,
        refresh=_refresh(shown),
        unreachable=unreachable,
    )


def _refresh(shown: ShownPayment) -> int | None:
    """The seconds until the page loads itself anew, ``None`` when it does so no more."""
    now = clock.utcnow()
    end = max(shown.expires_at or now, shown.created_at) + _PATIENCE
    if now > end:
        return None
    return 5 if now - shown.created_at < _SOON else 20

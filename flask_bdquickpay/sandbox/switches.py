"""How the gateway behaves where its documentation leaves it open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .records import FAILED, PENDING

# name -> (its values, the first being the default; what it does)
SWITCHES: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "merchant_active": ((True, False), "Off: every call is answered with 403."),
    "accept_other_amounts": (
        (False, True),
        "On: a payment of another amount is completed, and verify's transaction shows that "
        "amount. Off: it fails with 'amount mismatch', as documented.",
    ),
    "cancelled_status": (
        (PENDING, FAILED, "cancelled"),
        "What verify says once the buyer cancelled. Pending: it can still be paid.",
    ),
    "expired_status": (
        (FAILED, "expired", PENDING),
        "What verify says after expires_at. Pending: the gateway never closes it.",
    ),
    "append_with_ampersand": (
        (False, True),
        "On: the details are appended to the return URL with & even if it has no ?.",
    ),
}
DEFAULTS: Mapping[str, Any] = {name: values[0] for name, (values, _) in SWITCHES.items()}


def check(values: Mapping[str, Any]) -> None:
    """Whether there are such switches, with such values.

    :raises ValueError: when not.
    """
    for name, value in values.items():
        if name not in SWITCHES:
            raise ValueError(f"No switch is called {name!r}. There are: {', '.join(SWITCHES)}.")
        if not any(value is known or value == known for known in SWITCHES[name][0]):
            raise ValueError(f"{name} is one of {', '.join(map(str, SWITCHES[name][0]))}.")

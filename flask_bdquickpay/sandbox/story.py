"""The story of a payment, as the live page tells it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .control import Sandbox
from .journal import SHOP, Entry
from .records import Payment
from .scenarios import JUST_WORK, SCENARIOS

MOST = 5


@dataclass(frozen=True)
class Story:
    """All that is known of one payment, the oldest first; or one call that made none."""

    key: str
    payment: Payment | None
    entries: list[Entry]
    scenario: str = ""


def stories(box: Sandbox) -> list[Story]:
    """Those in which something happened last, the latest first; older payments fill the rest."""
    found: dict[str, Story] = {}
    for entry in reversed(box.journal.entries()):
        key = entry.invoice_id or (f"call-{entry.number}" if entry.who == SHOP else "")
        if key in found:
            found[key] = replace(found[key], entries=[entry, *found[key].entries])
        elif key and len(found) < MOST:
            found[key] = _begun(box, key, [entry])
    for payment in box.store.payments(MOST):
        if len(found) < MOST:
            found.setdefault(payment.invoice_id, _begun(box, payment.invoice_id, []))
    return list(found.values())


def story(box: Sandbox, payment: Payment) -> Story:
    """The one of this payment."""
    entries = [one for one in box.journal.entries() if one.invoice_id == payment.invoice_id]
    return _begun(box, payment.invoice_id, entries)


def _begun(box: Sandbox, key: str, entries: list[Entry]) -> Story:
    name = box.scenarios.of(key)
    scenario = "" if name == JUST_WORK else SCENARIOS[name].title
    return Story(key, box.store.payment(key), entries, scenario)

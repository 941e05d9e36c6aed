"""What stands on the page of one payment, and which buttons are there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import clock
from ..payments.records import EventRecord, PaymentRecord
from ..payments.refund_rows import RefundRecord, RefundRows
from ..payments.reports import Reports
from ..payments.status import MONEY_CAME, PaymentStatus
from ..payments.store import Store
from ..payments.verdict import Snapshot
from . import words
from .language import say
from .sums import Sum, side_by_side

#: Events on a page.
EVENTS = 50


@dataclass(frozen=True)
class Timeline:
    """A page of the timeline in order, with the events beyond which its neighbours begin."""

    events: list[EventRecord]
    older: int | None
    newer: int | None


@dataclass(frozen=True)
class Shown:
    """A payment as its page shows it.

    :ivar sums: asked, came and the difference, where a person should compare them.
    """

    payment: PaymentRecord
    timeline: Timeline
    meaning: str
    sums: list[Sum]
    can_verify: bool
    can_decide: bool
    can_give_up: bool
    can_announce: bool
    can_refund: bool
    refunds: list[RefundRecord]

    @property
    def can_be_paid(self) -> bool:
        """Whether the order may still wait for its money."""
        return _is_open(self.payment) and not self.payment.is_unbooked

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Names and values, without those that are not known."""
        return [(name, value) for name, value in _facts(self.payment).items() if value]

    @property
    def payable_until(self) -> str:
        """Until when the customer may still pay, where that is to come."""
        end = self.payment.expires_at
        return words.moment(end) if end and end > clock.utcnow() else ""

    @property
    def metadata(self) -> str:
        return as_json(self.payment.payment_metadata)


def show(
    store: Store, payment: PaymentRecord, before: int | None = None, after: int | None = None
) -> Shown:
    """Gather what the page shows; the newest events, or those before or after one."""
    reports = Reports(store)
    unanswered = _holds_its_order(store, payment) and reports.is_unanswered(payment.id)
    decide = payment.status == PaymentStatus.FLAGGED or payment.is_unbooked
    odd = payment.received_amount not in (None, payment.amount)
    return Shown(
        payment=payment,
        timeline=page_of(reports, payment.id, before, after),
        meaning=words.meaning(payment, unanswered=unanswered),
        sums=side_by_side(payment) if decide or odd else [],
        can_verify=payment.invoice_id is not None and _is_open(payment),
        can_decide=decide,
        can_give_up=unanswered,
        can_announce=payment.is_owed,
        can_refund=payment.refundable > 0,
        refunds=RefundRows(store).of_payment(payment.id),
    )


def _is_open(payment: PaymentRecord) -> bool:
    """Whether an answer of the gateway can still change it."""
    return payment.status not in MONEY_CAME and payment.resolved_by is None


def _holds_its_order(store: Store, payment: PaymentRecord) -> bool:
    """Whether its order waits for what the gateway says of it."""
    if not _is_open(payment) or payment.is_unbooked:
        return False
    one = store.snapshot.where(store.payments.c.id == payment.id)
    seen = Snapshot(*tuple(store.ask(one).one()))
    return seen.may_hold_order and not seen.made_way


def page_of(
    reports: Reports, payment_id: int, before: int | None = None, after: int | None = None
) -> Timeline:
    """Return the newest page of a timeline, or the one before or after an event."""
    found = reports.timeline(payment_id, EVENTS + 1, before=before, after=after)
    more = len(found) > EVENTS
    if after is not None and found:
        events = found[:EVENTS]
        return Timeline(events, events[0].id, events[-1].id if more else None)
    if before is not None and found:
        events = found[-EVENTS:]
        return Timeline(events, events[0].id if more else None, events[-1].id)
    if before is not None or after is not None:
        return page_of(reports, payment_id)  # there is nothing on that side
    events = found[-EVENTS:]
    return Timeline(events, events[0].id if more else None, None)


def as_json(document: dict[str, Any] | None) -> str:
    """What somebody else wrote, to be read by a person."""
    said = json.dumps(document, indent=2, ensure_ascii=False) if document else ""
    return said.encode("utf-8", "replace").decode()  # half of an emoji is no text


def _facts(payment: PaymentRecord) -> dict[str, str | None]:
    before = payment.previous_status
    return {
        say("Payment"): words.digits(payment.id),
        say("Label"): payment.label,
        say("Status"): words.state_twice(payment),
        say("Previous status"): words.status(before) if before else None,
        say("Gateway status"): payment.gateway_status,
        say("Begun by"): words.channel(payment.channel),
        say("Account"): payment.account,
        say("Decided by"): payment.resolved_by,
        say("Created"): words.moment(payment.created_at),
        say("Expires"): _moment(payment.expires_at),
        say("Money verified"): _moment(payment.verified_at),
        say("Shop told"): _moment(payment.announced_at),
        say("Cleared"): _moment(payment.cleared_at),
        say("Fee"): None if payment.fee is None else words.taka(payment.fee),
        say("Next check"): _moment(payment.check_after),
    }


def _moment(value: datetime | None) -> str:
    return words.moment(value) if value else ""

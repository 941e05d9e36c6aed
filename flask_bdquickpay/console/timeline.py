"""A payment and what happened to it, as people read it."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from ..clock import DHAKA
from ..payments.records import EventRecord, PaymentRecord
from ..payments.status import PaymentStatus
from ..text import moment, place, stamp, taka
from .terminal import add_row, print_table, status_words, table


def print_payment(
    payment: PaymentRecord, events: list[EventRecord], screen: Console, zone: tzinfo = DHAKA
) -> None:
    """Print its facts and its timeline, in the time of that zone."""
    title = Text(f"Payment {payment.id}  {taka(payment.amount)}  ", "bold")
    screen.print(title + status_words(payment.status))
    screen.print(_facts(payment, zone))
    screen.print()
    print_table(screen, _timeline(events, zone))


def is_undecided(payment: PaymentRecord) -> bool:
    """Whether a person decides about it."""
    return payment.status == PaymentStatus.FLAGGED or payment.is_unbooked


def _facts(payment: PaymentRecord, zone: tzinfo) -> Table:
    moments = ("cleared_at", "created_at", "expires_at", "verified_at", "announced_at")
    at = {name: stamp(getattr(payment, name), zone, seconds=True) for name in moments}
    facts = {
        "Order": payment.customer_reference,
        "Label": payment.label,
        "Lines": _lines(payment),
        "Account": payment.account,
        "Channel": payment.channel,
        "Invoice": payment.invoice_id,
        "Transaction": payment.trx_id,
        "Received": taka(payment.received_amount),
        "Sent back": taka(payment.refunded_amount or None),
        "Cleared": at["cleared_at"],
        "Fee": taka(payment.fee),
        "Reason": payment.reason,
        "Not booked" if payment.is_unbooked else "Problem": payment.problem,
        "Decided by": payment.resolved_by,
        "Gateway said": payment.gateway_status,
        "Created": at["created_at"],
        "Expires": at["expires_at"],
        "Verified": at["verified_at"],
        "Shop told": "not yet" if payment.is_owed else at["announced_at"],
        "Asked next": stamp(payment.check_after, zone, seconds=True),
    }
    rows = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for name, value in facts.items():
        if value:
            add_row(rows, name, value)
    return rows


def _lines(payment: PaymentRecord) -> str:
    return "; ".join(f"{text}: {taka(Decimal(cost))}" for text, cost in payment.lines or ())


def _timeline(events: list[EventRecord], zone: tzinfo) -> Table:
    rows = table(f"Time ({place(zone)})", "Source", "Change", "What was said…")
    for event in events:
        at, said = moment(event.created_at, zone, seconds=True), _said(event, zone)
        add_row(rows, at, event.source, _change(event), said)
    return rows


def _change(event: EventRecord) -> str:
    if event.new_status is None:
        return f"{event.old_status}, as before"
    return f"{event.old_status} > {event.new_status}"


def _said(event: EventRecord, zone: tzinfo) -> str:
    word = (event.gateway_answer or {}).get("status")
    last = stamp(event.repeated_at, zone, seconds=True)
    parts = [
        f"the gateway said {word}" if word else "",
        event.note or "",
        f"{event.count} times, last at {last}" if last else "",
        f"by {event.actor}" if event.actor else "",
        f"not delivered: {event.error}" if event.error else "",
    ]
    return "; ".join(part for part in parts if part)

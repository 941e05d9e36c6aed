"""Where the money is: `payments` and `show`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from ..payments.export import write_csv, write_json
from ..payments.records import COLUMNS, EventRecord, PaymentRecord
from ..payments.reports import Filters
from ..payments.status import PaymentStatus
from ..text import moment
from .group import commands, not_found, output_of, reports
from .options import account_option, as_csv_option, as_json_option, moment_option, number
from .terminal import add_row, console, print_table, status_text, table

_WIDE = 120


#: Columns of a wide screen, as far as they say anything.
_WHERE_WIDE = {
    "trx_id": "Transaction",
    "channel": "Channel",
    "label": "Label…",
    "reason": "Reason…",
}
_MOST = 100  # payments that are shown with their timelines
_EVENTS, _EXACT_EVENTS = 200, 10_000  # of a payment, to read and as JSON


@commands.command(
    "payments",
    epilog="""\b
    Examples:
      flask bdquickpay payments --status flagged
      flask bdquickpay payments --reference 1042
      flask bdquickpay payments --account dhaka
      flask bdquickpay payments --since 2026-03-01 --until 2026-03-31 --limit 100000 --csv
      flask bdquickpay payments --since 2026-03-21T00:00+06:00 --json""",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in PaymentStatus]),
    help="Only payments of this status; may be repeated.",
)
@click.option("--reference", help="Only payments of this order.")
@click.option(
    "--since", metavar="TIME", callback=moment_option(0), help="Created at this time or later."
)
@click.option(
    "--until",
    metavar="TIME",
    callback=moment_option(1),
    help="Created before this time, or on this date.",
)
@account_option
@click.option("--limit", type=number, default=50, show_default=True, help="How many at most.")
@as_json_option
@as_csv_option
def list_payments(
    *,
    statuses: tuple[str, ...],
    reference: str | None,
    since: datetime | None,
    until: datetime | None,
    account: str | None,
    limit: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List payments, the newest first.

    A TIME is a date (2026-03-21) or an ISO time (2026-03-21T10:30), taken as UTC unless it carries
    an offset (2026-03-21T10:30+06:00 is Dhaka's). All times that are printed are UTC.

    In CSV, text that a spreadsheet would take for a formula gets a ' in front.
    """
    if as_json and as_csv:
        raise click.UsageError("Choose --json or --csv.")
    if since and until and since >= until:
        raise click.UsageError("--since must be before --until.")
    filters = Filters(tuple(map(PaymentStatus, statuses)), reference, since, until, account)
    out = output_of(alone=as_json or as_csv)
    found = _capped(reports().payments(filters, limit + 1), limit)
    if as_csv:
        write_csv(out, COLUMNS, (vars(payment) for payment in found))
    elif as_json:
        write_json(out, [payment.listed for payment in found])
    else:
        _print_list(list(found), console(out))


def _capped(payments: Iterator[PaymentRecord], limit: int) -> Iterator[PaymentRecord]:
    """Yield at most `limit` payments, and say it when there are more."""
    for index, payment in enumerate(payments):
        if index == limit:
            click.echo(f"Only the newest {limit}; 'payments --limit' lists more.", err=True)
        else:
            yield payment


def _print_list(payments: list[PaymentRecord], screen: Console) -> None:
    if not payments:
        click.echo("No such payments.", err=True)
        return
    wide = screen.width >= _WIDE
    known = [name for name in _WHERE_WIDE if any(vars(one)[name] for one in payments)]
    more = [_WHERE_WIDE[name] for name in known] if wide else []
    several = any(payment.account for payment in payments)
    of = ("Account",) if several else ()
    rows = table(">ID", "Invoice", "Order…", *of, ">BDT", "Status", "Created (UTC)", *more)
    for payment in payments:
        add_row(
            rows,
            payment.id,
            payment.invoice_id,
            payment.customer_reference,
            *((payment.account,) if several else ()),
            f"{payment.amount:.2f}",
            status_text(payment.status),
            moment(payment.created_at),
            *((vars(payment)[name] for name in known) if wide else ()),
        )
    print_table(screen, rows)


@commands.command(
    "show",
    epilog="""\b
    Examples:
      flask bdquickpay show GALQYVTGASTRGOISR1FO
      flask bdquickpay show 1042
      flask bdquickpay show 1042 --json""",
)
@click.argument("key", metavar="INVOICE|ID|REFERENCE")
@click.option("--all", "whole", is_flag=True, help="The whole timeline, however long it is.")
@as_json_option
def show(key: str, whole: bool, as_json: bool) -> None:
    """Show a payment and what happened to it.

    By its invoice id, by its own id, or by the order's reference, which may have several payments.
    A number that is the id of one and the reference of another shows both. The latest comes last.
    --json prints a list.

    Of a long timeline the newest 200 events are shown, with --json the newest 10,000.
    """
    out, found_by = output_of(alone=as_json), reports()
    payments = found_by.matching(key, _MOST + 1)
    if not payments:
        raise not_found(key)
    shown = reversed(list(_capped(iter(payments), _MOST)))
    most = None if whole else _EXACT_EVENTS if as_json else _EVENTS
    found = [(payment, _events(payment, most)) for payment in shown]
    if as_json:
        write_json(out, [asdict(payment) | {"events": _dicts(events)} for payment, events in found])
        return
    for payment, events in found:
        _print_payment(payment, events, console(out))


def _events(payment: PaymentRecord, most: int | None) -> list[EventRecord]:
    """Return the newest `most` events of a payment, and say it when there are more."""
    events = reports().timeline(payment.id, most)
    left = reports().count_events(payment.id) - len(events) if len(events) == most else 0
    if left:
        text = f"Payment {payment.id}: only the newest {most} events; 'show --all' has {left} more."
        click.echo(text, err=True)
    return events


def _dicts(events: list[EventRecord]) -> list[dict[str, Any]]:
    return [asdict(event) for event in events]


def _print_payment(payment: PaymentRecord, events: list[EventRecord], screen: Console) -> None:
    title = Text(f"Payment {payment.id}  {payment.amount:.2f} BDT  ", "bold")
    screen.print(title + status_text(payment.status))
    screen.print(_facts(payment))
    screen.print()
    print_table(screen, _timeline(events))
    if payment.status == PaymentStatus.FLAGGED or payment.is_unbooked:
        decide = f"flask bdquickpay resolve {payment.id} --accept|--reject --note WHY"
        screen.print(Text(f"\nA person decides: {decide}", "bold"))
    screen.print()


def _facts(payment: PaymentRecord) -> Table:
    facts = {
        "Order": payment.customer_reference,
        "Label": payment.label,
        "Lines": _lines(payment),
        "Account": payment.account,
        "Channel": payment.channel,
        "Invoice": payment.invoice_id,
        "Transaction": payment.trx_id,
        "Received": _taka(payment.received_amount),
        "Sent back": _taka(payment.refunded_amount or None),
        "Cleared": _utc(payment.cleared_at),
        "Fee": _taka(payment.fee),
        "Reason": payment.reason,
        "Not booked" if payment.is_unbooked else "Problem": payment.problem,
        "Decided by": payment.resolved_by,
        "Gateway said": payment.gateway_status,
        "Created": _utc(payment.created_at),
        "Expires": _utc(payment.expires_at),
        "Verified": _utc(payment.verified_at),
        "Shop told": "not yet" if payment.is_owed else _utc(payment.announced_at),
        "Asked next": _utc(payment.check_after),
    }
    rows = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for name, value in facts.items():
        if value:
            add_row(rows, name, value)
    return rows


def _lines(payment: PaymentRecord) -> str:
    return "; ".join(f"{text}: {cost} BDT" for text, cost in payment.lines or ())


def _taka(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f} BDT"


def _utc(value: datetime | None) -> str:
    return f"{moment(value, seconds=True)} UTC" if value else ""


def _timeline(events: list[EventRecord]) -> Table:
    rows = table("Time (UTC)", "Source", "Change", "What was said…")
    for event in events:
        add_row(
            rows, moment(event.created_at, seconds=True), event.source, _change(event), _said(event)
        )
    return rows


def _change(event: EventRecord) -> str:
    if event.new_status is None:
        return f"{event.old_status}, as before"
    return f"{event.old_status} > {event.new_status}"


def _said(event: EventRecord) -> str:
    word = (event.gateway_answer or {}).get("status")
    parts = [
        f"the gateway said {word}" if word else "",
        event.note or "",
        f"{event.count} times, last at {_utc(event.repeated_at)}" if event.repeated_at else "",
        f"by {event.actor}" if event.actor else "",
        f"not delivered: {event.error}" if event.error else "",
    ]
    return "; ".join(part for part in parts if part)

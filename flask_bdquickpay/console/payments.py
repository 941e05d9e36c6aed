"""Where the money is: `payments` and `show`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, time, timezone, tzinfo
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from .. import clock
from ..payments.export import write_csv, write_json
from ..payments.records import COLUMNS, EventRecord, PaymentRecord
from ..payments.reports import Filters
from ..payments.status import PaymentStatus
from ..text import grouped, moment, place
from .group import commands, not_found, output_of, reports
from .options import (
    account_option,
    as_csv_option,
    as_json_option,
    moment_option,
    number,
    utc_option,
)
from .terminal import add_row, console, print_table, status_text, table
from .timeline import is_undecided, print_payment

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
      flask bdquickpay payments --today
      flask bdquickpay payments --status flagged
      flask bdquickpay payments --search 8N7A2
      flask bdquickpay payments --account dhaka
      flask bdquickpay payments --since 2026-03-01 --until 2026-03-31 --limit 100000 --csv
      flask bdquickpay payments --since 2026-03-21T18:30 --utc --json""",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in PaymentStatus]),
    help="Only payments of this status; may be repeated. 'completed' is what the desk calls Paid, "
    "'pending' Waiting and 'created' Starting.",
)
@click.option("--reference", help="Only payments of this order.")
@click.option(
    "--search", metavar="TEXT", help="Only with this in order, label, invoice or transaction id."
)
@click.option("--today", is_flag=True, help="Created today.")
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
@click.option("--wide", is_flag=True, help="Every column, however narrow the screen is.")
@utc_option
@as_json_option
@as_csv_option
def list_payments(
    *,
    statuses: tuple[str, ...],
    reference: str | None,
    search: str | None,
    today: bool,
    since: datetime | None,
    until: datetime | None,
    account: str | None,
    limit: int,
    wide: bool,
    zone: tzinfo,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List payments, the newest first.

    A TIME is a date (2026-03-21), a day in Bangladesh, or an ISO time (2026-03-21T10:30), taken as
    Dhaka's unless it carries an offset or a Z. The table's times are Dhaka's, too; with --utc all
    of them are UTC. JSON and CSV always have UTC.

    In CSV, text that a spreadsheet would take for a formula gets a ' in front.
    """
    if as_json and as_csv:
        raise click.UsageError("Choose --json or --csv.")
    if today and (since or until):
        raise click.UsageError("Choose --today, or --since and --until.")
    since = _midnight(zone) if today else since
    if since and until and since >= until:
        raise click.UsageError("--since must be before --until.")
    chosen = tuple(map(PaymentStatus, statuses))
    filters = Filters(chosen, reference, since, until, account, search)
    out = output_of(alone=as_json or as_csv)
    found = _capped(reports().payments(filters, limit + 1), limit)
    if as_csv:
        write_csv(out, COLUMNS, (vars(payment) for payment in found))
    elif as_json:
        write_json(out, [payment.listed for payment in found])
    else:
        screen = console(out)
        _print_list(list(found), screen, zone, wide=wide or screen.width >= _WIDE)


def _midnight(zone: tzinfo) -> datetime:
    """When today began there."""
    today = clock.utcnow().astimezone(zone).date()
    return datetime.combine(today, time(), zone).astimezone(timezone.utc)


def _capped(payments: Iterator[PaymentRecord], limit: int) -> Iterator[PaymentRecord]:
    """Yield at most `limit` payments, and say it when there are more."""
    for index, payment in enumerate(payments):
        if index == limit:
            click.echo(f"Only the newest {limit}; 'payments --limit' lists more.", err=True)
        else:
            yield payment


def _print_list(
    payments: list[PaymentRecord], screen: Console, zone: tzinfo, *, wide: bool
) -> None:
    if not payments:
        click.echo("No such payments.", err=True)
        return
    known = [name for name in _WHERE_WIDE if any(vars(one)[name] for one in payments)]
    more = [_WHERE_WIDE[name] for name in known] if wide else []
    several = any(payment.account for payment in payments)
    of = ("Account",) if several else ()
    created = f"Created ({place(zone)})"
    rows = table(">ID", "Invoice", "Order…", *of, ">BDT", "Status", created, *more)
    for payment in payments:
        add_row(
            rows,
            payment.id,
            payment.invoice_id,
            payment.customer_reference,
            *((payment.account,) if several else ()),
            grouped(payment.amount),
            status_text(payment.status),
            moment(payment.created_at, zone),
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
@utc_option
@as_json_option
def show(key: str, whole: bool, zone: tzinfo, as_json: bool) -> None:
    """Show a payment and what happened to it.

    By its invoice id, by its own id, or by the order's reference, which may have several payments.
    A number that is the id of one and the reference of another shows both. The latest comes last.
    Times are Dhaka's. --json prints a list, in which they are UTC.

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
        print_payment(payment, events, console(out), zone)
        if is_undecided(payment):
            _say_how_to_decide(payment, console(out))
        console(out).print()


def _say_how_to_decide(payment: PaymentRecord, screen: Console) -> None:
    screen.print(Text("\nA person decides:", "bold"))
    for decision in ("--accept", "--reject"):
        screen.print(f"  flask bdquickpay resolve {payment.id} {decision} --note WHY")


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

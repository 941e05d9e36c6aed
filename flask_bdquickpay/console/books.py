"""The books: `ledger`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from decimal import Decimal

import click

from ..money import total
from ..payments.books import COLUMNS, Books, Movement, Span
from ..payments.export import write_csv, write_json
from ..state import current_state
from ..text import grouped, place, taka
from .group import commands, output_of
from .options import account_option, as_csv_option, as_json_option, zone_option
from .terminal import add_row, console, print_table, table

#: Farther days can't be reckoned with in every time zone.
_YEARS = range(2, 9999)


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> date | None:
    del ctx, param
    try:
        day = None if value is None else date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date; write 2026-03-21.") from None
    if day is not None and day.year not in _YEARS:
        raise click.BadParameter(f"{value} is too far away.")
    return day


@commands.command(
    "ledger",
    epilog="""\b
    Examples:
      flask bdquickpay ledger --since 2026-03-01 --until 2026-03-31 --csv > march.csv
      flask bdquickpay ledger --since 2026-03-21 --until 2026-03-21""",
)
@click.option("--since", metavar="DATE", callback=_day, help="From this day on.")
@click.option("--until", metavar="DATE", callback=_day, help="Up to this day, which is included.")
@zone_option
@account_option
@as_json_option
@as_csv_option
def ledger(
    *,
    since: date | None,
    until: date | None,
    zone: tzinfo,
    account: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List every movement of money, signed, on the day when it moved.

    Payments that were paid or rejected by a person, refunds, and refunds that were voided. Flagged
    money is none until it is decided about. The totals go to stderr.
    """
    if as_json and as_csv:
        raise click.UsageError("Choose --json or --csv.")
    if since and until and since > until:
        raise click.UsageError("--since must not be after --until.")
    out, totals = output_of(alone=as_json or as_csv), _Totals()
    found = totals.counted(
        Books(current_state().store).movements(Span(since, until, zone), account)
    )
    if as_csv:
        write_csv(out, COLUMNS, (movement.listed for movement in found))
    elif as_json:
        write_json(out, [movement.listed for movement in found])
    else:
        at = f"Time ({place(zone)})"
        rows = table("Day", at, "Kind", ">BDT", "Order…", "Transaction", ">Payment")
        for moved in found:
            add_row(rows, moved.day, _time(moved.moved_at, zone), *_facts(moved))
        print_table(console(out), rows)
    totals.say()


def _time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M")


def _facts(moved: Movement) -> tuple[object, ...]:
    amount = grouped(moved.amount)
    return moved.kind, amount, moved.customer_reference, moved.movement_trx_id, moved.payment_id


class _Totals:
    """Adds up what passes."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[int, Decimal]] = {}

    def counted(self, movements: Iterator[Movement]) -> Iterator[Movement]:
        for moved in movements:
            count, amount = self._sums.get(moved.kind, (0, Decimal(0)))
            self._sums[moved.kind] = (count + 1, total((amount, moved.amount)))
            yield moved

    def say(self) -> None:
        for kind, (count, amount) in self._sums.items():
            click.echo(f"{kind}: {count}, {taka(amount)}", err=True)
        net = total(amount for _, amount in self._sums.values())
        click.echo(f"net: {taka(net)}", err=True)

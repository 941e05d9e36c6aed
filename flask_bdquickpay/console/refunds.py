"""Money that goes back: `record-refund`, `void-refund` and `refunds`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, TextIO

import click

from .. import clock
from ..errors import InvalidPaymentRequest
from ..money import parse_amount
from ..payments.export import write_csv, write_json
from ..payments.refund_rows import OwedRefund, RefundRecord, RefundRows
from ..payments.refunds import METHODS
from ..state import current_state
from ..text import grouped, moment, place, taka
from .group import commands, find, output_of, receivers_named
from .options import as_csv_option, as_json_option, by_option, moment_option, stated, utc_option
from .terminal import add_row, console, print_table, table

_PLAIN = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*")


def _amount(ctx: click.Context, param: click.Parameter, value: str | None) -> Decimal | None:
    del ctx, param
    try:
        if value is not None and not _PLAIN.fullmatch(value):
            raise click.BadParameter(f"{value!r} is no amount; write 450 or 450.50.")
        return None if value is None else parse_amount(value)
    except InvalidPaymentRequest as error:
        raise click.BadParameter(str(error)) from None


@commands.command(
    "record-refund",
    epilog="""\b
    Examples:
      flask bdquickpay record-refund GALQYVTGASTRGOISR1FO --amount 200 --trx-id 9KL3MNOP12 \\
        --note "one cup was broken"
      flask bdquickpay record-refund 17 --all --note "cancelled by phone" --by "Ayesha" """,
)
@click.argument("key", metavar="INVOICE|ID")
@click.option("--amount", callback=_amount, help="BDT that were sent back.")
@click.option("--all", "everything", is_flag=True, help="All that remains was sent back.")
@click.option("--note", required=True, help="Why: for the team.")
@click.option("--reason", default="", help="Why: for the customer.")
@click.option("--trx-id", help="The transaction that sent it.")
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="bkash",
    show_default=True,
    help="How it was sent.",
)
@click.option(
    "--sent-at",
    metavar="TIME",
    callback=moment_option(0),
    help="When it left, in Dhaka's time.  [default: now]",
)
@by_option
@as_json_option
def record_refund(
    *,
    key: str,
    amount: Decimal | None,
    everything: bool,
    note: str,
    reason: str,
    trx_id: str | None,
    method: str,
    sent_at: datetime | None,
    actor: str,
    as_json: bool,
) -> None:
    """Write down that money was sent back.

    Moves no money: send it with bKash's own app, then write it down here. A wrong entry is taken
    back with 'void-refund', and entered anew.
    """
    if (amount is None) != everything:
        raise click.UsageError("Choose --amount or --all.")
    out, seen = output_of(alone=as_json), find(key)
    with receivers_named():
        refund = current_state().refunds.record(
            seen,
            amount,
            by=stated(actor, "--by"),
            note=stated(note, "--note"),
            trx_id=trx_id,
            method=method,
            sent_at=sent_at,
            reason=reason,
        )
    _say(out, refund.id, f"{taka(refund.amount)} of payment {seen.id} were sent back.", as_json)


@commands.command(
    "void-refund",
    epilog="""\b
    Example:
      flask bdquickpay void-refund 3 --note "entered twice" """,
)
@click.argument("refund_id", metavar="ID", type=click.IntRange(1, 10**18))
@click.option("--note", required=True, help="Why: for the team.")
@by_option
@as_json_option
def void_refund(refund_id: int, note: str, actor: str, as_json: bool) -> None:
    """Take a refund back that was written down wrongly.

    The entry stays, marked as void; its transaction may be entered anew.
    """
    out, state = output_of(alone=as_json), current_state()
    refund = RefundRows(state.store).find(refund_id)
    if refund is None:
        raise click.ClickException(
            f"There is no refund {refund_id}. 'flask bdquickpay refunds' lists what there is."
        )
    with receivers_named():
        state.refunds.void(refund, by=stated(actor, "--by"), note=stated(note, "--note"))
    _say(out, refund_id, "it is void.", as_json)


def _say(out: TextIO, refund_id: int, sentence: str, as_json: bool) -> None:
    if as_json:
        record = RefundRows(current_state().store).record(refund_id)
        write_json(out, asdict(record))
    else:
        out.write(f"Refund {refund_id}: {sentence}\n")


@commands.command(
    "refunds",
    epilog="""\b
    Examples:
      flask bdquickpay refunds --owed
      flask bdquickpay refunds --since 2026-03-01 --until 2026-03-31 --csv""",
)
@click.option(
    "--since", metavar="TIME", callback=moment_option(0), help="Sent at this time or later."
)
@click.option(
    "--until", metavar="TIME", callback=moment_option(1), help="Sent before it, or on this date."
)
@click.option("--owed", is_flag=True, help="Money of rejected payments that was not sent back.")
@utc_option
@as_json_option
@as_csv_option
def refunds(
    *,
    since: datetime | None,
    until: datetime | None,
    owed: bool,
    zone: tzinfo,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List what was sent back, or what is still owed to customers.

    A TIME is a date, a day in Bangladesh, or an ISO time, in Dhaka unless it carries an offset.
    JSON and CSV have UTC.

    Owed: a person rejected the payment, so that the customer's money is held until it is sent
    back. Bangladesh's Digital Commerce guidelines of 2021 give ten days.
    """
    if as_json and as_csv:
        raise click.UsageError("Choose --json or --csv.")
    if owed and (since or until):
        raise click.UsageError("--owed lists all that is owed now: leave --since and --until out.")
    if since and until and since >= until:
        raise click.UsageError("--since must be before --until.")
    out, rows = output_of(alone=as_json or as_csv), RefundRows(current_state().store)
    kind: Any = OwedRefund if owed else RefundRecord
    found: Iterable[Any] = rows.owed(clock.utcnow()) if owed else rows.listed(since, until)
    if as_csv:
        write_csv(out, [field.name for field in fields(kind)], map(vars, found))
    elif as_json:
        write_json(out, [asdict(row) for row in found])
    elif owed:
        _print_owed(list(found), zone, out)
    else:
        _print_refunds(list(found), zone, out)


def _print_refunds(found: list[RefundRecord], zone: tzinfo, out: TextIO) -> None:
    if not found:
        click.echo("Nothing was sent back.", err=True)
        return
    sent = f"Sent ({place(zone)})"
    rows = table(">ID", ">Payment", "Order…", ">BDT", "State", "Method", sent, "Note…")
    for refund in found:
        facts = (refund.id, refund.payment_id, refund.customer_reference, grouped(refund.amount))
        said = (refund.state, refund.method, moment(refund.sent_at, zone), refund.note)
        add_row(rows, *facts, *said)
    print_table(console(out), rows)


def _print_owed(found: list[OwedRefund], zone: tzinfo, out: TextIO) -> None:
    if not found:
        click.echo("Nothing is owed to anybody.", err=True)
        return
    came = f"Came ({place(zone)})"
    rows = table(">Payment", "Invoice", "Order…", ">BDT", came, ">Days", "Rejected by…")
    for one in found:
        facts = (one.payment_id, one.invoice_id, one.customer_reference, grouped(one.amount))
        add_row(rows, *facts, moment(one.since, zone), one.age_days, one.rejected_by)
    print_table(console(out), rows)

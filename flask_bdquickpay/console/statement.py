"""The provider's statement against the books: `statement`."""

from __future__ import annotations

from datetime import tzinfo
from typing import BinaryIO

import click
from click.exceptions import Exit

from ..errors import StatementError
from ..payments.export import write_csv, write_json
from ..payments.statement import HARMLESS, StatementReport, Statements
from ..state import current_state
from ..text import grouped, plain, stamp
from .group import commands, output_of
from .options import account_option, as_csv_option, as_json_option, zone_option
from .terminal import add_row, console, print_table, table

_COLUMNS = ("class", "line", "trx_id", "amount", "said", "command", "payment_id")


def _mapping(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    del ctx, param
    pairs = [value.partition("=") for value in values]
    if not all(field and sign and column for field, sign, column in pairs):
        raise click.BadParameter("write FIELD=COLUMN, such as trx_id='Transaction ID'.")
    return {field: column for field, _, column in pairs}


@commands.command(
    "statement",
    epilog="""\b
    Examples:
      flask bdquickpay statement march.csv
      flask bdquickpay statement march.xlsx --map amount="Paid in" --apply""",
)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_mapping,
    help="The heading of trx_id, amount, date, type or fee; may be repeated.",
)
@click.option("--date-format", help="How a date is written, for strptime: '%d/%m/%Y %H:%M'.")
@zone_option
@account_option
@click.option("--apply", is_flag=True, help="Stamp what matched as cleared, with its fee.")
@as_json_option
@as_csv_option
def statement(
    *,
    file: BinaryIO,
    mapping: dict[str, str],
    date_format: str | None,
    zone: tzinfo,
    account: str | None,
    apply: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Hold the provider's statement against the books.

    CSV or XLSX; the headings are looked for in the first 20 rows. It completes, fails and refunds
    nothing: each difference is shown with the command that deals with it. Exit code 1 when
    something is red or can't be read.
    """
    if as_json and as_csv:
        raise click.UsageError("Choose --json or --csv.")
    out = output_of(alone=as_json or as_csv)
    try:
        report = Statements(current_state().store).check(
            file, mapping, date_format=date_format, zone=zone, account=account, apply=apply
        )
    except StatementError as error:
        raise click.UsageError(str(error)) from None
    rows = [one.listed for one in report.exceptions]
    if as_json:
        write_json(out, {"counts": report.counts, "exceptions": rows})
    elif as_csv:
        write_csv(out, _COLUMNS, rows)
    else:
        _print(report, zone)
    if not report.agrees:
        raise Exit(1)


def _print(report: StatementReport, zone: tzinfo) -> None:
    screen = console()
    for field, column in report.columns.items():
        click.echo(f"{field}: {plain(column)}", err=True)
    for line in report.samples:
        said = f"{grouped(line.amount)}  {stamp(line.moved_at, zone, seconds=True)}"
        click.echo(f"  {line.trx_id}  {said}", err=True)
    if report.exceptions:
        rows = table("Class", ">Line", "Transaction", ">BDT", "What…", "Command…")
        for one in report.exceptions:
            amount = None if one.amount is None else grouped(one.amount)
            facts = (one.kind, one.line, one.trx_id, amount)
            add_row(rows, *facts, one.said, one.command)
        print_table(screen, rows)
    for kind in HARMLESS:
        if report.counts.get(kind):
            screen.print(f"{kind}: {report.counts[kind]}")
    if report.applied:
        screen.print(f"Stamped as cleared: {report.applied}")

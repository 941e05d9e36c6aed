"""Forgetting: `prune` and `erase`."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta

import click
from click.exceptions import Exit

from ..payments.erasure import Erasure
from ..payments.export import write_json
from ..payments.pruning import WHAT, PruneReport
from ..state import current_state
from .group import commands, output_of
from .options import as_json_option, by_option, stated


def _age(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    del ctx, param
    found = re.fullmatch(r"([0-9]{1,5})d?", value.strip())
    if found is None:
        raise click.BadParameter(f"{value!r} is no age in days; write 400d.")
    return timedelta(days=int(found[1]))


@commands.command(
    "prune",
    epilog="""\b
    Examples:
      flask bdquickpay prune --older-than 400d
      flask bdquickpay prune --older-than 400d --yes
      flask bdquickpay prune --older-than 400d --what timeline --yes""",
)
@click.option("--older-than", required=True, metavar="DAYS", callback=_age, help="Such as 400d.")
@click.option(
    "--what", type=click.Choice(WHAT), default="unpaid", show_default=True, help="What is deleted."
)
@click.option("--yes", is_flag=True, help="Do it; without, it is only counted.")
@as_json_option
def prune(older_than: timedelta, what: str, yes: bool, as_json: bool) -> None:
    """Delete what nobody needs any more.

    'unpaid': payments that never saw money and about which nobody decided. 'timeline': facts that
    changed nothing. Completed payments, refunds and decisions stay for ever. Safe beside a sweep,
    and safe to interrupt.
    """
    out = output_of(alone=as_json)
    try:
        report = current_state().pruning.run(older_than, what, yes=yes)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        write_json(out, asdict(report))
    else:
        out.write(_said(report))


def _said(report: PruneReport) -> str:
    what = f"payments: {report.payments}, rows of the timeline: {report.events}"
    kept = "".join(f" Kept: {count}, since {why}." for why, count in report.kept.items())
    if report.done:
        return f"Deleted {what}.{kept}\n"
    return f"Would delete {what}.{kept} Nothing was done: --yes does it.\n"


@commands.command(
    "erase",
    epilog="""\b
    Example:
      flask bdquickpay erase ORDER-1042 --note "asked for by mail on 3 May" --by "Ayesha" """,
)
@click.argument("reference", metavar="REFERENCE")
@click.option("--note", required=True, help="Why; it stays in the timeline.")
@by_option
@as_json_option
def erase(reference: str, note: str, actor: str, as_json: bool) -> None:
    """Empty the personal data of an order's closed payments.

    Metadata, label, lines, payment URL, the gateway's answers (but for what decided) and the notes
    of refunds. Amounts, dates and ids stay. Exit code 1 while a payment of the order is open.
    """
    out = output_of(alone=as_json)
    note, actor = stated(note, "--note"), stated(actor, "--by")
    report = Erasure(current_state().store).run(reference, note=note, actor=actor)
    if report.payments == report.open == 0:
        raise click.ClickException(f"There is no payment of the order {reference!r}.")
    if as_json:
        write_json(out, asdict(report))
    else:
        out.write(f"Payments emptied: {report.payments}, still open: {report.open}.\n")
    if report.open:
        raise Exit(1)

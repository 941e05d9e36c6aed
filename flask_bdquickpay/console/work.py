"""Work that must be done again and again: `reconcile` and `deliver`."""

from __future__ import annotations

from dataclasses import asdict
from typing import NoReturn

import click
from click.exceptions import Exit

from ..doctor.upkeep import first_error
from ..payments.export import write_json
from ..payments.reconcile import ReconcileReport
from ..state import current_state
from .group import commands, output_of, reports
from .options import account_option, as_json_option, number
from .terminal import Bar, console

UNHEARD = (
    "Nobody listens to payment_paid in this process: the shop is not told what was paid. Let what "
    "this command loads import the module that connects the receiver, at module level."
)
_INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended


@commands.command(
    "reconcile",
    epilog="""\b
    Examples:
      flask bdquickpay reconcile
      * * * * * cd /srv/shop && flask bdquickpay reconcile --json >> sweep.log""",
)
@click.option(
    "--limit", type=number, help="How many payments at most.  [default: all that are due]"
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 50),
    default=8,
    show_default=True,
    help="How many gateway calls at once.",
)
@account_option
@as_json_option
def reconcile(limit: int | None, concurrency: int, account: str | None, as_json: bool) -> None:
    """Ask about every payment that is due.

    The sweep: run it every minute. It also delivers the outbox. It may run anywhere, and any
    number of times at once, for one merchant account or all. Ctrl-C stops it between two payments.
    Exit code 1 when a payment could not be verified, when the gateway asked for a pause, when the
    shop's own code refused money that came, or when nobody in this process listens to
    payment_paid; all of it is tried again later.
    """
    out = output_of(alone=as_json)
    with Bar("Verifying") as bar:
        try:
            report = current_state().reconciliation.run(limit, concurrency, bar, account)
        except KeyboardInterrupt:
            _stopped(f"{bar.done} payments were looked at, none by half;")
    if as_json:
        write_json(out, asdict(report))
    else:
        console(out).print(_swept(report))
    if report.unheard:
        click.echo(UNHEARD, err=True)
    if report.errors or report.refused or report.left or report.unheard:
        raise Exit(1)


def _swept(report: ReconcileReport) -> str:
    left = f" Left, since the gateway asked for a pause: {report.left}." if report.left else ""
    return (
        f"Payments looked at: {report.checked}, changed: {report.changed}, not verified: "
        f"{report.errors}, refused by the shop's own code: {report.refused}.{left} "
        f"Events delivered: {report.delivered}."
    )


def _stopped(what: str) -> NoReturn:
    click.echo(f"Stopped: {what} the next run does the rest.", err=True)
    raise Exit(_INTERRUPTED)


@commands.command(
    "deliver",
    epilog="""\b
    Example:
      flask bdquickpay deliver --limit 1000""",
)
@click.option("--limit", type=number, help="How many events at most.  [default: all that are due]")
@as_json_option
def deliver(limit: int | None, as_json: bool) -> None:
    """Deliver the events that are due.

    They are payment_changed; 'reconcile' delivers them too. Before them, payment_paid is sent where
    it is owed. An event whose receiver raises stays, with its error, and is tried again ever more
    rarely.
    """
    out = output_of(alone=as_json)
    try:
        delivered = current_state().reconciliation.deliver(limit)
    except KeyboardInterrupt:
        _stopped("an event under way is delivered again;")
    if as_json:
        write_json(out, {"delivered": delivered})
    else:
        console(out).print(f"Events delivered: {delivered}.")
    failing = reports().failing(0)
    if failing:
        click.echo(f"Not delivered yet: {first_error(failing)}", err=True)

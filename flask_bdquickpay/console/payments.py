"""`flask bdquickpay …`: prints what the service says."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import date, datetime, time, timedelta, timezone
from threading import get_ident
from typing import TYPE_CHECKING, Any, NoReturn, TextIO
from urllib.parse import urlsplit

import click
from click.exceptions import Exit
from flask import appcontext_popped, current_app, has_app_context
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from . import doctor as doctors
from .errors import BDQuickPayError, ConfigurationError, GatewayError
from .reports import COLUMNS, EventRecord, Filters, PaymentRecord, Reports
from .sandbox import APP_KEY, SECRET_KEY, SandboxError
from .sandbox.server import LOOPBACK, SandboxServer
from .settings import check_base_url, is_loopback
from .status import PaymentStatus
from .terminal import (
    Bar,
    add_row,
    console,
    first_line,
    moment,
    output,
    plain,
    print_table,
    status_text,
    table,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from .extension import State
    from .verdict import Snapshot

_WIDE = 120
_MOST = 100  # payments that are shown with their timelines
_LONGEST_NAME = 255  # of the column that keeps it
_INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended


class _Commands(AppGroup):
    """Commands whose errors are one clear line, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            raise click.ClickException(_explain(error)) from error


def _explain(error: Exception) -> str:
    if isinstance(error, (BDQuickPayError, SandboxError)):
        return first_line(error)
    if isinstance(error, DBAPIError):
        said = first_line(error.orig or error)
        return f"The database: {said} ('flask bdquickpay doctor' looks for the cause.)"
    return f"{type(error).__name__}: {first_line(error)}"


commands = _Commands(
    "bdquickpay",
    help="""bKash payments through bdQuickPay.

    Where is my money? Look with 'payments' and 'show', ask the gateway with 'verify', decide with
    'resolve'. Keep 'reconcile' running every few minutes (cron, systemd). When something does not
    work, 'doctor' says why and what to do.

    Exit codes: 0 done; 1 not found, could not be verified, or something is red; 2 wrong usage.
    With --json or --csv nothing else goes to stdout. Keys are never shown.""",
)


def _moment(days: int) -> Callable[[click.Context, click.Parameter, str | None], datetime | None]:
    """Return what reads a date, as so many days after its begin, or an ISO time."""

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
        del ctx, param
        try:
            return None if value is None else _read_moment(value, days)
        except (ValueError, OverflowError):
            raise click.BadParameter(
                f"{value!r} is no date or ISO time; write 2026-03-21, 2026-03-21T10:30 "
                "or 2026-03-21T10:30+06:00."
            ) from None

    return read


def _read_moment(value: str, days: int) -> datetime:
    if _DATE.fullmatch(value):
        begin = datetime.combine(date.fromisoformat(value), time(), timezone.utc)
        return begin + timedelta(days=days)
    read = datetime.fromisoformat(value[:-1] + "+00:00" if value[-1:] in "zZ" else value)
    aware = read if read.tzinfo else read.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc)


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, and only that.")
_number = click.IntRange(1, 10_000_000)


# Where the money is


@commands.command(
    "payments",
    epilog="""\b
    Examples:
      flask bdquickpay payments --status flagged
      flask bdquickpay payments --reference 1042
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
@click.option("--since", metavar="TIME", callback=_moment(0), help="Created at this time or later.")
@click.option(
    "--until",
    metavar="TIME",
    callback=_moment(1),
    help="Created before this time, or on this date.",
)
@click.option("--limit", type=_number, default=50, show_default=True, help="How many at most.")
@_json
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, and only that.")
def list_payments(
    *,
    statuses: tuple[str, ...],
    reference: str | None,
    since: datetime | None,
    until: datetime | None,
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
    filters = Filters(tuple(map(PaymentStatus, statuses)), reference, since, until)
    out = _output(alone=as_json or as_csv)
    found = _capped(_reports().payments(filters, limit + 1), limit)
    if as_csv:
        write_csv(out, COLUMNS, (vars(payment) for payment in found))
    elif as_json:
        write_json(out, [_listed(payment) for payment in found])
    else:
        _print_list(list(found), console(out))


def _capped(payments: Iterator[PaymentRecord], limit: int) -> Iterator[PaymentRecord]:
    """Yield at most `limit` payments, and say it when there are more."""
    for number, payment in enumerate(payments):
        if number == limit:
            click.echo(f"Only the newest {limit}; 'payments --limit' lists more.", err=True)
        else:
            yield payment


def _listed(payment: PaymentRecord) -> dict[str, Any]:
    return {name: getattr(payment, name) for name in COLUMNS}


def _print_list(payments: list[PaymentRecord], screen: Console) -> None:
    if not payments:
        click.echo("No such payments.", err=True)
        return
    wide = screen.width >= _WIDE
    more = ("Transaction", "Reason…") if wide else ()
    rows = table(">ID", "Invoice", "Order…", ">BDT", "Status", "Created (UTC)", *more)
    for payment in payments:
        add_row(
            rows,
            payment.id,
            payment.invoice_id,
            payment.customer_reference,
            f"{payment.amount:.2f}",
            status_text(payment.status),
            moment(payment.created_at),
            *((payment.trx_id, payment.reason) if wide else ()),
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
@_json
def show(key: str, as_json: bool) -> None:
    """Show a payment and all that happened to it.

    By its invoice id, by its own id, or by the order's reference, which may have several payments.
    A number that is the id of one and the reference of another shows both. The latest comes last.
    --json prints a list.
    """
    out, reports = _output(alone=as_json), _reports()
    payments = reports.matching(key, _MOST + 1)
    if not payments:
        raise _not_found(key)
    shown = reversed(list(_capped(iter(payments), _MOST)))
    found = [(payment, reports.timeline(payment.id)) for payment in shown]
    if as_json:
        write_json(out, [asdict(payment) | {"events": _dicts(events)} for payment, events in found])
        return
    for payment, events in found:
        _print_payment(payment, events, console(out))


def _dicts(events: list[EventRecord]) -> list[dict[str, Any]]:
    return [asdict(event) for event in events]


def _print_payment(payment: PaymentRecord, events: list[EventRecord], screen: Console) -> None:
    title = Text(f"Payment {payment.id}  {payment.amount:.2f} BDT  ", "bold")
    screen.print(title + status_text(payment.status))
    screen.print(_facts(payment))
    screen.print()
    print_table(screen, _timeline(events))
    if payment.status == PaymentStatus.FLAGGED:
        decide = f"flask bdquickpay resolve {payment.id} --accept|--reject --note WHY"
        screen.print(Text(f"\nA person decides: {decide}", "bold"))
    screen.print()


def _facts(payment: PaymentRecord) -> Table:
    facts = {
        "Order": payment.customer_reference,
        "Invoice": payment.invoice_id,
        "Transaction": payment.trx_id,
        "Reason": payment.reason,
        "Decided by": payment.resolved_by,
        "Gateway said": payment.gateway_status,
        "Created": _utc(payment.created_at),
        "Expires": _utc(payment.expires_at),
        "Verified": _utc(payment.verified_at),
        "Asked next": _utc(payment.check_after),
    }
    rows = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for name, value in facts.items():
        if value:
            add_row(rows, name, value)
    return rows


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
        f"by {event.actor}" if event.actor else "",
        f"not delivered: {event.error}" if event.error else "",
    ]
    return "; ".join(part for part in parts if part)


# What a person does about it


def _user() -> str:
    """The name of who sits at the keyboard, as far as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


@commands.command(
    "verify",
    epilog="""\b
    Example:
      flask bdquickpay verify GALQYVTGASTRGOISR1FO""",
)
@click.argument("key", metavar="INVOICE|ID")
@_json
def verify(key: str, as_json: bool) -> None:
    """Ask the gateway about a payment now.

    Its answer is applied, as by a webhook. Safe at any time, as often as you like. Nobody is asked
    about a completed payment. Exit code 1 when the gateway could not be asked: the payment then
    stays as it was.
    """
    out, seen = _output(alone=as_json), _find(key)
    with _receivers_named():
        _confirm(seen)
    after = _report(out, seen, as_json)
    if after.status == PaymentStatus.CREATED:
        raise click.ClickException(
            "The gateway has not answered its creation yet; ask again in some seconds."
        )


def _confirm(seen: Snapshot) -> None:
    try:
        _state().service.confirm(seen.id, source="cli", actor=_user())
    except GatewayError as error:
        raise click.ClickException(
            f"Could not be verified: {plain(error.message)} Payment {seen.id} stays {seen.status}."
        ) from error


@commands.command(
    "resolve",
    epilog="""\b
    Examples:
      flask bdquickpay resolve GALQYVTGASTRGOISR1FO --accept --note "seen in the bKash statement"
      flask bdquickpay resolve 17 --reject --note "refunded by hand" --by "Ayesha" """,
)
@click.argument("key", metavar="INVOICE|ID")
@click.option(
    "--accept/--reject",
    "accept",
    default=None,
    help="Complete it, and send payment_paid; or fail it for good.",
)
@click.option("--note", required=True, help="Why; kept in the payment's timeline.")
@click.option("--by", "actor", default=_user, help="Who decides.  [default: the system's user]")
@_json
def resolve(key: str, accept: bool | None, note: str, actor: str, as_json: bool) -> None:
    """Decide about a flagged payment.

    Flagged: the gateway says completed, but something disagrees ('show' says what). --accept is
    refused while the order is paid by another payment.
    """
    if accept is None:
        raise click.UsageError("Choose --accept or --reject.")
    note, actor = _stated(note, "--note"), _stated(actor, "--by")
    out, seen = _output(alone=as_json), _find(key)
    with _receivers_named():
        _state().service.resolve(seen, accept=accept, note=note, actor=actor)
    _report(out, seen, as_json)


def _stated(value: str, option: str) -> str:
    value = value.strip()
    if not value:
        raise click.UsageError(f"{option} must not be empty.")
    if option == "--by" and len(value) > _LONGEST_NAME:
        raise click.UsageError(f"{option} takes at most {_LONGEST_NAME} characters.")
    return value


@contextmanager
def _receivers_named() -> Iterator[None]:
    """Tell the shop's receiver as the one that raised, when it was."""
    try:
        yield
    except (BDQuickPayError, click.ClickException, DBAPIError):
        raise
    except Exception as error:
        raise click.ClickException(
            f"Nothing was changed: one of the shop's signal receivers raised {_explain(error)}"
        ) from error


def _report(out: TextIO, seen: Snapshot, as_json: bool) -> PaymentRecord:
    """Say how a payment stands now, after it was `seen`."""
    after = _reports().one(str(seen.id))
    assert after is not None  # noqa: S101  # payments are never deleted
    if as_json:
        write_json(out, _listed(after))
        return after
    name = f"Payment {after.id} ({after.invoice_id})" if after.invoice_id else f"Payment {after.id}"
    line = Text(f"{plain(name)} is ") + status_text(after.status)
    was = f"; it was {seen.status}." if seen.status != after.status else ", as before."
    why = f" Reason: {plain(after.reason)}." if after.reason else ""
    console(out).print(line + Text(was + why))
    return after


# Work that must be done again and again


@commands.command(
    "reconcile",
    epilog="""\b
    Examples:
      flask bdquickpay reconcile
      */5 * * * * cd /srv/shop && flask bdquickpay reconcile --json >> sweep.log""",
)
@click.option(
    "--limit", type=_number, help="How many payments at most.  [default: all that are due]"
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 50),
    default=8,
    show_default=True,
    help="How many gateway calls at once.",
)
@_json
def reconcile(limit: int | None, concurrency: int, as_json: bool) -> None:
    """Ask about every payment that is due.

    The sweep: run it every few minutes. It also delivers the outbox. It may run anywhere, and any
    number of times at once. Ctrl-C stops it between two payments.
    Exit code 1 when a payment could not be verified; it is tried again later.
    """
    out = _output(alone=as_json)
    with Bar("Verifying") as bar:
        try:
            report = _state().extension.reconcile(limit, concurrency, bar)
        except KeyboardInterrupt:
            _stopped(f"{bar.done} payments were looked at, none by half;")
    if as_json:
        write_json(out, asdict(report))
    else:
        console(out).print(_swept(report))
    if report.errors:
        raise Exit(1)


def _swept(report: Any) -> str:
    return (
        f"Payments looked at: {report.checked}, changed: {report.changed}, "
        f"not verified: {report.errors}. Events delivered: {report.delivered}."
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
@click.option("--limit", type=_number, help="How many events at most.  [default: all that are due]")
@_json
def deliver(limit: int | None, as_json: bool) -> None:
    """Deliver the events that are due.

    They are payment_changed; 'reconcile' delivers them too. An event whose receiver raises stays,
    with its error, and is tried again ever more rarely.
    """
    out = _output(alone=as_json)
    try:
        delivered = _state().extension.deliver(limit)
    except KeyboardInterrupt:
        _stopped("an event under way is delivered again;")
    if as_json:
        write_json(out, {"delivered": delivered})
    else:
        console(out).print(f"Events delivered: {delivered}.")
    failing = _reports().failing(0)
    if failing:
        click.echo(f"Not delivered yet: {doctors.first_error(failing)}", err=True)


# When something does not work


@commands.command(
    "doctor",
    epilog="""\b
    Examples:
      flask bdquickpay doctor
      flask bdquickpay doctor --json | jq '.checks[] | select(.state == "red")'""",
)
@_json
def doctor(as_json: bool) -> None:
    """Find out why payments do not work.

    One line for each check, with the cure. Looks at the configuration, the tables, the public URL
    (a webhook is POSTed to it), HTTPS, CSRF, the gateway and the keys, and at work that is left
    undone. Changes nothing. Exit code 1 when something is red.
    """
    out, found = _output(alone=as_json), []
    for finding in doctors.examine(_state()):
        found.append(finding)
        if not as_json:
            console(out).print(_line(finding))
    healthy = all(finding.state != doctors.Level.RED for finding in found)
    if as_json:
        checks = [asdict(finding) for finding in found]
        write_json(out, {"healthy": healthy, "checks": checks})
    if not healthy:
        raise Exit(1)


_SIGNS = {
    doctors.Level.OK: ("ok", "green"),
    doctors.Level.WARNING: ("warning", "yellow"),
    doctors.Level.RED: ("RED", "bold red"),
}


def _line(finding: doctors.Finding) -> Table:
    sign, name = Column(width=len("warning")), Column(width=doctors.LONGEST_NAME)
    grid = Table.grid(sign, name, Column(overflow="fold"), padding=(0, 2, 0, 0))
    grid.add_row(Text(*_SIGNS[finding.state]), Text(finding.check), Text(plain(finding.message)))
    return grid


def _tunnel(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    del ctx
    try:
        return value and check_base_url(value, str(param.opts[0]))
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from None


@commands.command(
    "sandbox",
    with_appcontext=False,
    epilog="""\b
    Examples:
      flask bdquickpay sandbox
      flask bdquickpay sandbox --port 5005 --state sandbox.sqlite3""",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5005,
    show_default=True,
    help="Where to listen; 0 takes a free one.",
)
@click.option("--host", default=LOOPBACK, show_default=True, help="Where to listen.")
@click.option("--allow-remote", is_flag=True, help="Let other machines in: they pay with nothing.")
@click.option(
    "--public-url", callback=_tunnel, help="Scheme and host for payment pages, behind a tunnel."
)
@click.option(
    "--state", type=click.Path(dir_okay=False), help="Keep its state in this file, not in memory."
)
def sandbox(
    port: int, host: str, allow_remote: bool, public_url: str | None, state: str | None
) -> None:
    """Run a stand-in for the gateway.

    No real money moves. Copy the three settings that it prints into the shop's configuration.
    Ctrl-C ends it.
    """
    if not allow_remote and not is_loopback(host):
        raise click.UsageError(
            f"The sandbox listens on this machine only, not on {host}: whoever reaches it pays "
            "with nothing. --allow-remote lets them."
        )
    with SandboxServer(
        host=host, port=port, allow_remote=allow_remote, path=state, public_url=public_url
    ) as server:
        _print_sandbox(server, public_url)
        try:
            server.wait()
        except KeyboardInterrupt:
            click.echo("\nThe sandbox has ended.")


def _print_sandbox(server: SandboxServer, public_url: str | None) -> None:
    screen = console()
    screen.print(Text("SANDBOX: no real money moves.", "bold yellow"))
    screen.print(f"Its pages (payments, webhooks, faults): {server.url}\n")
    screen.print("Copy into the shop's configuration:")
    screen.print(f'  BDQUICKPAY_BASE_URL = "{server.base_url}"', soft_wrap=True)
    screen.print(f'  BDQUICKPAY_APP_KEY = "{APP_KEY}"')
    screen.print(f'  BDQUICKPAY_SECRET_KEY = "{SECRET_KEY}"')
    if public_url:
        screen.print(f'  BDQUICKPAY_PAYMENT_HOSTS = ["{urlsplit(public_url).netloc}"]')
    if not is_loopback(urlsplit(server.url).hostname):
        screen.print("A shop takes this address only over HTTPS: put a TLS proxy before it.")
    screen.print("\nCtrl-C ends it.")
    screen.file.flush()


# What the commands share


def _state() -> State:
    state: State = current_app.extensions["bdquickpay"]
    return state


def _output(*, alone: bool) -> TextIO:
    """Return where to print; `alone` keeps all others off it, also while the app is left."""
    stack, here = ExitStack(), get_ident()
    out = stack.enter_context(output(alone=alone))

    def left(sender: object) -> None:
        del sender
        if get_ident() == here and not has_app_context():
            stack.close()
            appcontext_popped.disconnect(left)

    appcontext_popped.connect(left, weak=False)
    return out


def _reports() -> Reports:
    return Reports(_state().service.store)


def _find(key: str) -> Snapshot:
    found = _reports().one(key)
    seen = None if found is None else _state().service.store.find("id", found.id)
    if seen is None:
        raise _not_found(key)
    return seen


def _not_found(key: str) -> click.ClickException:
    return click.ClickException(
        f"There is no payment {plain(key)!r}. 'flask bdquickpay payments' lists what there is."
    )

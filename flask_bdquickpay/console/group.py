"""The group `flask bdquickpay`, and what its commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

import click
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy.exc import DBAPIError

from ..errors import BDQuickPayError
from ..payments.records import PaymentRecord
from ..payments.reports import Reports
from ..payments.verdict import Snapshot
from ..sandbox import SandboxError
from ..state import current_state
from ..text import first_line, plain
from .terminal import output


def explain(error: Exception) -> str:
    """Return what an error says, in one line; for one of the database, who looks for its cause."""
    if isinstance(error, (BDQuickPayError, SandboxError)):
        return first_line(error)
    if isinstance(error, DBAPIError):
        said = first_line(error.orig or error)
        return f"The database: {said} ('flask bdquickpay doctor' looks for the cause.)"
    return f"{type(error).__name__}: {first_line(error)}"


#: Where each command registers itself.
commands: AppGroup = AppGroup()


def output_of(*, alone: bool) -> TextIO:
    """Return where to print; `alone` keeps all others off it until the command line is done."""
    root, kept = click.get_current_context().find_root(), ExitStack()
    out = kept.enter_context(output(alone=alone))

    @root.call_on_close
    def done() -> None:
        with kept:
            root.close()  # the app that it entered is left now: that may print, too

    return out


def reports() -> Reports:
    """Return the questions about the current app's payments."""
    return Reports(current_state().store)


def find(key: str) -> Snapshot:
    """Return the one payment that the key names, by its invoice id or its id.

    :raises click.ClickException: when there is none, or the key could name two.
    """
    found = reports().named(key)
    if len(found) > 1:
        raise _ambiguous(key, *found)
    seen = current_state().store.find("id", found[0].id) if found else None
    if seen is None:
        raise not_found(key)
    return seen


def _ambiguous(key: str, of_invoice: PaymentRecord, of_id: PaymentRecord) -> click.ClickException:
    other = f"its invoice id, {plain(of_id.invoice_id)}" if of_id.invoice_id else "the desk"
    return click.ClickException(
        f"{plain(key)!r} is the invoice id of payment {of_invoice.id} and the id of payment "
        f"{of_id.id}. Name the first one by its id, {of_invoice.id}; the second one by {other}."
    )


def not_found(key: str) -> click.ClickException:
    """Return the error that names the key of a payment that is not there."""
    return click.ClickException(
        f"There is no payment {plain(key)!r}. 'flask bdquickpay payments' lists what there is."
    )


def say_sandbox(ctx: click.Context) -> None:
    """Say once that no real money moves, where a sandbox stands in for the gateway."""
    info = ctx.find_object(ScriptInfo)
    state = info.load_app().extensions.get("bdquickpay") if info else None
    if state and state.settings.sandbox:
        pages = state.settings.base_url.partition("/api/")[0]
        click.secho(f"SANDBOX: no real money moves. Its pages: {pages}", fg="yellow", err=True)


@contextmanager
def receivers_named() -> Iterator[None]:
    """Tell the shop's receiver as the one that raised, when it was."""
    try:
        yield
    except (BDQuickPayError, click.ClickException, DBAPIError):
        raise
    except Exception as error:
        raise click.ClickException(
            f"Nothing was changed: one of the shop's signal receivers raised {explain(error)}"
        ) from error

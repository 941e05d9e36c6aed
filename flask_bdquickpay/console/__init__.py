"""`flask bdquickpay …`: prints what the payments say."""

# Imports stand where they are needed: a worker that serves pages never runs a command, and would
# wait for all of them at its start.
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Any

import click
from click.exceptions import Exit
from flask.cli import AppGroup, with_appcontext


class _Commands(AppGroup):
    """Commands whose errors are one clear line, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from .everything import commands

        return commands.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from .everything import commands

        return commands.get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from .group import say_sandbox

        found = super().resolve_command(ctx, args)
        if not ctx.resilient_parsing and found[0] != "sandbox" and "--help" not in args:
            say_sandbox(ctx)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        from .group import explain

        try:
            return super().invoke(ctx)
        except (click.ClickException, Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            raise click.ClickException(explain(error)) from error


@with_appcontext
def _overview() -> None:
    from .overview import say_how_it_is

    say_how_it_is()


@click.pass_context
def _begin(ctx: click.Context) -> None:
    from .group import say_sandbox

    if ctx.invoked_subcommand is None:
        say_sandbox(ctx)
        ctx.invoke(_overview)


commands: AppGroup = _Commands(
    "bdquickpay",
    callback=_begin,
    invoke_without_command=True,
    help="""bKash payments through bdQuickPay.

    Alone it says in four lines whether all is well, and what to type next.

    Where is my money? Look with 'payments' and 'show', ask the gateway with 'verify', decide with
    'resolve'. Keep 'reconcile' running every minute (cron, systemd). When something does not
    work, 'doctor' says why and what to do.

    Exit codes: 0 done; 1 not found, could not be verified, or something is red; 2 wrong usage.
    With --json or --csv nothing else goes to stdout. Keys are never shown.""",
)

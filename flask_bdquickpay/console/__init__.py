"""`flask bdquickpay …`: prints what the payments say."""

# Imports stand where they are needed: a worker that serves pages never runs a command, and would
# wait for all of them at its start.
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Any

import click
from click.exceptions import Exit
from flask.cli import AppGroup


class _Commands(AppGroup):
    """Commands whose errors are one clear line, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from .everything import commands

        return commands.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from .everything import commands

        return commands.get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        from .group import explain

        try:
            return super().invoke(ctx)
        except (click.ClickException, Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            raise click.ClickException(explain(error)) from error


commands: AppGroup = _Commands(
    "bdquickpay",
    help="""bKash payments through bdQuickPay.

    Where is my money? Look with 'payments' and 'show', ask the gateway with 'verify', decide with
    'resolve'. Keep 'reconcile' running every few minutes (cron, systemd). When something does not
    work, 'doctor' says why and what to do.

    Exit codes: 0 done; 1 not found, could not be verified, or something is red; 2 wrong usage.
    With --json or --csv nothing else goes to stdout. Keys are never shown.""",
)

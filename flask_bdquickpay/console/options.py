"""Options that several commands have."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def moment_option(
    days: int,
) -> Callable[[click.Context, click.Parameter, str | None], datetime | None]:
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


as_json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and only that."
)


number: click.IntRange = click.IntRange(1, 10_000_000)

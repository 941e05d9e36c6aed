"""Options that several commands have."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from ..clock import DHAKA

F = TypeVar("F", bound=Callable[..., Any])


def moment_option(
    days: int,
) -> Callable[[click.Context, click.Parameter, str | None], datetime | None]:
    """Return what reads a date, as so many days after its begin, or an ISO time; as UTC."""

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
        del param
        zone: tzinfo = ctx.params.get("zone", DHAKA)
        try:
            return None if value is None else _read_moment(value, days, zone)
        except (ValueError, OverflowError):
            raise click.BadParameter(
                f"{value!r} is no date or ISO time; write 2026-03-21, 2026-03-21T10:30 "
                "or 2026-03-21T10:30Z."
            ) from None

    return read


def _read_moment(value: str, days: int, zone: tzinfo) -> datetime:
    if _DATE.fullmatch(value):
        begin = datetime.combine(date.fromisoformat(value), time(), zone)
        return (begin + timedelta(days=days)).astimezone(timezone.utc)
    read = datetime.fromisoformat(value[:-1] + "+00:00" if value[-1:] in "zZ" else value)
    aware = read if read.tzinfo else read.replace(tzinfo=zone)
    return aware.astimezone(timezone.utc)


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _utc_or_dhaka(ctx: click.Context, param: click.Parameter, value: bool) -> tzinfo:
    del ctx, param
    return timezone.utc if value else DHAKA


utc_option: Callable[[F], F] = click.option(
    "--utc",
    "zone",
    is_flag=True,
    is_eager=True,  # what reads the other options asks for it
    callback=_utc_or_dhaka,
    help="Read and show times as UTC, not as Dhaka's.",
)

as_json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and only that."
)


as_csv_option: Callable[[F], F] = click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV, and only that."
)
account_option: Callable[[F], F] = click.option(
    "--account", help="Only of this merchant account; '' is the plain one."
)
number: click.IntRange = click.IntRange(1, 10_000_000)


_LONGEST_NAME = 255  # of the column that keeps it


def user() -> str:
    """The name of who sits at the keyboard, as far as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


by_option: Callable[[F], F] = click.option(
    "--by", "actor", default=user, help="Who decides.  [default: the system's user]"
)


def stated(value: str, option: str) -> str:
    """Return what was said, which is not nothing.

    :raises click.UsageError: when it is, or too long for a name.
    """
    value = value.strip()
    if not value:
        raise click.UsageError(f"{option} must not be empty.")
    if option == "--by" and len(value) > _LONGEST_NAME:
        raise click.UsageError(f"{option} takes at most {_LONGEST_NAME} characters.")
    return value


def _zone(ctx: click.Context, param: click.Parameter, value: str) -> tzinfo:
    del ctx, param
    if value == "Asia/Dhaka":
        return DHAKA
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(f"{value!r} is no time zone, such as Asia/Dhaka.") from None


zone_option: Callable[[F], F] = click.option(
    "--tz", "zone", default="Asia/Dhaka", show_default=True, callback=_zone, help="Of the days."
)

"""Is all well? What `flask bdquickpay` says when it is given no command."""

from __future__ import annotations

from datetime import datetime, time

from rich.table import Table
from rich.text import Text

from .. import clock
from ..clock import DHAKA
from ..doctor.findings import PATIENCE
from ..doctor.upkeep import ENOUGH, RECENT, USUAL
from ..payments.health import Health, HealthCheck
from ..payments.reports import Reports, Takings
from ..state import current_state
from ..text import taka
from .group import reports
from .terminal import console

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_Line = tuple[str, str, str]  # name, what is so, style


def say_how_it_is() -> None:
    """Print four lines and the command to type next."""
    state, asked = current_state(), reports()
    health, flagged = HealthCheck(state.store).look(), asked.flagged()
    share = _share(asked) if state.settings.webhook else None
    screen, rows = console(), Table.grid(padding=(0, 2, 0, 0))
    for name, said, style in (
        _today(asked),
        _flagged(flagged),
        _sweep(health),
        _webhooks(share),
    ):
        rows.add_row(Text(name, "bold"), Text(said, style))
    screen.print(rows)
    screen.print(Text(f"Next: {_next(health, flagged, share)}", "bold"), soft_wrap=True)


def _today(asked: Reports) -> _Line:
    now = clock.utcnow().astimezone(DHAKA)
    paid = asked.paid_since(datetime.combine(now.date(), time(), DHAKA))
    return "Today", f"{taka(paid.amount)} in {_payments(paid.count)}, since midnight in Dhaka", ""


def _flagged(flagged: Takings) -> _Line:
    if not flagged.count:
        return "Flagged", "none", ""
    said = f"{_payments(flagged.count)}, {taka(flagged.amount)}: a person decides"
    return "Flagged", said, "bold red"


def _sweep(health: Health) -> _Line:
    due = health.due
    if not due.count or due.oldest_seconds is None:
        return "Sweep", "nothing is due", ""
    said = f"{_payments(due.count)} due, the oldest for {_age(due.oldest_seconds)}"
    if due.oldest_seconds > PATIENCE.total_seconds():
        return "Sweep", f"{said}: nobody sweeps", "bold red"
    return "Sweep", said, ""


def _is_late(health: Health) -> bool:
    oldest = max(pile.oldest_seconds or 0 for pile in (health.due, health.events_due))
    return oldest > PATIENCE.total_seconds()


def _share(asked: Reports) -> tuple[int, int]:
    """Of how many recent payments a webhook told, and how many there are."""
    since = clock.utcnow() - RECENT
    return asked.announced(since), sum(asked.confirmed_by(since).values())


def _webhooks(share: tuple[int, int] | None) -> _Line:
    if share is None:
        return "Webhooks", "off", ""
    told, paid = share
    if not paid:
        return "Webhooks", f"nothing was paid in the last {RECENT.days} days", ""
    said = f"for {100 * told // paid}% of {_payments(paid)} of the last {RECENT.days} days"
    return "Webhooks", said, "yellow" if _are_missed(share) else ""


def _are_missed(share: tuple[int, int] | None) -> bool:
    told, paid = share or (0, 0)
    return paid >= ENOUGH and 100 * told < USUAL * paid


def _next(health: Health, flagged: Takings, share: tuple[int, int] | None) -> str:
    """The command that deals with the worst of it."""
    if health.unannounced.count or health.unbooked.count:
        return "flask bdquickpay doctor   (money came that the shop's own code does not book)"
    if _is_late(health):
        return "flask bdquickpay reconcile   (and let it run every minute)"
    if flagged.count:
        return "flask bdquickpay payments --status flagged"
    if health.refunds_owed.count:
        return "flask bdquickpay refunds --owed   (rejected money that was not sent back)"
    if _are_missed(share):
        return "flask bdquickpay doctor   (webhooks are missed)"
    return "flask bdquickpay payments --today"


def _payments(count: int) -> str:
    return f"{count:,} payment{'' if count == 1 else 's'}"


def _age(seconds: float) -> str:
    """How long that is, in its largest unit."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} s"

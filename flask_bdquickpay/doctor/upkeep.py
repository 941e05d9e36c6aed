"""Whether anybody does the work that is never done: sweep, outbox, webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from .. import clock
from ..payments.records import EventRecord
from ..text import plain, stamp
from .findings import PATIENCE, Patient, Result, ok, red, warning

#: An event that was tried more often has a receiver that is broken.
ATTEMPTS = 3


#: So many payments tell whether webhooks are missed, and so many percent of them should have one.
ENOUGH, USUAL = 5, 90
RECENT = timedelta(days=7)


def check_sweep(patient: Patient) -> Result:
    """Whether the sweep runs: no payment is long overdue."""
    overdue = patient.reports.overdue(clock.utcnow() - PATIENCE)
    if overdue.count:
        return red(
            f"Payments overdue: {overdue.count}, since {stamp(overdue.oldest)}. Run "
            "'flask bdquickpay reconcile' every minute, from cron or systemd."
        )
    return ok("No payment is overdue.")


def check_deliveries(patient: Patient) -> Result:
    """Whether the outbox is emptied, and no receiver keeps raising."""
    heard = patient.state.outbox.heard
    late = patient.reports.undelivered(clock.utcnow() - PATIENCE, heard)
    if late.count:
        return red(
            f"Events not delivered: {late.count}, due since {stamp(late.oldest)}. Run "
            "'flask bdquickpay reconcile' (or deliver) every minute, from cron or systemd."
        )
    failing = patient.reports.failing(ATTEMPTS)
    if failing:
        return red(
            f"A receiver of payment_changed keeps raising: {first_error(failing)} Mend it; "
            "then run 'flask bdquickpay deliver'."
        )
    waiting = patient.reports.unheard(clock.utcnow(), heard)
    if waiting:
        return ok(f"{waiting} wait, for a day at most: nobody in this process listens to them.")
    return ok("No event is overdue.")


def first_error(events: Sequence[EventRecord]) -> str:
    """Say which event failed last, and why."""
    said = plain((events[0].error or "interrupted").splitlines()[0])[:200]
    more = f" ({len(events) - 1} more)" if len(events) > 1 else ""
    return f"event {events[0].id} (attempts: {events[0].attempts}): {said}{more}."


def check_announcements(patient: Patient) -> Result:
    """Whether webhooks come; red when the sweep had to find what was paid."""
    since = clock.utcnow() - RECENT
    by = patient.reports.confirmed_by(since)
    completed, announced = sum(by.values()), patient.reports.announced(since)
    if not patient.state.settings.webhook:
        return ok("No webhook is asked for.")
    said = _share(patient, announced, completed, since)
    if completed < ENOUGH:
        return ok(f"{said} Too few to tell.")
    if 100 * announced >= USUAL * completed:
        return ok(said)
    cure = f"{patient.webhook_url or 'BDQUICKPAY_PUBLIC_URL'} and bdQuickPay's webhook log."
    return (red if by.get("sweep") and not announced else warning)(f"{said} Check {cure}")


def _share(patient: Patient, announced: int, completed: int, since: datetime) -> str:
    """Say for how many payments a webhook came, and when the last one did."""
    of = f"of the {completed} payments completed in the last {RECENT.days} days"
    if not announced:
        return f"Webhooks for none {of}."
    latest = stamp(patient.reports.webhooks(since, 1)[0].created_at)
    percent = 100 * announced // completed
    return f"Webhooks for {announced} {of} ({percent}%); the last at {latest}."

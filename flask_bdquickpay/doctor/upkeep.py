"""Whether anybody does the work that is never done: sweep, outbox, decisions, webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ..payments import clock
from ..payments.reports import EventRecord
from ..payments.status import PaymentStatus
from ..text import moment, plain
from .findings import PATIENCE, Patient, Result, ok, red, warning

#: An event that was tried more often has a receiver that is broken.
ATTEMPTS = 3


#: Webhooks are missed where so many payments were completed without one.
ENOUGH = 5


RECENT = timedelta(days=7)


def check_sweep(patient: Patient) -> Result:
    """Whether the sweep runs: no payment is long overdue."""
    overdue = patient.reports.overdue(clock.utcnow() - PATIENCE)
    if overdue.count:
        return red(
            f"Payments overdue: {overdue.count}, since {moment(overdue.oldest)} UTC. Run "
            "'flask bdquickpay reconcile' every few minutes, from cron or systemd."
        )
    return ok("No payment is overdue.")


def check_deliveries(patient: Patient) -> Result:
    """Whether the outbox is emptied, and no receiver keeps raising."""
    waiting = patient.reports.undelivered(clock.utcnow() - PATIENCE)
    if waiting.count:
        return red(
            f"Events not delivered: {waiting.count}, due since {moment(waiting.oldest)} UTC. Run "
            "'flask bdquickpay reconcile' (or deliver) every few minutes, from cron or systemd."
        )
    failing = patient.reports.failing(ATTEMPTS)
    if failing:
        return red(
            f"A receiver of payment_changed keeps raising: {first_error(failing)} Mend it; "
            "then run 'flask bdquickpay deliver'."
        )
    return ok("No event is overdue.")


def first_error(events: Sequence[EventRecord]) -> str:
    """Say which event failed last, and why."""
    said = plain((events[0].error or "interrupted").splitlines()[0])[:200]
    more = f" ({len(events) - 1} more)" if len(events) > 1 else ""
    return f"event {events[0].id} (attempts: {events[0].attempts}): {said}{more}."


def check_flagged(patient: Patient) -> Result:
    """Whether payments wait for a person."""
    count = patient.reports.count(PaymentStatus.FLAGGED)
    if count:
        return warning(
            f"Payments that wait for a person: {count}. See 'flask bdquickpay payments --status "
            "flagged', then decide with 'flask bdquickpay resolve'."
        )
    return ok("No payment waits for a person.")


def check_announcements(patient: Patient) -> Result:
    """Whether webhooks come at all; red when the sweep had to find what was paid."""
    since = clock.utcnow() - RECENT
    by = patient.reports.confirmed_by(since)
    completed, announced = sum(by.values()), patient.reports.announced(since)
    if not patient.state.settings.webhook:
        return ok("No webhook is asked for.")
    if announced:
        latest = moment(patient.reports.webhooks(since, 1)[0].created_at)
        return ok(f"{announced} of {completed} payments of late; the last at {latest} UTC.")
    if completed < ENOUGH:
        return ok(f"Too few payments were completed of late to tell ({completed}).")
    said = f"None of the {completed} payments completed of late was announced by a webhook. Check "
    cure = f"{patient.webhook_url or 'BDQUICKPAY_PUBLIC_URL'} and bdQuickPay's webhook log."
    return (red if by.get("sweep") else warning)(said + cure)

"""Whether money came that waits: for the shop's own code, or for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .. import clock
from ..payments.records import PaymentRecord
from ..payments.refund_rows import DAYS_TO_REFUND, RefundRows
from ..payments.status import PaymentStatus
from ..text import plain, stamp, taka
from .findings import Patient, Result, ok, red, warning

#: Of so many payments it is told who refuses them.
_SAMPLE = 100
_NAMED = 3
_IN_THE_WAY = "the database was in the way"


def check_owed(patient: Patient) -> Result:
    """Whether the shop was told of all money."""
    owed = patient.reports.owed()
    if not owed.count:
        return ok("The shop was told of every payment.")
    (one,) = patient.reports.some_owed(1)
    raised = f" {plain(one.problem)[:200]}: mend that first." if one.problem else ""
    return red(
        f"Payments that are paid, and of which the shop was not told: {owed.count}, since "
        f"{stamp(owed.oldest)}.{raised} Run 'flask bdquickpay reconcile' or 'deliver' in a "
        "process that imports your receivers of payment_paid; or, for one of them, 'flask "
        f"bdquickpay announce {one.invoice_id}'."
    )


def check_refused(patient: Patient) -> Result:
    """Whether the shop's own code books the money that came."""
    refused = patient.reports.unbooked()
    if not refused.count:
        return ok("No money is refused by the shop's own code.")
    who = "; ".join(_receivers(patient.reports.some_unbooked(_SAMPLE)))
    return red(
        f"Payments whose money came, and which are not booked: {refused.count}. {who}. Mend that, "
        "and 'flask bdquickpay reconcile' books them; or decide about each with 'flask bdquickpay "
        "resolve'."
    )


def _receivers(payments: Sequence[PaymentRecord]) -> Iterator[str]:
    """Say what each raised last, and how many it refuses."""
    problems = [plain(payment.problem or _IN_THE_WAY)[:200] for payment in payments]
    names = [problem.partition(" raised ")[0] for problem in problems]
    for name, count in Counter(names).most_common(_NAMED):
        yield f"{problems[names.index(name)]} ({count})"


def check_flagged(patient: Patient) -> Result:
    """Whether payments wait for a person."""
    count = patient.reports.count(PaymentStatus.FLAGGED)
    if count:
        return warning(
            f"Payments that wait for a person: {count}. See 'flask bdquickpay payments --status "
            "flagged', then decide with 'flask bdquickpay resolve'."
        )
    return ok("No payment waits for a person.")


def check_refunds(patient: Patient) -> Result:
    """Whether money is held that a person rejected, and for how long."""
    debt = patient.reports.debt()
    if not debt.count or debt.oldest is None:
        return ok("No rejected payment holds money.")
    days = (clock.utcnow() - debt.oldest).days
    (one,) = RefundRows(patient.state.store).owed(clock.utcnow(), 1)
    name = one.invoice_id or one.payment_id
    said = (
        f"Rejected payments whose money was not sent back: {debt.count}, {taka(debt.amount)}, "
        f"the oldest for {days} of the {DAYS_TO_REFUND} days that there are. Send it with the "
        f"bKash app, then run 'flask bdquickpay record-refund {name} --all "
        "--note …'; 'flask bdquickpay refunds --owed' lists them all."
    )
    return red(said) if days > DAYS_TO_REFUND else warning(said)


def check_amounts(patient: Patient) -> Result:
    """Whether every paid payment says what came; those of version 0.1.0 do not."""
    agreed = patient.reports.without_received(agreed=True)
    others = patient.reports.without_received(agreed=False)
    if not agreed and not others:
        return ok("Every paid payment says what came.")
    table = patient.state.store.payments.fullname
    update = f"UPDATE {table} SET received_amount"  # noqa: S608  # said to a person
    cures = [
        f"Paid before received_amount was kept: {agreed}. Run: {update} = amount "
        "WHERE status = 'completed' AND received_amount IS NULL AND resolved_by IS NULL;",
        f"Flagged, or accepted by a person, before it was kept: {others}. Look up in the bKash "
        f"statement what came, and for each run: {update} = … WHERE id = …;",
    ]
    return warning(" ".join(cure for cure, n in zip(cures, (agreed, others), strict=True) if n))

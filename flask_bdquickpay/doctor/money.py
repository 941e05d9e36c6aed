"""Whether money came that waits: for the shop's own code, or for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..payments.reports import PaymentRecord
from ..payments.status import PaymentStatus
from ..text import moment, plain
from .findings import Patient, Result, ok, red, warning

#: Of so many payments it is told who refuses them.
_SAMPLE = 100
_NAMED = 3


def check_owed(patient: Patient) -> Result:
    """Whether the shop was told of all money."""
    owed = patient.reports.owed()
    if not owed.count:
        return ok("The shop was told of every payment.")
    newest = patient.reports.newest_owed(1)
    raised = f" {plain(newest[0].problem)[:200]}: mend that first." if newest[0].problem else ""
    return red(
        f"Payments that are paid, and of which the shop was not told: {owed.count}, since "
        f"{moment(owed.oldest)} UTC.{raised} Run 'flask bdquickpay reconcile' or 'deliver' in a "
        "process that imports your receivers of payment_paid, or 'flask bdquickpay announce "
        f"{newest[0].invoice_id}' for the newest."
    )


def check_refused(patient: Patient) -> Result:
    """Whether the shop's own code books the money that came."""
    refused = patient.reports.unbooked()
    if not refused.count:
        return ok("No money is refused by the shop's own code.")
    who = "; ".join(_receivers(patient.reports.newest_unbooked(_SAMPLE)))
    return red(
        f"Payments whose money came, and which the shop's own code refuses to book: "
        f"{refused.count}. {who}. Mend that, and 'flask bdquickpay reconcile' books them; or "
        "decide about each with 'flask bdquickpay resolve'."
    )


def _receivers(payments: Sequence[PaymentRecord]) -> Iterator[str]:
    """Say who refuses how many, and what it raised last."""
    problems = [plain(payment.problem or "unknown")[:200] for payment in payments]
    names = [problem.partition(" raised ")[0] for problem in problems]
    for name, count in Counter(names).most_common(_NAMED):
        raised = problems[names.index(name)].partition(" raised ")[2] or "something"
        yield f"{name} refuses {count}: {raised}"


def check_flagged(patient: Patient) -> Result:
    """Whether payments wait for a person."""
    count = patient.reports.count(PaymentStatus.FLAGGED)
    if count:
        return warning(
            f"Payments that wait for a person: {count}. See 'flask bdquickpay payments --status "
            "flagged', then decide with 'flask bdquickpay resolve'."
        )
    return ok("No payment waits for a person.")


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

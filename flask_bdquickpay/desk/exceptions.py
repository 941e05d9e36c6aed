"""What a statement and the books disagree about, and what to do at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..payments.statement import HARMLESS, StatementReport
from ..payments.statement_lines import Exceptional
from ..web.language import localized
from . import words
from .language import M_, say
from .retold import retell

#: So many are shown.
MOST = 200
#: Each class: what it is called, and what to do.
ADVICE = {
    "amount_differs": (
        M_("The amount differs"),
        M_("Open the payment and compare both with the bKash app."),
    ),
    "money_not_here": (
        M_("Money without a payment"),
        M_("“flask bdquickpay reconcile” may find it; then look among the waiting payments."),
    ),
    "money_rejected": (
        M_("Rejected money, still held"),
        M_("Send it back, then record the refund."),
    ),
    "payment_not_there": (
        M_("Paid here, not in the statement"),
        M_("Look for the transaction in the bKash app before anything is shipped or sent back."),
    ),
    "refund_not_recorded": (
        M_("Sent back, not recorded"),
        M_("Find the payment and record a refund with this transaction ID."),
    ),
    "refund_not_there": (
        M_("Refund not in the statement"),
        M_("If the money never left, void the refund."),
    ),
    "trx_conflict": (
        M_("One transaction, two stories"),
        M_("Compare the line with the bKash app."),
    ),
    "unreadable": (M_("Unreadable line"), M_("Correct the line in the file and check it again.")),
}
_FLAGGED = M_("Decide about the flagged payment.")
_HARMLESS = {
    "matched": M_("%(n)s payments agree"),
    "refund_matched": M_("%(n)s refunds agree"),
    "repeated_line": M_("%(n)s lines came twice"),
    "other_type": M_("%(n)s lines are of another type"),
    "outside_period": M_("%(n)s lines are older than the books"),
    "not_yet": M_("%(n)s rows of the books are newer than the statement"),
}


@dataclass(frozen=True)
class Difference:
    """An exception as the desk shows it."""

    name: str
    advice: str
    said: str
    where: str
    amount: str
    trx_id: str
    payment_id: int | None
    command: str


def differences(report: StatementReport) -> list[Difference]:
    """The exceptions that somebody should look at, at most :data:`MOST`."""
    red = [one for one in report.exceptions if one.kind not in HARMLESS]
    return [_shown(one) for one in red[:MOST]]


def count_of(report: StatementReport) -> int:
    """How many there are."""
    return sum(count for kind, count in report.counts.items() if kind not in HARMLESS)


def matches(report: StatementReport) -> int:
    """How many payments and refunds agree with the statement."""
    return report.counts.get("matched", 0) + report.counts.get("refund_matched", 0)


def harmless(report: StatementReport) -> Iterator[str]:
    """How many lines and rows call for nobody, and why."""
    for kind, said in _HARMLESS.items():
        if report.counts.get(kind):
            yield say(said, n=words.number(report.counts[kind]))


def _shown(one: Exceptional) -> Difference:
    name, advice = ADVICE.get(one.kind, (one.kind, ""))
    if one.kind == "money_not_here" and one.payment_id is not None:
        name, advice = M_("Money on a flagged payment"), _FLAGGED
    return Difference(
        name=say(name),
        advice=say(advice),
        said=retell(one.said),
        where=say("books") if one.line is None else say("line %(n)s", n=localized(str(one.line))),
        amount="" if one.amount is None else words.taka(abs(one.amount)),
        trx_id=one.trx_id or "",
        payment_id=one.payment_id,
        command=one.command or "",
    )

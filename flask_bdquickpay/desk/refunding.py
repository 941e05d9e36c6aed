"""The desk's pages on which money that went back is written down, or an entry is voided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue

from ..errors import BDQuickPayError, RefundError
from ..payments.models import RefundMixin
from ..payments.records import PaymentRecord
from ..payments.refund_rows import RefundRecord, RefundRows
from ..state import current_state
from . import words
from .forms import SteppedForm
from .frame import FRESH, PAYMENT, Frame, back, found, is_old, went_wrong
from .language import M_, say
from .money_back import taka
from .refund_forms import RefundForm, VoidForm

_REFUND = "<int(max=999999999999999999):refund_id>"
_BOTH = ["GET", "POST"]


class RefundPages(Frame):
    """Nothing here moves money: a person has sent it with bKash's own app."""

    def add_rules(self, blueprint: Blueprint) -> None:
        """Add the pages to the blueprint."""
        one = f"/payments/{PAYMENT}/refunds"
        blueprint.add_url_rule(f"{one}/new", "refund", self.refund, methods=_BOTH)
        blueprint.add_url_rule(f"{one}/{_REFUND}/void", "void", self.void, methods=_BOTH)

    def refund(self, payment_id: int) -> ResponseReturnValue:
        """Write down that money was sent back."""
        payment = self.payment_or_404(payment_id)
        form = RefundForm() if request.method == "POST" else RefundForm().begin(payment)
        state = current_state()

        def check() -> None:
            state.refunds.check(state.store.found(payment_id), **form.facts(payment.verified_at))

        def work(actor: str) -> tuple[str, str]:
            recorded = state.refunds.record(
                state.store.found(payment_id),
                **form.facts(payment.verified_at),
                by=actor,
                note=form.note.data or "",
                method=form.method.data or "",
                reason=form.reason.data or "",
                request_key=form.request_key.data,
            )
            return said_of(recorded, form.told)

        return self._in_steps("refund.html", form, payment, check, work)

    def void(self, payment_id: int, refund_id: int) -> ResponseReturnValue:
        """Take back an entry that was wrong."""
        payment, state = self.payment_or_404(payment_id), current_state()
        refund = found(_of(payment_id, refund_id))

        def work(actor: str) -> tuple[str, str]:
            note = form.note.data or ""
            try:
                state.refunds.void(RefundRows(state.store).load(refund_id), by=actor, note=note)
            except RefundError:
                now = found(_of(payment_id, refund_id))
                if (now.voided_by, now.void_note) != (actor, note):
                    raise  # else it was a second click
            facts = {"id": words.digits(refund_id), "amount": taka(refund.amount)}
            return say("Void: refund %(id)s of %(amount)s does not count.", **facts), "success"

        form = VoidForm()
        return self._in_steps("void.html", form, payment, lambda: None, work, refund=refund)

    def _in_steps(
        self,
        template: str,
        form: SteppedForm,
        payment: PaymentRecord,
        check: Callable[[], None],
        work: Callable[[str], tuple[str, str]],
        **context: Any,
    ) -> ResponseReturnValue:
        """Ask, have it confirmed, do it; what is wrong is said in the form, which keeps its input.

        :param check: raises what `work` would, as far as that is known before.
        """
        actor, step = self.actor(), request.form.get("step", "ask")

        def page(*, confirm: bool) -> str:
            shown = {"form": form, "payment": payment, "actor": actor, "confirm": confirm}
            return self.render(template, **shown, **context)

        if actor is None or step == "ask":
            return page(confirm=False)
        if not form.validate_on_submit():
            if is_old(form):
                flash(say(FRESH), "error")
            return page(confirm=False), 400
        try:
            if step != "confirm":
                check()
                return page(confirm=True)
            flash(*work(actor))
        except BDQuickPayError as error:
            form.refused(error)
            return page(confirm=False), 400
        except Exception as error:
            current_state().store.session.rollback()  # what failed may have left it unusable
            flash(went_wrong(payment, error), "error")
            return page(confirm=False), 503
        return back(payment.id)


def said_of(recorded: RefundMixin, told: dict[str, Any]) -> tuple[str, str]:
    """What to say of a refund: a form that was used before has recorded nothing new.

    :param told: what was to be recorded.
    """
    facts = {"id": words.digits(recorded.id), "amount": taka(recorded.amount)}
    is_it = all((getattr(recorded, name) or "") == (value or "") for name, value in told.items())
    if recorded.state != "sent" or not is_it:
        used = M_("Nothing new: this form was already used for refund %(id)s of %(amount)s.")
        return say(used, **facts), "error"
    return say("Recorded: refund %(id)s of %(amount)s.", **facts), "success"


def _of(payment_id: int, refund_id: int) -> RefundRecord | None:
    """The refund, if it is this payment's."""
    refunds = RefundRows(current_state().store).of_payment(payment_id)
    return next((one for one in refunds if one.id == refund_id), None)

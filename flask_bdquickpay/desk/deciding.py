"""The desk's pages on which a person decides about a payment, or notes something about it."""

from __future__ import annotations

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue

from ..errors import BDQuickPayError
from ..payments.status import PaymentStatus
from ..payments.verdict import Snapshot
from ..state import current_state
from .decision_forms import DecisionForm
from .forms import NoteForm
from .frame import FRESH, NAMELESS, PAYMENT, back, filters, is_old, outcome, went_wrong
from .language import say
from .payment_page import PaymentPage, seen
from .refunding import said_of
from .retold import not_done
from .sums import side_by_side


class DecisionPages(PaymentPage):
    """Each of them is kept with a name and a note."""

    def add_rules(self, blueprint: Blueprint) -> None:
        """Add the pages to the blueprint."""
        one = f"/payments/{PAYMENT}"
        for rule, name, view in (
            ("/resolve", "resolve", self.resolve),
            ("/give-up", "give_up", self.give_up),
            ("/note", "note", self.note),
        ):
            blueprint.add_url_rule(one + rule, name, view, methods=["POST"])

    # Money that came

    def resolve(self, payment_id: int) -> ResponseReturnValue:
        """Look at a decision a second time, then carry it out."""
        step, stands = request.form.get("step", "check"), seen(payment_id)
        form = DecisionForm().about(stands, confirms=step == "confirm")
        actor = self.actor()
        if actor is None:
            flash(say(NAMELESS), "error")
            return back(payment_id)
        if step == "ask":
            return self.shown(payment_id, form)
        if not form.validate_on_submit():
            return self._wrong(payment_id, form), 400
        if step != "confirm":
            return self._second_look(payment_id, form, actor)
        return self._confirmed(form, stands, actor)

    def _confirmed(self, form: DecisionForm, stands: Snapshot, actor: str) -> ResponseReturnValue:
        """What is not done is shown again, with what was filled in."""
        if form.is_stale and not _is_done(form, stands, actor):
            flash(say("The payment has changed meanwhile, so nothing was done."), "error")
            return self.shown(stands.id, form), 409
        if not self._carry_out(form, stands, actor):
            return self.shown(stands.id, form), 503
        return back(stands.id)

    def _wrong(self, payment_id: int, form: DecisionForm) -> str:
        if is_old(form):
            flash(say(FRESH), "error")
        only_the_tick = form.errors.keys() == {"accepted"}
        if only_the_tick:
            return self._second_look(payment_id, form, self.actor())
        return self.shown(payment_id, form)

    def _second_look(self, payment_id: int, form: DecisionForm, actor: str | None) -> str:
        payment = self.payment_or_404(payment_id)
        shown = {"payment": payment, "facts": side_by_side(payment), "kept": filters()}
        return self.render("decide.html", form=form, actor=actor, **shown)

    def _carry_out(self, form: DecisionForm, stands: Snapshot, actor: str) -> bool:
        """Decide; then, as a second act that may fail alone, write the refund down.

        :returns: whether it is decided.
        """
        payment = self.payment_or_404(stands.id)
        if not _is_done(form, stands, actor):
            said, kind = outcome(payment, lambda: _resolve(form, stands, actor))
            is_owed = kind == "success" and not form.keeps and not form.refunds
            flash(said, "info" if is_owed else kind)
            if kind == "error":
                return False
        if form.refunds:
            self._record(form, stands.id, actor)
        return True

    def _record(self, form: DecisionForm, payment_id: int, actor: str) -> None:
        state, payment = current_state(), self.payment_or_404(payment_id)
        try:
            recorded = state.refunds.record(
                state.store.found(payment_id),
                by=actor,
                note=form.note.data or "",
                trx_id=form.refund_trx_id.data or None,
                request_key=form.request_key.data,
            )
            told = {"note": form.note.data, "trx_id": form.refund_trx_id.data}
            flash(*said_of(recorded, told))
            return
        except BDQuickPayError as error:
            flash(not_done(error), "error")
        except Exception as error:
            state.store.session.rollback()  # what failed may have left it unusable
            flash(went_wrong(payment, error), "error")
        if not self.payment_or_404(payment_id).refundable:
            return
        flash(
            say(
                "The decision stands, but the refund was not written down: the money counts as "
                "owed. Record the refund below."
            ),
            "error",
        )

    # Other decisions

    def give_up(self, payment_id: int) -> ResponseReturnValue:
        """Free the order of a payment that the gateway can tell nothing about."""
        form = NoteForm()

        def work(actor: str) -> str:
            give_up, stands = current_state().resolution.give_up, seen(payment_id)
            give_up(stands, note=form.note.data or "", actor=actor, source="desk")
            return say(
                "Given up: the customer can pay the order anew. This payment is still watched."
            )

        return self.decided(payment_id, form, work)

    def note(self, payment_id: int) -> ResponseReturnValue:
        """Keep a note for the team in the timeline."""
        form, actor, stands = NoteForm(), self.actor(), seen(payment_id)
        if actor is None:
            flash(say(NAMELESS), "error")
            return back(payment_id)
        if not form.validate_on_submit():
            if is_old(form):
                flash(say(FRESH), "error")
            return self.shown(payment_id, remark=form), 400
        note = current_state().resolution.note

        def work() -> str:
            note(stands, note=form.note.data or "", actor=actor, source="desk")
            return say("The note is in the timeline.")

        said, kind = outcome(self.payment_or_404(payment_id), work)
        flash(said, kind)
        return back(payment_id) if kind == "success" else (self.shown(payment_id, remark=form), 503)


def _resolve(form: DecisionForm, stands: Snapshot, actor: str) -> str:
    current_state().resolution.resolve(
        stands,
        accept=form.keeps,
        note=form.note.data or "",
        actor=actor,
        source="desk",
        message=form.message.data or None,
    )
    if form.keeps:
        return say("Accepted: the order counts as paid.")
    if form.refunds:
        return say("Rejected by %(who)s: the order is not paid.", who=actor)
    return say("Rejected by %(who)s: the money must go back by hand.", who=actor)


def _is_done(form: DecisionForm, stands: Snapshot, actor: str) -> bool:
    """Whether this very decision was carried out before: it was a second click."""
    wanted = PaymentStatus.COMPLETED if form.keeps else PaymentStatus.FAILED
    return (stands.status, stands.resolved_by) == (wanted, actor)

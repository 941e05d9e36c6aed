"""The page of one payment: shown by whoever answers with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from ..payments.records import PaymentRecord
from ..payments.status import PaymentStatus
from ..payments.verdict import Snapshot
from ..state import current_state
from .decision_forms import DecisionForm
from .forms import ActionForm, FilterForm, NoteForm
from .frame import FRESH, NAMELESS, Frame, argument, back, filters, found, is_old, outcome
from .language import say
from .listing import Place
from .payment import as_json, show


@dataclass(frozen=True)
class Surroundings:
    """The list from which a payment was opened, and where it stands in it."""

    filters: dict[str, str]
    place: Place


class PaymentPage(Frame):
    """What the pages that show a payment, and those that do something about it, share."""

    def shown(
        self, payment_id: int, form: NoteForm | None = None, remark: NoteForm | None = None
    ) -> str:
        """One payment with its timeline.

        :param form: the decision, or :param remark: the note, that was filled in wrongly.
        """
        payment = self.payment_or_404(payment_id)
        store = current_state().store
        shown = show(store, payment, argument("before"), argument("after"))
        wanted = DecisionForm if shown.can_decide else NoteForm
        form = form if isinstance(form, wanted) else wanted(formdata=None)
        if isinstance(form, DecisionForm):
            form.about(seen(payment_id))
        return self.render(
            "payment.html",
            shown=shown,
            payment=payment,
            around=self.around(payment),
            order_at=self.order_url(payment),
            said={event.id: as_json(event.gateway_answer) for event in shown.timeline.events},
            action=ActionForm(),
            remark=remark or NoteForm(formdata=None),
            form=form,
            actor=self.actor(),
        )

    def around(self, payment: PaymentRecord) -> Surroundings | None:
        """The list that led to it; of a flagged payment those that are flagged."""
        flagged = payment.status == PaymentStatus.FLAGGED
        chosen = filters() or ({"show": PaymentStatus.FLAGGED.value} if flagged else {})
        if not chosen:
            return None
        form = FilterForm(ImmutableMultiDict(chosen))
        form.validate()
        return Surroundings(chosen, self.listing().place(payment.id, form.wanted))

    def decided(
        self, payment_id: int, form: NoteForm, work: Callable[[str], str]
    ) -> ResponseReturnValue:
        """Do what is kept with a person's name."""
        actor = self.actor()
        if actor is None:
            flash(say(NAMELESS), "error")
            return back(payment_id)
        return self.acted(payment_id, form, lambda: work(actor))

    def acted(
        self, payment_id: int, form: ActionForm | NoteForm, work: Callable[[], str]
    ) -> ResponseReturnValue:
        """Do `work` if the form is in order; say what came of it on the payment's page."""
        payment = self.payment_or_404(payment_id)
        if not form.validate_on_submit():
            if is_old(form):
                flash(say(FRESH), "error")
            return self.shown(payment_id, form if isinstance(form, NoteForm) else None), 400
        flash(*outcome(payment, work))
        return back(payment_id)


def seen(payment_id: int) -> Snapshot:
    """The payment as it stands; what is decided about it holds only while it does."""
    snapshot: Snapshot = found(current_state().store.find("id", payment_id))
    return snapshot

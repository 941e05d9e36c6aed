"""The desk's pages: HTTP in, a question or one call of the payments, HTTP out."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue

from .. import clock
from ..payments.records import COLUMNS
from ..payments.reports import Reports
from ..payments.status import PaymentStatus
from ..payments.verdict import Snapshot
from ..state import current_state
from . import dashboard, words
from .export import as_csv
from .forms import ActionForm, FilterForm, NoteForm, ResolveForm
from .frame import (
    FRESH,
    NAMELESS,
    PAYMENT,
    Frame,
    argument,
    back,
    download,
    found,
    listing,
    outcome,
    payment_or_404,
)
from .payment import as_json, show
from .redelivery import deliver_again
from .statistics import Statistics, last_days, last_months

_EVENT = "<int(max=999999999999999999):event_id>"
_ACCEPTED = "Accepted: the payment is paid."
_REJECTED = "Rejected for good. No money was sent back: that is done in the bKash app."


class Pages(Frame):
    """Payments, their decisions and the dashboard."""

    def add_rules(self, blueprint: Blueprint) -> None:
        """Add every page but the first, which Flask-Admin knows, to the blueprint."""
        one = f"/payments/{PAYMENT}"
        blueprint.add_url_rule("/payments", "payments", self.payments)
        blueprint.add_url_rule("/payments.csv", "export", self.export)
        blueprint.add_url_rule(one, "payment", self.payment)
        for rule, name, view in (
            ("/verify", "verify", self.verify),
            ("/resolve", "resolve", self.resolve),
            ("/give-up", "give_up", self.give_up),
            ("/announce", "announce", self.announce),
            (f"/events/{_EVENT}/deliver", "deliver", self.deliver),
        ):
            blueprint.add_url_rule(one + rule, name, view, methods=["POST"])

    # Looking

    def dashboard(self) -> ResponseReturnValue:
        """What a merchant sees at a glance."""
        period = (last_months if request.args.get("period") == "year" else last_days)(
            clock.utcnow()
        )
        state = current_state()
        statistics = Statistics(state.store, heard=state.outbox.heard)
        shown = dashboard.build(statistics, period)
        return self.render("dashboard.html", shown=shown, period=period)

    def payments(self) -> ResponseReturnValue:
        """The list, a page at a time."""
        form = FilterForm(request.args)
        if not form.validate():
            return self.render("payments.html", form=form, page=None), 400
        page = listing().page(form.wanted, argument("after"), argument("before"))
        return self.render("payments.html", form=form, page=page)

    def export(self) -> ResponseReturnValue:
        """The same payments as CSV, however many."""
        form = FilterForm(request.args)
        if not form.validate():
            return self.render("payments.html", form=form, page=None), 400
        lines = as_csv(COLUMNS, listing().rows(form.wanted), vars)
        return download(f"payments-{clock.utcnow():%Y%m%dT%H%M%SZ}.csv", lines)

    def payment(self, payment_id: int) -> ResponseReturnValue:
        """One payment with its timeline."""
        return self._payment(payment_id)

    def _payment(self, payment_id: int, form: NoteForm | None = None) -> str:
        payment = payment_or_404(payment_id)
        store = current_state().store
        shown = show(store, payment, argument("before"), argument("after"))
        wanted = ResolveForm if shown.can_decide else NoteForm
        form = form if isinstance(form, wanted) else wanted(formdata=None)
        if isinstance(form, ResolveForm):
            form.about(payment.amount, payment.received_amount)
        return self.render(
            "payment.html",
            shown=shown,
            payment=payment,
            said={event.id: as_json(event.gateway_answer) for event in shown.timeline.events},
            action=ActionForm(),
            form=form,
            actor=self.actor(),
        )

    # Doing

    def verify(self, payment_id: int) -> ResponseReturnValue:
        """Ask the gateway about a payment, now."""

        def work() -> str:
            payment = current_state().settlement.confirm(
                payment_id, source="desk", actor=self.actor()
            )
            status = words.STATUSES[PaymentStatus(payment.status)]
            return f"The gateway was asked. The payment is: {status}."

        return self._act(payment_id, ActionForm(), work)

    def deliver(self, payment_id: int, event_id: int) -> ResponseReturnValue:
        """Deliver an event again to the shop's receivers of `payment_changed`."""
        state = current_state()
        event = found(Reports(state.store).event(payment_id, event_id))
        if not event.is_told:
            abort(404)
        return self._act(payment_id, ActionForm(), lambda: deliver_again(state, event))

    def announce(self, payment_id: int) -> ResponseReturnValue:
        """Tell the shop of money that it was not told of."""

        def work() -> str:
            announce, seen = current_state().resolution.announce, _seen(payment_id)
            announce(seen, actor=self.actor(), source="desk")
            return "The shop was told: its code has booked the payment."

        return self._act(payment_id, ActionForm(), work)

    def resolve(self, payment_id: int) -> ResponseReturnValue:
        """Carry out a person's decision about money that came."""
        seen = _seen(payment_id)
        form = ResolveForm().about(seen.amount, seen.received_amount)

        def work(actor: str) -> str:
            current_state().resolution.resolve(
                seen,
                accept=form.accepts,
                note=form.note.data or "",
                actor=actor,
                source="desk",
                message=form.message.data or None,
            )
            return _ACCEPTED if form.accepts else _REJECTED

        return self._decide(payment_id, form, work)

    def give_up(self, payment_id: int) -> ResponseReturnValue:
        """Free the order of a payment that the gateway can tell nothing about."""
        form = NoteForm()

        def work(actor: str) -> str:
            give_up, seen = current_state().resolution.give_up, _seen(payment_id)
            give_up(seen, note=form.note.data or "", actor=actor, source="desk")
            return "Given up: the customer can pay the order anew. This payment is still watched."

        return self._decide(payment_id, form, work)

    def _decide(
        self, payment_id: int, form: NoteForm, work: Callable[[str], str]
    ) -> ResponseReturnValue:
        """Do what is kept with a person's name."""
        actor = self.actor()
        if actor is None:
            flash(NAMELESS, "error")
            return back(payment_id)
        return self._act(payment_id, form, lambda: work(actor))

    def _act(
        self, payment_id: int, form: ActionForm | NoteForm, work: Callable[[], str]
    ) -> ResponseReturnValue:
        """Do `work` if the form is in order; say what came of it on the payment's page."""
        payment = payment_or_404(payment_id)
        if not form.validate_on_submit():
            if "csrf_token" in form.errors:
                flash(FRESH, "error")
            return self._payment(payment_id, form if isinstance(form, NoteForm) else None), 400
        flash(*outcome(payment, work))
        return back(payment_id)


def _seen(payment_id: int) -> Snapshot:
    """The payment as it stands; what is decided about it holds only while it does."""
    seen: Snapshot = found(current_state().store.find("id", payment_id))
    return seen

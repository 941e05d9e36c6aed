"""The desk's pages: HTTP in, a question or one call of the payments, HTTP out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from .. import clock
from ..errors import BDQuickPayError, GatewayError
from ..payments.about import about
from ..payments.reports import Reports
from ..payments.status import PaymentStatus
from ..payments.verdict import Snapshot
from ..state import current_state
from . import dashboard, sums, words
from .export import as_csv
from .forms import ActionForm, FilterForm, NoteForm, ResolveForm
from .listing import Listing
from .payment import as_json, show
from .redelivery import deliver_again
from .statistics import Statistics, last_days, last_months

_logger = logging.getLogger(__name__)
_ID = "<int(max=999999999999999999):payment_id>"
_EVENT = "<int(max=999999999999999999):event_id>"
_LARGEST = 10**18
_ACCEPTED = "Accepted: the payment is paid."
_REJECTED = "Rejected for good. No money was sent back: that is done in the bKash app."
_FRESH = "This page had become too old, so nothing was done. Please press the button again."


@dataclass(frozen=True)
class Pages:
    """The pages of one desk.

    :ivar name: what the desk is called.
    :ivar actor: the name of the person at the desk, if it is known.
    :ivar way_out: the name and URL of the page around the desk, if there is one.
    """

    name: str
    actor: Callable[[], str | None]
    way_out: Callable[[], tuple[str, str] | None]

    def add_rules(self, blueprint: Blueprint) -> None:
        """Add every page but the first, which Flask-Admin knows, to the blueprint."""
        one = f"/payments/{_ID}"
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

    def _render(self, template: str, **context: Any) -> str:
        tools = {"desk": self, "words": words, "sums": sums, "accounts": current_state().accounts}
        return render_template(f"bdquickpay/desk/{template}", **tools, **context)

    # Looking

    def dashboard(self) -> ResponseReturnValue:
        """What a merchant sees at a glance."""
        period = (last_months if request.args.get("period") == "year" else last_days)(
            clock.utcnow()
        )
        state = current_state()
        statistics = Statistics(state.store, heard=state.outbox.heard)
        shown = dashboard.build(statistics, period)
        return self._render("dashboard.html", shown=shown, period=period)

    def payments(self) -> ResponseReturnValue:
        """The list, a page at a time."""
        form = FilterForm(request.args)
        if not form.validate():
            return self._render("payments.html", form=form, page=None), 400
        page = _listing().page(form.wanted, _argument("after"), _argument("before"))
        return self._render("payments.html", form=form, page=page)

    def export(self) -> ResponseReturnValue:
        """The same payments as CSV, however many."""
        form = FilterForm(request.args)
        if not form.validate():
            return self._render("payments.html", form=form, page=None), 400
        lines = as_csv(_listing().rows(form.wanted))
        name = f"payments-{clock.utcnow():%Y%m%dT%H%M%SZ}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(lines, mimetype="text/csv", headers=headers)

    def payment(self, payment_id: int) -> ResponseReturnValue:
        """One payment with its timeline."""
        return self._payment(payment_id)

    def _payment(self, payment_id: int, form: NoteForm | None = None) -> str:
        payment = _found(_listing().one(payment_id))
        store = current_state().store
        shown = show(store, payment, _argument("before"), _argument("after"))
        wanted = ResolveForm if shown.can_decide else NoteForm
        form = form if isinstance(form, wanted) else wanted(formdata=None)
        if isinstance(form, ResolveForm):
            form.about(payment.amount, payment.received_amount)
        return self._render(
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
        event = _found(Reports(state.store).event(payment_id, event_id))
        if event.new_status is None:
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
            flash("Nobody decides without a name: give the desk one with Desk(who=…).", "error")
            return _back(payment_id)
        return self._act(payment_id, form, lambda: work(actor))

    def _act(
        self, payment_id: int, form: ActionForm | NoteForm, work: Callable[[], str]
    ) -> ResponseReturnValue:
        """Do `work` if the form is in order; say what came of it on the payment's page."""
        payment = _found(_listing().one(payment_id))
        if not form.validate_on_submit():
            if "csrf_token" in form.errors:
                flash(_FRESH, "error")
            return self._payment(payment_id, form if isinstance(form, NoteForm) else None), 400
        flash(*_outcome(about(payment, "desk"), work))
        return _back(payment_id)


def _listing() -> Listing:
    state = current_state()
    return Listing(state.store, heard=state.outbox.heard)


def _seen(payment_id: int) -> Snapshot:
    """The payment as it stands; what is decided about it holds only while it does."""
    seen: Snapshot = _found(current_state().store.find("id", payment_id))
    return seen


def _outcome(extra: dict[str, Any], work: Callable[[], str]) -> tuple[str, str]:
    """Return what to say, and whether it is good news."""
    try:
        return work(), "success"
    except GatewayError as error:
        return f"The gateway could not be asked, nothing has changed: {error.message}", "error"
    except BDQuickPayError as error:
        return f"Not done: {error}", "error"
    except Exception as error:
        text = "A receiver raised at the desk (payment %s)"
        _logger.exception(text, extra["payment_id"], extra=extra)
        name = type(error).__name__
        return f"Not done: the shop’s own code raised {name}; its log says more.", "error"


def _back(payment_id: int) -> ResponseReturnValue:
    return redirect(url_for(".payment", payment_id=payment_id), code=303)


def _found(value: Any) -> Any:
    if value is None:
        abort(404)
    return value


def _argument(name: str) -> int | None:
    """The payment or event beyond which a page begins."""
    text = request.args.get(name, "")
    if not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:20]), _LARGEST)

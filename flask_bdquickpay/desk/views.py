"""The desk's pages: HTTP in, a question or one call of the payments, HTTP out."""

from __future__ import annotations

import json
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

from ..errors import BDQuickPayError, GatewayError
from ..payments import clock
from ..payments.reports import PaymentRecord, Reports
from ..payments.status import PaymentStatus
from ..state import current_state
from . import dashboard, words
from .export import as_csv
from .forms import ActionForm, FilterForm, ResolveForm
from .listing import Listing
from .redelivery import deliver_again
from .statistics import Statistics, last_days, last_months

_logger = logging.getLogger(__name__)
_ID = "<int(max=999999999999999999):payment_id>"
_EVENT = "<int(max=999999999999999999):event_id>"
_LARGEST = 10**18
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
            (f"/events/{_EVENT}/deliver", "deliver", self.deliver),
        ):
            blueprint.add_url_rule(one + rule, name, view, methods=["POST"])

    def _render(self, template: str, **context: Any) -> str:
        return render_template(f"bdquickpay/desk/{template}", desk=self, words=words, **context)

    # Looking

    def dashboard(self) -> ResponseReturnValue:
        """What a merchant sees at a glance."""
        period = (last_months if request.args.get("period") == "year" else last_days)(
            clock.utcnow()
        )
        shown = dashboard.build(Statistics(current_state().store), period)
        return self._render("dashboard.html", shown=shown, period=period)

    def payments(self) -> ResponseReturnValue:
        """The list, a page at a time."""
        form = FilterForm(request.args)
        if not form.validate():
            return self._render("payments.html", form=form, page=None), 400
        listing = Listing(current_state().store)
        page = listing.page(form.wanted, _argument("after"), _argument("before"))
        return self._render("payments.html", form=form, page=page)

    def export(self) -> ResponseReturnValue:
        """The same payments as CSV, however many."""
        form = FilterForm(request.args)
        if not form.validate():
            return self._render("payments.html", form=form, page=None), 400
        lines = as_csv(Listing(current_state().store).rows(form.wanted))
        name = f"payments-{clock.utcnow():%Y%m%dT%H%M%SZ}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(lines, mimetype="text/csv", headers=headers)

    def payment(self, payment_id: int) -> ResponseReturnValue:
        """One payment with its timeline."""
        return self._payment(payment_id, ResolveForm())

    def _payment(self, payment_id: int, form: ResolveForm) -> str:
        store = current_state().store
        payment = _found(Listing(store).one(payment_id))
        events = Reports(store).timeline(payment_id)
        can_verify = payment.invoice_id is not None and _is_open(payment)
        return self._render(
            "payment.html",
            payment=payment,
            events=events,
            facts=_facts(payment),
            said={event.id: _json(event.gateway_answer) for event in events},
            metadata=_json(payment.payment_metadata),
            can_verify=can_verify,
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
        events = Reports(state.store).timeline(payment_id)
        event = _found(next((event for event in events if event.id == event_id), None))
        if event.new_status is None:
            abort(404)
        return self._act(payment_id, ActionForm(), lambda: deliver_again(state, event))

    def resolve(self, payment_id: int) -> ResponseReturnValue:
        """Carry out a person's decision about a flagged payment."""
        form, actor = ResolveForm(), self.actor()
        if actor is None:
            flash("Nobody decides without a name: give the desk one with Desk(who=…).", "error")
            return _back(payment_id)

        def work() -> str:
            state = current_state()
            seen = _found(state.store.find("id", payment_id))
            accept, note = form.decision.data == "accept", form.note.data or ""
            state.resolution.resolve(seen, accept=accept, note=note, actor=actor, source="desk")
            return "Accepted: the payment is paid." if accept else "Rejected for good."

        return self._act(payment_id, form, work)

    def _act(
        self, payment_id: int, form: ActionForm | ResolveForm, work: Callable[[], str]
    ) -> ResponseReturnValue:
        """Do `work` if the form is in order; say what came of it on the payment's page."""
        _found(Listing(current_state().store).one(payment_id))
        if not form.validate_on_submit():
            if "csrf_token" in form.errors:
                flash(_FRESH, "error")
            shown = form if isinstance(form, ResolveForm) else ResolveForm(formdata=None)
            return self._payment(payment_id, shown), 400
        flash(*_outcome(payment_id, work))
        return _back(payment_id)


def _outcome(payment_id: int, work: Callable[[], str]) -> tuple[str, str]:
    """Return what to say, and whether it is good news."""
    try:
        return work(), "success"
    except GatewayError as error:
        return f"The gateway could not be asked, nothing has changed: {error.message}", "error"
    except BDQuickPayError as error:
        return f"Not done: {error}", "error"
    except Exception as error:
        _logger.exception("A receiver raised at the desk (payment %s)", payment_id)
        name = type(error).__name__
        return f"Not done: the shop’s own code raised {name}; its log says more.", "error"


def _back(payment_id: int) -> ResponseReturnValue:
    return redirect(url_for(".payment", payment_id=payment_id), code=303)


def _found(value: Any) -> Any:
    if value is None:
        abort(404)
    return value


def _argument(name: str) -> int | None:
    """The payment beyond which a page begins."""
    text = request.args.get(name, "")
    if not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:20]), _LARGEST)


def _is_open(payment: PaymentRecord) -> bool:
    """Whether an answer of the gateway can still change it."""
    came = (PaymentStatus.COMPLETED, PaymentStatus.FLAGGED)
    return payment.status not in came and payment.resolved_by is None


def _facts(payment: PaymentRecord) -> list[tuple[str, str]]:
    """Names and values, without those that are not known."""
    before = payment.previous_status
    facts = {
        "Order": payment.customer_reference,
        "Invoice": payment.invoice_id,
        "bKash transaction": payment.trx_id,
        "Before": words.STATUSES[before] if before else None,
        "Decided by": payment.resolved_by,
        "Gateway’s word": payment.gateway_status,
        "Created": words.moment(payment.created_at),
        "Expires": payment.expires_at and words.moment(payment.expires_at),
        "Money verified": payment.verified_at and words.moment(payment.verified_at),
        "Next check": payment.check_after and words.moment(payment.check_after),
    }
    return [(name, value) for name, value in facts.items() if value]


def _json(document: dict[str, Any] | None) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) if document else ""

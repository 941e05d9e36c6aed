"""The desk's pages: HTTP in, a question or one call of the payments, HTTP out."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from .. import clock
from ..payments.reports import Reports
from ..payments.status import PaymentStatus
from ..state import current_state
from ..web.language import DHAKA
from . import dashboard, words
from .export import payments_csv
from .forms import ActionForm, FilterForm, PeriodForm, presets
from .frame import PAYMENT, argument, download, found
from .language import has_begun, say
from .payment_page import PaymentPage, seen
from .periods import Period, days, last_days, last_months
from .redelivery import deliver_again
from .statistics import Statistics
from .wanted import PAID

_EVENT = "<int(max=999999999999999999):event_id>"
#: The tabs above the list.
_TABS = ("", "completed", "flagged", "pending")


class Pages(PaymentPage):
    """Payments, what is done about them, and the dashboard."""

    def add_rules(self, blueprint: Blueprint) -> None:
        """Add every page but the first, which Flask-Admin knows, to the blueprint."""
        one = f"/payments/{PAYMENT}"
        blueprint.add_url_rule("/payments", "payments", self.payments)
        blueprint.add_url_rule("/payments.csv", "export", self.export)
        blueprint.add_url_rule(one, "payment", self.shown)
        for rule, name, view in (
            ("/verify", "verify", self.verify),
            ("/announce", "announce", self.announce),
            (f"/events/{_EVENT}/deliver", "deliver", self.deliver),
        ):
            blueprint.add_url_rule(one + rule, name, view, methods=["POST"])
        blueprint.add_url_rule("/<path:anything>", "missing", self.missing)
        blueprint.register_error_handler(404, self._not_found)

    # Looking

    def dashboard(self) -> ResponseReturnValue:
        """What a merchant sees at a glance."""
        form = PeriodForm(request.args)
        valid = form.validate()
        period, state = _period(form), current_state()
        statistics = Statistics(state.store, heard=state.outbox.heard)

        def paid_in(bucket: date) -> str:
            return _paid_in(period, bucket)

        shown = dashboard.build(statistics, period, paid_in)
        page = self.render("dashboard.html", shown=shown, period=period, form=form, paid_in=paid_in)
        return page, 200 if valid else 400

    def payments(self) -> ResponseReturnValue:
        """The list, a page at a time."""
        form = FilterForm(request.args)
        if not form.validate():
            return self._list(form, page=None, total=None), 400
        listing, wanted = self.listing(), form.wanted
        page = listing.page(wanted, argument("after"), argument("before"))
        return self._list(
            form, page=page, total=listing.total(wanted, page) if page.payments else None
        )

    def _list(self, form: FilterForm, **shown: object) -> str:
        reports = Reports(current_state().store)
        return self.render(
            "payments.html",
            form=form,
            tabs={tab: form.options["show"][tab] for tab in _TABS},
            waiting=reports.count(PaymentStatus.PENDING),
            presets=presets(clock.utcnow().astimezone(DHAKA).date()),
            **shown,
        )

    def export(self) -> ResponseReturnValue:
        """The same payments as CSV, however many."""
        form = FilterForm(request.args)
        if not form.validate():
            return self._list(form, page=None, total=None), 400
        lines = payments_csv(self.listing().rows(form.wanted))
        return download(f"payments-{clock.utcnow().astimezone(DHAKA):%Y-%m-%d-%H%M}.csv", lines)

    def missing(self, anything: str) -> ResponseReturnValue:  # noqa: ARG002  # of its rule
        """There is no such page."""
        abort(404)

    def _not_found(self, error: HTTPException) -> ResponseReturnValue:
        """There is no such page or payment; the host's own answer to whom it does not let in."""
        return (self.render("missing.html"), 404) if has_begun() else error

    # Doing

    def verify(self, payment_id: int) -> ResponseReturnValue:
        """Ask the gateway about a payment, now."""

        def work() -> str:
            state = current_state()
            payment = state.settlement.confirm(
                state.store.found(payment_id), source="desk", actor=self.actor()
            )
            status = words.status(PaymentStatus(payment.status))
            return say("The gateway was asked. The payment is: %(status)s.", status=status)

        return self.acted(payment_id, ActionForm(), work)

    def deliver(self, payment_id: int, event_id: int) -> ResponseReturnValue:
        """Deliver an event again to the shop's receivers of `payment_changed`."""
        state = current_state()
        event = found(Reports(state.store).event(payment_id, event_id))
        if not event.is_told:
            abort(404)
        return self.acted(payment_id, ActionForm(), lambda: deliver_again(state, event))

    def announce(self, payment_id: int) -> ResponseReturnValue:
        """Tell the shop of money that it was not told of."""

        def work() -> str:
            announce, stands = current_state().resolution.announce, seen(payment_id)
            announce(stands, actor=self.actor(), source="desk")
            return say("The shop was told: its code has booked the payment.")

        return self.acted(payment_id, ActionForm(), work)


def _period(form: PeriodForm) -> Period:
    now = clock.utcnow()
    if form.since.day and form.until.day and not form.errors:
        return days(form.since.day, form.until.day, now)
    return last_months(now) if request.args.get("period") == "year" else last_days(now)


def _paid_in(period: Period, bucket: date) -> str:
    """The list of what a column of the charts stands for."""
    since, until = period.days_of(bucket)
    shown: dict[str, Any] = {"show": PaymentStatus.COMPLETED.value, "by": PAID}
    return url_for(".payments", since=since.isoformat(), until=until.isoformat(), **shown)

"""The extension object, which puts the parts together for each app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import BinaryIO, Generic, cast

from flask import Flask, current_app, has_app_context
from flask_sqlalchemy import SQLAlchemy
from typing_extensions import TypeVar as TypeVarWithDefault

from .clock import DHAKA
from .console import commands
from .errors import ConfigurationError
from .gateway.client import BDQuickPayClient
from .payments.accounts import Accounts
from .payments.checkout import Checkout
from .payments.dispatch import Dispatch
from .payments.grounds import check_options
from .payments.health import Health, HealthCheck
from .payments.hooks import check_reference
from .payments.ledger import Ledger
from .payments.models import PaymentEventMixin, PaymentMixin, RefundMixin
from .payments.outbox import Outbox
from .payments.pruning import PruneReport, Pruning
from .payments.reconcile import ReconcileReport, Reconciliation
from .payments.refund_rows import RefundRows
from .payments.refunds import Refunds
from .payments.registration import Registration
from .payments.resolution import Resolution
from .payments.settlement import Settlement
from .payments.statement import StatementReport, Statements
from .payments.status import PaymentStatus
from .payments.store import Store
from .payments.tables import Models, build_models
from .payments.transaction import is_running
from .settings import Settings
from .startup import check_first, find_database, read_settings
from .state import State, current_state
from .web import links, pages, qr
from .web.csrf import exempt_from_csrf
from .web.urls import check_address, return_urls
from .web.views import make_blueprint
from .web.webhook import wrong_keys

P = TypeVarWithDefault("P", bound=PaymentMixin, default=PaymentMixin)
E = TypeVarWithDefault("E", bound=PaymentEventMixin, default=PaymentEventMixin)
F = TypeVarWithDefault("F", bound=RefundMixin, default=RefundMixin)


class BDQuickPay(Registration, Generic[P, E, F]):
    """Takes bKash payments in a Flask app. One instance may serve many apps.

    To a type checker a payment is of the class that was handed in, else of the mixin.

    :param app: the app to initialise at once.
    :param db: the app's Flask-SQLAlchemy, else found in the app.
    :param payment_model: the shop's own class on :class:`~flask_bdquickpay.PaymentMixin`.
    :param event_model: the shop's own class on :class:`~flask_bdquickpay.PaymentEventMixin`.
    :param refund_model: the shop's own class on :class:`~flask_bdquickpay.RefundMixin`.
    """

    def __init__(
        self,
        app: Flask | None = None,
        db: SQLAlchemy | None = None,
        *,
        payment_model: type[P] | None = None,
        event_model: type[E] | None = None,
        refund_model: type[F] | None = None,
    ) -> None:
        self._db = db
        self._own_models = (payment_model, event_model, refund_model)
        self._models: Models | None = None
        super().__init__()
        if db is not None:
            self._models = build_models(db, *self._own_models)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, db: SQLAlchemy | None = None) -> None:
        """Prepare `app`, whose Flask-SQLAlchemy is initialised, for payments.

        Reads ``BDQUICKPAY_APP_KEY``, ``_SECRET_KEY``, ``_PREVIOUS_APP_KEYS``, ``_BASE_URL``,
        ``_PAYMENT_HOSTS``, ``_PUBLIC_URL``, ``_URL_PREFIX``, ``_WEBHOOK``, ``_TIMEOUT``,
        ``_LATE_PAYMENTS``, ``_LATE_WINDOW``, ``_LANGUAGE``, ``_DELIVERY``, ``_SANDBOX``,
        ``_SHOP``, ``_ACCOUNTS``, ``_LINK_AGE`` and ``_PRUNE_FLOOR``; and Flask's ``SECRET_KEY`` and
        ``SECRET_KEY_FALLBACKS``, and ``SERVER_NAME`` and ``TRUSTED_HOSTS``, one of which may say
        where the shop is.

        :raises ConfigurationError: for a setting that is wrong or missing, an app without a
            database, or one that was prepared before.
        """
        check_first(app)
        check_options(app.config.get("SQLALCHEMY_ENGINE_OPTIONS"))
        settings = read_settings(app)
        db = db or self._db or find_database(app)
        self._models = build_models(db, *self._own_models)
        state = self._state(app, db, settings)
        check_address(state)
        app.extensions["bdquickpay"] = state
        app.register_blueprint(make_blueprint(), url_prefix=settings.url_prefix)
        app.cli.add_command(commands)
        app.add_template_global(pages.button, "bdquickpay_button")
        app.add_template_global(links.pay_link, "bdquickpay_link")
        app.add_template_global(qr.qr, "bdquickpay_qr")
        exempt_from_csrf(app)

    def _state(self, app: Flask, db: SQLAlchemy, settings: Settings) -> State:
        assert self._models is not None  # noqa: S101  # set by the caller
        store = Store(db, self._models)
        dispatch = Dispatch(app, self._hooks) if settings.delivery == "deferred" else None
        observe = self._hooks.observers
        outbox = Outbox(app, store, dispatch, observe)
        client = BDQuickPayClient(
            settings.app_key,
            settings.secret_key,
            settings.base_url,
            settings.timeout,
            payment_hosts=settings.payment_hosts,
            previous_app_keys=settings.previous_app_keys,
            observer=observe,
        )
        accounts = Accounts(settings, client, self._hooks, store)
        window = timedelta(seconds=settings.late_window)
        ledger = Ledger(app, store, outbox, window, accounts.skew, observe)
        settlement = Settlement(settings, accounts, store, ledger)
        return State(
            app=app,
            settings=settings,
            models=self._models,
            hooks=self._hooks,
            client=client,
            accounts=accounts,
            store=store,
            outbox=outbox,
            checkout=Checkout(
                settings, accounts, store, ledger, settlement, self._hooks, return_urls
            ),
            settlement=settlement,
            resolution=Resolution(store, ledger),
            reconciliation=Reconciliation(app, store, settlement, outbox),
            refunds=Refunds(store, RefundRows(store), ledger),
            pruning=Pruning(store, timedelta(days=settings.prune_floor), ledger.late_window),
            wrong_keys=wrong_keys(),
            health=HealthCheck(store),
        )

    # What a shop uses

    @property
    def Payment(self) -> type[P]:
        """The mapped class of payments."""
        return cast("type[P]", self._current_models().payment)

    @property
    def PaymentEvent(self) -> type[E]:
        """The mapped class of the timeline."""
        return cast("type[E]", self._current_models().event)

    @property
    def Refund(self) -> type[F]:
        """The mapped class of what was sent back."""
        return cast("type[F]", self._current_models().refund)

    def _current_models(self) -> Models:
        if has_app_context() and "bdquickpay" in current_app.extensions:
            return current_state().models
        if self._models is None:
            raise ConfigurationError(
                "The models exist after init_app(app), or at once with BDQuickPay(db=db)."
            )
        return self._models

    @property
    def client(self) -> BDQuickPayClient:
        """The API client of the current app."""
        return current_state().client

    def start(self, reference: object) -> P:
        """Return the payment of an order, whose ``payment_url`` the customer is sent to.

        What the checkout route does. A paid order returns its paid payment. Outside a request it
        needs ``BDQUICKPAY_PUBLIC_URL``. Commits ``db.session``.

        :raises OrderNotFoundError: when the order loader knows no such order.
        :raises GatewayError: when the gateway refused or did not answer; nothing was charged.
        """
        check_reference(reference)
        return cast("P", current_state().checkout.start(str(reference)))

    def pay_link(self, reference: object, *, expires_in: timedelta | float | None = None) -> str:
        """Return the address at which whoever has it may pay an order, in any browser.

        The order loader is asked when it is opened, not now. Outside a request it needs
        ``BDQUICKPAY_PUBLIC_URL``.

        :param expires_in: for how long, also in seconds; else ``BDQUICKPAY_LINK_AGE``.
        :raises ValueError: for a time that is not above 0, or is longer than 400 days.
        :raises InvalidPaymentRequest: for a reference that no order can have.
        :raises ConfigurationError: without ``SECRET_KEY``.
        """
        return links.pay_link(reference, expires_in)

    def confirm(self, payment: P) -> P:
        """Ask the gateway about a payment, apply its answer and return the payment.

        Idempotent; about a completed payment it asks nobody. Commits ``db.session``.

        :raises GatewayError: with the payment unchanged.
        """
        if payment.status == PaymentStatus.COMPLETED and is_running():
            return payment  # in a receiver, whose transaction is still open
        state = current_state()
        return cast("P", state.settlement.confirm(state.store.standing(payment)))

    def record_refund(
        self,
        payment: P,
        amount: Decimal | int | str | None = None,
        *,
        by: str,
        note: str,
        trx_id: str | None = None,
        method: str = "bkash",
        sent_at: datetime | None = None,
        reason: str = "",
        request_key: str | None = None,
    ) -> F:
        """Write down that money of a payment was sent back. Moves no money; commits ``db.session``.

        :param amount: BDT; ``None``: all that remains.
        :param by: who sent it.
        :param note: for the team; `reason` is for the customer.
        :param trx_id: the transaction that sent it.
        :param method: bkash, bank, cash or other.
        :param sent_at: when the money left, with a time zone; ``None``: now.
        :param request_key: the caller's name for this entry; the same again returns the first
            refund, and writes nothing.
        :raises InvalidPaymentRequest: for an amount that is none.
        :raises RefundNotAllowed: when no money came, or nobody has decided about it.
        :raises RefundTooLarge: when more is to be sent back than remains.
        :raises RefundError: for anything else that can't be; naming the other record.
        """
        state = current_state()
        recorded = state.refunds.record(
            state.store.standing(payment),
            amount,
            by=by,
            note=note,
            trx_id=trx_id,
            method=method,
            sent_at=sent_at,
            reason=reason,
            request_key=request_key,
        )
        return cast("F", recorded)

    def void_refund(self, refund: F, *, by: str, note: str) -> F:
        """Take back a refund that was written down wrongly. Commits ``db.session``.

        :raises RefundError: when it was voided already.
        """
        return cast("F", current_state().refunds.void(refund, by=by, note=note))

    def check_statement(
        self,
        file: BinaryIO,
        mapping: Mapping[str, str] | None = None,
        *,
        date_format: str | None = None,
        zone: tzinfo = DHAKA,
        account: str | None = None,
        apply: bool = False,
    ) -> StatementReport:
        """Hold the provider's statement (CSV or XLSX) against the books.

        A statement is evidence, never a command: it completes, fails and refunds nothing.

        :param mapping: the headings of ``trx_id``, ``amount``, ``date``, ``type`` and ``fee``,
            where they are called otherwise.
        :param date_format: strptime's, where day and month can't be told apart.
        :param zone: of its times, Bangladesh's.
        :param apply: whether what matched is stamped with `cleared_at` and `fee`.
        :raises StatementError: for a file that is too large, no table, or lacks a column.
        """
        return Statements(current_state().store).check(
            file, mapping, date_format=date_format, zone=zone, account=account, apply=apply
        )

    def health(self) -> Health:
        """Return what waits, since when, and what the last hour and day brought.

        Asks the database alone, by its indexes, and changes nothing.
        """
        return current_state().health.look()

    def prune(
        self, *, older_than: timedelta, what: str = "unpaid", yes: bool = False
    ) -> PruneReport:
        """Delete payments that never saw money (``"unpaid"``) or facts that changed nothing
        (``"timeline"``), in small transactions.

        :param older_than: at least ``BDQUICKPAY_PRUNE_FLOOR`` days.
        :param yes: whether it is done; else it is only counted.
        :raises ValueError: for an age below the floor, or anything else to prune.
        """
        return current_state().pruning.run(older_than, what, yes=yes)

    def reconcile(
        self,
        limit: int | None = None,
        concurrency: int = 8,
        progress: Callable[[int, int], None] | None = None,
        *,
        account: str | None = None,
    ) -> ReconcileReport:
        """Verify what is due, close what never reached the gateway, deliver the outbox.

        Safe to run anywhere, any number of times at once. One bad payment stops nobody.

        :param limit: how many payments at most.
        :param concurrency: how many gateway calls at once.
        :param progress: called with how many are done and how many are known to be due.
        :param account: only payments of this merchant account; the outbox is delivered wholly.
        """
        return current_state().reconciliation.run(limit, concurrency, progress, account)

    def deliver(self, limit: int | None = None) -> int:
        """Deliver the `payment_changed` events that are due; return how many were."""
        return current_state().reconciliation.deliver(limit)

    def deliver_event(self, event_id: int) -> bool:
        """Deliver the event that a dispatcher told of, once; return whether it was done now."""
        return current_state().outbox.deliver_event(event_id)

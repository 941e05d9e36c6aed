"""All that is known about one app."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from .errors import ConfigurationError
from .gateway.account import is_sandbox
from .gateway.client import BDQuickPayClient
from .payments.accounts import Accounts
from .payments.checkout import Checkout
from .payments.health import HealthCheck
from .payments.hooks import Hooks
from .payments.outbox import Outbox
from .payments.pruning import Pruning
from .payments.reconcile import Reconciliation
from .payments.refunds import Refunds
from .payments.resolution import Resolution
from .payments.settlement import Settlement
from .payments.store import Store
from .payments.tables import Models
from .repeated import RepeatedWarning
from .settings import Settings


@dataclass(frozen=True)
class State:
    """The parts of one app; ``app.extensions["bdquickpay"]``."""

    app: Flask
    settings: Settings
    models: Models
    hooks: Hooks
    client: BDQuickPayClient
    accounts: Accounts
    store: Store
    outbox: Outbox
    checkout: Checkout
    settlement: Settlement
    resolution: Resolution
    reconciliation: Reconciliation
    refunds: Refunds
    pruning: Pruning
    wrong_keys: RepeatedWarning
    health: HealthCheck

    @property
    def says_where_it_is(self) -> bool:
        """Whether the shop's own address is configured, not left to whoever sends a request."""
        config = self.app.config
        trusted = config.get("TRUSTED_HOSTS")  # of Flask, from 3.1 on
        return bool(self.settings.public_url or config["SERVER_NAME"] or trusted)

    def is_test(self, made_with: str | None = None) -> bool:
        """Whether no real money moves, which every page is to say: at the sandbox.

        :param made_with: what is kept with a payment, which may be older than the settings.
        """
        here = self.client.account.fingerprint()
        return self.settings.sandbox or is_sandbox(made_with or here)


def current_state() -> State:
    """Return the state of the current app.

    :raises ConfigurationError: when `init_app` was not called.
    """
    try:
        state: State = current_app.extensions["bdquickpay"]
    except KeyError:
        raise ConfigurationError("Call bdquickpay.init_app(app) first.") from None
    return state

"""Whether the app is set up: keys, order loader, receivers, secret key."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..keys import SANDBOX_SECRET_KEY, is_sandbox_key
from ..payments import signals
from ..settings import is_loopback
from .findings import Patient, Result, ok, red, warning

_SHORTEST_SECRET = 16


def check_keys(patient: Patient) -> Result:
    """Whether the merchant's keys are set, and real where the gateway is."""
    account = patient.account
    missing = [name for name in ("app_key", "secret_key") if not getattr(account, name)]
    if missing:
        return red(
            f"{' and '.join(map(patient.setting, missing))} not set: copy from the merchant "
            "dashboard, API Credentials (or BDQUICKPAY_SANDBOX = True to try things out)."
        )
    if not patient.plays and (
        is_sandbox_key(account.app_key) or account.secret_key == SANDBOX_SECRET_KEY
    ):
        return red(
            "The sandbox's keys are set for the real gateway: put the merchant's own in "
            f"{patient.setting('app_key')} and {patient.setting('secret_key')}."
        )
    if patient.state.settings.sandbox and _is_public(patient.public_url):
        return red(
            f"The sandbox is on at {patient.public_url}: whoever buys there pays with nothing. "
            "Remove BDQUICKPAY_SANDBOX and set the real keys."
        )
    if patient.plays:
        return warning(
            f"The gateway is a stand-in at {account.base_url}: no real money moves. To take "
            "payments remove BDQUICKPAY_SANDBOX or BDQUICKPAY_BASE_URL, and set the real keys."
        )
    return ok(f"Keys are set for {account.base_url}.")


def _is_public(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return parts.scheme == "https" and not is_loopback(parts.hostname)


def check_order_loader(patient: Patient) -> Result:
    """Whether somebody says what an order costs."""
    if patient.state.hooks.order_loader is None:
        return red(
            "None: nobody knows what to charge. Decorate a function with @bdquickpay.order_loader."
        )
    return ok("Registered.")


def check_receivers(patient: Patient) -> Result:
    """Whether anybody in this process hears that an order is paid."""
    if not signals.paid_is_heard(patient.app):
        return red(
            "Nobody in this process listens to payment_paid: it marks no order paid. Import the "
            "module that connects your receiver, at module level; one inside a function is "
            "forgotten by blinker, unless weak=False."
        )
    return ok("Connected.")


def check_secret_key(patient: Patient) -> Result:
    """Whether the key that protects the pay button is there, and long enough."""
    secret = patient.app.secret_key
    if not secret:
        return red(
            "Not set: the pay button can't be protected. Set SECRET_KEY to the output of: "
            "python -c 'import secrets; print(secrets.token_hex())'"
        )
    if len(secret) < _SHORTEST_SECRET:
        return warning(
            f"Only {len(secret)} characters can be guessed. Set SECRET_KEY to the output of: "
            "python -c 'import secrets; print(secrets.token_hex())'"
        )
    return ok("Set.")

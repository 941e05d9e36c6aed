"""A shop with several merchant accounts, each with keys of its own at the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.test import TestResponse

from flask_bdquickpay.sandbox.server import SandboxServer

from .shop import KEYS, Shop

DHAKA = {"app_key": "canary-dhaka-app", "secret_key": "canary-dhaka-secret"}
SYLHET = {"app_key": "canary-sylhet-app", "secret_key": "canary-sylhet-secret"}
ACCOUNTS: dict[str, dict[str, Any]] = {"dhaka": DHAKA, "sylhet": SYLHET}
#: The app key of each account, the plain one's too.
APP_KEYS = {"": KEYS["BDQUICKPAY_APP_KEY"]} | {
    name: one["app_key"] for name, one in ACCOUNTS.items()
}
SECRETS = {"": KEYS["BDQUICKPAY_SECRET_KEY"]} | {
    name: one["secret_key"] for name, one in ACCOUNTS.items()
}


def make_branches(new_shop: Callable[..., Shop], **config: Any) -> Shop:
    """A shop with the plain account and two more, which its gateway knows."""
    shop = new_shop(**{"BDQUICKPAY_ACCOUNTS": ACCOUNTS} | config)
    open_accounts(shop.server)
    return shop


def open_accounts(server: SandboxServer) -> None:
    for one in ACCOUNTS.values():
        server.sandbox.add_account(one["app_key"], one["secret_key"])


def post(
    shop: Shop, payment: Any, *, to: str | None = None, key: str | None = None, **body: Any
) -> TestResponse:
    """Send a webhook about a payment; to its own account's path and with its key, unless told."""
    to = payment.account if to is None else to
    key = APP_KEYS[payment.account] if key is None else key
    body = {"event": "payment.completed", "invoice_id": payment.invoice_id} | body
    path = f"/bdquickpay/webhook/{to}" if to else "/bdquickpay/webhook"
    return shop.client.post(path, json=body, headers={"X-App-Key": key})


def asked_as(shop: Shop, endpoint: str) -> list[str]:
    """With which app keys the gateway was called, one after the other."""
    calls = (one for one in shop.gateway.requests if one.endpoint == endpoint)
    return [one.headers["X-App-Key"] for one in calls]

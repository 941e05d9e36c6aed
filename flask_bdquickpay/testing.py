"""The pytest plugin: the fixture `bdquickpay_gateway`, a gateway for a shop's own tests.

    def test_paid_order_ships(client, bdquickpay_gateway):
        client.post("/checkout/1")
        bdquickpay_gateway.pay(Payment.query.one())
        assert Order.query.one().status == "paid"

pytest loads this module in every test session of the host, so it imports nothing but pytest until
the fixture is asked for.
"""

# ruff: noqa: PLC0415 - imports inside functions are this module's point

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from .gateway.account import Account
    from .gateway.client import BDQuickPayClient
    from .sandbox.kit import Gateway
    from .sandbox.server import SandboxServer


@pytest.fixture
def bdquickpay_gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The sandbox on a loopback port, to which every app of this process talks meanwhile."""
    from .sandbox.kit import Gateway
    from .sandbox.server import SandboxServer

    with (
        SandboxServer(any_keys=True, synchronous=True) as server,
        pytest.MonkeyPatch.context() as patch,  # of its own: a test may undo what it has patched
    ):
        gateway = Gateway(server, _reread)
        _redirect(patch, gateway, server)
        yield gateway
        monkeypatch.undo()  # what the test has put over ours comes off first


def _redirect(patch: pytest.MonkeyPatch, gateway: Gateway, server: SandboxServer) -> None:
    from .gateway import pace
    from .gateway.client import BDQuickPayClient

    patch.setattr(pace, "monotonic", lambda: monotonic() + server.sandbox.clock.offset)
    patch.setattr(BDQuickPayClient, "account", property(_account_at(server)))
    create = _remembering(BDQuickPayClient.create_payment, gateway)
    patch.setattr(BDQuickPayClient, "create_payment", create)


def _account_at(server: SandboxServer) -> Callable[[BDQuickPayClient], Account]:
    """The app's own keys where it has some, else the sandbox's; always at this gateway.

    Those of a named account are known there as a merchant's own, whichever key it has by now.
    """
    from .sandbox import APP_KEY, SECRET_KEY

    hosts = frozenset({f"{server.host}:{server.port}"})

    def account(self: BDQuickPayClient) -> Account:
        own = replace(self._account, base_url=server.base_url, payment_hosts=hosts)
        if own.name and own.app_key and own.secret_key:
            for key in (own.app_key, *own.previous_app_keys):
                server.sandbox.add_account(key, own.secret_key, own.name)
        if own.app_key and own.secret_key:
            return own
        return replace(own, app_key=APP_KEY, secret_key=SECRET_KEY)

    return account


def _remembering(create: Callable[..., Any], gateway: Gateway) -> Callable[..., Any]:
    """Remember which app creates a payment before its answer can be lost."""
    from flask import current_app, has_app_context, has_request_context, request

    def create_payment(self: BDQuickPayClient, *, success_url: str, **fields: Any) -> Any:
        if has_app_context():
            app = current_app._get_current_object()  # type: ignore[attr-defined]
            mount = app.config["APPLICATION_ROOT"].rstrip("/")
            root = request.script_root if has_request_context() else mount
            if _follows_any_host(self, app):
                fields["webhook_url"] = gateway.at_home(fields.get("webhook_url"))
            gateway.remember(success_url, fields.get("webhook_url"), app, root)
        return create(self, success_url=success_url, **fields)

    return create_payment


def _follows_any_host(client: BDQuickPayClient, app: Flask) -> bool:
    """Whether the app has keys of its own, but leaves it to a request's Host where it is."""
    state = app.extensions.get("bdquickpay")
    own = client._account
    return bool(state and not state.says_where_it_is and own.app_key and own.secret_key)


def _reread(payment: Any) -> None:
    """Let what the test holds unchanged be read anew: a webhook, in another session, may have
    changed the payment and its order."""
    session = _session_of(payment)
    for held in () if session is None else list(session.identity_map.values()):
        if not session.is_modified(held):
            session.expire(held)


def _session_of(payment: Any) -> Any:
    """The database session of the payment, else of the app context that the test is in."""
    from flask import current_app, has_app_context
    from sqlalchemy import inspect

    session = getattr(inspect(payment, raiseerr=False), "session", None)
    if session is None and has_app_context() and "sqlalchemy" in current_app.extensions:
        session = current_app.extensions["sqlalchemy"].session()
    return session

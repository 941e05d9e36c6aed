"""The sandbox as a shop's tests hold it: one fixture that plays gateway and buyer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask

from .control import Sandbox
from .errors import SandboxError
from .records import Answer, Delivery, Outcome
from .server import SandboxServer
from .webhooks import headers

Result = TypeVar("Result")


class Gateway:
    """What `bdquickpay_gateway` gives to a test.

    A payment is the shop's own object or an invoice id. The buyer's four methods return an
    `Outcome`: `return_url` is where the gateway sends the buyer (`client.get(outcome.return_url)`
    plays the return) and `webhook` the shop's answer to the webhook. Webhooks reach an app of this
    process without a server, through its WSGI interface; any other shop over HTTP. What cannot be
    done raises an `AssertionError` that says what to do instead. Whatever else a `Sandbox` has, it
    has as well: `fault()`, `advance()`, `requests`, …
    """

    def __init__(
        self, server: SandboxServer, refresh: Callable[[Any], None] = lambda _payment: None
    ) -> None:
        self.server: SandboxServer = server
        self._refresh = refresh
        self.sandbox: Sandbox = server.sandbox
        self._shops: dict[str, _Shop] = {}
        self._over_http = self.sandbox.webhooks.transport
        self.sandbox.webhooks.transport = self._deliver

    # The buyer ------------------------------------------------------------------------------

    def pay(self, payment: Any, amount: Any = None, webhook: bool = True, **how: Any) -> Outcome:
        """Pay; `completes=True` completes a payment of another `amount`, `late=True` one that
        had failed or expired."""
        return self._act(self.sandbox.pay, payment, amount, webhook, **how)

    def cancel(self, payment: Any, webhook: bool = True) -> Outcome:
        """Go back without paying. The webhook says failed while verify still says pending, since
        the payment can be taken up again: the shop cancels when the buyer returns."""
        outcome: Outcome = self._act(self.sandbox.cancel, payment, webhook)
        if not webhook or outcome.webhook is not None or outcome.payment.webhook_url is None:
            return outcome
        said = self.send_webhook(payment, event="payment.failed", status="failed")
        return replace(outcome, webhook=said)

    def fail(self, payment: Any, webhook: bool = True) -> Outcome:
        """The gateway marks the payment failed."""
        return self._act(self.sandbox.fail, payment, webhook)

    def time_out(self, payment: Any, webhook: bool = True) -> Outcome:
        """The buyer lets the time run out."""
        return self._act(self.sandbox.time_out, payment, webhook)

    # The gateway ----------------------------------------------------------------------------

    def send_webhook(self, payment: Any, **overrides: Any) -> Answer:
        """One webhook, now; `app_key=`, `url=` and every field of the body can be overridden."""
        return self._act(self.sandbox.send_webhook, payment, **overrides)

    def race(self, *rivals: Callable[[], Any]) -> list[Any]:
        """Run the rivals at once and return their results in order. Verify calls wait for each
        other, so that all rivals know the gateway's answer before one of them writes. The shop's
        database must be one that threads can share: a file, not SQLite's memory."""
        barrier = self.sandbox.gather_verifies(len(rivals))
        start = threading.Barrier(len(rivals))

        def run(rival: Callable[[], Any]) -> Any:
            try:
                start.wait(5)
                return rival()
            finally:
                barrier.abort()  # who is done asks no more: nobody waits for it

        with ThreadPoolExecutor(len(rivals)) as pool:
            running = [pool.submit(run, rival) for rival in rivals]
        return [rival.result() for rival in running]

    def remember(
        self, success_url: str, webhook_url: str | None, app: Flask, script_root: str
    ) -> None:
        """This app created the payment that returns there; its webhooks go to it directly."""
        hosts = {urlsplit(url).netloc for url in (success_url, webhook_url) if url}
        self._shops[success_url] = _Shop(app, script_root, hosts)

    def at_home(self, webhook_url: str | None) -> str | None:
        """This URL on localhost: an app's keys stay on this machine, whatever Host a request of
        the test names."""
        return webhook_url and urlsplit(webhook_url)._replace(netloc="localhost").geturl()

    def __getattr__(self, name: str) -> Any:
        """`fault`, `clear_faults`, `switch`, `advance`, `requests`, `payments`, `deliveries`, …"""
        return getattr(self.sandbox, name)

    def _act(self, method: Callable[..., Result], payment: Any, *args: Any, **how: Any) -> Result:
        try:
            return method(_invoice_id(payment), *args, **how)
        except SandboxError as error:
            raise AssertionError(str(error)) from None
        finally:
            self._refresh(payment)

    def _deliver(self, delivery: Delivery) -> Answer:
        shop = self._shops.get(self.sandbox.find(delivery.invoice_id).success_url)
        if shop is None or urlsplit(delivery.url).netloc not in shop.hosts:
            return self._over_http(delivery)
        # In an empty context, so that Flask pushes a new app context: the webhook then has a
        # database session of its own, and the caller's stays as it is.
        return Context().run(_call, shop, delivery)


@dataclass(frozen=True)
class _Shop:
    """An app of this process, and the hosts that it has named as its own."""

    app: Flask
    script_root: str
    hosts: set[str]


def _call(shop: _Shop, delivery: Delivery) -> Answer:
    """POST to the app itself: below its mount path, or at the whole path if it mounts itself."""
    url = urlsplit(delivery.url)
    for mount in dict.fromkeys((shop.script_root, "")):
        response = shop.app.test_client(use_cookies=False).post(
            url.path.removeprefix(mount) or "/",
            base_url=f"{url.scheme}://{url.netloc}{mount}",
            query_string=url.query,
            json=dict(delivery.body),
            headers=headers(delivery),
        )
        if response.status_code != HTTPStatus.NOT_FOUND:
            break
    return Answer(response.status_code, response.get_data(as_text=True))


def _invoice_id(payment: Any) -> Any:
    if isinstance(payment, str):
        return payment
    try:
        return payment.invoice_id or payment
    except AttributeError:
        return payment
    except Exception as error:
        raise AssertionError(
            f"The payment's invoice_id cannot be read ({type(error).__name__}): it has left its "
            "database session. Use it inside the app context it was loaded in, or pass its "
            "invoice id."
        ) from error

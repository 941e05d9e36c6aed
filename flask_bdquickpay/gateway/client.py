"""The client of the gateway's API: create and verify. Knows no Flask.

Restates the gateway's API documentation, "Authentication", "POST /payment/create" and
"POST /payment/verify".
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from .. import clock
from ..deadline import deadline, remaining
from ..errors import ConfigurationError, GatewayError, GatewayUnavailableError
from ..keys import MerchantAccount, Secret, check_key, hidden
from ..money import PaymentRequest
from ..settings import DEFAULT_BASE_URL, check_base_url, is_loopback
from . import dates
from .account import Account
from .answers import MAX_ANSWER, CreatedPayment, VerifiedPayment, created, parse, verified
from .pace import Pace
from .refusals import outcome_of, paused, refusal
from .transport import DeadlineAdapter

#: How often verify is asked at most, within its deadline.
VERIFY_ATTEMPTS = 3
_POOL = 50
Observer = Callable[[str, float, dict[str, str]], object]


class BDQuickPayClient:
    """A client of the gateway's API, safe to share between threads.

    When the gateway answers 429, nothing more is sent for the account until the time of its
    `Retry-After` is over, five minutes at most; where it names none, for 1, 2, 4 … 60 seconds.
    Until then each call raises :class:`GatewayPausedError` at once.

    :ivar clock_skew: by how much the gateway's clock is ahead of this machine's, in whole seconds,
        by its last answer that had a date; ``None`` before there was one.
    :param app_key: and `secret_key`, the merchant's credentials.
    :param base_url: HTTPS, or plain HTTP on a loopback host.
    :param timeout: seconds for a whole call, from connect to the last byte.
    :param payment_hosts: hosts that `payment_url` may point to; the base URL's when empty.
    :param previous_app_keys: earlier app keys of the same merchant.
    :param observer: called as ``f("gateway_request", seconds, labels)`` at the end of each call,
        with `call` and `outcome` as labels; it must not raise.
    :raises ConfigurationError: for a base URL or key that can't be used.
    """

    def __init__(
        self,
        app_key: str,
        secret_key: str,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float = 4.0,
        *,
        payment_hosts: frozenset[str] = frozenset(),
        previous_app_keys: tuple[str, ...] = (),
        observer: Observer | None = None,
    ) -> None:
        app_key, secret_key = hidden(app_key), hidden(secret_key)
        base_url = check_base_url(base_url)
        self._account = Account(
            base_url,
            check_key(app_key, "app_key"),
            check_key(secret_key, "secret_key"),
            payment_hosts or frozenset({urlsplit(base_url).hostname or ""}),
            tuple(map(hidden, previous_app_keys)),
        )
        self.timeout = timeout
        self._adapter = DeadlineAdapter(pool_maxsize=_POOL)
        self._observer = observer
        self._forget()

    def _forget(self) -> None:
        """Know nothing yet of what the gateway has said to this account."""
        self._routes: dict[tuple[Account, str], _Route] = {}
        self._paces: dict[Account, Pace] = {}
        self.clock_skew: timedelta | None = None

    def beside(self, name: str, merchant: MerchantAccount) -> BDQuickPayClient:
        """Return a client of another account at the same gateway, which shares the connections."""
        other = copy(self)
        other._account = replace(self._account, name=name, **vars(merchant))
        other._forget()
        return other

    def __repr__(self) -> str:
        name = f" {self._account.name}" if self._account.name else ""
        return f"<BDQuickPayClient {self._account.base_url}{name}>"

    @property
    def account(self) -> Account:
        """The account that every call uses."""
        return self._account

    def paused_for(self) -> float:
        """Seconds for which the gateway still wants to be left alone; 0.0 when it does not."""
        pause = self._pace(self.account).pause()
        return pause.seconds if pause else 0.0

    def check_keys(self) -> None:
        """
        :raises ConfigurationError: when the account has not both keys.
        """
        account = self.account
        if not account.app_key or not account.secret_key:
            raise ConfigurationError(_keys_missing(account.name))

    def check_pause(self, invoice_id: str | None = None) -> None:
        """
        :raises GatewayPausedError: when a call would not be sent now.
        """
        pause = self._pace(self.account).pause()
        if pause is not None:
            raise paused(pause, invoice_id)

    def create_payment(
        self,
        *,
        amount: Decimal | int | str,
        customer_reference: str,
        success_url: str,
        cancel_url: str,
        webhook_url: str | None = None,
        metadata: dict[str, Any] | None = None,
        timeout: float | None = None,
    ) -> CreatedPayment:
        """Create a payment (POST /payment/create). Never repeated: create is not idempotent.

        :param amount: BDT; Decimal, int or str.
        :param timeout: seconds for this call, else the client's.
        :raises InvalidPaymentRequest: before anything is sent.
        :raises GatewayError: the leaf that says why; the payment may exist at the gateway only
            after a :class:`GatewayUnavailableError`.
        """
        request = PaymentRequest(amount, metadata)
        fields: dict[str, Any] = {
            "customer_reference": customer_reference,
            "success_url": success_url,
            "cancel_url": cancel_url,
        }
        if webhook_url is not None:
            fields["webhook_url"] = webhook_url
        if request.metadata is not None:
            fields["metadata"] = request.metadata
        # The amount is written digit by digit: json knows numbers only as floats.
        body = f'{{"amount": {_number(request.amount)}, {json.dumps(fields)[1:]}'
        with self._observed("create"):
            with deadline(timeout or self.timeout):
                document = self._post("/payment/create", body, None)
            return created(document, request.amount, customer_reference)

    def verify_payment(self, invoice_id: str, *, timeout: float | None = None) -> VerifiedPayment:
        """Ask for the truth about a payment (POST /payment/verify).

        A connection failure or 5xx is asked again a little later, within the deadline; a 429
        never is.

        :param timeout: seconds for all of it, else the client's.
        :raises GatewayError: the leaf that says why.
        """
        body = json.dumps({"invoice_id": invoice_id})
        with self._observed("verify"), deadline(timeout or self.timeout):
            for attempt in range(VERIFY_ATTEMPTS):
                try:
                    return verified(self._post("/payment/verify", body, invoice_id), invoice_id)
                except GatewayUnavailableError as error:
                    if not _may_repeat(error, attempt):
                        raise
        raise AssertionError("unreachable")

    @contextmanager
    def _observed(self, call: str) -> Iterator[None]:
        """Tell the observer how long a call takes, and how it ends."""
        observe = self._observer
        if observe is None:
            yield
            return
        begun = time.monotonic()

        def tell(outcome: str) -> None:
            labels = {"call": call, "outcome": outcome}
            observe("gateway_request", time.monotonic() - begun, labels)

        try:
            yield
        except GatewayError as error:
            tell(outcome_of(error))
            raise
        tell("ok")

    def _post(self, path: str, body: str, invoice_id: str | None) -> dict[str, Any]:
        account = self.account
        self.check_keys()
        self.check_pause(invoice_id)
        status_code, document = self._exchange(account, path, body, invoice_id)
        if status_code == 200 and document is not None and document.get("status") is True:
            return document
        error = refusal(status_code, document, invoice_id, account)
        if isinstance(error, GatewayUnavailableError):
            error.retry_after = self.paused_for() or None
        del document  # a gateway in disorder may repeat the keys in it
        raise error

    def _exchange(
        self, account: Account, path: str, body: str, invoice_id: str | None
    ) -> tuple[int, dict[str, Any] | None]:
        route = self._route(account, path)
        request = route.request.copy()
        request.body = body.encode()
        request.prepare_content_length(request.body)
        listen = self._listener(account)
        try:
            with self._adapter.send(
                request, stream=True, timeout=remaining(), **route.environment
            ) as response:
                listen(response)
                content = response.raw.read(MAX_ANSWER + 1, decode_content=True)
                return response.status_code, parse(content)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            kind = type(error).__name__
            failure = GatewayUnavailableError(
                f"The gateway did not answer ({kind}).", invoice_id=invoice_id
            )
        except BaseException as error:  # Ctrl-C, a worker's end, a fault of ours
            raise error.with_traceback(None)  # noqa: B904  # frames below hold the keys
        # Raised here, without the cause: its request object carries the keys.
        raise failure

    def _listener(self, account: Account) -> Callable[[requests.Response], None]:
        """What takes in the head of the answer to a call that is sent now."""
        pace, sent_at = self._pace(account), clock.utcnow()
        sent = pace.now()

        def listen(response: requests.Response) -> None:
            pace.heard(response.status_code, response.headers, sent)
            said = response.headers.get("Date", "")
            skew = dates.clock_skew(said, sent_at, clock.utcnow())
            self.clock_skew = self.clock_skew if skew is None else skew

        return listen

    def _pace(self, account: Account) -> Pace:
        return self._paces.setdefault(account, Pace())

    def _route(self, account: Account, path: str) -> _Route:
        route = self._routes.get((account, path))
        if route is None:
            route = self._routes[account, path] = _Route.to(account, path)
        return route


@dataclass(frozen=True)
class _Route:
    """What is the same in every call to an endpoint, worked out once.

    Sent through the adapter it never follows a redirect, with which our keys would travel, and
    meets no cookie and no .netrc.
    """

    request: requests.PreparedRequest
    environment: dict[str, Any] = field(repr=False)

    @classmethod
    def to(cls, account: Account, path: str) -> _Route:
        url = account.base_url + path
        with requests.Session() as session:
            found = session.merge_environment_settings(url, {}, None, None, None)
        if is_loopback(urlsplit(url).hostname):
            found["proxies"] = {}  # to a proxy, the keys would travel in plain HTTP
        request = requests.Request("POST", url, headers=_headers(account)).prepare()
        return cls(request, {name: found[name] for name in ("proxies", "verify", "cert")})


def _headers(account: Account) -> dict[str, str | bytes]:
    return {
        "X-App-Key": Secret(account.app_key),
        "X-Secret-Key": Secret(account.secret_key),
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "Flask-BDQuickPay",
    }


def _keys_missing(name: str) -> str:
    if name:
        return (
            f"The merchant account {name!r} has no keys: give it app_key and secret_key in "
            "BDQUICKPAY_ACCOUNTS, or let the account loader return them."
        )
    return (
        "The merchant's keys are missing: set BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY "
        "(or BDQUICKPAY_SANDBOX = True to try things out)."
    )


def _number(amount: Decimal) -> str:
    return str(amount.to_integral_value() if amount == amount.to_integral_value() else amount)


def _may_repeat(error: GatewayUnavailableError, attempt: int) -> bool:
    """The one place that decides whether a call is repeated; waits when it is."""
    status, last = error.status_code, attempt + 1 >= VERIFY_ATTEMPTS
    if last or error.retry_after is not None or (status is not None and status < 500):
        return False
    pause = 0.1 * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311  # jitter, no secret
    try:
        if remaining() <= 2 * pause:
            return False
    except TimeoutError:
        return False
    time.sleep(pause)
    return True

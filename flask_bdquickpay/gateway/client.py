"""The wire to the gateway: create and verify, JSON to frozen dataclasses. Knows no Flask.

Everything here restates the gateway's API documentation, sections "Authentication",
"POST /payment/create", "POST /payment/verify" and "HTTP codes".
"""

from __future__ import annotations

import json
import logging
import random
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from .deadline import deadline, remaining
from .errors import (
    AuthenticationError,
    ConfigurationError,
    GatewayError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
    MerchantInactiveError,
    RequestRejectedError,
)
from .money import PaymentRequest
from .settings import (
    DEFAULT_BASE_URL,
    Secret,
    check_base_url,
    check_key,
    hidden,
    is_loopback,
    without_keys,
)
from .transport import DeadlineAdapter

_logger = logging.getLogger(__name__)
#: An answer larger than this is not the gateway's, in bytes.
MAX_ANSWER = 256 * 1024
#: How often verify is asked at most, within its deadline.
VERIFY_ATTEMPTS = 3
_POOL = 50
#: A time outside of these years is no time; with one we could not reckon.
_EARLIEST, _LATEST = 1970, 3000
_SHOWN = 200


@dataclass(frozen=True)
class Account:
    """Where the gateway is, who we are to it, and where it may send customers."""

    base_url: str
    app_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    payment_hosts: frozenset[str]


@dataclass(frozen=True)
class CreatedPayment:
    """The gateway's answer to create; attributes as in its documentation, `amount` in BDT."""

    invoice_id: str
    payment_url: str
    amount: Decimal | None
    customer_reference: str | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Transaction:
    """The transaction inside an answer to verify; `amount` in BDT."""

    trx_id: str | None
    payment_method: str | None
    amount: Decimal | None
    status: str | None
    verified_at: datetime | None


@dataclass(frozen=True)
class VerifiedPayment:
    """The gateway's answer to verify, the `data` of its document; `amount` in BDT."""

    invoice_id: str
    status: str
    amount: Decimal | None
    customer_reference: str | None
    created_at: datetime | None
    expires_at: datetime | None
    transaction: Transaction | None

    @property
    def facts(self) -> dict[str, Any]:
        """The documented fields alone, as JSON for the timeline."""
        facts: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_json_text))
        return facts


class BDQuickPayClient:
    """A client of the gateway's API, safe to share between threads.

    :param app_key: and `secret_key`, the merchant's credentials.
    :param base_url: HTTPS, or plain HTTP on a loopback host.
    :param timeout: seconds for a whole call, from connect to the last byte.
    :param payment_hosts: hosts that `payment_url` may point to; the base URL's when empty.
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
    ) -> None:
        app_key, secret_key = hidden(app_key), hidden(secret_key)
        base_url = check_base_url(base_url)
        self._account = Account(
            base_url,
            check_key(app_key, "app_key"),
            check_key(secret_key, "secret_key"),
            payment_hosts or frozenset({urlsplit(base_url).hostname or ""}),
        )
        self.timeout = timeout
        self._adapter = DeadlineAdapter(pool_maxsize=_POOL)
        self._routes: dict[tuple[Account, str], _Route] = {}

    def __repr__(self) -> str:
        return f"<BDQuickPayClient {self._account.base_url}>"

    @property
    def account(self) -> Account:
        """The account that every call uses."""
        return self._account

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
        with deadline(timeout or self.timeout):
            document = self._post("/payment/create", body, None)
        return _created(document, request.amount, customer_reference)

    def verify_payment(self, invoice_id: str, *, timeout: float | None = None) -> VerifiedPayment:
        """Ask for the truth about a payment (POST /payment/verify).

        A connection failure, 429 or 5xx is asked again a little later, within the deadline.

        :param timeout: seconds for all of it, else the client's.
        :raises GatewayError: the leaf that says why.
        """
        body = json.dumps({"invoice_id": invoice_id})
        with deadline(timeout or self.timeout):
            for attempt in range(VERIFY_ATTEMPTS):
                try:
                    return _verified(self._post("/payment/verify", body, invoice_id), invoice_id)
                except GatewayUnavailableError as error:
                    if not _may_repeat(error, attempt):
                        raise
        raise AssertionError("unreachable")

    def _post(self, path: str, body: str, invoice_id: str | None) -> dict[str, Any]:
        account = self.account
        if not account.app_key or not account.secret_key:
            raise ConfigurationError(
                "The merchant's keys are missing: set BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY "
                "(or BDQUICKPAY_SANDBOX = True to try things out)."
            )
        status_code, document = self._exchange(account, path, body, invoice_id)
        if status_code == 200 and document is not None and document.get("status") is True:
            return document
        refusal = _refusal(status_code, document, invoice_id, account)
        del document  # a gateway in disorder may repeat the keys in it
        raise refusal

    def _exchange(
        self, account: Account, path: str, body: str, invoice_id: str | None
    ) -> tuple[int, dict[str, Any] | None]:
        route = self._route(account, path)
        request = route.request.copy()
        request.prepare_body(body.encode(), None)
        try:
            with self._adapter.send(
                request, stream=True, timeout=remaining(), **route.environment
            ) as response:
                content = response.raw.read(MAX_ANSWER + 1, decode_content=True)
                return response.status_code, _parse(content)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            kind = type(error).__name__
            failure = GatewayUnavailableError(
                f"The gateway did not answer ({kind}).", invoice_id=invoice_id
            )
        except BaseException as error:  # Ctrl-C, a worker's end, a fault of ours
            raise error.with_traceback(None)  # noqa: B904  # frames below hold the keys
        # Raised here, without the cause: its request object carries the keys.
        raise failure

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


def _number(amount: Decimal) -> str:
    return str(amount.to_integral_value() if amount == amount.to_integral_value() else amount)


def _may_repeat(error: GatewayUnavailableError, attempt: int) -> bool:
    """The one place that decides whether a call is repeated; waits when it is."""
    status = error.status_code
    if attempt + 1 >= VERIFY_ATTEMPTS or (status is not None and status != 429 and status < 500):
        return False
    pause = 0.1 * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311  # jitter, no secret
    try:
        if remaining() <= 2 * pause:
            return False
    except TimeoutError:
        return False
    time.sleep(pause)
    return True


_REFUSALS: dict[int, tuple[type[GatewayError], str]] = {
    401: (AuthenticationError, "The gateway does not accept the app key or the secret key"),
    403: (MerchantInactiveError, "The merchant account is inactive"),
    404: (InvoiceNotFoundError, "The gateway knows no such invoice"),
    422: (RequestRejectedError, "The gateway rejected the request"),
}


def _refusal(
    status_code: int, document: dict[str, Any] | None, invoice_id: str | None, account: Account
) -> GatewayError:
    """The error for an answer that is no success; its shape must be as documented."""
    said = _without_keys(document.get("message"), account) if document else ""
    known = _REFUSALS.get(status_code) if document and document.get("status") is False else None
    kind, text = known or (
        GatewayUnavailableError,
        f"The gateway's answer (HTTP {status_code}) is not what its API documents",
    )
    message = f"{text}: {said}" if said else f"{text}."
    errors = _field_errors(document.get("errors"), account) if document else {}
    return kind(message, status_code=status_code, errors=errors, invoice_id=invoice_id)


def _without_keys(said: object, account: Account) -> str:
    text = "".join(c if _storable(c) else "?" for c in said) if isinstance(said, str) else ""
    return without_keys(text, (account.app_key, account.secret_key))[:_SHOWN]


def _field_errors(errors: object, account: Account) -> dict[str, list[str]]:
    if not isinstance(errors, dict):
        return {}
    lists = {name: said if isinstance(said, list) else [said] for name, said in errors.items()}
    return {
        _without_keys(name, account): [_without_keys(str(text), account) for text in texts]
        for name, texts in lists.items()
    }


def _parse(content: bytes) -> dict[str, Any] | None:
    """The JSON object, its numbers exact; ``None`` for anything else."""
    if len(content) > MAX_ANSWER:
        return None
    try:
        document = json.loads(content, parse_float=Decimal, parse_constant=refuse_constant)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def refuse_constant(word: str) -> None:
    """Keep Python's ``json`` from reading NaN and Infinity."""
    raise ValueError(f"{word} is not JSON")


class _Malformed(Exception):
    """A field of an answer is not what the API documents."""


def _created(document: dict[str, Any], amount: Decimal, reference: str) -> CreatedPayment:
    try:
        answer = CreatedPayment(
            invoice_id=_word(document, "invoice_id"),
            payment_url=_word(document, "payment_url"),
            amount=_amount(document, "amount"),
            customer_reference=_optional_text(document, "customer_reference"),
            expires_at=_moment(document, "expires_at"),
        )
        if answer.amount not in (None, amount):
            raise _Malformed(f"amount is {answer.amount}, not {amount}")
        if answer.customer_reference not in (None, reference):
            raise _Malformed("customer_reference is another one")
    except _Malformed as error:
        raise _unusable(error, None) from error
    return answer


def _verified(document: dict[str, Any], invoice_id: str) -> VerifiedPayment:
    try:
        data = document.get("data")
        if not isinstance(data, dict):
            raise _Malformed("data is not an object")
        answer = VerifiedPayment(
            invoice_id=_word(data, "invoice_id"),
            status=_word(data, "status").lower(),
            amount=_amount(data, "amount"),
            customer_reference=_optional_text(data, "customer_reference"),
            created_at=_moment(data, "created_at"),
            expires_at=_moment(data, "expires_at"),
            transaction=_transaction(data.get("transaction")),
        )
        _check_verified(answer, invoice_id)
    except _Malformed as error:
        raise _unusable(error, invoice_id) from error
    return answer


def _check_verified(answer: VerifiedPayment, invoice_id: str) -> None:
    if answer.invoice_id != invoice_id:
        raise _Malformed("it is about another invoice")
    if answer.status != "completed":
        return
    paid = answer.transaction
    if paid is None or paid.status != "completed" or not paid.trx_id:
        raise _Malformed("it says completed without a completed transaction")
    if answer.amount is None or paid.amount is None:
        raise _Malformed("it says completed without an amount")


def _transaction(value: object) -> Transaction | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _Malformed("transaction is not an object")
    status, method = _optional_text(value, "status"), value.get("payment_method")
    return Transaction(
        trx_id=_optional_text(value, "trx_id"),
        payment_method=method if method == "bkash" else None,  # nothing depends on it
        amount=_amount(value, "amount"),
        status=status and status.lower(),
        verified_at=_moment(value, "verified_at"),
    )


def _unusable(error: _Malformed, invoice_id: str | None) -> GatewayUnavailableError:
    return GatewayUnavailableError(
        f"The gateway's answer is not what its API documents: {error}.",
        status_code=200,
        invoice_id=invoice_id,
    )


def _word(document: dict[str, Any], name: str) -> str:
    text = _optional_text(document, name)
    if not text:
        raise _Malformed(f"{name} is missing")
    return text


_LONGEST = {"payment_url": 2000, "status": 64, "customer_reference": 255}


def _optional_text(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _LONGEST.get(name, 128) or not _storable(value):
        raise _Malformed(f"{name} is not a short text")
    return value


def _storable(text: str) -> bool:
    return not any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in text)


def _json_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _amount(document: dict[str, Any], name: str) -> Decimal | None:
    """An amount as the gateway writes it: number or text, exact, however many decimals."""
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise _Malformed(f"{name} is not a number")
    try:
        amount = Decimal(value)
    except (InvalidOperation, ValueError):
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        raise _Malformed(f"{name} is not an amount")
    return amount


def _moment(document: dict[str, Any], name: str) -> datetime | None:
    """A time; one without a zone is taken as UTC, one that can't be read as not given."""
    value = document.get(name)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        if _EARLIEST < aware.year < _LATEST:
            return aware.astimezone(timezone.utc)
    except ValueError:
        pass
    _logger.warning("The gateway's %s can't be read as a time.", name)
    return None

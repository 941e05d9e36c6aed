"""Finds out why payments do not work: one finding for each check, with the cure in it."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests
from flask import Flask
from sqlalchemy import Inspector, Table, UniqueConstraint, inspect
from sqlalchemy.exc import DBAPIError
from urllib3.exceptions import HTTPError

from . import signals
from .deadline import deadline
from .errors import (
    AuthenticationError,
    ConfigurationError,
    GatewayError,
    InvoiceNotFoundError,
    MerchantInactiveError,
    RequestRejectedError,
)
from .models import utcnow
from .reports import EventRecord, Reports
from .sandbox import APP_KEY, SECRET_KEY
from .settings import is_loopback, without_keys
from .status import PaymentStatus
from .terminal import first_line, moment, plain
from .transport import DeadlineAdapter

if TYPE_CHECKING:
    from .extension import State

#: Work that has been due for longer is not being done.
PATIENCE = timedelta(minutes=15)
#: An event that was tried more often has a receiver that is broken.
ATTEMPTS = 3
#: Seconds for each webhook that is POSTed to ourselves; there are two.
TIMEOUT = 5.0
#: Webhooks are missed where so many payments were completed without one.
ENOUGH = 5
RECENT = timedelta(days=7)
#: An invoice, an order and a key that nobody has.
MADE_UP = "bdquickpay-doctor"
_SHORTEST_SECRET = 16
_READ = 10_000


class Level(str, Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"  #: works, but somebody should look
    RED = "red"  #: does not work

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Finding:
    """What a check found; the message of one that is not ok says the cure."""

    check: str
    state: Level
    message: str


class Result(NamedTuple):
    """What a check returns: its name is known elsewhere."""

    state: Level
    message: str


def _ok(message: str) -> Result:
    return Result(Level.OK, message)


def _warning(message: str) -> Result:
    return Result(Level.WARNING, message)


def _red(message: str) -> Result:
    return Result(Level.RED, message)


@dataclass(frozen=True)
class Patient:
    """The app that is looked at."""

    state: State

    @property
    def app(self) -> Flask:
        return self.state.service.app

    @cached_property
    def reports(self) -> Reports:
        return Reports(self.state.service.store)

    @property
    def account(self) -> Any:
        return self.state.service.client.account

    @property
    def plays(self) -> bool:
        """Whether the gateway is a stand-in on this machine, where no real money moves."""
        return is_loopback(urlsplit(self.account.base_url).hostname)

    @cached_property
    def public_url(self) -> str | None:
        """Scheme and host as the gateway reaches them, where they are known outside a request."""
        if self.state.settings.public_url is not None:
            return self.state.settings.public_url
        name = self.app.config.get("SERVER_NAME")
        return f"{self.app.config['PREFERRED_URL_SCHEME']}://{name}" if name else None

    @cached_property
    def webhook_url(self) -> str | None:
        if self.public_url is None:
            return None
        parts = urlsplit(self.public_url)
        root = parts.path.rstrip("/") + self.app.config["APPLICATION_ROOT"].rstrip("/") + "/"
        routes = self.app.url_map.bind(parts.netloc, root, url_scheme=parts.scheme)
        return routes.build("bdquickpay.webhook", force_external=True)


def examine(state: State) -> Iterator[Finding]:
    """Yield a finding for each check. A check that breaks is red, and stops no other."""
    patient = Patient(state)
    for name, check in CHECKS.items():
        try:
            found = check(patient)
        except Exception as error:
            found = _red(_broken(error))
        state.service.store.session.rollback()  # nothing is kept, also of a query that failed
        yield Finding(name, found.state, _without_keys(found.message, patient))


def _broken(error: Exception) -> str:
    if isinstance(error, DBAPIError):
        said = first_line(error.orig or error)
        return f"The database says: {said}. Check SQLALCHEMY_DATABASE_URI, and the tables."
    return (
        f"The check itself failed: {type(error).__name__}: {first_line(error)}. Please report it."
    )


def _without_keys(message: str, patient: Patient) -> str:
    account, settings = patient.account, patient.state.settings
    keys = (account.app_key, account.secret_key, *settings.previous_app_keys)
    return plain(without_keys(message, keys))


# The configuration


def check_keys(patient: Patient) -> Result:
    account = patient.account
    missing = [
        name
        for name, key in (("APP_KEY", account.app_key), ("SECRET_KEY", account.secret_key))
        if not key
    ]
    if missing:
        return _red(
            f"BDQUICKPAY_{' and BDQUICKPAY_'.join(missing)} not set: copy from the merchant "
            "dashboard, API Credentials (or BDQUICKPAY_SANDBOX = True to try things out)."
        )
    if not patient.plays and (account.app_key == APP_KEY or account.secret_key == SECRET_KEY):
        return _red(
            "The sandbox's keys are set for the real gateway: put the merchant's own in "
            "BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY."
        )
    if patient.plays:
        return _warning(
            f"The gateway is a stand-in at {account.base_url}: no real money moves. To take "
            "payments remove BDQUICKPAY_SANDBOX or BDQUICKPAY_BASE_URL, and set the real keys."
        )
    return _ok(f"Keys are set for {account.base_url}.")


def check_order_loader(patient: Patient) -> Result:
    if patient.state.extension._load_order is None:
        return _red(
            "None: nobody knows what to charge. Decorate a function with @bdquickpay.order_loader."
        )
    return _ok("Registered.")


def check_receivers(patient: Patient) -> Result:
    if not signals.paid_is_heard(patient.app):
        return _warning(
            "Nobody listens to payment_paid: no order will be marked paid. Connect a function at "
            "module level; one inside a function is forgotten by blinker, unless weak=False."
        )
    return _ok("Connected.")


def check_secret_key(patient: Patient) -> Result:
    secret = patient.app.secret_key
    if not secret:
        return _red(
            "Not set: the pay button can't be protected. Set SECRET_KEY to the output of: "
            "python -c 'import secrets; print(secrets.token_hex())'"
        )
    if len(secret) < _SHORTEST_SECRET:
        return _warning(
            f"Only {len(secret)} characters can be guessed. Set SECRET_KEY to the output of: "
            "python -c 'import secrets; print(secrets.token_hex())'"
        )
    return _ok("Set.")


# The tables


def check_tables(patient: Patient) -> Result:
    inspector, tables = _inspector(patient), _tables(patient)
    missing = [table.name for table in tables if not _exists(inspector, table)]
    if missing:
        return _red(f"Missing: {', '.join(missing)}. {_table_cure(patient, create=True)}")
    absent = [name for table in tables for name in _absent_columns(inspector, table)]
    if absent:
        return _red(f"Columns missing: {', '.join(absent)}. {_table_cure(patient)}")
    return _ok(f"{' and '.join(table.name for table in tables)} have every column.")


def check_unique_indexes(patient: Patient) -> Result:
    inspector = _inspector(patient)
    absent = [name for table in _tables(patient) for name in _absent_uniques(inspector, table)]
    if absent:
        return _red(
            f"No unique index on {', '.join(absent)}: an order could be charged twice. "
            f"{_table_cure(patient)}"
        )
    return _ok("All there.")


def _inspector(patient: Patient) -> Inspector:
    store = patient.state.service.store
    return inspect(store.session.connection({"mapper": inspect(store.models.payment)}))


def _tables(patient: Patient) -> list[Table]:
    models = patient.state.models
    return [models.payment.__table__, models.event.__table__]


def _exists(inspector: Inspector, table: Table) -> bool:
    return inspector.has_table(table.name, table.schema)


def _absent_columns(inspector: Inspector, table: Table) -> list[str]:
    present = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
    return [f"{table.name}.{column.name}" for column in table.columns if column.name not in present]


def _absent_uniques(inspector: Inspector, table: Table) -> list[str]:
    wanted = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    constraints = inspector.get_unique_constraints(table.name, table.schema)
    indexes = inspector.get_indexes(table.name, table.schema)
    uniques: list[Any] = [*constraints, *(index for index in indexes if index["unique"])]
    present = {tuple(found["column_names"]) for found in uniques}
    return [f"{table.name}.{'+'.join(names)}" for names in sorted(wanted - present)]


def _table_cure(patient: Patient, *, create: bool = False) -> str:
    if "migrate" in patient.app.extensions:
        return "Run: flask db migrate && flask db upgrade"
    if create:
        return "Run db.create_all() in an app context, or use Flask-Migrate."
    return "db.create_all() changes no table that exists: use Flask-Migrate, or ALTER TABLE."


# The way in


def check_public_url(patient: Patient) -> Result:
    if patient.public_url is None:
        return _warning(
            "Taken from each request, not known here. Set BDQUICKPAY_PUBLIC_URL = "
            "'https://shop.example.com'; behind a proxy or a tunnel it is needed."
        )
    host = urlsplit(patient.public_url).hostname or ""
    if patient.plays:
        return _ok(f"{patient.public_url} (the stand-in gateway reaches any address).")
    if _is_private(host):
        return _red(
            f"The gateway can't reach {host}. Set BDQUICKPAY_PUBLIC_URL to the shop's address on "
            "the internet, or to a tunnel's."
        )
    return _ok(f"{patient.public_url}")


def _is_private(host: str) -> bool:
    if is_loopback(host) or not {".", ":"} & set(host):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host.endswith((".local", ".localhost", ".internal", ".lan"))


def check_https(patient: Patient) -> Result:
    url, config = patient.public_url, patient.app.config
    if url is None:
        return _warning("Not checked: the public URL is not known. Set BDQUICKPAY_PUBLIC_URL.")
    if urlsplit(url).scheme != "https":
        if patient.plays:
            return _ok("Plain HTTP is fine with the stand-in gateway.")
        return _red(
            f"{url} is plain HTTP: keys and customers travel in the open. Get a certificate and "
            "set BDQUICKPAY_PUBLIC_URL to the https:// address."
        )
    if not config["SESSION_COOKIE_SECURE"]:
        return _warning("Cookies may leave over plain HTTP. Set SESSION_COOKIE_SECURE = True.")
    if str(config["SESSION_COOKIE_SAMESITE"]).lower() == "strict":
        return _warning(
            "Customers come back from the gateway logged out. Set SESSION_COOKIE_SAMESITE = 'Lax'."
        )
    return _ok("The public URL is HTTPS, and cookies stay on it.")


class _Answer(NamedTuple):
    code: int
    is_ours: bool
    location: str


def check_webhook(patient: Patient) -> Result:
    """POST a webhook to ourselves; our key goes only to who has refused a wrong one."""
    url = patient.webhook_url
    if not patient.state.settings.webhook:
        return _warning(
            "Off: payments are found out by the return and the sweep alone. Set "
            "BDQUICKPAY_WEBHOOK = True."
        )
    if url is None:
        return _warning("Not tried: the public URL is not known. Set BDQUICKPAY_PUBLIC_URL.")
    if not patient.account.app_key:
        return _red("Not tried: every webhook is refused without a key. Set BDQUICKPAY_APP_KEY.")
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        return _red(f"Not tried over plain HTTP, {url}: set BDQUICKPAY_PUBLIC_URL to https://…")
    try:
        return _try_webhook(url, patient.account.app_key)
    except (requests.RequestException, HTTPError, OSError) as error:
        return _red(f"{url}: {_unreachable(error, parts.netloc)}")


def _try_webhook(url: str, key: str) -> Result:
    stranger = _post(url, f"{MADE_UP}-wrong-key")
    if stranger.code != 401 or not stranger.is_ours:
        return _red(f"{url}: {_not_ours(stranger)}")
    friend = _post(url, key)
    if friend.code == 404 and friend.is_ours:
        return _ok(f"{url} takes our key and refuses a wrong one.")
    if friend.code == 401:
        return _red(
            f"{url} refuses our key: the shop that runs there has another BDQUICKPAY_APP_KEY. "
            "Restart it with the configuration that this command sees."
        )
    if friend.code == 503:
        return _red(f"{url}: the shop that runs there can't use its database; see its log.")
    return _red(f"{url}: {_not_ours(friend)}")


def _post(url: str, key: str) -> _Answer:
    event = {"event": "payment.completed", "invoice_id": MADE_UP, "status": "completed"}
    with requests.Session() as session, deadline(TIMEOUT):
        session.mount("http://", DeadlineAdapter())
        session.mount("https://", DeadlineAdapter())
        headers = {"X-App-Key": key, "User-Agent": "Flask-BDQuickPay doctor"}
        with session.post(
            url, json=event, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as response:
            body = response.raw.read(_READ, decode_content=True)
            location = response.headers.get("Location", "")
            return _Answer(response.status_code, _is_ours(body), location)


def _is_ours(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body)["error"], str)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def _not_ours(answer: _Answer) -> str:
    """What it means when something else than the webhook's view answered."""
    code = answer.code
    if 300 <= code < 400:
        return (
            f"redirects to {answer.location or 'elsewhere'}, where no webhook follows. Set "
            "BDQUICKPAY_PUBLIC_URL to the address that answers itself."
        )
    if code in (404, 405) or code < 300:
        return (
            f"another page answers there (HTTP {code}). Check the proxy's path, APPLICATION_ROOT "
            "and BDQUICKPAY_URL_PREFIX."
        )
    if code >= 500:
        return f"the shop does not answer (HTTP {code}). See the proxy's and the shop's log."
    return (
        f"something stands before it (HTTP {code}). Exempt this path from login, CSRF checks, "
        "firewall and bot protection."
    )


def _unreachable(error: BaseException, host: str) -> str:
    root = _root(error)
    said = first_line(root)
    if isinstance(root, ssl.SSLError):
        return f"TLS fails: {said}. Renew the certificate, and serve its whole chain."
    if isinstance(root, TimeoutError):
        return f"no answer within {TIMEOUT:g} seconds. Check firewall and proxy, and that it runs."
    if isinstance(root, ConnectionRefusedError):
        return f"nothing listens at {host}. Start the shop there, or correct BDQUICKPAY_PUBLIC_URL."
    return f"can't be reached: {said}. Check BDQUICKPAY_PUBLIC_URL, DNS, firewall and proxy."


def _root(error: BaseException) -> BaseException:
    while True:
        cause = error.__cause__ or error.__context__
        if cause is None:
            return error
        error = cause


def check_csrf(patient: Patient) -> Result:
    if not patient.app.config.get("WTF_CSRF_ENABLED", True):
        return _red(
            "WTF_CSRF_ENABLED is False: any site can start payments in a customer's name. "
            "Remove that setting outside of tests."
        )
    if not patient.app.secret_key:
        return _red("Not tried: there are no tokens without a key. Set SECRET_KEY.")
    code = _checkout_without_token(patient)
    if code == 400:
        return _ok("Checkout refuses a POST without a token.")
    if code in (301, 302, 303, 307, 308, 401, 403):
        return _warning(
            f"Something of the shop's answers before checkout (HTTP {code}). Exempt the blueprint "
            "'bdquickpay' from it, if customers who are not logged in may pay."
        )
    return _red(
        f"Checkout answered HTTP {code} to a POST without a token. See the shop's log, and look "
        "for what replaces bdquickpay.checkout."
    )


def _checkout_without_token(patient: Patient) -> int:
    prefix = patient.state.settings.url_prefix
    client = patient.app.test_client(use_cookies=False)
    answer = client.post(f"{prefix}/checkout/{MADE_UP}", base_url=patient.public_url)
    answer.close()
    return int(answer.status_code)


# The gateway


def check_gateway(patient: Patient) -> Result:
    url = patient.account.base_url
    try:
        patient.state.service.client.verify_payment(MADE_UP)
    except (InvoiceNotFoundError, RequestRejectedError):
        return _ok(f"{url} answers and accepts the keys.")
    except AuthenticationError as error:
        return _red(
            f"{error} Copy both keys again from the merchant dashboard, API Credentials, into "
            "BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY."
        )
    except MerchantInactiveError as error:
        return _red(f"{error} Ask bdQuickPay's support to activate it.")
    except ConfigurationError as error:
        return _red(f"Not asked. {error}")
    except GatewayError as error:
        return _red(f"{url}: {error} Check the network and BDQUICKPAY_BASE_URL, or try again.")
    return _red(f"{url} knows an invoice that nobody made. Check BDQUICKPAY_BASE_URL.")


# Work left undone


def check_sweep(patient: Patient) -> Result:
    overdue = patient.reports.overdue(utcnow() - PATIENCE)
    if overdue.count:
        return _red(
            f"Payments overdue: {overdue.count}, since {moment(overdue.oldest)} UTC. Run "
            "'flask bdquickpay reconcile' every few minutes, from cron or systemd."
        )
    return _ok("No payment is overdue.")


def check_deliveries(patient: Patient) -> Result:
    waiting = patient.reports.undelivered(utcnow() - PATIENCE)
    if waiting.count:
        return _red(
            f"Events not delivered: {waiting.count}, due since {moment(waiting.oldest)} UTC. Run "
            "'flask bdquickpay reconcile' (or deliver) every few minutes, from cron or systemd."
        )
    failing = patient.reports.failing(ATTEMPTS)
    if failing:
        return _red(
            f"A receiver of payment_changed keeps raising: {first_error(failing)} Mend it; "
            "then run 'flask bdquickpay deliver'."
        )
    return _ok("No event is overdue.")


def first_error(events: Sequence[EventRecord]) -> str:
    """Say which event failed last, and why."""
    said = plain((events[0].error or "interrupted").splitlines()[0])[:200]
    more = f" ({len(events) - 1} more)" if len(events) > 1 else ""
    return f"event {events[0].id} (attempts: {events[0].attempts}): {said}{more}."


def check_flagged(patient: Patient) -> Result:
    count = patient.reports.count(PaymentStatus.FLAGGED)
    if count:
        return _warning(
            f"Payments that wait for a person: {count}. See 'flask bdquickpay payments --status "
            "flagged', then decide with 'flask bdquickpay resolve'."
        )
    return _ok("No payment waits for a person.")


def check_announcements(patient: Patient) -> Result:
    """Whether webhooks come at all; red when the sweep had to find what was paid."""
    since = utcnow() - RECENT
    by = patient.reports.confirmed_by(since)
    completed, announced = sum(by.values()), patient.reports.announced(since)
    if not patient.state.settings.webhook:
        return _ok("No webhook is asked for.")
    if announced:
        latest = moment(patient.reports.webhooks(since, 1)[0].created_at)
        return _ok(f"{announced} of {completed} payments of late; the last at {latest} UTC.")
    if completed < ENOUGH:
        return _ok(f"Too few payments were completed of late to tell ({completed}).")
    said = f"None of the {completed} payments completed of late was announced by a webhook. Check "
    cure = f"{patient.webhook_url or 'BDQUICKPAY_PUBLIC_URL'} and bdQuickPay's webhook log."
    return (_red if by.get("sweep") else _warning)(said + cure)


CHECKS: dict[str, Callable[[Patient], Result]] = {
    "configuration": check_keys,
    "order loader": check_order_loader,
    "receivers": check_receivers,
    "SECRET_KEY": check_secret_key,
    "tables": check_tables,
    "unique indexes": check_unique_indexes,
    "public URL": check_public_url,
    "webhook": check_webhook,
    "HTTPS": check_https,
    "CSRF": check_csrf,
    "gateway": check_gateway,
    "sweep": check_sweep,
    "outbox": check_deliveries,
    "flagged": check_flagged,
    "webhooks seen": check_announcements,
}
LONGEST_NAME = max(map(len, CHECKS))

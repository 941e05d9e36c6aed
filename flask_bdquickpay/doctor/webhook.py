"""Whether a webhook that is POSTed to ourselves is taken, and a wrong one refused."""

from __future__ import annotations

import json
import ssl
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from ..deadline import deadline
from ..gateway.transport import DeadlineAdapter
from ..settings import is_loopback
from ..text import first_line
from .findings import MADE_UP, Patient, Result, ok, red, warning

#: Seconds for each webhook that is POSTed to ourselves; there are two.
TIMEOUT = 5.0


_READ = 10_000
_EXEMPT = (
    "Exempt this path from login, CSRF checks, firewall and bot protection, as in a before_request."
)


class _Answer(NamedTuple):
    code: int
    is_ours: bool
    location: str


def check_webhook(patient: Patient) -> Result:
    """POST a webhook to ourselves; our key goes only to who has refused a wrong one."""
    url = patient.webhook_url
    if not patient.state.settings.webhook:
        return warning(
            "Off: payments are found out by the return and the sweep alone. Set "
            "BDQUICKPAY_WEBHOOK = True."
        )
    if url is None:
        return warning("Not tried: the public URL is not known. Set BDQUICKPAY_PUBLIC_URL.")
    if not patient.account.app_key:
        key = patient.setting("app_key")
        return red(f"Not tried: every webhook is refused without a key. Set {key}.")
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        return red(f"Not tried over plain HTTP, {url}: set BDQUICKPAY_PUBLIC_URL to https://…")
    try:
        return _try_webhook(url, patient)
    except (requests.RequestException, HTTPError, OSError) as error:
        return red(f"{url}: {_unreachable(error, parts.netloc)}")


def _try_webhook(url: str, patient: Patient) -> Result:
    stranger = _post(url, f"{MADE_UP}-wrong-key")
    if stranger.code != 401 or not stranger.is_ours:
        return red(f"{url}: {_not_ours(url, stranger)}")
    friend = _post(url, patient.account.app_key)
    if friend.code == 404 and friend.is_ours:
        return ok(f"{url} takes our key and refuses a wrong one.")
    if friend.code == 401:
        return red(
            f"{url} refuses our key: the shop that runs there has another "
            f"{patient.setting('app_key')}. Restart it with the configuration that this command "
            "sees."
        )
    if friend.code == 503:
        return red(f"{url}: the shop that runs there can't use its database; see its log.")
    return red(f"{url}: {_not_ours(url, friend)}")


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


def _not_ours(url: str, answer: _Answer) -> str:
    """What it means when something else than the webhook's view answered."""
    code = answer.code
    if 300 <= code < 400 and _is_another_page(url, answer.location):
        return f"redirects to {answer.location}, as to a login. {_EXEMPT}"
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
    return f"something stands before it (HTTP {code}). {_EXEMPT}"


def _is_another_page(url: str, location: str) -> bool:
    """Whether a redirect leads elsewhere at the same host: not to its HTTPS, say."""
    here, there = urlsplit(url), urlsplit(urljoin(url, location))
    return there.hostname == here.hostname and there.path.rstrip("/") != here.path.rstrip("/")


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

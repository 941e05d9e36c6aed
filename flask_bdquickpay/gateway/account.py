"""A merchant's account at the gateway: where it is, with which keys, and whom we follow there."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

from ..errors import GatewayUnavailableError
from ..keys import is_sandbox_key
from ..settings import is_loopback


@dataclass(frozen=True)
class Account:
    """Where the gateway is, who we are to it, and where it may send customers.

    :ivar previous_app_keys: earlier app keys of the same merchant.
    :ivar name: as the shop calls the account; empty: the one of the plain settings.
    """

    base_url: str
    app_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    payment_hosts: frozenset[str]
    previous_app_keys: tuple[str, ...] = field(default=(), repr=False)
    name: str = ""

    def fingerprint(self, app_key: str | None = None) -> str:
        """Tell this gateway and merchant from any other, without showing the key.

        :param app_key: another key of the same merchant, an earlier one, say.
        """
        key = self.app_key if app_key is None else app_key
        if is_sandbox_key(key) and is_loopback(urlsplit(self.base_url).hostname):
            return _SANDBOX  # whatever its port is today
        return sha256(f"{self.base_url} {key}".encode()).hexdigest()[:32]

    def made(self, fingerprint: str) -> bool:
        """Whether it is of this gateway and merchant, also with an earlier key."""
        return fingerprint in map(self.fingerprint, self._app_keys)

    def takes(self, key: str) -> bool:
        """Whether a webhook carries a key of this merchant; an empty one never matches."""
        given = key.encode("latin-1", "replace")
        known = [one.encode("latin-1") for one in self._app_keys if one]
        matches = [hmac.compare_digest(given, one) for one in known]
        return any(matches)

    @property
    def _app_keys(self) -> tuple[str, ...]:
        return (self.app_key, *self.previous_app_keys)


_SANDBOX = "sandbox"


def is_sandbox(fingerprint: str | None) -> bool:
    """Whether a payment was made at our sandbox, where no real money moves.

    Its key tells, not that it is on this machine: a proxy to the real gateway may be, too.
    """
    return fingerprint == _SANDBOX


_PORTS = {"https": 443, "http": 80}


def check_payment_url(url: str, account: Account) -> None:
    """Refuse a URL that customers must not be sent to.

    :raises GatewayUnavailableError: unless it is HTTPS on one of the account's hosts, or plain
        HTTP on loopback while the gateway is there too.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        hosts = {host, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
    except ValueError:
        hosts = set()
    local = is_loopback(urlsplit(account.base_url).hostname)
    if (
        not hosts & account.payment_hosts
        or parts.username is not None
        or not (
            parts.scheme == "https"
            or (parts.scheme == "http" and local and is_loopback(parts.hostname))
        )
    ):
        raise GatewayUnavailableError(
            "The gateway's payment_url is not on a trusted host; see BDQUICKPAY_PAYMENT_HOSTS.",
            status_code=200,
        )

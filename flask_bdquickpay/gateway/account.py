"""A merchant's account at the gateway: where it is, with which keys, and whom we follow there."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

from ..errors import GatewayUnavailableError
from ..settings import is_loopback


@dataclass(frozen=True)
class Account:
    """Where the gateway is, who we are to it, and where it may send customers."""

    base_url: str
    app_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    payment_hosts: frozenset[str]

    def fingerprint(self, app_key: str | None = None) -> str:
        """Tell this gateway and merchant from any other, without showing the key.

        :param app_key: another key of the same merchant, an earlier one, say.
        """
        key = self.app_key if app_key is None else app_key
        # A stand-in on this machine may come back on another port.
        local = is_loopback(urlsplit(self.base_url).hostname)
        where, mark = ("", _SANDBOX) if local else (self.base_url, "")
        return mark + sha256(f"{where} {key}".encode()).hexdigest()[:32]


_SANDBOX = "sandbox:"


def is_sandbox(fingerprint: str | None) -> bool:
    """Whether a payment was made at a stand-in on this machine, where no real money moves."""
    return fingerprint is not None and fingerprint.startswith(_SANDBOX)


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

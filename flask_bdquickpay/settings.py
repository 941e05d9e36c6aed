"""What `app.config` says, checked once."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .keys import MerchantAccount, check_key, read_accounts, read_keys, texts
from .shop import ShopDetails, read_shop

#: No space, query, fragment, user or password.
_PLAIN = re.compile(r"[^\s?#@]+")
_HOST = re.compile(r"[^\s?#@/]+")
#: More seconds than this is a mistake: about three years.
_LONGEST = 1e8
#: For how long a payment link may be usable at most.
LONGEST_LINK = timedelta(days=400)
DEFAULT_BASE_URL = "https://bdquickpay.com/api/bkash/v1"
PREFIX = "BDQUICKPAY_"


def host_of(address: str) -> str:
    """The host of a URL, with its port unless that is its scheme's: a job may know no scheme."""
    return urlsplit(address).netloc.removesuffix(":80").removesuffix(":443")


def is_loopback(host: str | None) -> bool:
    """Whether `host` names this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def check_base_url(url: object, key: str = "base_url") -> str:
    """Return the gateway's base URL without a trailing slash.

    :raises ConfigurationError: unless it is HTTPS, or plain HTTP on a loopback host.
    """
    plain = _plain_url(url, key, DEFAULT_BASE_URL)
    parts = urlsplit(plain)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigurationError(
            f"{key} must be HTTPS, such as {DEFAULT_BASE_URL!r}, not {plain!r}."
        )
    return plain


def _plain_url(url: object, key: str, example: str) -> str:
    """Return a URL of scheme, host, port and path alone, without a trailing slash."""
    text = url.strip().rstrip("/") if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not _PLAIN.fullmatch(text):
        raise ConfigurationError(f"{key} must be a plain URL, such as {example!r}.")
    return text


@dataclass(frozen=True)
class Settings:
    """The extension's configuration. Each field is `BDQUICKPAY_` and its name in capitals.

    What stands above a field is its row in `docs/reference/settings.md`.
    """

    #: the merchant's app key
    app_key: str = field(default="", repr=False)
    #: the merchant's secret key
    secret_key: str = field(default="", repr=False)
    #: earlier app keys of the same merchant: their payments go on, and webhooks with them count
    previous_app_keys: tuple[str, ...] = field(default=(), repr=False)
    #: the gateway; plain HTTP only on loopback
    base_url: str = DEFAULT_BASE_URL
    #: hosts that customers may be sent to; without any, that of the base URL
    payment_hosts: frozenset[str] = frozenset()
    #: scheme and host under which the shop is reached, else those of the request; with real keys
    #: this, or Flask's `SERVER_NAME` or `TRUSTED_HOSTS`, is required
    public_url: str | None = None
    #: where the routes are
    url_prefix: str = "/bdquickpay"
    #: whether the gateway is given a webhook URL
    webhook: bool = True
    #: seconds for a whole gateway call
    timeout: float = 4.0
    #: `"flag"`: a person decides on money after failure or expiry
    late_payments: str = "accept"
    #: seconds after a payment's end for which the sweep looks for late money
    late_window: float = 86400.0
    #: or `"bn"`; with Flask-Babel its locale is followed
    language: str = "en"
    #: `"deferred"`: `payment_changed` only from `deliver`, the sweep or a work queue
    delivery: str = "inline"
    #: use the embedded sandbox; refused beside real keys
    sandbox: bool = False
    #: who is paid and whom to ask, on every built-in page: a dict with any of `name`, `logo` (an
    #: HTTPS URL or a path), `phone`, `whatsapp`, `email`, `address`, `url`
    shop: ShopDetails = field(default_factory=ShopDetails)
    #: more merchant accounts by name: `{"dhaka": {"app_key": …, "secret_key": …,
    #: "previous_app_keys": ()}}`; a name has 1 to 40 of `a-z`, `0-9` and `-`. An order chooses with
    #: `PaymentRequest(…, account="dhaka")`; its webhook comes to `/bdquickpay/webhook/dhaka`. Keys
    #: that are in your database: `@bdquickpay.account_loader`
    accounts: Mapping[str, MerchantAccount] = field(default_factory=dict)
    #: seconds for which a payment link works; at most 400 days
    link_age: float = 2592000
    #: days: the least that `prune --older-than` may say
    prune_floor: int = 365

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read every ``BDQUICKPAY_…`` key.

        :raises ConfigurationError: naming the key that is wrong, with a value that works.
        """
        keys = {name: PREFIX + name.upper() for name in cls.__dataclass_fields__}
        given = {name: key for name, key in keys.items() if config.get(key) is not None}
        try:
            return cls(**{name: _READERS[name](config[key], key) for name, key in given.items()})
        except ConfigurationError as error:
            wrong = ConfigurationError(*error.args)
        del config  # raised here and without it, so that no traceback shows the keys
        raise wrong


def unknown_settings(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence on each ``BDQUICKPAY_…`` key that nobody reads, without its value."""
    known = [name.upper() for name in Settings.__dataclass_fields__]
    for key in map(str, config):
        name = key.removeprefix(PREFIX)
        if name != key and name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"; did you mean {PREFIX}{near[0]}?" if near else "."
            yield f"{key} is not a setting{meant}"


def _flag(value: object, key: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(
            f"{key} must be True or False (true or false in an environment variable), "
            f"not {value!r}."
        )
    return value


def _seconds(value: object, key: str) -> float:
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else -1.0
    except ValueError:
        seconds = -1.0
    if isinstance(value, bool) or not 0 < seconds <= _LONGEST:
        raise ConfigurationError(
            f"{key} must be a number of seconds, such as 4.0, above 0 and at most {_LONGEST:.0f}."
        )
    return seconds


def _days(value: object, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 36_500:
        raise ConfigurationError(f"{key} must be a number of days, such as 365, not {value!r}.")
    return value


def _link_age(value: object, key: str) -> float:
    seconds = _seconds(value, key)
    if seconds > LONGEST_LINK.total_seconds():
        raise ConfigurationError(
            f"{key} must be a number of seconds, such as 2592000 (30 days), "
            f"at most {LONGEST_LINK.total_seconds():.0f} ({LONGEST_LINK.days} days)."
        )
    return seconds


def _one_of(*words: str) -> Any:
    def read(value: object, key: str) -> str:
        if value not in words:
            raise ConfigurationError(
                f"{key} must be {' or '.join(map(repr, words))}, not {value!r}."
            )
        return str(value)

    return read


def _hosts(value: object, key: str) -> frozenset[str]:
    hosts = frozenset(str(host).lower() for host in texts(value, key, '["pay.example.com"]'))
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise ConfigurationError(f"{key} holds hosts, such as 'pay.example.com', not URLs.")
    return hosts


def _public_url(value: object, key: str) -> str | None:
    if value == "":  # an empty environment variable is as good as none
        return None
    return _plain_url(value, key, "https://shop.example.com")


def _url_prefix(value: object, key: str) -> str:
    if not isinstance(value, str) or not value.startswith("/") or value.rstrip("/") == "":
        raise ConfigurationError(f"{key} must be a path, such as '/bdquickpay', not {value!r}.")
    if "<" in value:
        raise ConfigurationError(f"{key} must be one path, such as '/bdquickpay', not {value!r}.")
    return value.rstrip("/")


_READERS: dict[str, Any] = {
    "app_key": check_key,
    "secret_key": check_key,
    "previous_app_keys": read_keys,
    "base_url": check_base_url,
    "payment_hosts": _hosts,
    "public_url": _public_url,
    "url_prefix": _url_prefix,
    "webhook": _flag,
    "timeout": _seconds,
    "late_payments": _one_of("accept", "flag"),
    "late_window": _seconds,
    "language": _one_of("en", "bn"),
    "delivery": _one_of("inline", "deferred"),
    "sandbox": _flag,
    "shop": read_shop,
    "accounts": read_accounts,
    "link_age": _link_age,
    "prune_floor": _days,
}

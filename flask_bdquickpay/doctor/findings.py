"""What a check finds, and the app that it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask

from ..gateway.account import Account
from ..gateway.client import BDQuickPayClient
from ..payments.reports import Reports
from ..settings import is_loopback
from ..state import State

#: Work that has been due for longer is not being done.
PATIENCE = timedelta(minutes=15)


#: An invoice, an order and a key that nobody has.
MADE_UP = "bdquickpay-doctor"


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


def ok(message: str) -> Result:
    """Return that all is well."""
    return Result(Level.OK, message)


def warning(message: str) -> Result:
    """Return that it works, but somebody should look."""
    return Result(Level.WARNING, message)


def red(message: str) -> Result:
    """Return that it does not work."""
    return Result(Level.RED, message)


@dataclass(frozen=True)
class Patient:
    """The app that is looked at.

    :ivar name: the merchant account that is looked at; the plain settings' has none.
    """

    state: State
    name: str = ""

    @property
    def app(self) -> Flask:
        """The Flask app."""
        return self.state.app

    @cached_property
    def reports(self) -> Reports:
        """Read-only questions about its payments."""
        return Reports(self.state.store)

    @cached_property
    def client(self) -> BDQuickPayClient:
        """The account's client.

        :raises ConfigurationError: when nobody knows the account.
        """
        return self.state.accounts.find(self.name) or self.state.accounts.client(self.name)

    @property
    def account(self) -> Account:
        """The account that its client uses."""
        return self.client.account

    @property
    def is_unused(self) -> bool:
        """Whether it is the plain account of a shop that has only named ones."""
        has_keys = self.account.app_key or self.account.secret_key
        return not self.name and not has_keys and self.state.accounts.are_several

    def setting(self, part: str) -> str:
        """Say where a part of the account, its `app_key` for one, is set."""
        if not self.name:
            return f"BDQUICKPAY_{part.upper()}"
        known = self.name in self.state.settings.accounts
        where = f"BDQUICKPAY_ACCOUNTS[{self.name!r}]" if known else "the account loader's answer"
        return f"{part} of {where}"

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
        """Where the gateway reaches the webhook, ``None`` when the public URL is not known."""
        if self.public_url is None:
            return None
        parts = urlsplit(self.public_url)
        root = parts.path.rstrip("/") + self.app.config["APPLICATION_ROOT"].rstrip("/") + "/"
        routes = self.app.url_map.bind(parts.netloc, root, url_scheme=parts.scheme)
        which = {"account": self.name} if self.name else {}
        return routes.build("bdquickpay.webhook", which, force_external=True)

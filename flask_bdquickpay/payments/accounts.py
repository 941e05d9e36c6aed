"""The merchant account of a name, and the client that asks the gateway with its keys."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain

from ..errors import ConfigurationError, GatewayUnavailableError
from ..gateway.account import check_payment_url
from ..gateway.client import BDQuickPayClient
from ..keys import MerchantAccount, is_account_name, sandbox_account
from ..repeated import RepeatedWarning
from ..settings import Settings
from .hooks import Hooks
from .store import Store

_logger = logging.getLogger(__name__)
#: So many accounts keep their client, and with it a pause that the gateway has asked for.
_MOST = 1000


class LookupFailed(ConfigurationError):
    """The shop's account loader raised, or returned something else; the log has said so."""


def _loader_failed() -> RepeatedWarning:
    """What one app logs of it: anybody can have a webhook's account looked up."""
    text = "The account loader failed (%s times since this was last said), now for %r: %s"
    return RepeatedWarning(_logger, text, seconds=10)


@dataclass(frozen=True)
class Accounts:
    """The accounts of one app: the plain settings', which has an empty name, and those of
    ``BDQUICKPAY_ACCOUNTS`` and of the shop's account loader.

    The plain one costs nothing. With another one's name nothing is read but what is asked for:
    no host, no request.
    """

    settings: Settings
    plain: BDQuickPayClient
    hooks: Hooks
    store: Store
    _clients: dict[str, tuple[MerchantAccount, BDQuickPayClient]] = field(
        default_factory=dict, repr=False
    )
    _failed: RepeatedWarning = field(default_factory=_loader_failed, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def are_several(self) -> bool:
        """Whether the shop may have others than the plain one."""
        return bool(self.settings.accounts) or self.hooks.account_loader is not None

    def client(self, name: str) -> BDQuickPayClient:
        """Return the client of an account.

        :raises ConfigurationError: for one that nobody knows, that could not be looked up, or that
            has a name and no keys.
        """
        client = self.find(name)
        if client is None:
            raise ConfigurationError(
                f"There is no merchant account {name[:40]!r}: add it to BDQUICKPAY_ACCOUNTS, or "
                "let the account loader return its keys."
            )
        if name:
            client.check_keys()
        return client

    def find(self, name: str) -> BDQuickPayClient | None:
        """Return the client of an account, ``None`` for one that nobody knows.

        :raises LookupFailed: when the account loader raises, or returns something else.
        """
        if not name:
            return self.plain
        merchant = self._merchant(name)
        return None if merchant is None else self._client(name, merchant)

    def way_on(self, account: str, payment_url: str | None) -> str | None:
        """Return where a customer goes on paying; ``None`` for where nobody is to be sent."""
        try:
            check_payment_url(payment_url or "", self.client(account).account)
        except (ConfigurationError, GatewayUnavailableError):
            return None
        return payment_url

    def skew(self, name: str | None = None) -> timedelta | None:
        """By how much the gateway's clock is ahead of ours, as far as it has told an account.

        :param name: ``None``: what is furthest behind of all that it has told.
        """
        known = self._met() if name is None else filter(None, [self._known(name)])
        told = (client.clock_skew for client in known)
        return min((skew for skew in told if skew is not None), default=None)

    def paused(self) -> dict[str, float]:
        """The accounts that the gateway wants to be left alone with, and for how many seconds."""
        pauses = {one.account.name: one.paused_for() for one in self._met()}
        return {name: seconds for name, seconds in pauses.items() if seconds}

    def is_paused(self, name: str) -> bool:
        """Whether the gateway wants to be left alone with an account."""
        client = self._known(name)
        return client is not None and client.paused_for() > 0

    def _known(self, name: str) -> BDQuickPayClient | None:
        """The client of an account, if this process has made it; nobody is asked."""
        kept = self._clients.get(name)
        return kept[1] if kept else None if name else self.plain

    def _met(self) -> Iterator[BDQuickPayClient]:
        """The clients that this process has made."""
        with self._lock:
            named = list(self._clients.values())
        return chain([self.plain], (client for _, client in named))

    def _merchant(self, name: str) -> MerchantAccount | None:
        if not is_account_name(name):
            return None
        found = self.settings.accounts.get(name) or self._load(name)
        # The sandbox never gets real keys, and its money is known by the ones that it gets.
        return sandbox_account(name) if found is not None and self.settings.sandbox else found

    def _load(self, name: str) -> MerchantAccount | None:
        """Ask the shop, whose loader may have read from its database: no connection is held."""
        if self.hooks.account_loader is None:
            return None
        try:
            found = self.hooks.load_account(name)
            self.store.settle_host()
        except Exception as error:
            self.store.session.rollback()  # what failed may have left it unusable
            why = details = str(error)
            if not isinstance(error, ConfigurationError):
                why = f"the account loader raised {type(error).__name__}; the log has its traceback"
                details = traceback.format_exc()
            self._failed(name, details)
        else:
            return found
        # Without its cause, whose message and variables may hold keys.
        raise LookupFailed(f"The merchant account {name!r} could not be looked up: {why}.")

    def _client(self, name: str, merchant: MerchantAccount) -> BDQuickPayClient:
        with self._lock:
            kept = self._clients.pop(name, None)
            if kept is None or kept[0] != merchant:
                kept = merchant, self.plain.beside(name, merchant)
            self._clients[name] = kept  # the one that was used last stands last
            if len(self._clients) > _MOST:
                del self._clients[next(iter(self._clients))]
            return kept[1]

"""A merchant's keys and accounts, which do not print themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ConfigurationError

#: A shorter key would also be found inside of innocent words.
_SHORT_KEY = 8
#: What the sandbox is created with when it is given nothing else.
SANDBOX_APP_KEY, SANDBOX_SECRET_KEY = "sandbox-app-key", "sandbox-secret-key"
#: How an account may be called: its name is part of its webhook's URL.
_NAME = re.compile(r"[a-z0-9-]{1,40}")


class Secret(str):
    """Text that does not print itself, not even among a traceback's local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"


def hidden(value: object) -> Any:
    """Return text that does not print itself; what is no text comes back as it is."""
    return Secret(value) if isinstance(value, str) else value


def without_keys(text: str, keys: Iterable[str]) -> str:
    """Mask the keys in a text; a short one only where it is a word of its own."""
    for key in sorted(filter(None, keys), key=len, reverse=True):  # one may begin another
        if len(key) < _SHORT_KEY:
            text = re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", "***", text)
        else:
            text = text.replace(key, "***")
    return text


def check_key(value: object, key: str) -> Secret:
    """Return a credential as it goes into a header.

    :raises ConfigurationError: for a key with control or non-Latin-1 characters. The message
        does not show it.
    """
    if isinstance(value, (bool, float)) or not isinstance(value, (str, int)):
        raise ConfigurationError(
            f"{key} must be text, such as 'the-key'; in an environment variable, a key that looks "
            "like a number or a word of JSON needs quotes of its own: '\"12e5\"'."
        )
    value = text = Secret(str(value).strip(" "))
    if any(ord(char) < 32 or 127 <= ord(char) < 160 or ord(char) > 255 for char in text):
        raise ConfigurationError(
            f"{key} has control or non-Latin-1 characters; copy it again from the dashboard, "
            "such as 'the-key'."
        )
    return text


def texts(value: object, key: str, example: str) -> Iterable[object]:
    """Return the items of a list, also of one that is written with commas.

    :raises ConfigurationError: for what is no list.
    """
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if isinstance(value, int) and not isinstance(value, bool):  # from an environment variable
        return [value]
    raise ConfigurationError(f"{key} must be a list, such as {example}.")


def read_keys(value: object, key: str) -> tuple[str, ...]:
    """Return a list of keys, as :func:`check_key`."""
    keys = (check_key(item, key) for item in texts(value, key, '["old-key"]'))
    return tuple(item for item in keys if item)


# Accounts


@dataclass(frozen=True)
class MerchantAccount:
    """The keys of a merchant's account at the gateway.

    :param app_key: and `secret_key`, its credentials.
    :param previous_app_keys: earlier app keys of the same merchant.
    :raises ConfigurationError: for a key that can't be used, without showing it.
    """

    app_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    previous_app_keys: tuple[str, ...] = field(default=(), repr=False)

    def __init__(
        self, app_key: str, secret_key: str, previous_app_keys: Iterable[str] = ()
    ) -> None:
        try:
            parts = {
                "app_key": check_key(app_key, "app_key"),
                "secret_key": check_key(secret_key, "secret_key"),
                "previous_app_keys": read_keys(previous_app_keys, "previous_app_keys"),
            }
        except ConfigurationError as error:
            wrong = ConfigurationError(*error.args)
        else:
            for name, part in parts.items():
                object.__setattr__(self, name, part)
            return
        del app_key, secret_key, previous_app_keys  # no traceback shows them
        raise wrong

    @property
    def is_complete(self) -> bool:
        """Whether it has both keys."""
        return bool(self.app_key and self.secret_key)


#: What an account without keys has in `BDQUICKPAY_ACCOUNTS`: the sandbox needs none.
_NO_KEYS: dict[str, Any] = {"app_key": "", "secret_key": "", "previous_app_keys": ()}


def is_account_name(name: object) -> bool:
    """Whether an account may be called so; the plain settings' account has an empty name."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def read_accounts(value: object, key: str) -> dict[str, MerchantAccount]:
    """Return the accounts that a dict holds by their names.

    :raises ConfigurationError: naming the account that is wrong; without its keys.
    """
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{key} must be a dict, such as {{'dhaka': {{'app_key': …, 'secret_key': …}}}}."
        )
    if not all(is_account_name(name) for name in value):  # a key may stand where a name should
        raise ConfigurationError(
            f"{key} must name its accounts with 1 to 40 of a-z, 0-9 and -, such as 'dhaka'."
        )
    return {str(name): _read_account(parts, f"{key}[{name!r}]") for name, parts in value.items()}


def _read_account(parts: object, where: str) -> MerchantAccount:
    if isinstance(parts, MerchantAccount):
        return parts
    if not isinstance(parts, Mapping) or not parts.keys() <= _NO_KEYS.keys():
        raise ConfigurationError(f"{where} must be a dict of {', '.join(_NO_KEYS)}, no more.")
    given = {name: part for name, part in parts.items() if part is not None}
    try:
        return MerchantAccount(**_NO_KEYS | given)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def sandbox_account(name: str) -> MerchantAccount:
    """The keys of an account at the sandbox, where real ones never go."""
    return MerchantAccount(f"{SANDBOX_APP_KEY}-{name}", f"{SANDBOX_SECRET_KEY}-{name}")


def is_sandbox_key(app_key: str) -> bool:
    """Whether it is the app key of an account at the sandbox."""
    return app_key == SANDBOX_APP_KEY or app_key.startswith(f"{SANDBOX_APP_KEY}-")

"""Who is paid and whom to ask: what `BDQUICKPAY_SHOP` says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .text import is_harmless

_LONGEST = 300
_DIGITS = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{1,30}")
_MAIL = re.compile(r"[^\s@<>\"'?&%,;:()\\]{1,64}@[^\s@<>\"'?&%,;:()\\]+\.[^\s@<>\"'?&%,;:()\\.]+")
_URL = re.compile(r"[^\s<>\"'\\`{}|^]+")
#: A mobile number as it is dialled in Bangladesh.
_LOCAL_MOBILE = re.compile(r"01[3-9][0-9]{8}")
_COUNTRY = "88"


@dataclass(frozen=True)
class ShopDetails:
    """The shop as its customers are to see it; each part may be missing.

    :ivar logo: an HTTPS URL, or a path: from the host with a leading slash, else from the app.
    :ivar phone: as it is to be read; :attr:`dial` is what a phone dials.
    :ivar whatsapp: the number with its country, digits only.
    :ivar address: its lines.
    """

    name: str | None = None
    logo: str | None = None
    phone: str | None = None
    whatsapp: str | None = None
    email: str | None = None
    address: tuple[str, ...] = ()
    url: str | None = None

    @property
    def dial(self) -> str:
        """The phone number without what is only for the eye."""
        return re.sub(r"[^0-9+]", "", (self.phone or "").translate(_DIGITS))

    @property
    def has_contact(self) -> bool:
        """Whether there is any way to ask the shop."""
        return bool(self.phone or self.whatsapp or self.email or self.address or self.url)

    def __repr__(self) -> str:
        return repr({name: value for name, value in vars(self).items() if value})


def read_shop(value: object, key: str) -> ShopDetails:
    """Return what a dict says of the shop.

    :raises ConfigurationError: naming the part that is wrong, with one that works.
    """
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{key} must be a dict, such as {{'name': 'Shapla Store', 'phone': '01712-345678'}}."
        )
    for name in value:
        _check_known(name, key)
    given = {name: part for name, part in value.items() if part not in (None, "")}
    return ShopDetails(**{n: _READERS[n](part, f"{key}[{n!r}]") for n, part in given.items()})


def _check_known(name: object, key: str) -> None:
    if name not in _READERS:
        near = get_close_matches(str(name), _READERS, 1)
        meant = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(_READERS)}."
        raise ConfigurationError(f"{key} has no part {name!r}{meant}")


def _wrong(key: str, form: str, example: str) -> ConfigurationError:
    return ConfigurationError(f"{key} must be {form}, such as {example!r}.")


def _text(value: object, key: str) -> str:
    """Return one line; a number, which an environment variable becomes, is text as well."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _LONGEST or not is_harmless(text):
        raise _wrong(key, f"one line of text, at most {_LONGEST} characters", "Shapla Store")
    return text


def _phone(value: object, key: str) -> str:
    number = _text(value, key)
    if not _PHONE.fullmatch(number.translate(_DIGITS)):
        raise _wrong(key, "a phone number", "01712-345678")
    return number


def _whatsapp(value: object, key: str) -> str:
    """Return the number as WhatsApp takes it: with its country, digits only."""
    digits = re.sub(r"[^0-9]", "", _phone(value, key).translate(_DIGITS)).removeprefix("00")
    if _LOCAL_MOBILE.fullmatch(digits):
        digits = _COUNTRY + digits
    if digits.startswith("0") or not 8 <= len(digits) <= 15:
        raise _wrong(key, "a WhatsApp number with its country", "+8801712345678")
    return digits


def _email(value: object, key: str) -> str:
    address = _text(value, key)
    if not _MAIL.fullmatch(address):
        raise _wrong(key, "an e-mail address", "shop@example.com")
    return address


def _address(value: object, key: str) -> tuple[str, ...]:
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, (list, tuple)) or len(lines) > 10:
        raise _wrong(key, "text of at most 10 lines", "House 12, Road 5\nDhanmondi, Dhaka")
    return tuple(_text(line, key) for line in lines if line != "" and line is not None)


def _web_address(value: object, key: str, *schemes: str) -> str | None:
    """Return an address on the web with one of the schemes; ``None`` if it is none."""
    text = _text(value, key)
    try:
        parts = urlsplit(text)
        valid = parts.scheme in schemes and bool(parts.hostname) and parts.username is None
    except ValueError:
        valid = False
    return text if valid and _URL.fullmatch(text) else None


def _url(value: object, key: str) -> str:
    found = _web_address(value, key, "https", "http")
    if found is None:
        raise _wrong(key, "a web address", "https://shop.example.com")
    return found


def _logo(value: object, key: str) -> str:
    found = _web_address(value, key, "https") or _path(_text(value, key))
    if found is None:
        raise _wrong(key, "an https URL or a path of this site", "/static/logo.svg")
    return found


def _path(text: str) -> str | None:
    """Return a path on the shop's own host; ``None`` if it could lead elsewhere."""
    scheme = ":" in text.partition("/")[0]
    return text if _URL.fullmatch(text) and not scheme and not text.startswith("//") else None


_READERS: dict[str, Callable[[object, str], Any]] = {
    "name": _text,
    "logo": _logo,
    "phone": _phone,
    "whatsapp": _whatsapp,
    "email": _email,
    "address": _address,
    "url": _url,
}

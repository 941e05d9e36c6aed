"""The token of a payment link: an order and the link's end, signed. No table is needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone

from flask import current_app
from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from .. import clock
from ..errors import ConfigurationError

_SALT = "bdquickpay.link"
#: The end comes first, in hundredths of a second; enough until the year 2318.
_END_BYTES, _PER_SECOND = 5, 100
_PART = r"[A-Za-z0-9_-]"
#: What a messenger may take for a part of a link that ends a sentence, and what it adds by itself.
_STOPS = re.escape(".,;:!?'\")]}>*…।॥’”»/_~") + r"\s\u200b-\u200f\u2060\ufeff"
_TOKEN = re.compile(rf"({_PART}+\.{_PART}{{27}})[{_STOPS}]*(?:[?&].*)?", re.DOTALL)


class WrongTokenError(Exception):
    """It is no token of ours, or somebody changed it."""


@dataclass(frozen=True)
class Link:
    """What a payment link is for, and when it ends."""

    reference: str
    expires_at: datetime

    @property
    def has_expired(self) -> bool:
        """Whether nothing can be paid by it any more."""
        return clock.utcnow() >= self.expires_at


def make_token(link: Link) -> str:
    """Return the token of a link.

    :raises ConfigurationError: without a `SECRET_KEY`.
    """
    end = int(link.expires_at.timestamp() * _PER_SECOND).to_bytes(_END_BYTES, "big")
    return _signer().sign(base64_encode(end + link.reference.encode())).decode()


def read_token(token: str) -> Link:
    """Return the link of a token, also one that a sentence ends with.

    :raises WrongTokenError: when this shop has not made it.
    """
    found = _TOKEN.fullmatch(token)
    if found is None or not all(map(_is_canonical, found[1].split("."))):
        raise WrongTokenError
    try:
        content = base64_decode(_signer().unsign(found[1]))
    except BadSignature:
        raise WrongTokenError from None
    end = int.from_bytes(content[:_END_BYTES], "big") / _PER_SECOND
    return Link(content[_END_BYTES:].decode(), datetime.fromtimestamp(end, timezone.utc))


def _is_canonical(part: str) -> bool:
    """Whether it is written as we write it: unused bits are no second spelling."""
    return len(part) % 4 != 1 and base64_encode(base64_decode(part)) == part.encode()


def _signer() -> Signer:
    key = current_app.secret_key
    if not key:
        raise ConfigurationError("Set SECRET_KEY: payment links are signed with it.")
    earlier = current_app.config.get("SECRET_KEY_FALLBACKS") or []
    return Signer([*earlier, key], _SALT, key_derivation="hmac")

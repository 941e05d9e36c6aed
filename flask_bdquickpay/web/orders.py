"""Where the shop itself shows the order of a payment."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from ..payments.about import about
from ..payments.hooks import ask
from ..state import current_state
from ..text import is_printable
from .shown import ShownPayment

_logger = logging.getLogger(__name__)


def order_url(shown: ShownPayment) -> str | None:
    """Return what the shop's `order_url` says, for who came back with the payment's token.

    ``None``, and a line in the log, where that is no address or its code fails.
    """
    function = current_state().hooks.order_url
    if function is None or shown.token is None:
        return None
    try:
        found = ask(function, shown.live)
        if found is not None and not _leads_somewhere(found):
            raise ValueError(f"{found!r} is no path of the shop and no web address")
    except Exception:
        text, extra = "order_url failed; payment %s is shown without it", about(shown, None)
        _logger.exception(text, shown.id, extra=extra)
        current_state().store.session.rollback()  # what failed may have left it unusable
        return None
    return None if found is None else str(found)


def _leads_somewhere(url: object) -> bool:
    if not isinstance(url, str) or not is_printable(url) or "\\" in url:
        return False
    parts = urlsplit(url)
    if parts.scheme:
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    return url.startswith("/") and not parts.netloc

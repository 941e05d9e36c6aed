"""The receipts that this browser may see again: of payments it has come back from."""

from __future__ import annotations

from flask import current_app, request, session

_KEY = "bdquickpay_receipts"
_MOST = 5


def remember(token: str) -> None:
    """Keep a token, which this browser has shown, in the signed session."""
    held = _held()
    if may_write_session() and held[:1] != [token]:
        session[_KEY] = [token, *(other for other in held if other != token)][:_MOST]


def holds(token: str) -> bool:
    """Whether this browser has come back with the token before."""
    return token in _held()


def _held() -> list[str]:
    held = session.get(_KEY)
    return held if isinstance(held, list) else []


def has_session_cookie() -> bool:
    """Whether the browser sent the session's cookie along."""
    return current_app.session_interface.get_cookie_name(current_app) in request.cookies


def may_write_session() -> bool:
    """Whether a session that is written now takes no other one's place.

    A ``SameSite=Strict`` cookie stays away on the way back from the gateway: a new one would
    replace it, and log the customer out.
    """
    if current_app.session_interface.is_null_session(session):
        return False
    samesite = current_app.session_interface.get_cookie_samesite(current_app)
    return has_session_cookie() or samesite != "Strict"

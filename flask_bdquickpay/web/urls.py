"""The URLs of our routes as the gateway and the customer reach them.

The merchant's key and the customer go where they lead, so that the shop says where it is: a
request's Host is the word of whoever sent it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, has_request_context, request, url_for
from werkzeug.wsgi import get_host

from ..errors import ConfigurationError
from ..payments.checkout import ReturnURLs
from ..settings import is_loopback
from ..state import State, current_state


def return_urls(account: str = "") -> ReturnURLs:
    """What the gateway is given for a payment of the current app.

    :param account: the merchant account that takes the money; each has a webhook of its own.

    :raises ConfigurationError: when the shop does not say where it is.
    :raises werkzeug.exceptions.SecurityError: (400) for a request to a host that is not trusted.
    """
    state = current_state()
    check_address(state, account)
    which = {"account": account} if account else {}
    return ReturnURLs(
        success=lambda token: _external_url("bdquickpay.success", token=token),
        cancel=lambda token: _external_url("bdquickpay.cancel", token=token),
        webhook=_external_url("bdquickpay.webhook", **which) if state.settings.webhook else None,
    )


def link_url(token: str) -> str:
    """Return the address of a payment link.

    :raises ConfigurationError: when the shop does not say where it is.
    """
    check_address(current_state())
    return _external_url("bdquickpay.link", token=token)


def check_address(state: State, account: str = "") -> None:
    """
    :raises ConfigurationError: when a visitor could say where the keys of an account are sent.
    """
    plain = state.client.account
    at_stake = account or state.settings.accounts or (plain.app_key and plain.secret_key)
    if not at_stake or state.says_where_it_is or is_loopback(urlsplit(plain.base_url).hostname):
        return
    raise ConfigurationError(
        "Set BDQUICKPAY_PUBLIC_URL, such as 'https://shop.example.com', or Flask's SERVER_NAME or "
        "TRUSTED_HOSTS, such as ['shop.example.com']: without one of them whoever clicks could "
        "name the host that gets the merchant's key and the customer."
    )


def _external_url(endpoint: str, **values: str) -> str:
    """The URL of a route, mount path included."""
    address = _own_address()
    if address is None:
        # From Flask 3.1 on such a request has been refused already.
        get_host(request.environ, current_app.config.get("TRUSTED_HOSTS") or None)
        url = url_for(endpoint, **values, _external=True)
        return url.partition("?")[0]  # what the host's url_defaults add is not for the gateway
    parts = urlsplit(address)
    root = request.script_root if has_request_context() else current_app.config["APPLICATION_ROOT"]
    routes = current_app.url_map.bind(
        parts.netloc, parts.path + root.rstrip("/") + "/", url_scheme=parts.scheme
    )
    return routes.build(endpoint, values, force_external=True)


def _own_address() -> str | None:
    """The shop's scheme and host as it is configured; ``None`` leaves them to the request."""
    public, name = current_state().settings.public_url, current_app.config["SERVER_NAME"]
    if public is None and name:
        return f"{_scheme()}://{name}"
    if public is None and not has_request_context():
        raise ConfigurationError(
            "Outside a request set BDQUICKPAY_PUBLIC_URL, such as 'https://shop.example.com'."
        )
    return public


def _scheme() -> str:
    """HTTPS where it is preferred; else as the request came."""
    preferred: str = current_app.config["PREFERRED_URL_SCHEME"]
    return preferred if preferred == "https" or not has_request_context() else request.scheme

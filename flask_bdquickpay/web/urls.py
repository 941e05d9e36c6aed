"""The URLs of our routes as the gateway and the customer reach them."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, has_request_context, request, url_for

from ..errors import ConfigurationError
from ..payments.checkout import ReturnURLs
from ..state import current_state


def return_urls() -> ReturnURLs:
    """What the gateway is given for a payment of the current app."""
    settings = current_state().settings
    return ReturnURLs(
        success=lambda token: _external_url("bdquickpay.success", token=token),
        cancel=lambda token: _external_url("bdquickpay.cancel", token=token),
        webhook=_external_url("bdquickpay.webhook") if settings.webhook else None,
    )


def _external_url(endpoint: str, **values: str) -> str:
    """The URL of a route, mount path included."""
    public = current_state().settings.public_url
    if public is None:
        if not has_request_context():
            raise ConfigurationError(
                "Outside a request set BDQUICKPAY_PUBLIC_URL, such as 'https://shop.example.com'."
            )
        return url_for(endpoint, **values, _external=True)
    parts = urlsplit(public)
    root = request.script_root if has_request_context() else current_app.config["APPLICATION_ROOT"]
    routes = current_app.url_map.bind(
        parts.netloc, parts.path + root.rstrip("/") + "/", url_scheme=parts.scheme
    )
    return routes.build(endpoint, values, force_external=True)

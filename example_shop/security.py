"""Headers that every answer carries; addresses that a mail may carry."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from flask import Flask, Response, current_app, request, url_for


def init_app(app: Flask) -> None:
    app.after_request(protect)


def protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _policy())
    response.headers.setdefault("Referrer-Policy", "same-origin")  # an order's address is secret
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _policy() -> str:
    """Scripts, styles and pictures come from here alone.

    The pay button posts a form that redirects to bKash, and a browser holds every step of that
    way against `form-action`: any HTTPS page, and for trying out the sandbox on this machine.
    """
    forms = "'self' https:"
    if current_app.config["BDQUICKPAY_SANDBOX"]:
        forms += " http://127.0.0.1:*"
    return (
        f"default-src 'self'; form-action {forms}; "
        "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )


def public_url(endpoint: str, **values: Any) -> str:
    """Return a page's whole address, for a mail.

    A real shop sets `BDQUICKPAY_PUBLIC_URL`: the `Host` of a request is its sender's choice, and
    a mail must not lead to another site.
    """
    base = current_app.config.get("BDQUICKPAY_PUBLIC_URL") or request.host_url
    return urljoin(base, url_for(endpoint, **values))

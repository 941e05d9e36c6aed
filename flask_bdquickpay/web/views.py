"""The blueprint: our routes, and what holds for all of them."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, request

from . import assets
from .checkout import checkout
from .links import link
from .pages import template_folder
from .returns import cancel, status, success
from .unasked import answer_unasked
from .webhook import webhook

#: Of these the URL is known to anybody, and no browser keeps the answer to a webhook.
_NO_TOKEN = ("bdquickpay.static", "bdquickpay.webhook")


def make_blueprint() -> Blueprint:
    """Return the blueprint ``bdquickpay``, one for each app."""
    blueprint = Blueprint(
        "bdquickpay",
        __name__,
        template_folder=str(template_folder()),
    )
    assets.serve(blueprint, Path(__file__).parent / "static")
    blueprint.add_url_rule(
        "/checkout/<path:reference>", view_func=checkout, methods=["GET", "POST"]
    )
    blueprint.add_url_rule("/pay/<path:token>", view_func=link, methods=["GET", "POST"])
    blueprint.add_url_rule("/success/<path:token>", view_func=success)
    blueprint.add_url_rule("/cancel/<path:token>", view_func=cancel)
    blueprint.add_url_rule("/status/<path:token>", view_func=status)
    blueprint.add_url_rule("/webhook", view_func=webhook, methods=["POST"])
    blueprint.add_url_rule("/webhook/<account>", view_func=webhook, methods=["POST"])
    blueprint.before_request(answer_unasked)
    blueprint.after_request(_private)
    return blueprint


def _private(response: Response) -> Response:
    """Keep the token in our URLs from caches and from the sites that a page links to."""
    if request.endpoint not in _NO_TOKEN:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Robots-Tag"] = "noindex"
    return response

"""The demo's tour: where its sandbox, its desk and its mails are, and the order at hand."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from flask import Flask, current_app, request, session, url_for

from .models import Order, find_order
from .payments import bdquickpay

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Tour:
    """What the bar at the top of every page leads to; ``None`` where there is no such thing."""

    sandbox: str | None
    desk: str | None
    order: Order | None


def init_app(app: Flask) -> None:
    app.add_template_global(demo_tour)


def demo_tour() -> Tour | None:
    """Return what the demo shows; a real shop shows no such bar."""
    if not current_app.config["DEMO"]:
        return None
    here, has_desk = is_tried_out(), "bdquickpay_desk" in current_app.blueprints
    return Tour(
        # Its pages stand at the root of the gateway that the shop calls.
        sandbox=urljoin(bdquickpay.client.account.base_url, "/") if here else None,
        desk=url_for("bdquickpay_desk.index") if here and has_desk else None,
        order=find_order(session["order"]) if "order" in session else None,
    )


def is_tried_out() -> bool:
    """Whether somebody tries the shop out on their own machine, with the sandbox's made-up money.

    The extension refuses the sandbox beside real keys: with those it is never so.
    """
    places = (request.remote_addr, urlsplit(request.host_url).hostname)
    sandbox = current_app.config["BDQUICKPAY_SANDBOX"] is True
    return sandbox and all(place in _THIS_MACHINE for place in places)

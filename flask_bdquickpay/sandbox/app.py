"""Builds the sandbox as a Flask app."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from . import admin, api, assets, clockwork, dashboard, hosted, mishaps, texts
from .control import Sandbox
from .hosts import OwnHosts
from .keys import APP_KEY, SECRET_KEY
from .messages import SERVER_ERROR
from .wire import LARGEST_BODY, Wire

POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"


def create_sandbox(
    app_key: str = APP_KEY,
    secret_key: str = SECRET_KEY,
    *,
    path: str | Path | None = None,
    merchant: str = "Sandbox shop",
    lifetime: float = 1800,
    retry_after: float = 300,
    webhook_timeout: float = 10,
    webhook_attempts: int = 5,
    public_url: str | None = None,
    any_keys: bool = False,
    synchronous: bool = False,
    accounts: Mapping[str, str] | None = None,
) -> Flask:
    """A stand-in for the gateway, as its documentation describes it (the page `/assumptions` says
    what is documented and what assumed).

    `accounts`: more key pairs, app key to secret key, each a merchant of its own, whose payments no
    other keys find; the first pair with an ending is one, too (`sandbox-app-key-dhaka` and
    `sandbox-secret-key-dhaka`).
    `path`: a SQLite file for its state, None for memory. `lifetime` of a payment, `retry_after` a
    failed webhook and `webhook_timeout` are seconds. `public_url`: scheme and host for payment
    URLs, when they differ from what the shop calls; it answers there, too, and else only on
    loopback names and where `SandboxServer` listens. `any_keys`: every pair of keys is the
    merchant's. `synchronous`: webhooks are sent before the buyer goes back, retries only by
    `advance()`, and no thread is started. The controls are `app.extensions["bdquickpay_sandbox"]`.
    """
    app = Flask(__name__.rpartition(".")[0], static_folder=None)
    app.config.update(PUBLIC_URL=public_url, MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    sandbox = Sandbox(
        app_key=app_key, secret_key=secret_key, path=path, merchant=merchant, lifetime=lifetime,
        retry_after=retry_after, webhook_timeout=webhook_timeout, any_keys=any_keys,
        webhook_attempts=webhook_attempts, synchronous=synchronous, accounts=accounts,
    )  # fmt: skip
    app.extensions["bdquickpay_sandbox"] = sandbox
    _register(app)
    hosts = OwnHosts(Wire(app.wsgi_app, sandbox), public_url)
    app.extensions["bdquickpay_sandbox_hosts"] = hosts
    app.wsgi_app = hosts  # type: ignore[assignment, method-assign]
    return app


def _register(app: Flask) -> None:
    pages = (hosted.bp, dashboard.bp, mishaps.bp, clockwork.bp, assets.bp)
    for blueprint in (api.bp, admin.bp, *pages):
        app.register_blueprint(blueprint)
    app.before_request(_refuse_other_sites)
    app.after_request(_add_headers)
    app.context_processor(_page_context)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def _refuse_other_sites() -> None:
    """A page elsewhere must not press our buttons through the developer's browser."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = site in {"cross-site", "same-site"}
    if site is None and origin is not None:
        foreign = urlsplit(origin).netloc != request.host
    if foreign and request.method not in {"GET", "HEAD"}:
        abort(403, "The sandbox takes no orders from other sites.")


def _add_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _page_context() -> dict[str, Any]:
    lang = texts.language() if request.blueprint == "hosted" else "en"
    return {
        "lang": lang,
        "_": texts.translate(lang),
        "sandbox": api.sandbox(),
        "asset": assets.address,
        "money": lambda amount: texts.money(amount, lang),
        "moment": lambda at: texts.moment(at, lang),
        "when": texts.exact_moment,
        "time_of_day": texts.time_of_day,
        "duration": lambda seconds: texts.duration(seconds, lang),
    }


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if request.path.startswith(("/api/", admin.PREFIX + "/")):
        return api.http_error(error)
    if error.code is None or error.code < 400:
        return error
    response = error.get_response()
    response.set_data(render_template("error.html", error=error))
    response.content_type = "text/html; charset=utf-8"
    return response


def _crash(error: Exception) -> ResponseReturnValue:
    logging.getLogger(__name__).error("The sandbox itself failed.", exc_info=error)
    return _http_error(InternalServerError(SERVER_ERROR))

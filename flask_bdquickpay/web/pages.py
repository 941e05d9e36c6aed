"""Renders the extension's templates with the helpers they use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flask import current_app, has_request_context, render_template, request, url_for
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from wtforms.widgets import html_params

from .explanations import explain
from .forms import PayForm
from .language import current_language, format_moment, format_money, knows, translate


def render(name: str, **context: object) -> str:
    """Render our template `name`, or the host's own of that name."""
    return render_template(f"bdquickpay/{name}", _=_gettext, bdqp=_helpers(), **context)


def button(reference: int | str, label: str | None = None, **attributes: object) -> Markup:
    """Return the pay button for an order; `attributes` go onto its `<button>`."""
    html = render(
        "button.html",
        form=PayForm(),
        action=url_for("bdquickpay.checkout", reference=reference),
        label=label,
        attributes=Markup(html_params(**_with_own_class(attributes))),  # noqa: S704  # escaped there
    )
    return Markup(html)  # noqa: S704  # rendered with autoescape


@dataclass(frozen=True)
class Helpers:
    """What the templates find under the one name `bdqp`.

    One name, because a host's layout around our pages must keep its own `money` or `moment`.
    """

    lang: str
    home: str | None
    money: Callable[[Decimal], str]
    moment: Callable[[datetime], str]
    static: Callable[[str], str]
    explain: Callable[[str], str]
    button: Callable[..., Markup]


def _helpers() -> Helpers:
    return Helpers(
        lang=current_language(),
        home=_home(),
        money=format_money,
        moment=format_moment,
        static=_static,
        explain=explain,
        button=button,
    )


@pass_context
def _gettext(context: Context, message: str, **values: object) -> str:
    """Translate our words with our catalogue, and those of a host's layout with the host's."""
    theirs = context.environment.globals.get("_")
    if knows(message) or not callable(theirs):
        return translate(message, **values)
    return str(context.call(theirs, message, **values))


def _home() -> str | None:
    """The shop's front page, when it has one at its root."""
    if not has_request_context():
        return None
    adapter = current_app.create_url_adapter(request)
    found = adapter is not None and adapter.test("/", "GET")
    return f"{request.script_root}/" if found else None


def _static(filename: str) -> str:
    return url_for("bdquickpay.static", filename=filename)


def _with_own_class(attributes: dict[str, object]) -> dict[str, object]:
    theirs = dict(attributes)
    names = ["bdqp-button", theirs.pop("class", None), theirs.pop("class_", None)]
    return {"class": " ".join(str(name) for name in names if name), **theirs}

"""Renders the extension's templates with the helpers they use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from flask import current_app, has_request_context, render_template, request, url_for
from jinja2 import FileSystemLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from wtforms.widgets import html_params

from ..errors import InvalidPaymentRequest
from ..payments.hooks import fault_of
from ..state import current_state
from ..text import plain
from .contact import Contact
from .explanations import explain
from .forms import PayForm
from .language import current_language, format_moment, format_money, knows, translate
from .receipts import may_write_session

_logger = logging.getLogger(__name__)


def template_folder() -> Path:
    """The templates: in the package when installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def render(name: str, **context: object) -> str:
    """Render our template `name`, or the host's own of that name; ours where the host's fails."""
    name = f"bdquickpay/{name}"
    context = {"_": _gettext, "bdqp": _helpers(), **context}
    try:
        return render_template(name, **context)
    except Exception:
        _logger.exception("The shop's templates around %s failed; it is shown without them", name)
    ours = current_app.jinja_env.overlay(loader=FileSystemLoader(template_folder()))
    return ours.get_template(name).render(context)


def button(reference: object, label: str | None = None, **attributes: object) -> Markup:
    """Return the pay button for an order; `attributes` go onto its `<button>`.

    :raises InvalidPaymentRequest: for a reference that no order can have; the message says why.
    """
    if fault := fault_of(reference):
        raise InvalidPaymentRequest(f"No button for the order {reference!r}: {fault}.")
    html = render(
        "button.html",
        form=PayForm(),
        action=_checkout_url(reference),
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
    shop: Contact
    money: Callable[[Decimal], str]
    moment: Callable[[datetime], str]
    plain: Callable[[object], str]
    lines: Callable[[Iterable[tuple[str, object]] | None], list[tuple[str, str]]]
    static: Callable[[str], str]
    explain: Callable[[str], str]
    button: Callable[..., Markup]
    again: Callable[[str, str], Markup]


def _helpers() -> Helpers:
    shop = current_state().settings.shop
    return Helpers(
        lang=current_language(),
        home=shop.url or _home(),
        shop=Contact(shop),
        money=format_money,
        moment=format_moment,
        plain=plain,
        lines=_lines,
        static=_static,
        explain=explain,
        button=button,
        again=_again,
    )


def _again(reference: str, label: str) -> Markup:
    """A button that a page of ours offers; none for an order that could not be paid by it.

    Where the form's token could not be kept (:func:`may_write_session`), a link leads to it; so it
    does from the pages of a payment link, which needs none.
    """
    if fault_of(reference):
        return Markup()
    by_link = request.endpoint == "bdquickpay.link"
    if may_write_session() and not by_link:
        return button(reference, label)
    link = Markup('<a class="bdqp-link bdqp-link--main" href="{}">{}</a>')
    return link.format("" if by_link else _checkout_url(reference), label)


def _checkout_url(reference: object) -> str:
    return url_for("bdquickpay.checkout", reference=reference)


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


def _lines(lines: Iterable[tuple[str, object]] | None) -> list[tuple[str, str]]:
    """The lines of an order, of a request or as they are stored, as they are to be read."""
    return [(plain(text), format_money(Decimal(str(cost)))) for text, cost in lines or ()]


def _static(filename: str) -> str:
    return url_for("bdquickpay.static", filename=filename)


def _with_own_class(attributes: dict[str, object]) -> dict[str, object]:
    theirs = dict(attributes)
    names = ["bdqp-button", theirs.pop("class", None), theirs.pop("class_", None)]
    return {"class": " ".join(str(name) for name in names if name), **theirs}

"""Renders the extension's templates with the helpers they use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import current_app, has_request_context, render_template, request, url_for
from jinja2 import Environment, FileSystemLoader, defaults, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from wtforms.widgets import html_params

from ..errors import InvalidPaymentRequest
from ..money import parse_amount
from ..payments.about import about_ids
from ..payments.hooks import fault_of
from ..state import current_state
from ..text import plain
from .contact import Contact
from .explanations import came, is_not_accepted, tell
from .forms import PayForm
from .language import (
    current_language,
    format_moment,
    format_money,
    format_price,
    knows,
    translate,
)
from .orders import order_url
from .receipts import may_write_session
from .shown import ShownPayment

_logger = logging.getLogger(__name__)
_ENVIRONMENTS = "bdquickpay.environments"
#: What our templates are written with; a shop may write its own otherwise, beside Vue say.
_MARKS: dict[str, Any] = {
    name.lower(): getattr(defaults, name)
    for name in (
        *("BLOCK_START_STRING", "BLOCK_END_STRING", "VARIABLE_START_STRING"),
        *("VARIABLE_END_STRING", "COMMENT_START_STRING", "COMMENT_END_STRING"),
    )
}


def template_folder() -> Path:
    """The templates: in the package when installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def render(name: str, **context: object) -> str:
    """Render our template `name`, or the host's own of that name; ours where the host's fails."""
    name = f"bdquickpay/{name}"
    context = {"_": _gettext, "bdqp": _helpers(), **context}
    if _reads_ours(current_app.jinja_env):
        try:
            return render_template(name, **context)
        except Exception:
            text = "The shop's templates around %s failed; it is shown without them"
            _logger.exception(text, name)
    return _alone().get_template(name).render(context)


def _reads_ours(environment: Environment) -> bool:
    """Whether the shop's templates are written, and escaped, as ours are."""
    same = all(getattr(environment, name) == mark for name, mark in _MARKS.items())
    return same and environment.autoescape is not False


def _alone() -> Environment:
    """The shop's environment with our templates alone, made once."""
    made: dict[str, Environment] = current_app.extensions.setdefault(_ENVIRONMENTS, {})
    if "alone" not in made:
        made["alone"] = current_app.jinja_env.overlay(
            loader=FileSystemLoader(template_folder()), autoescape=True, **_MARKS
        )
    return made["alone"]


def button(
    reference: object,
    label: str | None = None,
    *,
    amount: object = None,
    block: bool = False,
    light: bool = False,
    **attributes: object,
) -> Markup:
    """Return the pay button for an order; `attributes` go onto its `<button>`.

    :param label: what it says instead of our own words.
    :param amount: what the order costs, in BDT, for our own words; what is charged is for the
        order loader to say. What is no amount is left out, and logged.
    :param block: whether it is as wide as what it stands in.
    :param light: whether it is an outline, for a page whose colours a filled one would disturb.
    :raises InvalidPaymentRequest: for a reference that no order can have; the message says why.
    """
    if fault := fault_of(reference):
        raise InvalidPaymentRequest(f"No button for the order {reference!r}: {fault}.")
    looks = ("bdqp-button", "bdqp-button--block" * block, "bdqp-button--light" * light)
    html = render(
        "button.html",
        form=PayForm(),
        action=_checkout_url(reference),
        label=label,
        amount=None if amount is None else _price(reference, amount),
        attributes=Markup(html_params(**_with_classes(looks, attributes))),  # noqa: S704  # escaped
    )
    return Markup(html)  # noqa: S704  # rendered with autoescape


def _price(reference: object, amount: object) -> str | None:
    """The amount as a button says it: no label may cost the shop its page."""
    try:
        return format_price(parse_amount(amount))
    except InvalidPaymentRequest as error:
        text = "The pay button of order %r is shown without its amount: %s"
        extra = about_ids("checkout", customer_reference=str(reference))
        _logger.warning(text, reference, error, extra=extra)
        return None


@dataclass(frozen=True)
class Helpers:
    """What the templates find under the one name `bdqp`.

    One name, because a host's layout around our pages must keep its own `money` or `moment`.
    """

    lang: str
    home: str | None
    shop: Contact
    money: Callable[[Decimal], str]
    price: Callable[[Decimal], str]
    moment: Callable[[datetime], str]
    plain: Callable[[object], str]
    lines: Callable[[Iterable[tuple[str, object]] | None], list[tuple[str, str]]]
    static: Callable[[str], str]
    tell: Callable[[ShownPayment], str | None]
    came: Callable[[ShownPayment], Decimal | None]
    is_not_accepted: Callable[[ShownPayment], bool]
    is_test: Callable[[ShownPayment | None], bool]
    order_url: Callable[[ShownPayment], str | None]
    way_on: Callable[[ShownPayment], str | None]
    button: Callable[..., Markup]
    again: Callable[..., Markup]


def _helpers() -> Helpers:
    shop = current_state().settings.shop
    return Helpers(
        lang=current_language(),
        home=shop.url or _home(),
        shop=Contact(shop),
        money=format_money,
        price=format_price,
        moment=format_moment,
        plain=plain,
        lines=_lines,
        static=_static,
        tell=tell,
        came=came,
        is_not_accepted=is_not_accepted,
        is_test=_is_test,
        order_url=order_url,
        way_on=_way_on,
        button=button,
        again=_again,
    )


def _is_test(shown: ShownPayment | None) -> bool:
    return current_state().is_test(None if shown is None else shown.made_with)


def _way_on(shown: ShownPayment) -> str | None:
    """Where who has not paid yet does so, while that can be done."""
    if not shown.is_payable or shown.payment_url is None:
        return None
    return current_state().accounts.way_on(shown.account, shown.payment_url)


def _again(reference: str, label: str, *, quiet: bool = False) -> Markup:
    """A button that a page of ours offers; none for an order that could not be paid by it.

    A `quiet` one is a link, where something else comes first.

    Where the form's token could not be kept (:func:`may_write_session`), a link leads to it; so it
    does from the pages of a payment link, which needs none.
    """
    if fault_of(reference):
        return Markup()
    by_link = request.endpoint == "bdquickpay.link"
    if may_write_session() and not by_link and not quiet:
        return button(reference, label)
    link = Markup('<a class="bdqp-link{}" href="{}">{}</a>')
    address = "" if by_link else _checkout_url(reference)
    return link.format("" if quiet else " bdqp-link--main", address, label)


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


def _with_classes(ours: Iterable[str], attributes: dict[str, object]) -> dict[str, object]:
    theirs = dict(attributes)
    names = [*ours, theirs.pop("class", None), theirs.pop("class_", None)]
    return {"class": " ".join(str(name) for name in names if name), **theirs}

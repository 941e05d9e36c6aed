"""Payment links for messages and posters: `link`."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from ..money import PaymentRequest
from ..payments.export import write_json
from ..state import current_state
from ..text import plain, stamp, taka
from ..web import qr
from ..web.links import address, new_link
from ..web.tokens import Link
from .group import commands, output_of
from .options import as_json_option
from .terminal import console

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def _age(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    del ctx, param
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([dhm])", value.strip())
    if found is None:
        raise click.BadParameter(f"{value!r} is no time; write 3d, 12h or 45m.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _picture(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    del ctx, param
    if value is not None and not value.lower().endswith((".svg", ".png")):
        raise click.BadParameter(f"{value!r} must end in .svg or .png.")
    return value


@commands.command(
    "link",
    epilog="""\b
    Examples:
      flask bdquickpay link FLN6-QLJL
      flask bdquickpay link FLN6-QLJL --expires 3d --terminal
      flask bdquickpay link FLN6-QLJL --expires 90d --qr poster.svg""",
)
@click.argument("reference", metavar="REFERENCE")
@click.option(
    "--expires", metavar="TIME", callback=_age, help="For how long: 3d, 12h or 45m; 400d at most."
)
@click.option(
    "--qr", "picture", metavar="FILE", callback=_picture, help="Draw its code: .svg or .png."
)
@click.option("--terminal", is_flag=True, help="Show its code here.")
@as_json_option
def link(
    reference: str,
    expires: timedelta | None,
    picture: str | None,
    terminal: bool,
    as_json: bool,
) -> None:
    """Make a link at which whoever has it may pay an order.

    Only the link goes to stdout. The order loader is asked, now and whenever the link is opened:
    what it costs then is what is paid. Codes need the extra qr.
    """
    if as_json and terminal:
        raise click.UsageError("Choose --json or --terminal.")
    out = output_of(alone=as_json)
    order = current_state().hooks.load_order(reference)
    made = _made(reference, expires)
    url = address(made)
    drawn = qr.in_terminal(url) if terminal else ""
    if picture:
        qr.save(url, picture, f"Pay with bKash: {plain(reference)}")
    if as_json:
        write_json(out, _facts(made, order, url))
    else:
        console(out).out(url, drawn, sep="\n", end="", highlight=False)
        click.echo(_said(made, order), err=True)


def _made(reference: str, expires: timedelta | None) -> Link:
    try:
        return new_link(reference, expires)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _facts(made: Link, order: PaymentRequest, url: str) -> dict[str, object]:
    return {
        "reference": made.reference,
        "url": url,
        "expires_at": made.expires_at,
        "amount": order.amount,
        "label": order.label,
    }


def _said(made: Link, order: PaymentRequest) -> str:
    label = f" ({plain(order.label)})" if order.label else ""
    until = stamp(made.expires_at)
    return f"Order {plain(made.reference)}{label}: {taka(order.amount)}, until {until}."

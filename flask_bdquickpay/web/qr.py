"""Payment links as QR codes; needs segno, the extra `qr`."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

from markupsafe import Markup

from ..errors import ConfigurationError
from .language import translate
from .links import pay_link

if TYPE_CHECKING:
    from segno import QRCode

#: A module in pixels: on a page, where the shop's styles may say otherwise, and in a picture.
_ON_PAGE, _IN_PICTURE = 5, 20


def qr(
    reference: object, label: str | None = None, *, expires_in: timedelta | float | None = None
) -> Markup:
    """Return the code of an order's payment link as inline SVG.

    :param label: what it is to those who can't see it.
    :raises ConfigurationError: without segno, or as :func:`.links.pay_link` does.
    """
    says = label or translate("QR code: scan it with the camera of a phone to pay with bKash")
    return drawing(pay_link(reference, expires_in), says)


def drawing(text: str, says: str) -> Markup:
    """Return the code of a text as inline SVG, which a style sheet may scale.

    :param says: what it is to those who can't see it.
    :raises ConfigurationError: without segno.
    """
    made = code(text)
    drawn = made.svg_inline(
        scale=_ON_PAGE, light="#fff", svgclass="bdqp-qr", lineclass=None, title=says
    )
    named = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}" ')
    opened = named.format(says, *made.symbol_size(scale=_ON_PAGE))
    return opened + Markup(drawn.removeprefix("<svg "))  # noqa: S704  # of segno, which escapes


def code(text: str) -> QRCode:
    """Return the code of a text, which can still be read with a seventh of it gone.

    :raises ConfigurationError: without segno.
    """
    try:
        import segno  # noqa: PLC0415  # optional: the extra qr
    except ImportError:
        raise ConfigurationError(
            'QR codes need segno: pip install "Flask-BDQuickPay[qr]".'
        ) from None
    return segno.make_qr(text, error="m")


def save(text: str, path: str, says: str) -> None:
    """Write the code of a text into a file, as SVG or PNG by the end of its name."""
    if path.lower().endswith(".svg"):
        code(text).save(path, kind="svg", scale=_IN_PICTURE, light="#fff", title=says)
    else:
        code(text).save(path, kind="png", scale=_IN_PICTURE)


def in_terminal(text: str) -> str:
    """Return the code of a text in half blocks, light on dark."""
    drawn = StringIO()
    code(text).terminal(drawn, border=2, compact=True)
    return drawn.getvalue()

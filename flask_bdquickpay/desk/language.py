"""The desk's own words, in the language that whoever is there has chosen."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request, url_for

from ..web.language import BANGLA, ENGLISH, catalogue, current_language, speaking

_WORDS = str(Path(__file__).parent / "translations" / "{}" / "LC_MESSAGES" / "desk.po")
#: Each language with what it is called in the header.
LANGUAGES = {ENGLISH: "EN", BANGLA: "বাংলা"}
ARGUMENT, COOKIE = "lang", "bdquickpay_desk_lang"
_A_YEAR = 365 * 24 * 60 * 60


def M_(message: str) -> str:
    """Mark a message that is translated where it is shown."""
    return message


def say(message: str, /, **values: object) -> str:
    """Return `message` in the language of the page with its `%(name)s` filled in."""
    text = catalogue(_WORDS, current_language()).gettext(message) if message else ""
    return text % values if values else text


def chosen() -> str:
    """The language of the URL, else of the cookie, else of the host."""
    for language in (request.args.get(ARGUMENT), request.cookies.get(COOKIE)):
        if language in LANGUAGES:
            return str(language)
    return current_language()


def begin() -> None:
    """Speak that language until the request ends."""
    g.bdquickpay_desk = ExitStack()
    g.bdquickpay_desk.enter_context(speaking(chosen()))


def has_begun() -> bool:
    """Whether whoever sends this request was let in."""
    return "bdquickpay_desk" in g


def end(_error: BaseException | None = None) -> None:
    """Leave the language to the host again."""
    stack: ExitStack | None = g.pop("bdquickpay_desk", None)
    if stack is not None:
        stack.close()


def remember(response: Response) -> Response:
    """Keep what was chosen in a cookie of the desk's own path."""
    language = request.args.get(ARGUMENT)
    if language in LANGUAGES and has_begun():
        where: dict[str, Any] = {"path": url_for(".index"), "secure": request.is_secure}
        response.set_cookie(
            COOKIE, str(language), max_age=_A_YEAR, httponly=True, samesite="Lax", **where
        )
    return response


def address(language: str) -> str:
    """The URL of this page in a language; of its payment where the page was an answer to a form."""
    rule = request.url_rule
    where: str = request.endpoint or ".index"
    values: dict[str, Any] = dict(request.view_args or {})
    if rule is None or "GET" not in (rule.methods or ()):
        where, values = ".payment", {"payment_id": values.get("payment_id")}
    arguments = [pair for pair in request.args.items(multi=True) if pair[0] != ARGUMENT]
    return f"{url_for(where, **values)}?{urlencode([*arguments, (ARGUMENT, language)])}"

"""Puts the desk into an app, behind the host's access check."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_admin import Admin, BaseView, expose
from werkzeug.exceptions import HTTPException

from ..errors import ConfigurationError
from ..payments.records import PaymentRecord
from ..text import first_line
from ..web import assets
from . import language
from .bookkeeping import BookPages
from .deciding import DecisionPages
from .linking import LinkPages
from .refunding import RefundPages
from .views import Pages

_logger = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent
_LONGEST_NAME = 255  # of the column that keeps it
_HOW = (
    "The desk shows every payment: say who may see it, such as "
    "Desk(allow=lambda: current_user.is_authenticated and current_user.is_staff is True)."
)
_NAMELESS = (
    "Nobody can decide about a payment at the desk unless the web server names its users "
    "(REMOTE_USER): give it Desk(…, who=lambda: current_user.name)."
)
_KEYS = 'Desk(search=…) holds keys of the metadata, such as search=("phone",).'
#: What a link may lead to.
_PLACES = ("https://", "http://", "/")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True)
class Desk:
    """Payments and a dashboard for the merchant, closed to everybody whom the host does not allow.

    :ivar allow: called on every request to anything of the desk; only ``True`` opens it. One that
        raises is logged, once for each kind of error, and keeps the desk closed; but an answer that
        it aborts with is the answer.
    :ivar who: the name of the person at the desk, kept with each decision; else the web server's
        ``REMOTE_USER``. Nobody decides without a name.
    :ivar refuse: the answer to whom `allow` refuses, such as a redirect to the login; else 403.
    :ivar name: what the desk is called in the menu.
    :ivar url: where it is, below the Admin's own URL unless it begins with ``/``.
    :ivar endpoint: the name of its blueprint.
    :ivar search: the keys of the payments' metadata in which the list's search looks as well, such
        as ``("phone",)``; ``"customer.phone"`` is one inside another. A mobile number is found
        however it is written.
    :ivar order_url: called with a payment (a `PaymentRecord`); returns where the shop's own admin
        shows its order, a path or an HTTP URL, or ``None``. One that raises is logged, once for
        each kind of error, and there is no link.
    """

    allow: Callable[[], bool] | None = None
    who: Callable[[], str | None] | None = None
    refuse: Callable[[], ResponseReturnValue] | None = None
    name: str = "bKash"
    url: str = "bkash"
    endpoint: str = "bdquickpay_desk"
    search: Sequence[str] = ()
    order_url: Callable[[PaymentRecord], str | None] | None = None
    _logged: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def mount(self, target: Admin | Flask) -> None:
        """Add the desk to the menu of a ``flask_admin.Admin``, or to an app that has none.

        :raises ConfigurationError: when there is no access check.
        """
        if not callable(self.allow):
            raise ConfigurationError(_HOW)
        if isinstance(self.search, str):
            raise ConfigurationError(_KEYS)
        if self.who is None:
            _logger.warning(_NAMELESS)
        if isinstance(target, Flask):
            url = self.url if self.url.startswith("/") else f"/admin/{self.url}"
            Admin(target, self.name, url, index_view=_Entry(self, url=url), endpoint=self.endpoint)
        else:
            target.add_view(_Entry(self, url=self.url))

    def is_open(self) -> bool:
        """Whether the host allows whoever sends this request; anything but `True` is a no.

        A method that somebody forgot to call is true as well, and must not open the desk.
        """
        answer = self._ask(self.allow, "allow")
        if not isinstance(answer, bool):
            kind = type(answer).__name__
            self._log_once(kind, f"The desk stays closed: allow() returned {kind}, not a bool.")
        return answer is True

    def actor(self) -> str | None:
        """The name of the person at the desk, if it is known."""
        name = self._ask(self.who, "who") if self.who else request.remote_user
        return str(name).strip()[:_LONGEST_NAME] or None if name else None

    def order_at(self, payment: PaymentRecord) -> str | None:
        """Where the shop's own admin shows a payment's order, if that is known."""
        url = self._ask(self.order_url, "order_url", payment)
        return url if isinstance(url, str) and url.startswith(_PLACES) else None

    def _ask(self, function: Callable[..., Any] | None, name: str, *about: object) -> object:
        """Return what the host's function says; one that fails says no."""
        try:
            return current_app.ensure_sync(function)(*about) if function else False
        except HTTPException:
            raise
        except Exception as error:
            kind = type(error).__name__
            closed = f"The desk's {name}() raised {kind}, which counts as a no: {first_line(error)}"
            self._log_once(f"{name} {kind}", closed, error)
            return False

    def _log_once(self, kind: str, text: str, error: Exception | None = None) -> None:
        if kind not in self._logged:
            self._logged.add(kind)
            _logger.error(text, exc_info=error)

    def guard(self) -> ResponseReturnValue | None:
        """Answer a request that is not allowed."""
        if self.is_open():
            return None
        if self.refuse is None:
            abort(403)
        answer: ResponseReturnValue | None = current_app.ensure_sync(self.refuse)()
        return abort(403) if answer is None else answer  # to Flask, None would be a yes


class _Entry(BaseView):  # type: ignore[misc]  # Flask-Admin is not typed
    """The desk's place in Flask-Admin: a menu entry with a blueprint behind it.

    The pages are the desk's own: there is no route that creates, edits or deletes anything, and
    nothing of them needs Flask-Babel, which Flask-Admin's own pages do wherever it is installed.
    """

    def __init__(self, desk: Desk, *, url: str) -> None:
        super().__init__(
            name=desk.name,
            endpoint=desk.endpoint,
            url=url,
            static_url_path="/static",  # which keeps Flask-Admin from serving its own there
        )
        self._desk = desk
        frame = (desk.name, desk.actor, self._way_out, desk.order_at, tuple(desk.search))
        self._pages = Pages(*frame)
        others = (DecisionPages, RefundPages, LinkPages, BookPages)
        self._rooms = (self._pages, *(room(*frame) for room in others))

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> ResponseReturnValue:
        return self._pages.dashboard()

    def is_accessible(self) -> bool:
        """Whether the menu shows the desk."""
        try:
            return self._desk.is_open()
        except HTTPException:  # the desk's own answer is none to other pages
            return False

    def create_blueprint(self, admin: Admin) -> Blueprint:
        blueprint: Blueprint = super().create_blueprint(admin)
        blueprint.template_folder = str(_FOLDER / "templates")
        blueprint.before_request(self._desk.guard)  # everything of the blueprint, present or future
        blueprint.before_request(language.begin)
        blueprint.teardown_request(language.end)
        blueprint.after_request(language.remember)
        blueprint.after_request(_with_headers)
        assets.serve(blueprint, _FOLDER / "static")
        for room in self._rooms:
            room.add_rules(blueprint)
        return blueprint

    def _way_out(self) -> tuple[str, str] | None:
        """The name and URL of the Admin's own front page, for whom it is open."""
        home: Any = self.admin.index_view
        if home is self or not home.is_accessible():
            return None
        return self.admin.name, self.get_url(f"{home.endpoint}.{home._default_view}")


def _with_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response

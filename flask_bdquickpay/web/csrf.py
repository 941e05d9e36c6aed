"""Which of our views a host's CSRF protection leaves alone."""

from __future__ import annotations

from flask import Flask

#: Servers post to the first; the second checks for itself; the third is paid without a cookie.
_EXEMPT = ("bdquickpay.webhook", "bdquickpay.checkout", "bdquickpay.link")


def exempt_from_csrf(app: Flask) -> None:
    """Keep Flask-WTF's CSRFProtect from these views.

    Whichever extension comes first: Flask-WTF looks at its list before each request.
    """

    def exempt() -> None:
        csrf = app.extensions.get("csrf")
        if csrf is not None:
            for name in _EXEMPT:
                csrf.exempt(app.view_functions[name])

    exempt()
    if "csrf" not in app.extensions:
        app.before_request(exempt)

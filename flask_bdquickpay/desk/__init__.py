"""The merchant's desk: payments and a dashboard in Flask-Admin's menu.

    from flask_bdquickpay.desk import Desk

    Desk(
        allow=lambda: current_user.is_authenticated and current_user.is_staff,
        who=lambda: current_user.name,
    ).mount(admin)

Needs the extra ``Flask-BDQuickPay[admin]``.
"""

from __future__ import annotations

try:
    from .mount import Desk
except ModuleNotFoundError as _error:
    if _error.name != "flask_admin":
        raise
    raise ModuleNotFoundError(
        "The desk needs Flask-Admin: pip install 'Flask-BDQuickPay[admin]'", name=_error.name
    ) from _error

__all__ = ["Desk"]

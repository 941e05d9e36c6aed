"""The README is true: its lines do what they say.

Its app is run in `recipes/test_readme_shop.py`.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy
from werkzeug.local import LocalProxy

import flask_bdquickpay
from flask_bdquickpay import BDQuickPay
from flask_bdquickpay.desk import Desk

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_links_and_pictures_exist() -> None:
    root = Path(__file__).parents[2]
    for target in re.findall(r'\]\((?!http)([^)#]+)\)|src="([^"]+)"', README):
        assert (root / (target[0] or target[1])).exists(), target


def code(title: str) -> list[str]:
    """The blocks of Python in a section, at the margin."""
    blocks = re.findall(r"^( *)```python\n(.*?)^ *```$", section(title), re.DOTALL | re.MULTILINE)
    return [re.sub(f"^{margin}", "", block, flags=re.MULTILINE) for margin, block in blocks]


def test_the_version_is_where_it_says() -> None:
    said = re.search(r"`(importlib\.metadata\.version\(\"([^\"]+)\"\))`", section("More"))
    assert said is not None
    assert version(said[2])
    assert not hasattr(flask_bdquickpay, "__version__")


# The desk


class Nobody:
    """Who is not logged in, with Flask-Login: no shop's own columns."""

    is_authenticated = False


def user(**facts: Any) -> SimpleNamespace:
    return SimpleNamespace(is_authenticated=True, **facts)


STAFF = user(is_staff=True, email="ayesha@shop.example")


@pytest.fixture
def visits(tmp_path: Path) -> Any:
    """Visit the desk of a shop that has the README's line, as somebody."""
    app = Flask("tests.desk_of_readme")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/s.sqlite3")
    db = SQLAlchemy(app)
    bdquickpay = BDQuickPay(app)
    current_user = LocalProxy(lambda: g.user)
    admin = Admin(app)
    (mount,) = code("More")
    exec(mount, {"Desk": Desk, "current_user": current_user, "admin": admin})
    who: list[object] = [Nobody()]
    app.before_request(lambda: setattr(g, "user", who[0]))
    with app.app_context():
        db.create_all()
        held = {"customer_reference": "a1", "amount": 500, "status": "flagged"}
        db.session.execute(sa.insert(bdquickpay.Payment).values(**held))
        db.session.commit()

    def visit(somebody: object, path: str = "/admin/bkash/") -> Any:
        who[0] = somebody
        return app.test_client().get(path)

    yield visit
    with app.app_context():
        db.engine.dispose()


def test_the_desk_is_closed_to_all_but_staff(visits: Any) -> None:
    assert visits(STAFF).status_code == 200
    for somebody in (Nobody(), user(is_staff=False), user(is_staff=None)):
        assert visits(somebody).status_code == 403


def test_staff_decides_under_its_name(visits: Any) -> None:
    page = visits(STAFF, "/admin/bkash/payments/1")
    assert STAFF.email in page.text

"""The desk in other hosts: own models, no Admin, other settings, with and without Flask-Babel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from jinja2 import StrictUndefined

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_admin import Admin

from flask_bdquickpay import BDQuickPay, PaymentEventMixin, PaymentMixin
from flask_bdquickpay.desk import Desk
from flask_bdquickpay.sandbox.server import SandboxServer

from ..shop import KEYS, Shop
from .visits import (
    PAYMENTS,
    URL,
    connections,
    exported,
    flagged,
    happen,
    listed,
    open_desk,
    paid,
    put,
    said,
)


def test_own_models(database_uri: str, server: SandboxServer) -> None:
    app, db = Flask("own"), SQLAlchemy()
    app.config.update(KEYS, SECRET_KEY="own", SQLALCHEMY_DATABASE_URI=database_uri)
    app.config.update(BDQUICKPAY_BASE_URL=server.base_url)

    class Deal(PaymentMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "deals"
        clerk = db.Column(db.String(20))

    class Step(PaymentEventMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "steps"

    bdquickpay = BDQuickPay(payment_model=Deal, event_model=Step)
    db.init_app(app)
    bdquickpay.init_app(app)
    Desk(allow=lambda: True).mount(app)
    shop = Shop(app, db, bdquickpay, server, None, None)
    with app.app_context():
        db.create_all()
    mine = paid(shop, clerk="Rina")
    happen(shop, mine, new_status="completed")
    client = app.test_client()
    assert "৳500.00" in client.get(URL + "/").text
    assert listed(client.get(PAYMENTS)) == [mine]
    assert client.get(f"{PAYMENTS}/{mine}").status_code == 200
    assert len(exported(client.get(f"{PAYMENTS}.csv"))) == 1
    with app.app_context():
        db.engine.dispose()


def test_app_without_an_admin(shop: Shop) -> None:
    Desk(allow=lambda: True, url="/till").mount(shop.app)
    mine = put(shop)
    assert listed(shop.client.get("/till/payments")) == [mine]
    assert "Back to" not in shop.client.get("/till/").text
    with shop.app.test_request_context():
        url = url_for("bdquickpay_desk.static", filename="desk.css")
    assert url in shop.client.get("/till/").text
    style = shop.client.get(url)
    assert style.mimetype == "text/css"
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shop.client.get("/till/static/desk.css").headers["Cache-Control"] == "public, no-cache"


def test_strict_templates_and_no_csrf_at_all(shop: Shop) -> None:
    """A host whose tests switch CSRF off, and whose Jinja refuses what is not defined."""
    client, payment = open_desk(shop), flagged(shop)
    shop.app.config["WTF_CSRF_ENABLED"] = False
    shop.app.jinja_env.undefined = StrictUndefined
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}?minimum=x", f"{PAYMENTS}/{payment.id}"):
        assert client.get(url).status_code in (200, 400)
    form = {"decision": "accept", "note": "seen", "accepted": "400.00", "step": "confirm"}
    page = client.post(f"{PAYMENTS}/{payment.id}/resolve", data=form, follow_redirects=True)
    assert "Accepted" in said(page)


@pytest.mark.thorough
def test_page_has_each_id_once(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}/{payment.id}"):
        ids = re.findall(r'\sid="([^"]+)"', desk.get(url).text)
        assert len(ids) == len(set(ids))


def test_missing_flask_admin_is_named() -> None:
    program = "import sys; sys.modules['flask_admin'] = None; import flask_bdquickpay.desk"
    assert "pip install 'Flask-BDQuickPay[admin]'" in _run(program).stderr


def test_admin_that_meets_its_app_later(shop: Shop) -> None:
    admin = Admin(name="Later")
    Desk(allow=lambda: True, url="money").mount(admin)
    admin.init_app(shop.app)
    page = shop.client.get("/admin/money/")
    assert page.status_code == 200
    assert "Back to Later" in page.text


def test_links_keep_the_mount_path(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop)
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}/{payment}"):
        text = desk.get(url, base_url="http://localhost/shop").text
        links = re.findall(r'(?:href|action)="(/[^"]*)"', text)
        assert links
        assert all(link.startswith("/shop/admin/") for link in links)


def test_money_is_in_bangla_in_a_bangla_shop(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE="bn")
    client = open_desk(shop)
    put(shop, amount=Decimal(123456))
    assert "৳১,২৩,৪৫৬.০০" in client.get(PAYMENTS).text


def test_pages_hold_no_connection(shop: Shop, desk: FlaskClient) -> None:
    for url in (URL + "/", PAYMENTS, f"{PAYMENTS}.csv", f"{PAYMENTS}/{put(shop)}"):
        desk.get(url)
        assert connections(shop) == 0


_HOST = """
import sys
if {mode!r} == "absent":
    sys.modules["flask_babel"] = None
from flask import Flask, url_for
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy
from flask_bdquickpay import BDQuickPay
from flask_bdquickpay.desk import Desk
app = Flask("host")
app.config.update(SECRET_KEY="s", SQLALCHEMY_DATABASE_URI="sqlite://", TESTING=True,
                  BDQUICKPAY_APP_KEY="a", BDQUICKPAY_SECRET_KEY="b",
                  BDQUICKPAY_PUBLIC_URL="https://shop.example")
db = SQLAlchemy(app)
bdquickpay = BDQuickPay(app)
if {mode!r} == "ready":
    from flask_babel import Babel
    Babel(app, locale_selector=lambda: "bn")
Desk(allow=lambda: True, who=lambda: "A").mount(app if {alone} else Admin(app))
with app.app_context():
    db.create_all()
    db.session.add(bdquickpay.Payment(customer_reference="R", amount=5, status="flagged"))
    db.session.commit()
client = app.test_client()
pages = ["", "?period=year", "payments", "payments?since=x&minimum=y&show=z", "payments.csv",
         "payments/1"]
print([client.get("/admin/bkash/" + page).status_code for page in pages],
      client.post("/admin/bkash/payments/1/resolve", data={{"note": "n"}}).status_code,
      "babel" in app.extensions, "flask_babel" in sys.modules and bool(sys.modules["flask_babel"]))
"""


@pytest.mark.thorough
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    ("mode", "initialised", "installed"),
    [("absent", False, False), ("raw", False, True), ("ready", True, True)],
)
def test_with_and_without_flask_babel(
    mode: str, initialised: bool, installed: bool, alone: bool
) -> None:
    pytest.importorskip("flask_babel")
    ran = _run(_HOST.format(mode=mode, alone=alone))
    wanted = f"[200, 200, 200, 400, 200, 200] 400 {initialised} {installed}\n"
    assert ran.stdout == wanted, ran.stderr


def _run(program: str) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

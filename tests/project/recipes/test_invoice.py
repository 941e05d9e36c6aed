"""The recipe "An invoice by mail"."""

from __future__ import annotations

import re
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
import segno
from flask import Flask

from .bench import Bench, database, place, value
from .test_flagged import post_office

RECIPE = "An invoice by mail"
ADDRESS = "https://shapla.example.com"


@pytest.fixture
def shop(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("FLASK_BDQUICKPAY_PUBLIC_URL", ADDRESS)
    bench.copy(RECIPE)
    return bench.load("shop")


@pytest.fixture
def app(bench: Bench, shop: ModuleType) -> Flask:
    app = bench.app(shop)
    place(app, shop, "SHAPLA-7")
    return app


def sent(bench: Bench, app: Flask, shop: ModuleType, name: str = "Nazma & <Rahim>") -> EmailMessage:
    """The mail as it reaches the customer."""
    recipe = bench.load("invoice")
    with post_office() as (server, mails), app.app_context():
        app.config["MAIL_SERVER"] = server
        order = database(app).session.scalars(database(app).select(shop.Order)).one()
        recipe.send(recipe.invoice(order, name, "nazma@example.com"))
    (text,) = mails
    mail = message_from_string(text, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> Any:
    (found,) = [one for one in mail.walk() if one.get_content_type() == kind]
    return found


def link_in(text: str) -> str:
    (url,) = set(re.findall(rf"{ADDRESS}/bdquickpay/pay/[\w.-]+", text))
    return str(url)


def test_mail_has_its_three_parts(bench: Bench, app: Flask, shop: ModuleType) -> None:
    mail = sent(bench, app, shop)
    kinds = [one.get_content_type() for one in mail.walk()]
    related = ["multipart/related", "text/html", "image/png"]
    assert kinds == ["multipart/alternative", "text/plain", *related]
    assert mail["Subject"] == "Invoice for your order SHAPLA-7: 500.00 taka"
    plain, html = (part(mail, f"text/{kind}").get_content() for kind in ("plain", "html"))
    assert "Dear Nazma & <Rahim>," in plain
    assert "Dear Nazma &amp; &lt;Rahim&gt;," in html
    assert link_in(plain) == link_in(html)


def test_code_is_an_attachment_that_the_text_shows(
    bench: Bench, app: Flask, shop: ModuleType
) -> None:
    mail = sent(bench, app, shop)
    html, code = part(mail, "text/html").get_content(), part(mail, "image/png")
    (shown,) = re.findall(r'<img src="cid:([^"]+)" alt="[^"]+"', html)
    assert code["Content-ID"] == f"<{shown}>"
    assert code.get_content_disposition() == "inline"
    without_links = re.sub(r'href="[^"]+"', "", html)
    assert "http" not in without_links  # no server is asked for anything
    wanted = BytesIO()
    segno.make_qr(link_in(html), error="m").save(wanted, kind="png", scale=6)
    assert code.get_content() == wanted.getvalue()


def test_link_in_the_mail_is_paid(bench: Bench, app: Flask, shop: ModuleType) -> None:
    url = link_in(part(sent(bench, app, shop), "text/plain").get_content())
    path, customer = urlsplit(url).path, app.test_client(use_cookies=False)
    for _ in range(3):  # the scanners of mail
        assert customer.head(path).status_code == 200
    assert bench.gateway.requests == []
    assert customer.post(path, data={"amount": "500.00"}).status_code == 303
    bench.gateway.pay(value(app, shop.bdquickpay.Payment.invoice_id))
    assert value(app, shop.Order.status) == "paid"

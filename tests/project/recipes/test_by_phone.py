"""The recipe "An order taken by phone"."""

from __future__ import annotations

import re
import shlex
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from .bench import Bench, database, lines, place, run, value

RECIPE = "An order taken by phone"
REFERENCE = "8f3a61c09be2d754"  # as the README's shop makes them


def settings() -> dict[str, str]:
    (*pairs,) = shlex.split(" ".join(lines(RECIPE, "shop.env")))
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.fixture
def shop(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name, text in settings().items():
        monkeypatch.setenv(name, text)
    bench.copy(RECIPE)
    return bench.load("shop")


@pytest.fixture
def app(bench: Bench, shop: ModuleType) -> Flask:
    app = bench.app(shop)
    place(app, shop, REFERENCE)
    return app


def message(bench: Bench, app: Flask, shop: ModuleType, **options: Any) -> str:
    sms = bench.load("sms")
    with app.app_context():
        order = database(app).session.scalars(database(app).select(shop.Order)).one()
        return str(sms.message(order, **options))


def path(text: str) -> str:
    found = re.search(r"https://\S+$", text)
    assert found is not None, text
    assert found[0].startswith(f"{settings()['FLASK_BDQUICKPAY_PUBLIC_URL']}/b/pay/")
    return urlsplit(found[0]).path


def press(app: Flask, path: str) -> Any:
    customer = app.test_client(use_cookies=False)
    page = customer.get(path)
    assert "শাপলা স্টোর" in page.text
    assert "https://wa.me/8801712345678" in page.text
    amount = re.search(r'name="amount" value="([^"]+)"', page.text)
    assert amount is not None
    return customer.post(path, data={"amount": amount[1]})


def test_link_from_the_message_is_paid(bench: Bench, app: Flask, shop: ModuleType) -> None:
    assert press(app, path(message(bench, app, shop))).status_code == 303
    payment = value(app, shop.bdquickpay.Payment.invoice_id)
    assert value(app, shop.bdquickpay.Payment.channel) == "link"
    bench.gateway.pay(payment)
    assert value(app, shop.Order.status) == "paid"


@pytest.mark.thorough
def test_link_of_the_command_line_is_paid(bench: Bench, app: Flask) -> None:
    (command,) = lines(RECIPE, "terminal")
    done = run(bench, command.replace("REFERENCE", REFERENCE), **settings())
    assert done.returncode == 0, done.stderr
    url, *code = done.stdout.splitlines()
    assert len(code) > 15
    assert press(app, path(url)).status_code == 303


def test_message_has_as_many_parts_as_is_said(bench: Bench, app: Flask, shop: ModuleType) -> None:
    sms = bench.load("sms")
    link = message(bench, app, shop).rpartition(" ")[2]
    assert 70 <= len(link) <= 90
    assert sms.parts(message(bench, app, shop, language="en")) == 1
    assert sms.parts(message(bench, app, shop)) == 2
    ordinary = f"আসসালামু আলাইকুম। শাপলা স্টোরে আপনার অর্ডারের জন্য বিকাশে টাকা দিন: {link}"
    assert sms.parts(ordinary) == 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
     ("ক" * 70, 1), ("ক" * 71, 2), ("ক" * 134, 2), ("ক" * 135, 3), ("a" * 70 + "৳", 2),
     ("🫖" * 35, 1), ("🫖" * 36, 2)],
)  # fmt: skip
def test_parts_are_those_of_the_standard(bench: Bench, app: Flask, text: str, parts: int) -> None:
    assert bench.load("sms").parts(text) == parts

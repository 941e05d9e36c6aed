"""A customer who has nothing but a payment link."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_bdquickpay import PaymentRequest

from ..shop import Shop

FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Buyer:
    """Opens a link in a browser that keeps no cookies, and presses what is there to be pressed."""

    def __init__(self, shop: Shop, url: str, client: FlaskClient | None = None) -> None:
        self.path = urlsplit(url).path
        self.client = client or shop.app.test_client(use_cookies=False)

    def open(self, method: str = "GET", **options: Any) -> TestResponse:
        return self.client.open(self.path, method=method, **options)

    def press(self, page: TestResponse | None = None, **options: Any) -> TestResponse:
        """Press the button of a page that was opened before, or now."""
        page = page or self.open()
        fields = dict(FIELD.findall(page.text))
        assert fields, page.text
        return self.post(fields, **options)

    def post(self, fields: dict[str, str], **options: Any) -> TestResponse:
        return self.client.post(self.path, data=fields, **options)


def link_of(shop: Shop, reference: str, **options: Any) -> str:
    with shop.app.test_request_context():
        return shop.bdquickpay.pay_link(reference, **options)


def buyer(shop: Shop, reference: str, client: FlaskClient | None = None) -> Buyer:
    return Buyer(shop, link_of(shop, reference), client)


def costs(
    shop: Shop, amount: str, label: str | None = None, lines: Iterable[Any] | None = None
) -> None:
    """Let every order cost the same from now on."""
    request = PaymentRequest(Decimal(amount), label=label, lines=lines)
    shop.bdquickpay.order_loader(lambda reference: request)


def words(page: TestResponse) -> str:
    """What a page says, without its tags."""
    body = page.text.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

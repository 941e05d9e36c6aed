"""Customers of the example shop, and what the shop keeps."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from example_shop.models import Product, db
from example_shop.payments import bdquickpay

ADDRESS = {
    "name": "Nazma Akter",
    "phone": "+880 1712-345678",
    "email": "Nazma@Example.com",
    "address": "House 12, Dhanmondi",
    "district": "Dhaka",
}


@dataclass
class Customer:
    """Somebody with a browser."""

    client: FlaskClient
    #: The address of the order placed last.
    order: str = ""

    def get(self, url: str) -> TestResponse:
        return self.client.get(url)

    def press(self, page: str, action: str, **fields: str) -> TestResponse:
        """Fill in the form of a page that leads to `action`, and send it."""
        html = self.get(page).text
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.DOTALL)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form[0] if form else html)
        assert token is not None, html
        return self.client.post(action, data={"csrf_token": token[1]} | fields)

    def add(self, slug: str) -> TestResponse:
        return self.press(f"/products/{slug}", f"/cart/add/{slug}")

    def check_out(self, **fields: str) -> TestResponse:
        return self.press("/checkout", "/checkout", **ADDRESS | fields)

    def place(self, *slugs: str) -> str:
        """Order one piece of each."""
        for slug in slugs:
            self.add(slug)
        self.order = self.check_out().location
        return self.order

    def pay(self) -> str:
        """Press the button on the order's page; returns where it leads."""
        reference = self.order.rpartition("/")[2]
        answer = self.press(self.order, f"/bdquickpay/checkout/{reference}")
        assert answer.status_code == 303, answer.text
        return answer.location

    @property
    def page(self) -> str:
        """The order's page, as text."""
        answer = self.get(self.order)
        assert answer.status_code == 200
        return text(answer)

    @property
    def can_pay(self) -> bool:
        """Whether the order's page has a button to pay."""
        reference = self.order.rpartition("/")[2]
        return f'action="/bdquickpay/checkout/{reference}"' in self.get(self.order).text

    @property
    def heading(self) -> str:
        html = self.get(self.order).text
        found = re.search(r"<h1[^>]*>(.*?)</h1>", html)
        assert found is not None, html
        return unescape(found[1])


def text(answer: TestResponse) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", answer.text))


@dataclass
class Store:
    """The shop, and what its database and its outbox hold."""

    app: Flask
    folder: Path
    customers: list[Customer] = field(default_factory=list)

    def customer(self) -> Customer:
        return Customer(self.app.test_client())

    def payments(self) -> list[Any]:
        """All of them, the oldest first, read anew."""
        with self.app.app_context():
            model = bdquickpay.Payment
            return list(db.session.scalars(sa.select(model).order_by(model.id)))

    def stock(self, slug: str) -> int:
        with self.app.app_context():
            return db.session.scalars(sa.select(Product.stock).where(Product.slug == slug)).one()

    def sms(self) -> list[str]:
        self._wait_for_the_courier()
        return [file.read_text("utf-8") for file in sorted(self.folder.glob("outbox/*.sms"))]

    def mails(self) -> list[str]:
        self._wait_for_the_courier()
        return [file.read_text("utf-8") for file in sorted(self.folder.glob("outbox/*.eml"))]

    def _wait_for_the_courier(self) -> None:
        """Until a thread of the shop's own has told of all that happened."""
        event = bdquickpay.PaymentEvent
        due = sa.select(sa.func.count()).where(event.deliver_after.is_not(None))
        end = time.monotonic() + 20
        with self.app.app_context():
            while db.session.scalar(due):
                assert time.monotonic() < end, "the courier is held up"
                db.session.rollback()
                time.sleep(0.02)

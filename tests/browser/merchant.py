"""The merchant's desk of a shop that has sold for some weeks, and a way through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask_admin import Admin
from playwright.sync_api import Page

from flask_bdquickpay import PaymentRequest
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.desk import Desk
from flask_bdquickpay.shop import ShopDetails
from flask_bdquickpay.web.language import DHAKA

from .stage import PlainShop, plain

#: What was sold: the order, its total, and so many days ago.
SOLD = [
    (f"ORDER-{1030 + number}", Decimal(total), days)
    for number, (total, days) in enumerate(
        [
            *(("640", 27), ("2450", 24), ("1250.50", 21), ("980", 21), ("3100", 18)),
            *(("450", 15), ("1250.50", 12), ("2200", 9), ("680", 6), ("1900", 3), ("850", 1)),
        ]
    )
]
TOTALS = {reference: total for reference, total, _ in SOLD}
HEADINGS = "Date,Trx ID,Type,Amount,Charge"


@contextmanager
def merchant(folder: Path, lang: str) -> Iterator[PlainShop]:
    """A shop with paid, flagged, rejected and partly refunded payments.

    :param lang: that of the desk.
    """
    with plain(folder, lang) as shop:
        usual = Decimal("1250.50")
        shop.extension.order_loader(lambda ref: PaymentRequest(TOTALS.get(ref, usual)))
        show_shop(shop)
        desk = Desk(
            allow=lambda: True,
            who=lambda: "Ayesha",
            search=("phone",),
            order_url=lambda payment: f"/orders/{payment.customer_reference}",
        )
        desk.mount(Admin(shop.app, name="Shapla Store"))
        for reference, _, days in SOLD:
            pay(shop, reference, days)
        pay(shop, "ORDER-1045", 4, amount=1050, completes=True)
        reject(shop)
        pay(shop, "ORDER-1047", 2, amount=1300, completes=True)
        pay(shop, "ORDER-1046", 0, amount=1050, completes=True)
        yield shop


def show_shop(shop: PlainShop) -> None:
    """Give the shop its name, and mark its money as play money: it is the sandbox's."""
    state = shop.app.extensions["bdquickpay"]
    settings = replace(state.settings, shop=ShopDetails(name="Shapla Store"), sandbox=True)
    shop.app.extensions["bdquickpay"] = replace(state, settings=settings)


def pay(shop: PlainShop, reference: str, days: int, **how: Any) -> None:
    """Have an order paid, some days ago."""
    with shop.app.test_request_context(base_url=shop.url):
        payment = shop.extension.start(reference)
        shop.server.sandbox.pay(payment.invoice_id, webhook=False, **how)
        shop.extension.confirm(payment)
        moment = utcnow() - timedelta(days=days, minutes=5)
        model, session = shop.extension.Payment, shop.app.extensions["sqlalchemy"].session
        times = {"created_at": moment, "verified_at": moment + timedelta(seconds=95)}
        session.execute(sa.update(model).where(model.id == payment.id).values(**times))
        session.commit()


def reject(shop: PlainShop) -> None:
    with shop.app.app_context():
        state = shop.app.extensions["bdquickpay"]
        seen = state.store.found(shop.newest().id)
        state.resolution.resolve(seen, accept=False, note="too little", actor="Ayesha")


def merchant_tour(page: Page, shop: PlainShop) -> Iterator[str]:
    """What the pages for clerks and accountants show."""
    url = f"{shop.url}/admin/bkash"
    page.goto(f"{url}/payments/{shop.newest().id}")
    yield "flagged"
    yield from _decision(page)
    yield from _refund(page, url)
    page.goto(f"{url}/")
    yield "dashboard"
    page.locator("summary").last.click()
    yield "dashboard-figures"
    page.goto(f"{url}/payments")
    yield "list"
    page.goto(f"{url}/payments?minimum=many&since=2026-11-01")
    yield "list-wrong"
    page.goto(f"{url}/payments/9999")
    yield "missing"
    page.goto(f"{url}/link?reference=ORDER-2051&days=7")
    yield "link"
    page.locator("a[href*='/link/card/']").click()
    page.locator("main svg").wait_for()
    yield "card"
    yield from _books(page, shop, url)


def _decision(page: Page) -> Iterator[str]:
    """The newest flagged payment is given back."""
    page.locator("input[value=reject]").check()
    page.locator("input[name=sent]").check()
    page.fill("#refund_trx_id", "9KL3MNOP11")
    page.fill("#note", "called the customer: wrong amount typed")
    yield "flagged-filled"
    page.locator("button[value=check]").click()
    page.locator("button[value=confirm]").wait_for()
    yield "decide"
    page.locator("button[value=confirm]").click()
    page.locator("#refunds").wait_for()
    yield "decided"


def _refund(page: Page, url: str) -> Iterator[str]:
    page.goto(f"{url}/payments/9/refunds/new")
    page.fill("#amount", "200")
    page.fill("#trx_id", "9KL3MNOP12")
    page.fill("#reason", "one cup was broken")
    page.fill("#note", "photo in the chat, agreed by phone")
    yield "refund"
    page.locator("button[value=check]").click()
    page.locator("button[value=confirm]").wait_for()
    yield "refund-confirm"
    page.locator("button[value=confirm]").click()
    page.locator("#refunds").wait_for()
    yield "refunded"


def _books(page: Page, shop: PlainShop, url: str) -> Iterator[str]:
    page.goto(f"{url}/books")
    page.locator(".periods a").last.click()
    yield "books"
    file: Any = {"name": "statement.csv", "mimeType": "text/csv", "buffer": statement(shop)}
    page.set_input_files("#file", file)
    page.locator("form[enctype] .button").first.click()
    page.locator("#apply").wait_for()
    yield "statement"


def statement(shop: PlainShop) -> bytes:
    """What the provider says: one amount differs, and it knows of one more."""
    model = shop.extension.Payment
    with shop.app.app_context():
        session = shop.app.extensions["sqlalchemy"].session
        paid = session.scalars(sa.select(model).where(model.status == "completed")).all()
        lines = [_line(one.verified_at, one.trx_id, one.received_amount) for one in paid]
        lines[2] = _line(paid[2].verified_at, paid[2].trx_id, Decimal(1250))
        lines.append(_line(utcnow(), "8HJ2XKPQ91", Decimal(500)))
    return "\n".join([HEADINGS, *lines]).encode()


def _line(moment: datetime, trx_id: str, amount: Decimal) -> str:
    when = moment.astimezone(DHAKA)
    return f"{when:%Y-%m-%d %H:%M:%S},{trx_id},Payment,{amount},{amount / 54:.2f}"

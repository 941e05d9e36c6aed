"""Each state of the desk's pages: axe finds nothing, and nothing is cut off on a small phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("flask_admin", reason="needs Flask-Admin")
pytest.importorskip("playwright.sync_api", reason="needs playwright")

from flask_admin import Admin
from playwright.sync_api import Browser, Page, sync_playwright

from flask_bdquickpay.desk import Desk

from ..browser.axe import script, violations
from ..browser.chromium import DESKTOP, EXECUTABLE, MISSING, launch, overflow, visit
from ..browser.stage import served
from ..databases import on_sqlite
from ..payments.test_refunds import paid
from ..payments.test_statement import line
from ..shop import Shop
from ..unserved import owed, refused
from .test_books import csv_of
from .test_timeline import lengthen
from .visits import flagged

pytestmark = [
    pytest.mark.skipif(EXECUTABLE is None, reason=MISSING),
    pytest.mark.timeout(300),  # a long way round, with axe at each stop
]
TINY = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


def tour(page: Page, shop: Shop, url: str) -> Iterator[str]:
    """Go to every state; ends at each."""
    page.goto(f"{url}/")
    yield "nothing needs attention"
    made = {"flagged": flagged(shop), "refused": refused(shop), "owed": owed(shop)}
    made["old"] = flagged(shop)
    shop.change(made["old"], received_amount=None)
    made["unanswered"] = unanswered(shop)
    made["long"] = shop.started()
    lengthen(shop, made["long"].id, 60)
    for name, path in {"dashboard": "/", "list": "/payments", "none": "/payments?q=x"}.items():
        page.goto(url + path)
        yield name
    for name, payment in made.items():
        page.goto(f"{url}/payments/{payment.id}")
        for summary in page.locator("summary").all():
            summary.click()
        yield name
    page.goto(f"{url}/payments/{made['flagged'].id}")
    page.get_by_label("Why?").fill("seen")
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Tick the amount that you accept.").wait_for()
    yield "not ticked"
    page.get_by_label("Why?").fill("seen")
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("Rejected for good.").wait_for()
    yield "rejected"
    yield from refund_tour(page)
    yield from link_tour(page, f"{url}/link", shop.order())
    yield from book_tour(page, shop, f"{url}/books")


def link_tour(page: Page, url: str, reference: str) -> Iterator[str]:
    """A payment link: asked for, refused, made and printed."""
    page.goto(url)
    yield "link"
    page.goto(f"{url}?reference=a//b")
    yield "link refused"
    page.goto(f"{url}?reference={reference}&days=7")
    page.get_by_role("button", name="Copy the link").wait_for()
    yield "link made"
    page.get_by_role("link", name="Card to print").click()
    page.get_by_role("button", name="Print").wait_for()
    yield "card"


def book_tour(page: Page, shop: Shop, url: str) -> Iterator[str]:
    """The ledger, and a statement in both steps."""
    page.goto(f"{url}?since=2026-01-01&until=2099-12-31")
    for summary in page.locator("summary").all():
        summary.click()
    yield "books"
    upload(page, b"no\ntable\n")
    page.get_by_role("button", name="Check it").click()
    page.get_by_role("alert").wait_for()
    yield "no statement"
    good = paid(shop)
    upload(page, csv_of(line(good), line(good, "77", "UNKNOWN77"), line(good, "x", "BAD1")))
    page.get_by_role("button", name="Check it").click()
    page.get_by_text("Exceptions:").wait_for()
    page.get_by_text("Read it another way").click()
    yield "exceptions"


def upload(page: Page, content: bytes) -> None:
    file: Any = {"name": "march.csv", "mimeType": "text/csv", "buffer": content}
    page.get_by_label("Statement (CSV").set_input_files(file)


def refund_tour(page: Page) -> Iterator[str]:
    """From a payment of which money can go back."""
    page.get_by_role("link", name="Record a refund").click()
    yield "refund"
    page.get_by_label("Amount sent back").fill("9000")
    page.get_by_label("Transaction ID").fill("SENT1")
    page.get_by_label("Why?").fill("the wrong amount\nwas paid")
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("That is more than remains").wait_for()
    yield "refund too large"
    page.get_by_label("Amount sent back").fill("150")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Yes, record").wait_for()
    yield "refund confirmed"
    page.get_by_role("button", name="Yes, record").click()
    page.get_by_role("link", name="Void refund").click()
    yield "void"
    page.get_by_label("Why?").fill("entered twice")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Yes, void").wait_for()
    yield "void confirmed"
    page.get_by_role("button", name="Yes, void").click()
    page.get_by_text("Void: refund").wait_for()
    yield "voided"


def unanswered(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.fault("500", "verify", None)
    shop.success(payment)
    shop.gateway.clear_faults()
    return payment


@pytest.mark.thorough
@on_sqlite
@pytest.mark.parametrize("viewport", [TINY, DESKTOP], ids=["phone", "desktop"])
def test_every_state_of_the_desk(shop: Shop, chromium: Browser, viewport: Any) -> None:
    Desk(allow=lambda: True, who=lambda: "Ayesha").mount(Admin(shop.app, name="Shop"))
    axe = script()
    with served(shop.app) as address, visit(chromium, viewport=viewport) as page:
        stops = tour(page, shop, f"{address}/admin/bkash")
        found = {stop: (violations(page, axe), overflow(page)) for stop in stops}
    assert {stop: result for stop, result in found.items() if result != ([], 0)} == {}
    assert len(found) == 25

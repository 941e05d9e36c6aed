"""Each state of the desk's pages: axe finds nothing, and nothing is cut off on a small phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
    yield "first steps"
    paid(shop)
    page.goto(f"{url}/")
    yield "nothing needs attention"
    made = {"flagged": flagged(shop), "refused": refused(shop), "owed": owed(shop)}
    made["old"] = flagged(shop)
    shop.change(made["old"], received_amount=None)
    made["unanswered"] = unanswered(shop)
    made["long"] = shop.started()
    lengthen(shop, made["long"].id, 60)
    lists = {"list": "/payments", "none": "/payments?q=x", "wrong": "/payments?minimum=x"}
    for name, path in ({"dashboard": "/", "missing": "/payments/999"} | lists).items():
        page.goto(url + path)
        yield name
    for name, payment in made.items():
        page.goto(f"{url}/payments/{payment.id}")
        for summary in page.locator("summary").all():
            summary.click()
        yield name
    page.goto(f"{url}/payments/{made['flagged'].id}")
    yield from decision_tour(page)
    yield from refund_tour(page)
    yield from link_tour(page, f"{url}/link", shop.order())
    yield from book_tour(page, shop, f"{url}/books")


def decision_tour(page: Page) -> Iterator[str]:
    """From a flagged payment to one that is given back."""
    page.locator("#note").fill("seen")
    page.locator("#message").fill("thank you")
    page.locator("input[value=accept]").check()
    page.locator("button[value=check]").click()
    page.locator("#message-error").wait_for()
    yield "does not go together"
    page.locator("#message").fill("")
    page.locator("button[value=check]").click()
    page.locator("input[name=accepted]").wait_for()
    yield "keep?"
    page.locator("form.card").evaluate("form => form.noValidate = true")
    page.locator("button[value=confirm]").click()
    page.locator("#accepted-error").wait_for()
    yield "not ticked"
    page.locator("button[value=ask]").click()
    page.locator("input[value=reject]").check()
    page.locator("button[value=check]").click()
    page.locator("button.bad[value=confirm]").wait_for()
    yield "give back?"
    page.locator("button[value=confirm]").click()
    page.locator("#refunds").wait_for()
    yield "rejected"


def link_tour(page: Page, url: str, reference: str) -> Iterator[str]:
    """A payment link: asked for, refused, made and printed."""
    page.goto(url)
    yield "link"
    page.goto(f"{url}?reference=a//b")
    yield "link refused"
    page.goto(f"{url}?reference={reference}&days=7")
    page.locator("button[data-copy]").wait_for()
    yield "link made"
    page.locator("a[href*='/link/card/']").click()
    page.locator("button[data-print]").wait_for()
    yield "card"


def book_tour(page: Page, shop: Shop, url: str) -> Iterator[str]:
    """The ledger, and a statement in both steps."""
    page.goto(f"{url}?since=2026-01-01&until=2099-12-31")
    for summary in page.locator("summary").all():
        summary.click()
    yield "books"
    upload(page, b"no\ntable\n")
    check(page)
    page.get_by_role("alert").wait_for()
    yield "no statement"
    good = paid(shop)
    upload(page, csv_of(line(good), line(good, "77", "UNKNOWN77"), line(good, "x", "BAD1")))
    check(page)
    page.locator("#exceptions").wait_for()
    page.locator("#read ~ details summary").first.click()
    yield "exceptions"


def check(page: Page) -> None:
    page.locator("form[enctype] button").first.click()


def upload(page: Page, content: bytes) -> None:
    file: Any = {"name": "march.csv", "mimeType": "text/csv", "buffer": content}
    page.locator("#file").set_input_files(file)


def refund_tour(page: Page) -> Iterator[str]:
    """From a payment of which money can go back."""
    page.locator("a[href$='/refunds/new']").click()
    yield "refund"
    page.locator("#amount").fill("9000")
    page.locator("#trx_id").fill("SENT1")
    page.locator("#note").fill("the wrong amount\nwas paid")
    page.locator("button[value=check]").click()
    page.locator("#amount-error").wait_for()
    yield "refund too large"
    page.locator("#amount").fill("150")
    page.locator("button[value=check]").click()
    page.locator("button[value=confirm]").wait_for()
    yield "refund confirmed"
    page.locator("button[value=confirm]").click()
    page.locator("a[href$='/void']").click()
    yield "void"
    page.locator("#note").fill("entered twice")
    page.locator("button[value=check]").click()
    page.locator("button[value=confirm]").wait_for()
    yield "void confirmed"
    page.locator("button[value=confirm]").click()
    page.locator(".status-void").wait_for()
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
@pytest.mark.parametrize("lang", ["en", "bn"])
def test_every_state_of_the_desk(shop: Shop, chromium: Browser, viewport: Any, lang: str) -> None:
    Desk(allow=lambda: True, who=lambda: "Ayesha").mount(Admin(shop.app, name="Shop"))
    state = shop.app.extensions["bdquickpay"]
    settings = replace(state.settings, sandbox=True)  # for the strip above the page
    shop.app.extensions["bdquickpay"] = replace(state, settings=settings)
    axe = script()
    with served(shop.app) as address, visit(chromium, viewport=viewport) as page:
        page.goto(f"{address}/admin/bkash/?lang={lang}")
        stops = tour(page, shop, f"{address}/admin/bkash")
        found = {stop: (violations(page, axe), overflow(page)) for stop in stops}
    assert {stop: result for stop, result in found.items() if result != ([], 0)} == {}
    assert len(found) == 31

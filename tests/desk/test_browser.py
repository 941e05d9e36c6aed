"""The merchant's desk in a real browser, under its strict Content Security Policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("flask_admin", reason="needs Flask-Admin")
pytest.importorskip("playwright.sync_api", reason="needs playwright")

from flask_admin import Admin
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flask_bdquickpay import PaymentRequest
from flask_bdquickpay.desk import Desk

from ..browser.chromium import DESKTOP, EXECUTABLE, MISSING, launch, overflow, visit
from ..browser.stage import served
from ..payments.test_statement import line
from ..shop import Shop
from .test_books import csv_of

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason=MISSING)
#: In points.
A6 = [(b"298", b"420")]
#: As narrow as a phone gets.
TINY = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture
def url(shop: Shop) -> Iterator[str]:
    """The address of the desk of a shop with a paid and a flagged payment."""
    Desk(allow=lambda: True, who=lambda: "Ayesha").mount(Admin(shop.app, name="Shop"))
    with served(shop.app) as address:
        pay(shop, "1250.50")
        pay(shop, "500", amount=400, completes=True)
        yield f"{address}/admin/bkash"


def pay(shop: Shop, total: str, **how: Any) -> Any:
    payment = shop.started(total)
    shop.gateway.pay(payment, webhook=False, **how)
    shop.success(payment)
    return payment


@pytest.mark.thorough
def test_flagged_payment_is_found_and_decided(shop: Shop, url: str, chromium: Browser) -> None:
    with visit(chromium) as page:
        page.goto(f"{url}/")
        page.get_by_role("link", name="Flagged payments: 1").click()
        (flagged,) = [found for found in shop.payments() if found.status == "flagged"]
        page.get_by_role("link", name=flagged.customer_reference, exact=True).click()
        page.get_by_label("Keep the money: the order counts as paid").check()
        go_on = page.get_by_role("button", name="Go on…")
        go_on.click()
        expect(go_on).to_be_visible()  # the browser asks for the note first
        page.get_by_label("Note for your team").first.fill("seen in the bKash statement")
        go_on.click()
        page.get_by_label("I accept ৳400.00 for the ৳500.00 that the order costs").check()
        page.get_by_role("button", name="Yes, keep the money").dblclick()
        expect(page.get_by_text("Accepted: the order counts as paid.")).to_be_visible()
        expect(page.get_by_text("This desk, Ayesha")).to_be_visible()
    assert shop.payment(flagged).is_paid


@pytest.mark.thorough
def test_list_is_searched_with_the_keyboard(shop: Shop, url: str, chromium: Browser) -> None:
    reference = shop.payments()[0].customer_reference
    with visit(chromium, viewport=DESKTOP) as page:
        page.goto(f"{url}/payments")
        page.get_by_label("Search", exact=True).press_sequentially(reference)
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody tr")).to_contain_text("৳1,250.50")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as CSV").click()
        assert re.fullmatch(
            r"payments-\d{4}-\d\d-\d\d-\d{4}\.csv", download.value.suggested_filename
        )


@pytest.mark.thorough
def test_refund_is_recorded_once_however_often_it_is_clicked(
    shop: Shop, url: str, chromium: Browser
) -> None:
    payment = shop.payments()[0]
    with visit(chromium) as page:
        page.goto(f"{url}/payments/{payment.id}")
        page.get_by_role("link", name="Record a refund").click()
        expect(page.get_by_label("Amount sent back")).to_have_value("1250.50")
        page.get_by_label("Amount sent back").fill("200")
        page.get_by_label("Transaction ID").fill("SENT1")
        page.get_by_label("Why?").fill("one cup was broken")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Yes, record ৳200.00").dblclick()
        expect(page.get_by_role("status")).to_have_text(re.compile(r"Recorded: refund \d+ of ৳200"))
        expect(page.get_by_text("Refunded ৳200 of ৳1,250.50")).to_be_visible()
        expect(page.locator(".entries li")).to_have_count(1)
    assert shop.payment(payment).refunded_amount == 200


@pytest.mark.thorough
def test_statement_is_looked_at_and_then_applied(shop: Shop, url: str, chromium: Browser) -> None:
    payment = shop.payments()[0]
    content = csv_of(line(payment))
    file: Any = {"name": "march.csv", "mimeType": "text/csv", "buffer": content}
    with visit(chromium, viewport=DESKTOP) as page:
        page.goto(f"{url}/")
        page.get_by_role("link", name="Books").click()
        page.get_by_label("Statement (CSV").set_input_files(file)
        page.get_by_role("button", name="Check it").click()
        expect(page.get_by_text("Paid here, not in the statement")).to_have_count(0)
        page.get_by_label("The same file again").set_input_files(file)
        page.get_by_label("I have looked at").check()
        page.get_by_role("button", name="Mark 1 as cleared").click()
        expect(page.get_by_role("status")).to_contain_text("Cleared: 1 payments and refunds.")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download for Excel").click()
        assert re.fullmatch(r"ledger(-\d{4}-\d\d-\d\d){2}\.csv", download.value.suggested_filename)
    assert shop.payment(payment).cleared_at is not None


@pytest.fixture
def card(shop: Shop, url: str) -> str:
    """The address of the page with a link, from which the card is reached."""
    long = PaymentRequest("1250.50", label="চা ও মধু " * 8 + "১২৩৪৫৬")
    shop.bdquickpay.order_loader(lambda reference: long)
    return f"{url}/link?reference={'SHAPLA-' * 20}7"


def test_link_is_copied(card: str, chromium: Browser) -> None:
    granted = ["clipboard-read", "clipboard-write"]
    with visit(chromium, permissions=granted) as page:
        page.goto(card)
        page.get_by_role("button", name="Copy the link").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        expect(page.get_by_role("status")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.get_by_label("Link", exact=True).input_value()
        assert "/bdquickpay/pay/" in copied


def test_link_is_made_and_selected_without_a_script(
    shop: Shop, url: str, chromium: Browser
) -> None:
    shop.bdquickpay.order_loader(lambda reference: PaymentRequest(500))
    with visit(chromium, java_script_enabled=False) as page:
        page.goto(f"{url}/link")
        page.get_by_label("Order", exact=True).fill("SHAPLA-7")
        page.get_by_label("Good for").select_option("7 days")
        page.get_by_role("button", name="Make the link").click()
        expect(page.get_by_role("button", name="Copy the link")).to_be_hidden()
        link = page.get_by_label("Link", exact=True)
        expect(link).to_be_editable(editable=False)
        expect(page.get_by_role("link", name="Open")).to_have_attribute("href", link.input_value())
        page.get_by_role("link", name="Card to print").click()
        expect(page.get_by_role("button", name="Print")).to_be_hidden()


def test_card_is_one_page_of_a6(card: str, chromium: Browser) -> None:
    with visit(chromium) as page:
        page.goto(card)
        page.get_by_role("link", name="Card to print").click()
        page.wait_for_url("**/link/card/**")  # with its style sheet
        printed = page.pdf(prefer_css_page_size=True)
        assert re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)[.\d]*\]", printed) == A6
        page.emulate_media(media="print")
        expect(page.get_by_role("link", name="Back")).to_be_hidden()
        outside = """main => [...main.children].filter(it => {
            const [inner, outer] = [it, main].map(one => one.getBoundingClientRect());
            return inner.top < outer.top || inner.bottom > outer.bottom
                || inner.left < outer.left || inner.right > outer.right;
        }).map(it => it.outerHTML)"""
        page.set_viewport_size({"width": 397, "height": 560})  # A6 in CSS pixels
        assert page.locator("main").evaluate(outside) == []
        code = page.get_by_role("img").bounding_box()
        assert code is not None
        assert code["width"] == pytest.approx(code["height"], abs=1)
        assert code["width"] > 130  # 35 mm


@pytest.mark.thorough
@pytest.mark.parametrize(
    "path", ["/", "/?period=year", "/payments", "/payments/1", "/payments/2", "/books", "/link"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_small_phone(url: str, chromium: Browser, path: str, scheme: str) -> None:
    with visit(chromium, viewport=TINY, color_scheme=scheme) as page:
        page.goto(url + path)
        for summary in page.locator("summary").all():
            summary.click()
        assert overflow(page) == 0
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert names_missing(page) == []


def names_missing(page: Page) -> list[str]:
    """What can be used or seen but has no name for who does not see it."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input, select, textarea, svg[role]")]
        .filter(it => it.type !== "hidden" && !(it.textContent.trim() || it.labels?.length
            || document.getElementById(it.getAttribute("aria-labelledby"))?.textContent.trim()))
        .map(it => it.outerHTML)"""
    )
    return found


@pytest.mark.thorough
def test_columns_are_drawn_to_scale(url: str, chromium: Browser) -> None:
    with visit(chromium, viewport=DESKTOP) as page:
        page.goto(f"{url}/")
        bars = page.locator("svg.columns").first.locator(".bar")
        heights = [(bar.bounding_box() or {"height": 0})["height"] for bar in bars.all()]
        assert len(heights) == 30
        assert heights[-1] > 80  # today: 1,250.50 of the chart's 1,500
        assert not any(heights[:-1])
        colour = bars.last.evaluate("bar => getComputedStyle(bar).fill")
        assert colour == "rgb(192, 15, 92)"  # the style sheet was not refused


def test_refused_visitor_sees_nothing(shop: Shop, chromium: Browser) -> None:
    Desk(allow=lambda: False).mount(shop.app)
    with served(shop.app) as address, visit(chromium) as page:
        answer = page.goto(f"{address}/admin/bkash/payments")
        assert answer is not None
        assert answer.status == 403


def test_shop_under_a_strict_policy_of_its_own(shop: Shop, chromium: Browser) -> None:
    Desk(allow=lambda: True).mount(shop.app)
    shop.app.after_request(_strict)
    with served(shop.app) as address, visit(chromium) as page:
        page.goto(f"{address}/admin/bkash/")  # `visit` fails on what the policy refuses
        expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")


@pytest.mark.thorough
def test_value_of_a_column_is_read_and_followed_with_the_keyboard(
    url: str, chromium: Browser
) -> None:
    with visit(chromium, viewport=DESKTOP) as page:
        page.goto(f"{url}/")
        today = page.locator("svg.columns").first.locator("a").last
        value = today.locator(".value")
        expect(value).to_have_css("opacity", "0")
        today.focus()
        expect(value).to_have_css("opacity", "1")
        expect(value).to_have_text("৳1,250.50")
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.thorough
def test_transaction_id_is_copied(shop: Shop, url: str, chromium: Browser) -> None:
    granted = ["clipboard-read", "clipboard-write"]
    payment = shop.payments()[0]
    with visit(chromium, permissions=granted) as page:
        page.goto(f"{url}/payments/{payment.id}")
        page.get_by_role("button", name="Copy the TrxID").click()
        expect(page.locator("#said")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == payment.trx_id


def test_play_money_is_marked_on_paper_too(shop: Shop, url: str, chromium: Browser) -> None:
    state = shop.app.extensions["bdquickpay"]
    settings = replace(state.settings, sandbox=True)
    shop.app.extensions["bdquickpay"] = replace(state, settings=settings)
    with visit(chromium) as page:
        page.goto(f"{url}/payments/1")
        page.emulate_media(media="print")
        expect(page.get_by_text("SANDBOX · no real money")).to_be_visible()
        expect(page.get_by_role("link", name="বাংলা")).to_be_hidden()


def test_language_is_switched_and_kept_without_a_script(url: str, chromium: Browser) -> None:
    with visit(chromium, java_script_enabled=False) as page:
        page.goto(f"{url}/payments?show=flagged")
        page.get_by_role("link", name="বাংলা").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("পেমেন্ট")
        expect(page.locator("tbody tr")).to_have_count(1)
        page.get_by_role("link", name="ড্যাশবোর্ড").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("ড্যাশবোর্ড")


def _strict(answer: Any) -> Any:
    answer.headers["Content-Security-Policy"] = "default-src 'self'"
    return answer

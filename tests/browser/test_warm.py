"""What a browser fetches and moves: nothing twice, and nothing under the reader's eyes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from . import stage, tour
from .stage import PlainShop

Visit = Callable[..., AbstractContextManager[Page]]
SLOW = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SHIFT = """() => new Promise(done => new PerformanceObserver(list => done(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0))
).observe({ type: "layout-shift", buffered: true }) || setTimeout(done, 300, 0))"""


class Network:
    """What a page fetches from the server, by Chromium's own count."""

    def __init__(self, page: Page) -> None:
        self._asked: dict[str, str] = {}
        self.static: list[str] = []
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.session.on("Network.requestWillBeSent", self._sent)
        self.session.on("Network.requestServedFromCache", self._found)
        self.session.on("Network.responseReceived", self._received)

    def _sent(self, event: dict[str, Any]) -> None:
        self._asked[event["requestId"]] = event["request"]["url"]

    def _found(self, event: dict[str, Any]) -> None:
        self._asked.pop(event["requestId"], None)

    def _received(self, event: dict[str, Any]) -> None:
        url = self._asked.get(event["requestId"], "")
        if "/static/" in url and not event["response"].get("fromDiskCache"):
            self.static.append(url)


@pytest.mark.thorough
def test_second_page_fetches_no_static_file(visitor: Visit, tmp_path: Path) -> None:
    with stage.plain(tmp_path, "en") as shop, visitor() as page:
        network = Network(page)
        _pay(page, shop, "ORDER-1")
        assert len(network.static) >= 5  # a cold cache: else nothing was counted
        network.static.clear()
        network.session.send("Network.emulateNetworkConditions", SLOW)
        _look_again(page, shop)
        assert network.static == []


def _pay(page: Page, shop: PlainShop, reference: str) -> None:
    page.goto(f"{shop.url}/orders/{reference}")
    page.click(tour.PAY_BUTTON)
    page.wait_for_url("**/pay/bkash/*")
    page.goto(f"{shop.url}/bdquickpay/success/{shop.newest().token}")
    shop.seconds_pass()
    page.goto(shop.server.sandbox.pay(shop.newest()).return_url)
    page.wait_for_load_state("networkidle")


def _look_again(page: Page, shop: PlainShop) -> None:
    for path in (f"bdquickpay/success/{shop.newest().token}", "orders/ORDER-2"):
        page.goto(f"{shop.url}/{path}")
        page.wait_for_load_state("networkidle")


@pytest.mark.thorough
def test_nothing_moves_when_the_script_is_there(visitor: Visit, tmp_path: Path) -> None:
    with stage.shapla(tmp_path, "en") as shop, visitor() as page:
        _pay_by_link(page, shop)
        page.reload()
        expect(page.get_by_role("button", name="Copy")).to_be_visible()
        assert page.evaluate(SHIFT) == 0


def _pay_by_link(page: Page, shop: PlainShop) -> None:
    page.goto(shop.link("FLN6-QLJL-DZHC"))
    page.click(tour.PAY_BUTTON)
    tour.at_gateway(page, "pay")


@pytest.mark.thorough
def test_copied_is_said_for_a_while(visitor: Visit, tmp_path: Path) -> None:
    granted = ["clipboard-read", "clipboard-write"]
    with stage.shapla(tmp_path, "en") as shop, visitor(permissions=granted) as page:
        _pay_by_link(page, shop)
        page.clock.install()
        page.reload()
        copy = page.locator("[data-bdqp-copy]")
        copy.click()
        expect(copy).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == shop.newest().trx_id
        page.clock.run_for(5_000)
        expect(copy).to_have_text("Copy")


@pytest.mark.thorough
def test_receipt_without_a_script_has_no_holes(visitor: Visit, tmp_path: Path) -> None:
    with stage.shapla(tmp_path, "en") as shop, visitor(java_script_enabled=False) as page:
        _pay_by_link(page, shop)
        for part in page.locator(".bdqp-scripted").all():
            assert part.bounding_box() is None


def test_button_that_is_marked_as_disabled_sends_nobody_to_pay(
    visitor: Visit, tmp_path: Path
) -> None:
    with stage.plain(tmp_path, "en") as shop, visitor() as page:
        page.goto(f"{shop.url}/buttons")
        for button in (page.locator(":disabled"), page.locator("[aria-disabled=true]")):
            look = button.evaluate(
                "it => { const s = getComputedStyle(it); return [s.backgroundColor, s.cursor] }"
            )
            assert look == ["rgb(107, 93, 102)", "not-allowed"]
        page.locator("[aria-disabled=true]").click(force=True)
        page.locator("[aria-disabled=true]").press("Enter")
        assert page.url == f"{shop.url}/buttons"
        assert shop.server.sandbox.payments == []


# The page that waits


def _waiting(page: Page, shop: PlainShop) -> None:
    page.goto(f"{shop.url}/orders/ORDER-1")
    page.click(tour.PAY_BUTTON)
    page.wait_for_url("**/pay/bkash/*")
    page.clock.install()
    page.goto(f"{shop.url}/bdquickpay/success/{shop.newest().token}")
    expect(page.locator(".bdqp--waiting")).to_be_visible()


@pytest.mark.thorough
def test_page_that_gives_up_says_so_and_stands_still(visitor: Visit, tmp_path: Path) -> None:
    with stage.plain(tmp_path, "en") as shop, visitor() as page:
        _waiting(page, shop)
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Confirming your payment")
        page.clock.fast_forward("16:00")
        page.clock.run_for(60_000)
        expect(heading).to_have_text("bKash has not answered yet")
        expect(page).to_have_title("bKash has not answered yet")
        expect(page.locator(".bdqp--waiting")).to_have_count(0)
        expect(page.locator(".bdqp--calm")).to_be_visible()


@pytest.mark.thorough
def test_nothing_turns_while_there_is_no_connection(visitor: Visit, tmp_path: Path) -> None:
    with stage.plain(tmp_path, "en") as shop, visitor() as page:
        _waiting(page, shop)
        page.context.set_offline(True)
        expect(page.get_by_role("status")).to_have_text(
            "There is no connection. This page goes on when it is back."
        )
        expect(page.locator(".bdqp--waiting")).to_have_count(0)
        page.context.set_offline(False)
        page.clock.run_for(5_000)
        expect(page.locator(".bdqp--waiting")).to_be_visible()

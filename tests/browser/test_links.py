"""A payment link in a real browser: without cookies, without scripts, on the smallest phone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from playwright.sync_api import Page, Playwright, expect

from . import stage, tour
from .chromium import ARGUMENTS, EXECUTABLE, LOCALES, overflow
from .conftest import Visit
from .stage import PlainShop

ORDER = "FLN6-QLJL-DZHC"
PAY = {"en": "Pay ৳1,250.50 with bKash", "bn": "বিকাশে ৳১,২৫০.৫০ পেমেন্ট করুন"}
PAID = {"en": "Payment successful", "bn": "পেমেন্ট সফল হয়েছে"}
PAY_LESS = {"en": "Pay ৳980 with bKash", "bn": "বিকাশে ৳৯৮০ পেমেন্ট করুন"}
CHANGED = {"en": "it was ৳1,250.50, now it is ৳980.00", "bn": "৳৯৮০.০০"}
#: What a browser keeps to when its owner blocks all cookies.
NO_COOKIES = {"profile": {"default_content_setting_values": {"cookies": 2}}}


@contextmanager
def bare_phone(playwright: Playwright, folder: Path, lang: str) -> Iterator[Page]:
    """A phone of 320 pixels whose browser takes no cookie and runs no script."""
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Preferences").write_text(json.dumps(NO_COOKIES))
    context = playwright.chromium.launch_persistent_context(
        folder,
        executable_path=EXECUTABLE,
        args=ARGUMENTS,
        locale=LOCALES[lang],
        viewport={"width": 320, "height": 568},
        java_script_enabled=False,
    )
    context.set_default_timeout(30_000)
    try:
        yield context.pages[0]
    finally:
        context.close()


def books(shop: PlainShop) -> tuple[Any, ...]:
    """All that a look could have changed."""
    with shop.app.app_context():
        session = shop.app.extensions["sqlalchemy"].session
        payment, event = shop.extension.Payment, shop.extension.PaymentEvent
        rows = [*session.query(payment), *session.query(event)]
        columns = [{n: v for n, v in vars(row).items() if n[0] != "_"} for row in rows]
    return columns, len(shop.server.sandbox.requests)


@pytest.mark.thorough
@pytest.mark.parametrize("lang", ["en", "bn"])
def test_link_is_paid_without_cookies_and_scripts(
    playwright: Playwright, tmp_path: Path, lang: str
) -> None:
    with (
        stage.shapla(tmp_path, lang) as shop,
        bare_phone(playwright, tmp_path / "profile", lang) as page,
    ):
        page.goto(f"{shop.url}/orders/{ORDER}")  # whose button wants to set a cookie
        assert page.context.cookies() == []
        page.goto(shop.link(ORDER))
        assert overflow(page) == 0
        expect(page.locator("header")).to_contain_text(stage.SHAPLA[lang]["name"])
        page.get_by_role("button", name=PAY[lang]).click()
        tour.at_gateway(page, "pay")
        expect(page.get_by_role("heading", level=1)).to_have_text(PAID[lang])
        assert (shop.newest().status, shop.newest().channel) == ("completed", "link")
        page.goto(shop.link(ORDER))
        expect(page.get_by_role("heading", level=1)).to_have_text(PAID[lang])
        expect(page.locator("form")).to_have_count(0)
        assert page.context.cookies() == []


@pytest.mark.parametrize("lang", ["en", "bn"])
def test_link_of_the_command_line_is_opened_by_scanners_and_paid_with_the_new_amount(
    playwright: Playwright, tmp_path: Path, lang: str
) -> None:
    with (
        stage.shapla(tmp_path, lang) as shop,
        bare_phone(playwright, tmp_path / "profile", lang) as page,
    ):
        link = shop.link_by_command(ORDER)
        page.goto(link)
        seen, before = page.content(), books(shop)
        for _ in range(10):
            requests.head(link, timeout=10).raise_for_status()
            requests.get(link, timeout=10).raise_for_status()
            for url in named_in(seen, shop):
                requests.head(url, timeout=10)
                requests.get(url, timeout=10)
        assert books(shop) == before
        shop.change_total("980")
        page.get_by_role("button", name=PAY[lang]).click()
        assert overflow(page) == 0
        expect(page.get_by_role("alert")).to_contain_text(CHANGED[lang])
        assert books(shop) == before
        page.get_by_role("button", name=PAY_LESS[lang]).click()
        tour.at_gateway(page, "pay")
        expect(page.get_by_role("heading", level=1)).to_have_text(PAID[lang])
        paid = shop.newest()
        assert (str(paid.amount), paid.status, paid.channel) == ("980.00", "completed", "link")
        assert page.context.cookies() == []


@pytest.mark.thorough
def test_amount_that_changed_is_seen_before_it_is_paid(visitor: Visit, tmp_path: Path) -> None:
    with stage.shapla(tmp_path, "en") as shop, visitor() as page:
        page.goto(shop.link(ORDER))
        shop.change_total("980")
        page.get_by_role("button", name=PAY["en"]).click()
        expect(page.get_by_role("alert")).to_contain_text("it was ৳1,250.50, now it is ৳980.00")
        page.get_by_role("button", name="Pay ৳980 with bKash").click()
        tour.at_gateway(page, "pay")
        assert (str(shop.newest().amount), shop.newest().status) == ("980.00", "completed")


@pytest.mark.thorough
@pytest.mark.parametrize("begun", [False, True])
def test_scanner_that_follows_everything_changes_nothing(
    visitor: Visit, tmp_path: Path, begun: bool
) -> None:
    """As the scanners of mail and messengers do: HEAD, GET, scripts, and what a page names."""
    with stage.shapla(tmp_path, "en") as shop, visitor() as page:
        link = shop.link(ORDER)
        if begun:
            requests.post(link, {"amount": "1250.50"}, allow_redirects=False, timeout=10)
        before = books(shop)
        for _ in range(10):
            requests.head(link, timeout=10)
            page.goto(link)
            for url in named(page, shop):
                requests.head(url, timeout=10)
                requests.get(url, timeout=10)
        assert books(shop) == before
        assert len(before[0]) == (2 if begun else 0)


def named_in(html: str, shop: PlainShop) -> set[str]:
    """The same of a page in a browser that runs no script."""
    found = {
        urljoin(shop.url, unescape(url)) for url in re.findall(r'(?:href|src)="([^"]+)"', html)
    }
    return {url for url in found if url.startswith(shop.url)}


def named(page: Page, shop: PlainShop) -> set[str]:
    """The addresses of the shop's host that a page names."""
    script = "[...document.querySelectorAll('[href], [src]')].map(e => e.href ?? e.src)"
    found = {urljoin(page.url, str(url)) for url in page.evaluate(script)}
    return {url for url in found if url.startswith(shop.url)}


@pytest.mark.thorough
def test_receipt_is_shared_where_the_browser_can(visitor: Visit, tmp_path: Path) -> None:
    share = "navigator.share = async data => { window.shared = data }"
    with stage.shapla(tmp_path, "en") as shop, visitor() as page:
        page.add_init_script(share)
        receipt(page, shop)
        page.get_by_role("button", name="Share the receipt").click()
        shared = page.evaluate("window.shared")
        assert shop.newest().trx_id in shared["text"]
        assert shop.newest().token not in json.dumps(shared)


@pytest.mark.thorough
def test_receipt_is_copied_where_it_cannot_be_shared(visitor: Visit, tmp_path: Path) -> None:
    granted = ["clipboard-read", "clipboard-write"]
    with stage.shapla(tmp_path, "en") as shop, visitor(permissions=granted) as page:
        page.add_init_script("delete Navigator.prototype.share")
        receipt(page, shop)
        page.get_by_role("button", name="Share the receipt").click()
        expect(page.locator("[data-bdqp-share]")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        order = "Shapla Store · Tea and honey · ৳1,250.50 · Order FLN6-QLJL-DZHC"
        assert copied.startswith(f"TEST PAYMENT · no real money · {order}")


@pytest.mark.thorough
@pytest.mark.parametrize("lang", ["en", "bn"])
def test_receipt_is_saved_as_a_picture(visitor: Visit, tmp_path: Path, lang: str) -> None:
    with stage.shapla(tmp_path, lang) as shop, visitor(lang) as page:
        shop.app.after_request(under_a_strict_policy)
        receipt(page, shop)
        with page.expect_download() as download:
            page.locator("[data-bdqp-picture]").click()
        expect(page.locator("[data-bdqp-picture]")).to_have_text(SAVED[lang])
        assert download.value.suggested_filename == f"{shop.newest().trx_id}.png"
        width, height, ink = page.evaluate(INK, list(Path(download.value.path()).read_bytes()))
        assert width == 720
        assert 800 < height < 1400
        assert 0.02 < ink < 0.2


def under_a_strict_policy(answer: Any) -> Any:
    answer.headers["Content-Security-Policy"] = "default-src 'self'"
    return answer


SAVED = {"en": "Saved", "bn": "সেভ হয়েছে"}
#: The size of a picture, and the share of it that is dark.
INK = """async (bytes) => {
    const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
    const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    pen.drawImage(picture, 0, 0);
    const { data } = pen.getImageData(0, 0, picture.width, picture.height);
    let dark = 0;
    for (let at = 0; at < data.length; at += 4) dark += data[at] < 128;
    return [picture.width, picture.height, dark / (picture.width * picture.height)];
}"""


@pytest.mark.thorough
@pytest.mark.parametrize("lang", ["en", "bn"])
def test_receipt_is_one_sheet_of_a5(visitor: Visit, tmp_path: Path, lang: str) -> None:
    with stage.shapla(tmp_path, lang) as shop, visitor(lang) as page:
        receipt(page, shop)
        assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A5"))) == 1


def receipt(page: Page, shop: PlainShop) -> None:
    """Pay by the link; ends on the receipt."""
    page.goto(shop.link(ORDER))
    page.click(tour.PAY_BUTTON)
    tour.at_gateway(page, "pay")


@pytest.mark.thorough
def test_paper_has_the_shop_and_how_to_reach_it(visitor: Visit, tmp_path: Path) -> None:
    with stage.shapla(tmp_path, "en") as shop, visitor() as page:
        receipt(page, shop)
        expect(page.locator(".bdqp-paper")).to_be_hidden()
        page.emulate_media(media="print")
        for text in ("Shapla Store", "Paid to Shapla Store", "+8801712345678", "Sundarbans honey"):
            expect(page.get_by_text(text, exact=False).first).to_be_visible()
        expect(page.get_by_role("button", name="Share the receipt")).to_be_hidden()


def test_code_is_an_image_with_a_name(visitor: Visit, tmp_path: Path) -> None:
    with stage.shapla(tmp_path, "en") as shop, visitor() as page:
        with shop.app.test_request_context(base_url=shop.url):
            code = shop.app.jinja_env.from_string("{{ bdquickpay_qr(7) }}").render()
        page.set_content(f"<main><h1>Table 7</h1>{code}</main>")
        expect(page.get_by_role("img", name="scan it with the camera")).to_be_visible()

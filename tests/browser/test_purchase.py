"""Somebody buys in the example shop, in a real browser, in every way that people browse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from . import tour
from .chromium import overflow
from .stage import ExampleShop

PAID = "Thank you, your order is paid"
Visit = Callable[..., AbstractContextManager[Page]]


def buy(page: Page, shop: ExampleShop) -> Iterator[str]:
    """Buy one packet of tea; yields at each page on the way."""
    page.goto(shop.url)
    yield "catalogue"
    page.get_by_role("button", name="Add to cart: Sylhet black tea").click()
    expect(page.get_by_role("heading", name="Cart")).to_be_visible()
    yield "cart"
    page.get_by_role("link", name="Go to checkout").click()
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    yield "checkout"
    tour.fill_address(page)
    expect(page.get_by_role("heading", name="Waiting for your payment")).to_be_visible()
    yield "order"
    page.get_by_role("button", name="Pay ৳320 with bKash").click()
    page.wait_for_url(f"{shop.gateway}/**")
    yield "gateway"
    page.get_by_role("button", name="Pay ৳320").click()
    expect(page.get_by_role("heading", name=PAID)).to_be_visible()
    yield "paid"


def test_a_purchase_is_paid_and_takes_one_from_the_stock(page: Page, shop: ExampleShop) -> None:
    before = shop.stock("tea")
    assert list(buy(page, shop))[-1] == "paid"
    assert re.fullmatch(rf"{shop.url}/orders/[\w-]+", page.url)
    expect(page.locator(".facts")).to_contain_text("৳320.00")
    expect(page.locator(tour.PAY_BUTTON)).to_have_count(0)
    assert shop.stock("tea") == before - 1
    assert shop.statuses() == ["paid"]


@pytest.mark.thorough
def test_a_cancelled_payment_takes_nothing_and_can_be_tried_again(
    page: Page, shop: ExampleShop
) -> None:
    tour.order(page, shop, "tea")
    page.get_by_role("button", name="Pay ৳320 with bKash").click()
    page.get_by_role("button", name="Cancel and go back to the shop").click()
    expect(page.get_by_role("heading", name="You cancelled the payment")).to_be_visible()
    assert (shop.stock("tea"), shop.statuses()) == (25, ["cancelled"])
    page.get_by_role("button", name="Pay ৳320 with bKash").click()
    tour.at_gateway(page, "pay")
    expect(page.get_by_role("heading", name=PAID)).to_be_visible()
    assert (shop.stock("tea"), shop.statuses()) == (24, ["paid"])


@pytest.mark.thorough
def test_a_purchase_without_javascript(visitor: Visit, shop: ExampleShop) -> None:
    with visitor(java_script_enabled=False) as page:
        assert list(buy(page, shop))[-1] == "paid"
    assert shop.statuses() == ["paid"]


@pytest.mark.thorough
def test_a_purchase_in_bangla(visitor: Visit, shop: ExampleShop) -> None:
    with visitor("bn") as page:
        tour.order(page, shop, "tea")
        page.get_by_role("button", name="বিকাশে ৳৩২০ পেমেন্ট করুন").click()
        tour.at_gateway(page, "pay")
        expect(page.get_by_role("heading", name="ধন্যবাদ, আপনার পেমেন্ট পেয়েছি")).to_be_visible()


@pytest.mark.thorough
def test_the_language_is_kept_once_chosen(page: Page, shop: ExampleShop) -> None:
    page.goto(f"{shop.url}/products/tea")
    page.get_by_role("link", name="বাংলা").click()
    expect(page.get_by_role("heading", name="সিলেটের চা")).to_be_visible()
    page.goto(shop.url)
    expect(page.locator("html")).to_have_attribute("lang", "bn")


@pytest.mark.thorough
def test_a_purchase_with_large_text_on_a_small_phone(large_text: Page, shop: ExampleShop) -> None:
    page = large_text
    for stop in buy(page, shop):
        size = page.evaluate("getComputedStyle(document.documentElement).fontSize")
        assert (stop, size, overflow(page)) == (stop, "32px", 0)
    assert shop.statuses() == ["paid"]


@pytest.mark.thorough
def test_a_purchase_under_a_strict_policy(page: Page, shop: ExampleShop) -> None:
    """The visitor's fixture holds that no console complains."""
    policies: list[str] = []

    def note(answer: Response) -> None:
        policies.append(answer.headers.get("content-security-policy", ""))

    page.on("response", note)
    assert list(buy(page, shop))[-1] == "paid"
    assert len(policies) > 10
    assert all(policy.startswith("default-src 'self';") for policy in policies)
    assert not any("unsafe" in policy for policy in policies)


@pytest.mark.thorough
def test_beside_real_keys_the_policy_keeps_the_button_from_plain_http(
    visitor: Visit, shop: ExampleShop
) -> None:
    """A browser holds redirects against `form-action`: that is why the policy names them."""
    with visitor(meant="form-action") as page:
        shop.app.config["BDQUICKPAY_SANDBOX"] = False
        tour.order(page, shop, "tea")
        with page.expect_event("console") as complaint:
            page.get_by_role("button", name="Pay ৳320 with bKash").click()
    assert "form-action" in complaint.value.text


@pytest.mark.thorough
def test_a_tab_that_was_left_open_learns_of_the_payment(page: Page, shop: ExampleShop) -> None:
    tour.order(page, shop, "tea")
    other = page.context.new_page()
    other.goto(page.url)
    other.click(tour.PAY_BUTTON)
    tour.at_gateway(other, "pay")
    expect(page.get_by_role("heading", name=PAID)).to_be_visible()


@pytest.mark.thorough
def test_the_transaction_id_is_copied(page: Page, shop: ExampleShop) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    list(buy(page, shop))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#trx").inner_text()


@pytest.mark.thorough
@pytest.mark.parametrize("script", [True, False])
def test_what_is_wrong_with_an_address_takes_the_focus_and_leads_to_the_field(
    visitor: Visit, shop: ExampleShop, script: bool
) -> None:
    with visitor(java_script_enabled=script) as page:
        tour.add_to_cart(page, shop, "tea")
        page.goto(f"{shop.url}/checkout")
        page.fill("#name", "Nazma Akter")
        page.fill("#phone", "017")
        page.fill("#email", "nazma@example.com")
        page.fill("#address", "House 12")
        page.select_option("#district", "Dhaka")
        page.click("form.panel .button")
        expect(page.locator("#problems")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Mobile number: Write 11 digits")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Control+a")
        page.keyboard.type("01712345678")
        expect(page.locator("#phone")).to_have_value("01712345678")


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_paper_says_whose_it_is_and_that_it_is_a_demo(
    page: Page, shop: ExampleShop, scheme: Literal["light", "dark"]
) -> None:
    list(buy(page, shop))
    page.emulate_media(media="print", color_scheme=scheme)
    for seen in (".brand", ".demo strong", ".bottom address", ".facts", ".lines .total"):
        expect(page.locator(seen)).to_be_visible()
    for hidden in (".top nav", ".demo nav", ".steps", ".copy", "#contact"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator(".bottom address")).to_contain_text("1 Tea Garden Lane, Dhaka")
    expect(page.locator("body")).to_have_css("color", "rgb(32, 39, 31)")


# With the keyboard alone


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the focus is there, and see that it shows."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            break
    expect(target).to_be_focused()
    style = target.evaluate("element => getComputedStyle(element).outlineStyle")
    assert style != "none", "nothing shows where the focus is"


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


@pytest.mark.thorough
def test_a_purchase_with_the_keyboard_alone(page: Page, shop: ExampleShop) -> None:
    page.goto(shop.url)
    press(page, page.get_by_role("link", name="Skip to the content"))
    press(page, page.get_by_role("button", name="Add to cart: Sylhet black tea"))
    expect(page.get_by_role("heading", name="Cart")).to_be_visible()
    press(page, page.get_by_role("link", name="Go to checkout"))
    for name, text in tour.ADDRESS.items():
        tab_to(page, page.locator(f"#{name}"))
        page.keyboard.type(text)
    tab_to(page, page.get_by_label("District"))
    page.keyboard.type("Dhaka")
    press(page, page.get_by_role("button", name="Place the order"))
    press(page, page.get_by_role("button", name="Pay ৳320 with bKash"))
    press(page, page.get_by_role("button", name="Pay ৳320"))
    expect(page.get_by_role("heading", name=PAID)).to_be_visible()
    assert (shop.stock("tea"), shop.statuses()) == (24, ["paid"])

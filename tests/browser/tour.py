"""Leads a browser through every page in every state; yields the name of each stop.

Whoever iterates looks at the page meanwhile: axe, a ruler, a camera. Nothing is found by its
words, so that the tours work in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page

from flask_bdquickpay import clock
from flask_bdquickpay.sandbox.server import SandboxServer

from .stage import UNBOOKED, ExampleShop, PlainShop, new_payment

PAY_BUTTON = ".bdqp-button"
ADDRESS = {
    "name": "Nazma Akter",
    "phone": "01712 345678",
    "email": "nazma@example.com",
    "address": "House 12, Road 5\nDhanmondi",
}


# The example shop


def example_tour(page: Page, shop: ExampleShop) -> Iterator[str]:
    page.goto(shop.url)
    yield "catalogue"
    page.goto(f"{shop.url}/products/kantha")
    yield "product"
    page.goto(f"{shop.url}/cart")
    yield "cart-empty"
    page.goto(f"{shop.url}/outbox")
    yield "mails-none"
    yield from _to_the_order(page, shop)
    yield from _payments(page, shop)
    yield from _mails(page, shop)
    yield from _errors(page, shop)


def _errors(page: Page, shop: ExampleShop) -> Iterator[str]:
    page.goto(f"{shop.url}/nothing/here")
    yield "not-found"
    page.goto(f"{shop.url}/bdquickpay/success/{'x' * 43}")
    yield "payment-not-found"
    page.goto(f"{shop.url}/products/tea")
    page.context.clear_cookies()
    page.click("article .button")
    page.wait_for_url("**/cart/add/tea")
    yield "too-old"


def _to_the_order(page: Page, shop: ExampleShop) -> Iterator[str]:
    for slug in ("tea", "cups"):
        add_to_cart(page, shop, slug)
    yield "cart"
    shop.set_stock("cups", 0)
    page.reload()
    yield "cart-sold-out"
    shop.set_stock("cups", 9)
    page.goto(f"{shop.url}/checkout")
    yield "checkout"
    page.locator("form.panel").evaluate("form => { form.noValidate = true }")
    page.locator("form.panel .button").click()
    page.locator(".problem").first.wait_for()
    yield "checkout-problems"
    fill_address(page)
    yield "order-new"


def _payments(page: Page, shop: ExampleShop) -> Iterator[str]:
    page.click(PAY_BUTTON)
    at_gateway(page, "pay")
    yield "order-paid"
    yield from _unlucky_payments(page, shop)
    yield from _payments_for_a_person(page, shop)
    order(page, shop, "honey")
    shop.set_stock("honey", 0)
    page.reload()
    yield "order-sold-out"
    shop.set_stock("honey", 12)


def _unlucky_payments(page: Page, shop: ExampleShop) -> Iterator[str]:
    order(page, shop, "kantha")
    page.click(PAY_BUTTON)
    at_gateway(page, "cancel")
    yield "order-cancelled"
    page.click(PAY_BUTTON)
    page.locator("#other").wait_for()
    hosted = page.url
    page.goto(f"{shop.url}/bdquickpay/success/{shop.newest_token()}")
    yield "payment-confirming"
    page.goto(hosted)
    at_gateway(page, "pay")
    order(page, shop, "kantha")
    page.click(PAY_BUTTON)
    at_gateway(page, "other")
    yield "order-failed"
    shop.switch(expired_status="expired")
    page.click(PAY_BUTTON)
    at_gateway(page, "time_out")
    yield "order-expired"


def _payments_for_a_person(page: Page, shop: ExampleShop) -> Iterator[str]:
    order(page, shop, "gur")
    page.click(PAY_BUTTON)
    page.locator("#other").wait_for()
    shop.set_stock("gur", 0)
    at_gateway(page, "pay")
    yield "order-attention"
    order(page, shop, "bag")
    page.click(PAY_BUTTON)
    page.locator("#other").wait_for()
    page.check("[name=completes]")
    at_gateway(page, "other")
    yield "order-flagged"
    shop.reject_newest()
    page.reload()
    yield "order-rejected"


def _mails(page: Page, shop: ExampleShop) -> Iterator[str]:
    page.goto(f"{shop.url}/my-orders")
    yield "my-orders"
    page.fill("#email", ADDRESS["email"])
    page.click("form.panel .button")
    page.locator(".panel.good").wait_for()
    yield "my-orders-sent"
    page.goto(f"{shop.url}/outbox")
    yield "mails"
    page.click(".orders li:nth-child(1) a")
    page.locator("article .letter").wait_for()
    yield "mail-link"
    page.click(".letter a")
    page.locator(".orders").wait_for()
    yield "orders"
    page.goto(f"{shop.url}/outbox")
    page.click(".orders li:last-child a")
    page.locator("article .letter").wait_for()
    yield "mail-paid"
    order(page, shop, "kantha")
    page.click("#link ~ form .button")
    page.locator("#link ~ [role=status]").wait_for()
    yield "order-link-sent"
    page.goto(f"{shop.url}/outbox")
    page.click(".orders li:nth-child(1) a")
    page.locator("article .letter").wait_for()
    yield "mail-pay"
    page.click(".letter a:nth-of-type(1)")
    page.locator(PAY_BUTTON).wait_for()
    yield "order-link"


def order(page: Page, shop: ExampleShop, slug: str) -> None:
    """Order one piece; ends on the order's page."""
    add_to_cart(page, shop, slug)
    page.goto(f"{shop.url}/checkout")
    fill_address(page)


def add_to_cart(page: Page, shop: ExampleShop, slug: str) -> None:
    page.goto(f"{shop.url}/products/{slug}")
    page.click("article .button")
    page.wait_for_url("**/cart")


def fill_address(page: Page) -> None:
    for name, text in ADDRESS.items():
        page.fill(f"#{name}", text)
    page.select_option("#district", "Dhaka")
    page.click("form.panel .button")
    page.wait_for_url("**/orders/*")


def at_gateway(page: Page, action: str) -> None:
    """Press a button of the sandbox's payment page; ends where it sends the buyer."""
    page.wait_for_url("**/pay/bkash/*")
    page.click(f"button[name=action][value={action}]")
    page.locator(".timeline, .bdqp").first.wait_for()


# The extension's own pages


def plain_tour(page: Page, shop: PlainShop) -> Iterator[str]:
    sandbox = shop.server.sandbox
    _start(page, shop, "ORDER-1042")
    page.goto(f"{shop.url}/bdquickpay/success/{shop.newest().token}")
    yield "confirming"
    sandbox.fault("500", "verify", None)
    shop.seconds_pass()
    page.reload()
    yield "confirming-unreachable"
    page.goto(f"{shop.url}/bdquickpay/cancel/{shop.newest().token}")
    yield "cancel-unreachable"
    sandbox.clear_faults()
    shop.seconds_pass()
    page.reload()
    yield "cancelled"
    shop.seconds_pass()
    page.goto(sandbox.pay(shop.newest()).return_url)
    yield "paid"
    _start(page, shop, "ORDER-1043")
    page.goto(sandbox.pay(shop.newest(), amount=1).return_url)
    yield "failed"
    sandbox.switch(expired_status="expired")
    _start(page, shop, "ORDER-1044")
    page.goto(sandbox.time_out(shop.newest()).return_url)
    yield "expired"
    _start(page, shop, "ORDER-1045")
    page.goto(sandbox.pay(shop.newest(), amount=1, completes=True).return_url)
    yield "flagged"
    yield from _unbooked(page, shop)
    yield from _clicks(page, shop)
    yield from _problems(page, shop, sandbox)


def _unbooked(page: Page, shop: PlainShop) -> Iterator[str]:
    _start(page, shop, UNBOOKED)
    page.goto(shop.server.sandbox.pay(shop.newest()).return_url)
    yield "unbooked"


def _clicks(page: Page, shop: PlainShop) -> Iterator[str]:
    """The checkout's address, as somebody comes to it who is not in the middle of paying."""
    for reference, name in {
        "ORDER-1041": "checkout",
        "THEIRS-1": "refused",
        "FREE": "not-chargeable",
        "FAULT": "shop-error",
        "UNREADY": "not-ready",
    }.items():
        page.goto(f"{shop.url}/bdquickpay/checkout/{reference}")
        yield name
    page.context.clear_cookies()
    page.goto(f"{shop.url}/bdquickpay/checkout/ORDER-1042")
    yield "paid-already"


def _problems(page: Page, shop: PlainShop, sandbox: Any) -> Iterator[str]:
    page.goto(f"{shop.url}/buttons")
    yield "buttons"
    page.goto(f"{shop.url}/orders/ORDER-1046")
    yield "button"
    sandbox.fault("500", "create")
    page.click(PAY_BUTTON)
    page.locator(".bdqp").wait_for()
    yield "unreachable"
    sandbox.switch(merchant_active=False)
    page.click(PAY_BUTTON)
    page.wait_for_function("document.querySelector('.bdqp--bad')")
    yield "rejected"
    page.context.clear_cookies()
    page.click(PAY_BUTTON)
    page.wait_for_function("document.querySelector('.bdqp--warn')")
    yield "no-cookie"
    page.locator("[name=csrf_token]").evaluate("field => { field.value = 'old' }")
    page.click(PAY_BUTTON)
    page.wait_for_function("document.querySelector('.bdqp--calm')")
    yield "button-too-old"
    page.goto(f"{shop.url}/bdquickpay/success/{'x' * 43}")
    yield "not-found"
    shop.lose_records()
    page.reload()
    yield "unread"


# Payment links


def link_tour(page: Page, shop: PlainShop) -> Iterator[str]:
    """What one link opens, from the first look to the refund."""
    link, sandbox = shop.link("FLN6-QLJL-DZHC"), shop.server.sandbox
    page.goto(link)
    yield "link"
    page.click(PAY_BUTTON)
    page.wait_for_url("**/pay/bkash/*")
    page.goto(link)
    yield "link-goes-on"
    sandbox.pay(shop.newest())
    page.goto(link)
    yield "link-paid"
    page.goto(sandbox.return_url(sandbox.find(shop.newest().invoice_id)))
    yield "receipt"
    shop.refund()
    page.goto(link)
    yield "link-refunded"
    yield from _money_in_doubt(page, shop)
    yield from _no_money(page, shop)
    yield from _troubled_links(page, shop)


def _money_in_doubt(page: Page, shop: PlainShop) -> Iterator[str]:
    """Of another amount than was asked: what its customer sees until it is back."""
    _start_by_link(page, shop, "FLN6-QLJL-DZHG")
    outcome = shop.server.sandbox.pay(shop.newest(), amount=1000, completes=True)
    page.goto(outcome.return_url)
    yield "flagged"
    shop.reject()
    page.reload()
    yield "rejected"
    shop.refund()
    page.reload()
    yield "rejected-refunded"
    _start_by_link(page, shop, "FLN6-QLJL-DZHH")
    page.goto(shop.server.sandbox.fail(shop.newest()).return_url)
    yield "failed"
    shop.change(reason="amount mismatch: 1000.00 BDT were paid")
    page.reload()
    yield "other-amount"


def _no_money(page: Page, shop: PlainShop) -> Iterator[str]:
    sandbox = shop.server.sandbox
    _start_by_link(page, shop, "FLN6-QLJL-DZHJ")
    page.goto(f"{shop.url}/bdquickpay/success/{shop.newest().token}")
    yield "confirming"
    long_ago = clock.utcnow() - timedelta(hours=2)
    shop.change(created_at=long_ago, expires_at=long_ago + timedelta(minutes=30))
    sandbox.fault("500", "verify", None)
    shop.seconds_pass()
    page.reload()
    yield "confirming-stopped"
    sandbox.clear_faults()
    sandbox.switch(expired_status="failed")
    sandbox.time_out(shop.newest())
    shop.seconds_pass()
    page.reload()
    yield "ran-out"


def _start_by_link(page: Page, shop: PlainShop, reference: str) -> None:
    page.goto(shop.link(reference))
    page.click(PAY_BUTTON)
    page.wait_for_url("**/pay/bkash/*")


def _troubled_links(page: Page, shop: PlainShop) -> Iterator[str]:
    sandbox = shop.server.sandbox
    link = shop.link("FLN6-QLJL-DZHD")
    _start_by_link(page, shop, "FLN6-QLJL-DZHD")
    sandbox.pay(shop.newest(), amount=1, completes=True)
    page.goto(link)
    yield "link-flagged"
    page.goto(shop.link("FLN6-QLJL-DZHE"))
    shop.change_total("980")
    page.click(PAY_BUTTON)
    page.locator("[role=alert]").wait_for()
    yield "link-changed"
    sandbox.fault("500", "create")
    page.click(PAY_BUTTON)
    page.locator(".bdqp-link--main").wait_for()
    yield "link-unreachable"
    page.goto(shop.link("FLN6-QLJL-DZHE", expires_in=0.01))
    page.reload()
    yield "link-run-out"
    link = shop.link("FLN6-QLJL-DZHF")
    shop.extension.order_loader(lambda reference: None)
    page.goto(link)
    yield "link-ended"


def _start(page: Page, shop: PlainShop, reference: str) -> None:
    page.goto(f"{shop.url}/orders/{reference}")
    page.click(PAY_BUTTON)
    page.wait_for_url("**/pay/bkash/*")


# The sandbox


def hosted_tour(page: Page, server: SandboxServer) -> Iterator[str]:
    """The buyer's page, which comes in both languages."""
    payment = new_payment(server, "ORDER-2001")
    page.goto(payment["payment_url"])
    yield "pay"
    page.fill("#other", "much")
    page.click("button[value=other]")
    page.locator("[role=alert]").wait_for()
    yield "pay-wrong-amount"
    server.sandbox.pay(payment["invoice_id"])
    page.goto(payment["payment_url"])
    yield "done"
    late = new_payment(server, "ORDER-2002")
    server.sandbox.time_out(late["invoice_id"])
    page.goto(late["payment_url"])
    yield "over"


def desk_tour(page: Page, server: SandboxServer) -> Iterator[str]:
    """The developer's pages, in English."""
    page.goto(server.url)
    yield "desk-empty"
    webhook = f"{server.url}/nowhere"
    for number, act in enumerate(("pay", "fail", "cancel")):
        payment = new_payment(server, f"ORDER-300{number}", webhook_url=webhook)
        getattr(server.sandbox, act)(payment["invoice_id"])
    server.sandbox.fault("latency", "verify", None)
    for name in ("", "payments", "webhooks", "faults", "clock", "assumptions", "nothing"):
        page.goto(f"{server.url}/{name}")
        yield f"desk-{name or 'live'}"
    yield from _story_tour(page, server)


def _story_tour(page: Page, server: SandboxServer) -> Iterator[str]:
    """A payment that goes wrong in a named way, told step by step; and forms that are refused."""
    page.goto(server.url)
    page.click("text=Wrong amount")
    yield "desk-scenario"
    webhook = f"{server.url}/nowhere"
    payment = new_payment(server, "ORDER-3003", webhook_url=webhook)
    page.goto(payment["payment_url"])
    yield "pay-scenario"
    server.sandbox.pay(payment["invoice_id"], "499", completes=True)
    server.sandbox.webhooks.send_again(len(server.sandbox.deliveries))
    page.goto(server.url)
    page.click("text=+31 min")
    yield "desk-moved"
    page.goto(f"{server.url}/payments/{payment['invoice_id']}")
    page.locator(".steps summary").last.click()
    yield "desk-story"
    page.goto(f"{server.url}/faults")
    page.check("input[value=answer]")
    page.fill("[name='answer.status']", "many")
    page.click("text=Switch it on")
    page.locator("[role=alert]").wait_for()
    yield "desk-fault-refused"
    page.goto(f"{server.url}/webhooks?state=queued")
    yield "desk-webhooks-none"

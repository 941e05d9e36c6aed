"""What a payment link shows in each state, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import redirect
from jinja2 import StrictUndefined
from werkzeug.test import TestResponse

from flask_bdquickpay import clock

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from .buyers import Buyer, buyer, costs, link_of, words

SHOP = {
    "name": "Shapla <Store>",
    "logo": "static/lotus.svg",
    "phone": "01712-345678",
    "whatsapp": "01712-345678",
    "email": "shop@example.com",
    "address": "House 12\nDhanmondi",
    "url": "https://shop.example.com/",
}
LINES = [("2 × Sylhet tea", 1300), ("Discount", Decimal("-49.50"))]
NewShop = Callable[..., Shop]


@pytest.fixture
def named(new_shop: NewShop) -> Shop:
    """A shop that says who it is and what an order consists of."""
    shop = new_shop(BDQUICKPAY_SHOP=SHOP)
    costs(shop, "1250.50", "Tea for <Rahim>", LINES)
    return shop


def pay(shop: Shop, reference: str = "1", **options: Any) -> Any:
    """Have an order paid by its link; its payment."""
    buyer(shop, reference).press()
    (payment,) = shop.payments(reference)
    shop.gateway.pay(payment, webhook=False, **options)
    shop.webhook(payment)
    return shop.payment(payment)


def buttons(page: TestResponse) -> int:
    return page.text.count("<form") + page.text.count('type="submit"')


def metas(page: TestResponse) -> dict[str, str]:
    found = re.findall(r'<meta property="(og:\w+)" content="([^"]*)"', page.text)
    return {name: unescape(content) for name, content in found}


# Payable


def test_page_says_who_is_paid_what_for_and_how_much(named: Shop) -> None:
    page = buyer(named, named.order()).open()
    text = words(page)
    assert page.status_code == 200
    for part in (
        *("Pay Shapla <Store> with bKash", "Tea for <Rahim>", "৳1,250.50", "Order 1"),
        *("2 × Sylhet tea ৳1,300.00", "Discount −৳49.50", "Total ৳1,250.50"),
    ):
        assert part in text, text
    assert buttons(page) == 2  # one form with one button
    assert "Shapla &lt;Store&gt;" in page.text


def test_plain_order_has_no_lines_and_no_label(shop: Shop) -> None:
    page = buyer(shop, shop.order()).open()
    assert "bdqp-lines" not in page.text
    assert "bdqp-label" not in page.text
    assert "Pay with bKash" in words(page)


def test_text_of_the_shop_turns_nothing(shop: Shop) -> None:
    costs(shop, "500", "চা <script>", [("<b>Tea</b>", 500)])
    page = buyer(shop, shop.order()).open()
    assert "<script>" not in page.text.replace('<script type="module"', "")
    assert "&lt;b&gt;Tea" in page.text


def test_page_speaks_bangla(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE="bn", BDQUICKPAY_SHOP={"name": "শাপলা", "phone": "01712"})
    page = buyer(shop, shop.order("1250.50")).open()
    assert '<html lang="bn"' in page.text
    for part in ("শাপলা-কে বিকাশে পেমেন্ট করুন", "৳১,২৫০.৫০", "০১৭১২"):
        assert part in words(page)
    assert 'value="1250.50"' in page.text
    assert 'href="tel:01712"' in page.text


# A payment that has begun


def test_payment_that_has_begun_goes_on(named: Shop) -> None:
    reference = named.order()
    opened = buyer(named, reference)
    url = opened.press().location
    page = opened.open()
    assert "Your payment has begun" in words(page)
    assert "Go on to bKash" in words(page)
    assert buttons(page) == 2
    assert opened.press(page).location == url
    assert len(named.payments()) == 1


def test_payment_past_its_end_is_being_confirmed(named: Shop) -> None:
    opened = buyer(named, named.order())
    opened.press()
    (payment,) = named.payments()
    named.gateway.switch(expired_status="pending")
    named.change(payment, expires_at=clock.utcnow() - timedelta(seconds=1))
    for page in (opened.open(), opened.post({"amount": "1250.50"})):
        assert page.status_code == 200
        assert "Confirming your payment" in words(page)
        assert buttons(page) == 0
        assert payment.token not in page.text
    assert len(named.payments()) == 1


def test_payment_long_past_its_end_can_be_made_anew(named: Shop) -> None:
    opened = buyer(named, named.order())
    opened.press()
    named.gateway.switch(expired_status="expired")
    named.gateway.time_out(named.payments()[0], webhook=False)
    named.change(named.payments()[0], expires_at=clock.utcnow() - timedelta(hours=1))
    assert buttons(opened.open()) == 2
    assert opened.press().status_code == 303
    assert [payment.status for payment in named.payments()] == ["expired", "pending"]


@pytest.mark.thorough
def test_money_that_the_shop_does_not_book_needs_no_second_payment(named: Shop) -> None:
    reference = named.order()
    buyer(named, reference).press()
    (payment,) = named.payments()
    named.change(payment, gateway_status="completed", problem="fulfil raised ValueError: x")
    page = buyer(named, reference).open()
    assert "bKash has your payment" in words(page)
    assert buttons(page) == 0
    assert "ValueError" not in page.text


# Paid


@pytest.mark.parametrize("method", ["open", "post"])
def test_paid_order_is_a_receipt_without_a_button(named: Shop, method: str) -> None:
    payment = pay(named, named.order())
    opened = buyer(named, "1")
    page = opened.open() if method == "open" else opened.post({"amount": "1250.50"})
    assert page.status_code == 200
    assert buttons(page) == 0
    text = words(page)
    for part in ("Payment successful", "Paid to Shapla <Store>", "৳1,250.50", "Tea for <Rahim>",
                 "2 × Sylhet tea ৳1,300.00", "Paid on"):  # fmt: skip
        assert part in text, text
    assert payment.channel == "link"


def test_receipt_of_a_link_proves_nothing_to_others(named: Shop) -> None:
    """Whoever was sent the link sees that it is paid; who paid it comes back with its token."""
    payment = pay(named, named.order())
    page = buyer(named, "1").open()
    for private in (payment.trx_id, payment.invoice_id, payment.token, payment.payment_url):
        assert private not in page.text
    customer = named.client
    whole = customer.get(f"/bdquickpay/success/{payment.token}")
    again = buyer(named, "1", customer).open()
    for receipt in (whole, again):
        assert payment.trx_id in receipt.text
        assert payment.invoice_id in receipt.text
    assert "Set-Cookie" not in again.headers


def test_return_handler_is_for_who_comes_back(named: Shop) -> None:
    named.bdquickpay.return_handler(lambda payment: redirect("/thanks"))
    pay(named, named.order())
    assert buyer(named, "1").open().status_code == 200


def test_pages_are_shown_where_nothing_may_be_undefined(
    named: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    named.app.jinja_env.undefined = StrictUndefined
    assert buttons(buyer(named, named.order()).open())
    payment = pay(named, "1")
    assert named.client.get(f"/bdquickpay/success/{payment.token}").status_code == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("lang", ["en", "bn"])
def test_what_came_is_the_large_amount(new_shop: NewShop, lang: str) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=lang)
    payment = pay(shop, shop.order("1250.50"))
    address = f"/bdquickpay/success/{payment.token}"
    assert "bdqp-asked" not in shop.client.get(address).text
    shop.change(payment, received_amount=1300)
    page = shop.client.get(address).text
    came, asked = {
        "en": ("৳1,300.00", "The order costs ৳1,250.50."),
        "bn": ("৳১,৩০০.০০", "অর্ডারের দাম ৳১,২৫০.৫০।"),
    }[lang]
    assert re.search(rf'class="bdqp-amount">.*</span>{came}</p>', page)
    assert f'<p class="bdqp-asked">{asked}</p>' in page
    assert came in page.partition("data-bdqp-share=")[2].partition('"')[2]


def test_receipt_can_be_shared_and_printed(named: Shop) -> None:
    payment = pay(named, named.order())
    page = named.client.get(f"/bdquickpay/success/{payment.token}")
    shared = re.search(r'data-bdqp-share="([^"]+)"', page.text)
    assert shared is not None
    text = unescape(shared[1])
    for part in ("Shapla <Store>", "Tea for <Rahim>", "৳1,250.50", "Order 1", payment.trx_id):
        assert part in text
    assert payment.token not in text
    assert "data-bdqp-print" in page.text


def test_flagged_payment_is_under_review(named: Shop) -> None:
    payment = pay(named, named.order(), amount=1, completes=True)
    assert payment.status == "flagged"
    page = buyer(named, "1").open()
    assert "We have your money and are checking it" in words(page)
    assert buttons(page) == 0
    assert payment.trx_id not in page.text
    assert "1 BDT" not in page.text


def test_refunded_payment_says_so(named: Shop) -> None:
    payment = pay(named, named.order())
    with named.app.app_context():
        live = named.db.session.get(named.bdquickpay.Payment, payment.id)
        named.bdquickpay.record_refund(live, "250.50", by="Ayesha", note="one was broken")
    partly = words(buyer(named, "1").open())
    assert "Payment successful" in partly
    assert "Sent back ৳250.50" in partly
    with named.app.app_context():
        live = named.db.session.get(named.bdquickpay.Payment, payment.id)
        named.bdquickpay.record_refund(live, by="Ayesha", note="the rest as well")
    page = buyer(named, "1").open()
    assert "Payment sent back" in words(page)
    assert "Sent back ৳1,250.50" in words(page)
    assert buttons(page) == 0
    assert "broken" not in page.text


# Ended


def test_link_that_has_run_out_says_whom_to_ask(named: Shop) -> None:
    reference = named.order()
    opened = Buyer(named, link_of(named, reference, expires_in=0.01))
    end = clock.utcnow() + timedelta(seconds=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "utcnow", lambda: end)
        page = opened.open()
    assert page.status_code == 410
    assert "This link has run out" in words(page)
    assert "shop@example.com" in page.text
    assert "Tea for" not in page.text


def test_order_that_is_gone_says_whom_to_ask(named: Shop) -> None:
    opened = buyer(named, named.order())
    named.bdquickpay.order_loader(lambda reference: None)
    page = opened.open()
    assert page.status_code == 410
    assert "There is nothing to pay by this link any more" in words(page)
    assert 'href="tel:01712345678"' in page.text
    assert "Tea for" not in page.text


def test_order_that_is_gone_because_it_is_paid_says_that(named: Shop) -> None:
    pay(named, named.order())
    named.bdquickpay.order_loader(lambda reference: None)
    page = buyer(named, "1").open()
    assert page.status_code == 410
    assert "This order is already paid" in words(page)
    assert "Tea for" not in page.text


# Previews


def test_preview_has_the_shop_and_nothing_of_the_order(named: Shop) -> None:
    reference, opened = named.order(), buyer(named, "1")
    pages = [opened.open()]
    pay(named, reference)
    pages.append(opened.open())
    for page in pages:
        head = page.text.partition("</head>")[0]
        assert metas(page) == {
            "og:type": "website",
            "og:title": "Shapla <Store>",
            "og:description": "Payment with bKash",
        }
        assert "1,250" not in head
        assert "Tea" not in head


# The shop on every page


def test_head_and_title_are_the_shops(named: Shop) -> None:
    for page in (buyer(named, named.order()).open(), named.client.get("/bdquickpay/success/x")):
        title = re.search(r"<title>(.*)</title>", page.text)
        assert title is not None
        assert title[1].endswith(" · Shapla &lt;Store&gt;")
        header = page.text.partition("<header")[2].partition("</header>")[0]
        assert "Shapla &lt;Store&gt;" in header
        assert 'src="/static/lotus.svg"' in header
        assert "bKash payment" not in header


@pytest.mark.parametrize("logo", ["/static/lotus.svg", "https://cdn.example.com/lotus.svg"])
def test_logo_of_another_place_stays_as_it_is(new_shop: NewShop, logo: str) -> None:
    shop = new_shop(BDQUICKPAY_SHOP={"logo": logo})
    assert f'src="{logo}"' in shop.client.get("/bdquickpay/success/x").text


def test_logo_follows_the_mount_path(named: Shop) -> None:
    page = named.client.get("/bdquickpay/success/x", environ_overrides={"SCRIPT_NAME": "/shop"})
    assert 'src="/shop/static/lotus.svg"' in page.text


def test_shop_without_a_name_has_our_own_head(shop: Shop) -> None:
    page = buyer(shop, shop.order()).open()
    assert "<span>bKash payment</span>" in page.text
    assert "bdqp-help" not in page.text
    assert metas(page)["og:title"] == "bKash payment"


def test_way_home_is_the_shops_own_address(named: Shop) -> None:
    page = named.client.get("/bdquickpay/success/x")
    way = '<a class="bdqp-link" href="https://shop.example.com/">Back to Shapla &lt;Store&gt;</a>'
    assert way in page.text


def hrefs(page: TestResponse) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]*)"', page.text)]


def message(page: TestResponse, start: str, name: str) -> str:
    (url,) = [url for url in hrefs(page) if url.startswith(start)]
    return parse_qs(urlsplit(url).query)[name][0]


def test_messages_to_the_shop_say_what_they_are_about(named: Shop) -> None:
    payment = pay(named, named.order())
    receipt = named.client.get(f"/bdquickpay/success/{payment.token}")
    facts = f"Order 1, Invoice {payment.invoice_id}, Transaction ID {payment.trx_id}"
    assert message(receipt, "https://wa.me/8801712345678?", "text") == facts
    assert message(receipt, "mailto:shop@example.com?", "subject") == facts
    link = buyer(named, "1").open()
    assert message(link, "https://wa.me/", "text") == "Order 1"
    unpaid = buyer(named, named.order()).open()
    assert message(unpaid, "https://wa.me/", "text") == "Order 2"
    lost = named.client.get("/bdquickpay/success/x")
    assert "https://wa.me/8801712345678" in hrefs(lost)


def every_page(shop: Shop) -> list[TestResponse]:
    """One of each template, as far as a browser gets at it without a script."""
    client, reference = shop.client, shop.order()
    pages = [client.get(f"/bdquickpay/checkout/{reference}"), client.get("/bdquickpay/success/x")]
    buyer(shop, reference).press()
    (payment,) = shop.payments(reference)
    pages.append(shop.success(payment))
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    return [*pages, shop.success(payment), buyer(shop, shop.order()).open()]


def test_contact_is_on_every_page(named: Shop) -> None:
    for page in every_page(named):
        for part in ("tel:01712345678", "mailto:shop@example.com", "https://wa.me/8801712345678",
                     "https://shop.example.com/", "Dhanmondi", "+8801712345678"):  # fmt: skip
            assert part in page.text, part

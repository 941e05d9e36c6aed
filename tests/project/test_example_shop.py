"""The example shop, through its pages, with the gateway of the test kit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from werkzeug.test import TestResponse

import example_shop
from example_shop.models import OrderLine, Product, db
from example_shop.orders import LINK_LIFETIME
from example_shop.payments import bdquickpay
from flask_bdquickpay import payment_changed

from .storefront import ADDRESS, Customer, Store, text

SHOP = Path(example_shop.__file__).parent

# Paid


def test_a_paid_order_takes_its_goods_from_the_stock_once(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea", "cups")
    customer.pay()
    [payment] = store.payments()
    outcome = bdquickpay_gateway.pay(payment)
    assert outcome.webhook.json == {"received": True}
    assert customer.get(outcome.return_url).location == customer.order
    bdquickpay_gateway.send_webhook(payment)
    customer.get(outcome.return_url)
    assert customer.heading == "Thank you, your order is paid"
    assert not customer.can_pay
    assert (store.stock("tea"), store.stock("cups")) == (24, 8)


def test_a_paid_order_shows_its_payment_as_a_receipt_does(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea", "cups")
    assert re.search(r"Total\s+৳680\s", customer.page)
    customer.pay()
    paid = bdquickpay_gateway.pay(store.payments()[0]).payment
    page = re.sub(r"\s+", " ", customer.page)
    assert f"Method bKash Amount paid ৳680.00 Transaction ID (TrxID) {paid.trx_id} Copy" in page
    assert f"Invoice {paid.invoice_id} " in page
    assert "Total ৳680.00" in page
    assert re.search(r"Paid at \d+ \w+ 20\d\d, ", page)


def test_an_order_says_what_was_sent_back(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0])
    assert "Sent back" not in customer.page
    with store.app.app_context():
        payment = db.session.scalars(sa.select(bdquickpay.Payment)).one()
        bdquickpay.record_refund(payment, 100, by="Ayesha", note="a torn packet")
    assert re.search(r"Amount paid\s+৳320\.00\s+Sent back\s+৳100\.00", customer.page)
    assert "torn packet" not in customer.page


def test_an_order_tells_a_page_that_was_left_open_how_it_stands(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    html = customer.get(customer.order).text
    shown = re.search(r'data-status="(\w+)" data-status-url="([^"]+)"', html)
    assert shown is not None
    assert '<noscript><meta http-equiv="refresh"' in html
    assert customer.get(shown[2]).json == {"status": shown[1]} == {"status": "new"}
    bdquickpay_gateway.pay(store.payments()[0])
    answer = customer.get(shown[2])
    assert (answer.json, answer.headers["Cache-Control"]) == ({"status": "paid"}, "no-store")
    assert "data-status-url" not in customer.get(customer.order).text
    assert customer.get("/orders/2222-2222-2222/status").status_code == 404


def test_every_order_says_whom_to_ask_and_about_which_order(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    about = f"Order%20{customer.order.rpartition('/')[2]}"
    for act in (lambda payment: None, bdquickpay_gateway.cancel, bdquickpay_gateway.time_out):
        customer.pay()
        act(store.payments()[0])
        html = customer.get(customer.order).text
        assert f'href="mailto:shop@example.com?subject={about}"' in html, customer.heading
        assert f'href="https://wa.me/8801200000000?text={about}"' in html
    paid = bdquickpay_gateway.pay(store.payments()[0], late=True).payment
    about += f"%2C%20TrxID%20{paid.trx_id}"
    assert f'href="mailto:shop@example.com?subject={about}"' in customer.get(customer.order).text


def test_webhook_and_return_at_once_take_the_goods_once(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    [payment] = store.payments()
    outcome = bdquickpay_gateway.pay(payment, webhook=False)
    others = [store.customer() for _ in range(2)]
    bdquickpay_gateway.race(
        lambda: bdquickpay_gateway.send_webhook(payment),
        *(lambda other=other: other.get(outcome.return_url) for other in others),
    )
    assert customer.heading == "Thank you, your order is paid"
    assert store.stock("tea") == 24


def test_a_purchase_on_every_database(
    open_store: Callable[..., Store], database_uri: str, bdquickpay_gateway: Any
) -> None:
    store = open_store(SQLALCHEMY_DATABASE_URI=database_uri)
    customer = store.customer()
    customer.add("tea")
    customer.order = customer.check_out(name="নাজমা আক্তার").location
    customer.pay()
    outcome = bdquickpay_gateway.pay(store.payments()[0])
    assert customer.get(outcome.return_url).status_code == 303
    assert customer.heading == "Thank you, your order is paid"
    assert "নাজমা আক্তার" in customer.page
    assert store.stock("tea") == 24
    assert len(store.mails()) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_money_for_goods_that_ran_out_waits_for_a_person(
    open_store: Callable[..., Store], database_uri: str, bdquickpay_gateway: Any, at_once: bool
) -> None:
    """One piece of gur, two customers who are both at the gateway already."""
    store = open_store(SQLALCHEMY_DATABASE_URI=database_uri)
    customers = [store.customer() for _ in range(2)]
    for customer in customers:
        customer.place("tea", "gur")
        customer.pay()
    payments = store.payments()
    for payment in payments:
        bdquickpay_gateway.pay(payment, webhook=not at_once)
    if at_once:
        bdquickpay_gateway.race(
            *(lambda p=payment: bdquickpay_gateway.send_webhook(p) for payment in payments)
        )
    headings = sorted(customer.heading for customer in customers)
    assert headings == ["Thank you, your order is paid", "Your order is paid, and we will call you"]
    assert (store.stock("gur"), store.stock("tea")) == (0, 23)
    late = next(customer for customer in customers if "call you" in customer.heading)
    assert re.search(r"Ran out:\s+Date palm molasses\s", late.page)
    assert not late.can_pay


# Not paid


def test_a_cancelled_payment_can_be_tried_again(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    first = customer.pay()
    customer.get(bdquickpay_gateway.cancel(store.payments()[0]).return_url)
    assert customer.heading == "You cancelled the payment"
    assert store.stock("tea") == 25
    assert customer.pay() == first
    bdquickpay_gateway.pay(store.payments()[0])
    assert customer.heading == "Thank you, your order is paid"


@pytest.mark.parametrize(
    ("word", "heading"), [("failed", "The payment failed"), ("expired", "The time to pay ran out")]
)
def test_a_payment_that_timed_out(
    store: Store, customer: Customer, bdquickpay_gateway: Any, word: str, heading: str
) -> None:
    bdquickpay_gateway.switch(expired_status=word)
    customer.place("tea")
    first = customer.pay()
    bdquickpay_gateway.time_out(store.payments()[0])
    assert customer.heading == heading
    assert store.stock("tea") == 25
    assert customer.pay() != first


def test_a_payment_called_failed_after_its_end_ran_out_of_time(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    with store.app.app_context():
        past = datetime(2026, 1, 1, tzinfo=timezone.utc)
        db.session.execute(sa.update(bdquickpay.Payment).values(expires_at=past))
        db.session.commit()
    bdquickpay_gateway.time_out(store.payments()[0])
    assert store.payments()[0].status == "failed"
    assert customer.heading == "The time to pay ran out"


def test_a_payment_that_bkash_never_saw_leaves_the_order_as_it_was(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    bdquickpay_gateway.switch(merchant_active=False)
    reference = customer.order.rpartition("/")[2]
    answer = customer.press(customer.order, f"/bdquickpay/checkout/{reference}")
    assert (answer.status_code, store.payments()[0].status) == (502, "failed")
    assert customer.heading == "Waiting for your payment"


def test_a_failed_payment_asks_for_the_money_before_it_offers_another_try(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0], amount=1)
    html = customer.get(customer.order).text
    question, yes, no, button = map(
        html.index,
        (
            "Did money leave",
            "Yes: do not pay again",
            "No: you can try again",
            "Try again with bKash",
        ),
    )
    assert question < yes < html.index("https://wa.me/") < no < button
    assert 'class="bdqp-button bdqp-button--light"' in html
    assert customer.can_pay


def test_a_wrong_amount_pays_nothing(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0], amount=1)
    assert customer.heading == "The payment failed"
    assert store.stock("tea") == 25


def test_a_wrong_amount_that_the_gateway_lets_through_is_reviewed(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0], amount=1, completes=True)
    assert customer.heading == "We are checking your payment"
    assert not customer.can_pay
    assert store.stock("tea") == 25
    assert re.search(r"Amount paid\s+৳1\.00", customer.page)
    trx_id = store.payments()[0].trx_id
    assert trx_id in customer.page
    [mail], [sms] = store.mails(), store.sms()
    for said in ("Please do not pay again", "৳1.00"):
        assert said in mail
        assert said in sms
    assert f"Its TrxID is {trx_id}." in mail
    assert "Subject: We are checking your payment: order " in mail


def test_money_that_comes_late_still_pays_the_order(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.time_out(store.payments()[0])
    bdquickpay_gateway.pay(store.payments()[0], late=True)
    assert customer.heading == "Thank you, your order is paid"
    assert store.stock("tea") == 24


@pytest.mark.parametrize("late_first", [False, True])
def test_another_payment_leaves_a_paid_order_alone(
    store: Store, customer: Customer, bdquickpay_gateway: Any, late_first: bool
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.time_out(store.payments()[0])
    customer.pay()
    late, new = store.payments()
    for payment in (late, new) if late_first else (new, late):
        bdquickpay_gateway.pay(payment, late=payment is late)
    flagged, paid = sorted(store.payments(), key=lambda one: one.is_paid)
    assert (flagged.status, paid.status, paid.id == late.id) == ("flagged", "completed", late_first)
    assert paid.trx_id in customer.page
    assert flagged.trx_id not in customer.page
    assert customer.heading == "Thank you, your order is paid"
    assert store.stock("tea") == 24


def test_a_rejected_payment_opens_the_order_again(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0], amount=1, completes=True)
    runner = store.app.test_cli_runner()
    invoice = store.payments()[0].invoice_id
    result = runner.invoke(
        args=["bdquickpay", "resolve", invoice, "--reject", "--note", "sent the taka back"]
    )
    assert result.exit_code == 0, result.output
    assert customer.heading == "We did not accept your payment"
    assert store.payments()[0].trx_id in customer.page
    assert "Payment not accepted" in customer.page
    assert "sent the taka back" not in customer.page
    assert customer.can_pay


def test_an_order_that_grew_while_it_was_paid_is_reviewed(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    with store.app.app_context():
        db.session.execute(sa.update(OrderLine).values(quantity=3))
        db.session.commit()
    bdquickpay_gateway.pay(store.payments()[0])
    assert customer.heading == "We are checking your payment"
    assert store.payments()[0].reason == "the order's total has changed"
    assert store.stock("tea") == 25
    assert "Please do not pay again" in store.mails()[0]


def test_a_mail_names_what_came_in(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0], amount=300, completes=True)
    invoice = store.payments()[0].invoice_id
    decision = ["bdquickpay", "resolve", invoice, "--accept", "--note", "20 taka less is fine"]
    assert store.app.test_cli_runner().invoke(args=decision).exit_code == 0
    assert customer.heading == "Thank you, your order is paid"
    assert "bKash payment of ৳300.00" in store.mails()[-1]


# Mails


def test_a_paid_order_is_told_by_one_mail(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    outcome = bdquickpay_gateway.pay(store.payments()[0])
    with store.app.app_context():
        [payment] = db.session.scalars(sa.select(bdquickpay.Payment))
        payment_changed.send(store.app, payment=payment, event=payment.events[-1])
    [mail] = store.mails()
    assert "To: nazma@example.com" in mail
    trx_id, reference = outcome.payment.trx_id, customer.order.rpartition("/")[2]
    assert f"Subject: Payment received: order {reference}" in mail
    assert f"\nWe have received your bKash payment of ৳320.00 (TrxID {trx_id}). Thank you!" in mail
    assert "Total: ৳320.00" in mail
    assert "\nHouse 12, Dhanmondi\nDhaka\n01712345678\n" in mail
    assert "shop@example.com, WhatsApp +880 1200-000000" in mail
    assert f"http://localhost{customer.order}" in mail
    [sms] = store.sms()
    assert sms == (
        f"Shapla Store: bKash ৳320.00 received, TrxID {trx_id}, order {reference}. "
        f"Track: http://localhost{customer.order}"
    )
    listed = text(customer.get("/outbox"))
    assert f"Payment received: order {reference}" in listed
    assert sms in listed


def test_a_mail_is_written_in_the_customers_language(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.get("/?lang=bn")
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0])
    assert "বিকাশে আপনার ৳৩২০.০০ পেমেন্ট পেয়েছি" in store.mails()[0]
    assert "শাপলা স্টোর: বিকাশে ৳৩২০.০০ পেয়েছি" in store.sms()[0]
    listed = customer.get("/outbox")
    [address] = re.findall(r'href="(/outbox/[^"]+)"', listed.text)
    assert "১ × সিলেটের চা: ৳৩২০.০০" in text(customer.get(address))


def test_mails_are_shown_in_the_demo_only(open_store: Callable[..., Store]) -> None:
    customer = open_store(DEMO=False).customer()
    assert customer.get("/outbox").status_code == 404
    assert "Demo" not in customer.get("/").text


# Payment links


def ask_for_the_link(customer: Customer) -> TestResponse:
    answer = customer.press(customer.order, f"{customer.order}/link")
    assert answer.status_code == 303
    return customer.get(answer.location)


def link_in(mail: str) -> str:
    (url,) = re.findall(r"http://localhost(/bdquickpay/pay/\S+)", mail)
    return str(url)


def test_somebody_else_pays_by_the_link_that_was_mailed(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea", "honey")
    for _ in range(2):
        assert "on its way to nazma@example.com" in text(ask_for_the_link(customer))
    (mail,) = store.mails()
    assert "To: nazma@example.com" in mail
    assert "Your order costs ৳1,070." in mail
    friend, url = store.app.test_client(use_cookies=False), link_in(mail)
    page = text(friend.get(url))
    for said in ("Pay Shapla Store with bKash", "Order from Shapla Store", "1 × Sundarbans honey"):
        assert said in page
    assert friend.post(url, data={"amount": "1070.00"}).status_code == 303
    bdquickpay_gateway.pay(store.payments()[0])
    assert store.payments()[0].channel == "link"
    assert customer.heading == "Thank you, your order is paid"
    assert friend.get(url).headers.get("Location") is None


def test_link_is_written_in_the_customers_language(store: Store, customer: Customer) -> None:
    customer.get("/?lang=bn")
    customer.place("tea")
    ask_for_the_link(customer)
    (mail,) = store.mails()
    assert "আপনার অর্ডারের মোট ৳৩২০" in mail
    assert "১ × সিলেটের চা" in text(store.customer().get(link_in(mail)))


def test_no_link_is_mailed_for_what_can_not_be_paid(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    quick, slow = customer, store.customer()
    for one in (quick, slow):
        one.place("gur")
    ask_for_the_link(slow)
    (mail,) = store.mails()
    quick.pay()
    bdquickpay_gateway.pay(store.payments()[0])
    before = store.mails()
    for one in (quick, slow):
        assert one.press("/my-orders", f"{one.order}/link").status_code == 303
        assert "Send me the link" not in one.page
    assert store.mails() == before
    assert store.customer().get(link_in(mail)).status_code == 410  # the last piece is sold


def test_link_is_mailed_to_nobody_else(store: Store, customer: Customer) -> None:
    customer.place("tea")
    assert store.app.test_client().post(f"{customer.order}/link").status_code == 400
    page = "/orders/2222-2222-2222/link"
    assert customer.press(customer.order, page).status_code == 404
    assert store.mails() == []


# Branches

SYLHET = {"sylhet": {"app_key": "the-key-of-sylhet", "secret_key": "the-secret-of-sylhet"}}


@pytest.mark.parametrize(
    ("accounts", "district", "account"),
    [(SYLHET, "Habiganj", "sylhet"), (SYLHET, "Dhaka", ""), ({}, "Habiganj", "")],
)
def test_order_is_paid_to_the_branch_that_packs_it(
    open_store: Callable[..., Store],
    bdquickpay_gateway: Any,
    accounts: dict[str, Any],
    district: str,
    account: str,
) -> None:
    store = open_store(BDQUICKPAY_ACCOUNTS=accounts)
    customer = store.customer()
    customer.add("tea")
    customer.order = customer.check_out(district=district).location
    customer.pay()
    (made,) = bdquickpay_gateway.payments
    assert (made.app_key == "the-key-of-sylhet") is bool(account)
    assert ("Packed by our branch in Sylhet." in customer.page) is bool(account)
    bdquickpay_gateway.pay(made)
    assert (store.payments()[0].account, store.payments()[0].status) == (account, "completed")
    assert customer.heading == "Thank you, your order is paid"


# Who may see what


def test_an_order_is_not_found_by_guessing(store: Store, customer: Customer) -> None:
    customer.place("tea")
    reference = customer.order.rpartition("/")[2]
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}(-[2-9A-HJ-NP-Z]{4}){2}", reference)
    for guess in ("1", "2222-2222-2222", reference[:-1], reference + "X"):
        assert store.customer().get(f"/orders/{guess}").status_code == 404


def test_an_order_has_one_spelling(
    open_store: Callable[..., Store], database_uri: str, bdquickpay_gateway: Any
) -> None:
    store = open_store(SQLALCHEMY_DATABASE_URI=database_uri)
    customer = store.customer()
    reference = customer.place("tea").rpartition("/")[2]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', customer.get(customer.order).text)
    assert token is not None
    for spelling in (reference.lower(), f"{reference}%20", reference.replace("-", "")):
        url = f"/bdquickpay/checkout/{spelling}"
        assert customer.client.post(url, data={"csrf_token": token[1]}).status_code == 404
    assert bdquickpay_gateway.payments == []


def test_a_stranger_who_clicks_on_a_paid_order_gets_no_receipt(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    trx_id = bdquickpay_gateway.pay(store.payments()[0]).payment.trx_id
    reference = customer.order.rpartition("/")[2]
    page = store.customer().get(f"/bdquickpay/checkout/{reference}").text
    assert "This order is already paid" in page
    assert trx_id not in page
    assert store.payments()[0].token not in page


def test_all_orders_by_a_signed_link(store: Store, customer: Customer) -> None:
    orders = [customer.place("tea", "cups"), customer.place("cups")]
    stranger = store.customer()
    stranger.add("bag")
    stranger_order = stranger.check_out(email="other@example.com").location
    assert "on its way" in customer.press("/my-orders", "/my-orders", email=ADDRESS["email"]).text
    [link] = re.findall(r"http://localhost/my-orders/\S+", store.mails()[0])
    page = store.customer().get(link)
    found = re.findall(r'href="(/orders/[^"]+)"', page.text)
    assert [url for url in found if url in orders] == orders[::-1]
    assert stranger_order not in found
    names = [name.strip() for name in re.findall(r"<h2><a[^>]*>([^<]+)<", page.text)]
    assert names == ["Clay cups, set of six", "Sylhet black tea + 1 more"]
    assert customer.get(link[:-1]).status_code == 404


def test_a_signed_link_ends(
    store: Store, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.place("tea")
    customer.press("/my-orders", "/my-orders", email=ADDRESS["email"])
    [link] = re.findall(r"http://localhost/my-orders/\S+", store.mails()[0])
    monkeypatch.setattr("example_shop.orders.LINK_LIFETIME", -1)
    assert LINK_LIFETIME == 7 * 24 * 3600
    assert customer.get(link).status_code == 404


def test_a_mail_leads_to_the_shop_whatever_host_was_asked_for(
    open_store: Callable[..., Store],
) -> None:
    store = open_store(BDQUICKPAY_PUBLIC_URL="https://shop.example.com")
    customer = store.customer()
    customer.place("tea")
    customer.client.environ_base["HTTP_HOST"] = "evil.example.com"
    customer.press("/my-orders", "/my-orders", email=ADDRESS["email"])
    assert "https://shop.example.com/my-orders/" in store.mails()[0]
    assert "evil" not in store.mails()[0]


def test_whether_somebody_is_a_customer_is_not_told(store: Store, customer: Customer) -> None:
    page = customer.press("/my-orders", "/my-orders", email="nobody@example.com")
    assert "on its way" in page.text
    assert store.mails() == []


# Cart and checkout


def test_the_cart_holds_no_more_than_there_is(customer: Customer) -> None:
    customer.add("gur")
    customer.add("gur")
    assert "Quantity:  1 " in text(customer.get("/cart"))
    customer.press("/cart", "/cart/change/gur", quantity="7")
    assert "Quantity:  1 " in text(customer.get("/cart"))
    customer.press("/cart", "/cart/change/gur", quantity="0")
    assert "Your cart is empty." in customer.get("/cart").text
    assert customer.get("/checkout").location == "/cart"


def test_the_cart_is_changed_by_one_with_a_button(customer: Customer) -> None:
    customer.add("tea")
    steps = r'name="quantity" value="(\d+)" aria-label="([\w ]+): Sylhet black tea"( disabled)?'
    assert re.findall(steps, customer.get("/cart").text) == [
        ("0", "One fewer", " disabled"),
        ("2", "One more", ""),
        ("0", "Remove", ""),
    ]
    answer = customer.press("/cart", "/cart/change/tea", quantity="2")
    assert answer.location == "/cart#tea"
    page = customer.get("/cart").text
    assert [value for value, _, off in re.findall(steps, page) if not off] == ["1", "3", "0"]
    assert re.search(r"Delivery\s+free\s+Total\s+৳640\s", text(customer.get("/cart")))


def test_what_is_left_of_a_sold_out_order_goes_back_into_the_cart(
    store: Store, bdquickpay_gateway: Any
) -> None:
    quick, slow = store.customer(), store.customer()
    quick.place("gur")
    slow.place("gur", "tea")
    again = f"/cart/again/{slow.order.rpartition('/')[2]}"
    assert slow.press("/my-orders", again).status_code == 404  # it can still be paid
    quick.pay()
    bdquickpay_gateway.pay(store.payments()[0])
    assert "Choose something else" in slow.page
    assert slow.press(slow.order, again).location == "/"
    cart = text(slow.get("/cart"))
    assert "Sylhet black tea" in cart
    assert "molasses" not in cart
    assert slow.get("/checkout").status_code == 200


def test_an_order_whose_goods_are_gone_is_not_charged(
    store: Store, bdquickpay_gateway: Any
) -> None:
    quick, slow = store.customer(), store.customer()
    quick.place("gur")
    slow.place("gur")
    quick.pay()
    bdquickpay_gateway.pay(store.payments()[0])
    assert slow.heading == "Some of your goods are sold out"
    assert not slow.can_pay


def test_an_order_keeps_the_price_it_was_placed_at(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    with store.app.app_context():
        db.session.execute(sa.update(Product).values(price=999))
        db.session.commit()
    customer.pay()
    assert bdquickpay_gateway.payments[0].amount == 320


@pytest.mark.parametrize(
    "phone", ["01712345678", "01712 345-678", "+8801712345678", "8801712345678", "০১৭১২ ৩৪৫৬৭৮"]
)
def test_a_phone_number_as_people_write_it(customer: Customer, phone: str) -> None:
    customer.add("tea")
    customer.order = customer.check_out(phone=phone).location
    assert " 01712345678 " in re.sub(r"\s+", " ", customer.page)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", " ", "Name: Write your name."),
        ("phone", "", "Mobile number: Write your mobile number."),
        ("phone", "0171234567", "Mobile number: Write 11 digits, such as 01712 345678."),
        ("phone", "01212345678", "Mobile number: Write 11 digits, such as 01712 345678."),
        ("email", "", "E-mail: Write your e-mail address."),
        ("email", "nazma@example", "E-mail: This e-mail address is not complete."),
        ("email", "nazma,b@example.com", "E-mail: This e-mail address is not complete."),
        ("address", "", "House, road and area: Write where to deliver."),
        ("district", "", "District: Choose your district."),
        ("district", "Atlantis", "District: Choose your district."),
    ],
)
def test_an_address_that_is_not_complete(
    customer: Customer, field: str, value: str, problem: str
) -> None:
    customer.add("tea")
    answer = customer.check_out(**{field: value})
    assert answer.status_code == 422
    assert "Please check 1 field<" in answer.text
    assert f'<a href="#{field}">{problem}</a>' in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert f'aria-describedby="{field}-hint {field}-problem"' in answer.text or (
        f'aria-describedby="{field}-problem"' in answer.text
    )


def test_all_that_is_wrong_stands_in_one_place(customer: Customer) -> None:
    customer.add("tea")
    html = customer.check_out(phone="017", email="nazma").text
    assert "Please check 2 fields" in html
    assert re.search(r'<section[^>]* tabindex="-1" autofocus[^>]*>\s*<h2[^>]*>Please check', html)
    customer.get("/?lang=bn")
    assert "২টি ঘর ঠিক করুন" in customer.check_out(phone="017", email="nazma").text


def test_a_form_without_its_token_is_refused(customer: Customer) -> None:
    answer = customer.client.post("/cart/add/tea")
    assert answer.status_code == 400
    assert "This page was too old." in answer.text


# The shop as a program


@pytest.mark.parametrize(
    "url", ["/", "/cart", "/nothing", "/static/shop.css", "/bdquickpay/webhook"]
)
def test_every_answer_has_a_strict_policy(customer: Customer, url: str) -> None:
    with customer.get(url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; form-action 'self' https:; ")
    assert "unsafe" not in policy


@pytest.mark.thorough
def test_several_processes_may_start_first(tmp_path: Path, database_uri: str) -> None:
    code = f"import example_shop; example_shop.create_app(instance_path={str(tmp_path)!r})"
    environment = os.environ | {"DATABASE_URL": database_uri, "PYTHONPATH": str(SHOP.parent)}
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    errors = [process.communicate(timeout=60)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * 4, errors
    engine = sa.create_engine(database_uri)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Product)) == 6
    engine.dispose()


def test_without_settings_it_is_a_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    app = example_shop.create_app(instance_path=str(tmp_path))
    assert "Demo: no real money" in app.test_client().get("/").text
    assert (tmp_path / "shop.sqlite3").is_file()
    sylhet = Customer(app.test_client())
    sylhet.add("tea")
    sylhet.order = sylhet.check_out(district="Sylhet").location
    assert sylhet.pay().startswith("http://127.0.0.1:")
    assert Store(app, tmp_path).payments()[0].account == "sylhet"
    again = example_shop.create_app(instance_path=str(tmp_path))
    assert again.config["SECRET_KEY"] == app.config["SECRET_KEY"]
    assert [file.name for file in tmp_path.glob("secret_key*")] == ["secret_key"]
    for made in (app, again):
        with made.app_context():
            db.engine.dispose()


def test_with_real_keys_it_is_no_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_BDQUICKPAY_APP_KEY", "real-app-key")
    monkeypatch.setenv("FLASK_BDQUICKPAY_SECRET_KEY", "real-secret-key")
    monkeypatch.setenv("FLASK_BDQUICKPAY_PUBLIC_URL", "https://shop.example.com")
    app = example_shop.create_app(instance_path=str(tmp_path))
    assert app.config["BDQUICKPAY_SANDBOX"] is False
    assert "Demo" not in app.test_client().get("/").text
    assert app.test_client().get("/admin/bkash/").status_code == 404
    account = app.extensions["bdquickpay"].client.account
    assert account.base_url == "https://bdquickpay.com/api/bkash/v1"
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_database_url_as_hosts_give_it(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://shop@localhost/shop")
    uri = example_shop.config._database_uri()
    assert uri == "postgresql+psycopg://shop@localhost/shop"


def test_every_text_is_there_in_bangla() -> None:
    methods = [("**.py", "python"), ("templates/**", "jinja2")]
    keywords = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
    said = {found[2] for found in extract_from_dir(SHOP, methods, keywords=keywords)}
    folder = SHOP / "translations" / "bn" / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as source:
        written = _texts(read_po(source))
    with (folder / "messages.mo").open("rb") as compiled:
        used = _texts(read_mo(compiled))
    assert said == set(written), "the texts and the catalogue differ"
    assert all(all(text) if isinstance(text, tuple) else text for text in written.values())
    assert used == written, "run: pybabel compile -d example_shop/translations"


def _texts(catalogue: Catalog) -> dict[Any, Any]:
    """Each text and its translation; tuples where there is a plural."""
    return {_whole(found.id): _whole(found.string) for found in catalogue if found.id}


def _whole(text: Any) -> Any:
    return text if isinstance(text, str) else tuple(text)

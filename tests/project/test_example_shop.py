"""The example shop, through its pages, with the gateway of the test kit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import example_shop
from example_shop.models import OrderLine, Product, db
from example_shop.orders import LINK_LIFETIME
from example_shop.payments import bdquickpay
from flask_bdquickpay import payment_changed

SHOP = Path(example_shop.__file__).parent
ADDRESS = {
    "name": "Nazma Akter",
    "phone": "+880 1712-345678",
    "email": "Nazma@Example.com",
    "address": "House 12, Dhanmondi",
    "district": "Dhaka",
}


@dataclass
class Customer:
    """Somebody with a browser."""

    client: FlaskClient
    #: The address of the order placed last.
    order: str = ""

    def get(self, url: str) -> TestResponse:
        return self.client.get(url)

    def press(self, page: str, action: str, **fields: str) -> TestResponse:
        """Fill in the form of a page that leads to `action`, and send it."""
        html = self.get(page).text
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.DOTALL)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form[0] if form else html)
        assert token is not None, html
        return self.client.post(action, data={"csrf_token": token[1]} | fields)

    def add(self, slug: str) -> TestResponse:
        return self.press(f"/products/{slug}", f"/cart/add/{slug}")

    def check_out(self, **fields: str) -> TestResponse:
        return self.press("/checkout", "/checkout", **ADDRESS | fields)

    def place(self, *slugs: str) -> str:
        """Order one piece of each."""
        for slug in slugs:
            self.add(slug)
        self.order = self.check_out().location
        return self.order

    def pay(self) -> str:
        """Press the button on the order's page; returns where it leads."""
        reference = self.order.rpartition("/")[2]
        answer = self.press(self.order, f"/bdquickpay/checkout/{reference}")
        assert answer.status_code == 303, answer.text
        return answer.location

    @property
    def page(self) -> str:
        """The order's page, as text."""
        answer = self.get(self.order)
        assert answer.status_code == 200
        return text(answer)

    @property
    def heading(self) -> str:
        html = self.get(self.order).text
        found = re.search(r"<h1[^>]*>(.*?)</h1>", html)
        assert found is not None, html
        return unescape(found[1])


def text(answer: TestResponse) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", answer.text))


@dataclass
class Store:
    """The shop, and what its database and its outbox hold."""

    app: Flask
    folder: Path
    customers: list[Customer] = field(default_factory=list)

    def customer(self) -> Customer:
        return Customer(self.app.test_client())

    def payments(self) -> list[Any]:
        """All of them, the oldest first, read anew."""
        with self.app.app_context():
            model = bdquickpay.Payment
            return list(db.session.scalars(sa.select(model).order_by(model.id)))

    def stock(self, slug: str) -> int:
        with self.app.app_context():
            return db.session.scalars(sa.select(Product.stock).where(Product.slug == slug)).one()

    def mails(self) -> list[str]:
        return [file.read_text("utf-8") for file in sorted(self.folder.glob("outbox/*.eml"))]


@pytest.fixture
def open_store(tmp_path: Path, bdquickpay_gateway: Any) -> Iterator[Callable[..., Store]]:
    """Opens the shop with settings of the test's own, to be paid at the test kit's gateway."""
    opened = []

    def make(**config: Any) -> Store:
        config = {"BDQUICKPAY_SANDBOX": False, "DEMO": True} | config
        opened.append(example_shop.create_app(config, str(tmp_path)))
        return Store(opened[-1], tmp_path)

    yield make
    for app in opened:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()


@pytest.fixture
def customer(store: Store) -> Customer:
    return store.customer()


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
    assert outcome.payment.trx_id in customer.page
    assert "Pay with bKash" not in customer.page
    assert (store.stock("tea"), store.stock("cups")) == (24, 8)


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
    assert "Pay with bKash" not in late.page


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
    assert "Pay with bKash" not in customer.page
    assert store.stock("tea") == 25
    assert "Please do not pay again" in store.mails()[0]


def test_money_that_comes_late_still_pays_the_order(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.time_out(store.payments()[0])
    bdquickpay_gateway.pay(store.payments()[0], late=True)
    assert customer.heading == "Thank you, your order is paid"
    assert store.stock("tea") == 24


def test_another_payment_leaves_a_paid_order_alone(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.time_out(store.payments()[0])
    customer.pay()
    first, second = store.payments()
    bdquickpay_gateway.pay(second)
    bdquickpay_gateway.pay(first, late=True)
    assert [payment.status for payment in store.payments()] == ["flagged", "completed"]
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
    assert customer.heading == "The payment failed"
    assert "Pay with bKash" in customer.page


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
    assert "৳300 by bKash" in store.mails()[-1]


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
    assert f"৳320 by bKash, transaction {outcome.payment.trx_id}" in mail
    assert f"http://localhost{customer.order}" in mail


def test_a_mail_is_written_in_the_customers_language(
    store: Store, customer: Customer, bdquickpay_gateway: Any
) -> None:
    customer.get("/?lang=bn")
    customer.place("tea")
    customer.pay()
    bdquickpay_gateway.pay(store.payments()[0])
    assert "বিকাশে আপনার ৳৩২০ পেয়েছি" in store.mails()[0]
    listed = customer.get("/outbox")
    [address] = re.findall(r'href="(/outbox/[^"]+)"', listed.text)
    assert "১ × সিলেটের চা: ৳৩২০" in text(customer.get(address))


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
    orders = [customer.place("tea"), customer.place("cups")]
    stranger = store.customer()
    stranger.add("bag")
    stranger.check_out(email="other@example.com")
    assert "on its way" in customer.press("/my-orders", "/my-orders", email=ADDRESS["email"]).text
    [link] = re.findall(r"http://localhost/my-orders/\S+", store.mails()[0])
    page = store.customer().get(link)
    found = re.findall(r'href="(/orders/[^"]+)"', page.text)
    assert found == orders[::-1]
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
    assert 'value="1"' in customer.get("/cart").text
    customer.press("/cart", "/cart/change/gur", quantity="7")
    assert 'value="1"' in customer.get("/cart").text
    customer.press("/cart", "/cart/change/gur", quantity="0")
    assert "Your cart is empty." in customer.get("/cart").text
    assert customer.get("/checkout").location == "/cart"


def test_an_order_whose_goods_are_gone_is_not_charged(
    store: Store, bdquickpay_gateway: Any
) -> None:
    quick, slow = store.customer(), store.customer()
    quick.place("gur")
    slow.place("gur")
    quick.pay()
    bdquickpay_gateway.pay(store.payments()[0])
    assert slow.heading == "Some of your goods are sold out"
    assert "Pay with bKash" not in slow.page


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
    ("field", "value"),
    [
        ("name", " "),
        ("phone", "0171234567"),
        ("phone", "01212345678"),
        ("email", "nazma@example"),
        ("email", "nazma,b@example.com"),
        ("address", ""),
        ("district", ""),
        ("district", "Atlantis"),
    ],
)
def test_an_address_that_is_not_complete(customer: Customer, field: str, value: str) -> None:
    customer.add("tea")
    answer = customer.check_out(**{field: value})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 1
    assert f'aria-describedby="{field}-hint {field}-problem"' in answer.text or (
        f'aria-describedby="{field}-problem"' in answer.text
    )


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
    assert "Demo: no real money moves" in app.test_client().get("/").text
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
    keywords = {"_": None, "gettext": None, "lazy_gettext": None}
    said = {found[2] for found in extract_from_dir(SHOP, methods, keywords=keywords)}
    folder = SHOP / "translations" / "bn" / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as source:
        written = {str(found.id): found.string for found in read_po(source) if found.id}
    with (folder / "messages.mo").open("rb") as compiled:
        used = {str(found.id): found.string for found in read_mo(compiled) if found.id}
    assert said == set(written), "the texts and the catalogue differ"
    assert all(written.values())
    assert used == written, "run: pybabel compile -d example_shop/translations"

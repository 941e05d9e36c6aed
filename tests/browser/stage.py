"""The real programs that the browser visits, each on a loopback port of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

import example_shop
from example_shop.models import Order, Product, db
from example_shop.payments import bdquickpay
from flask_bdquickpay import BDQuickPay, ConfigurationError, PaymentRequest, payment_paid
from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY
from flask_bdquickpay.sandbox.server import SandboxServer

#: The order that the shop's own code does not book.
UNBOOKED = "ORDER-1099"
HEADERS = {"X-App-Key": APP_KEY, "X-Secret-Key": SECRET_KEY}


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app as `flask run` does; yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class ExampleShop:
    """The example shop as it starts without any setting: SQLite and the embedded sandbox."""

    url: str
    app: Flask

    @property
    def gateway(self) -> str:
        """The address of the embedded sandbox."""
        base_url = self.app.extensions["bdquickpay"].client.account.base_url
        parts = urlsplit(base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def stock(self, slug: str) -> int:
        with self.app.app_context():
            return db.session.scalars(sa.select(Product.stock).where(Product.slug == slug)).one()

    def set_stock(self, slug: str, stock: int) -> None:
        with self.app.app_context():
            db.session.execute(sa.update(Product).values(stock=stock).where(Product.slug == slug))
            db.session.commit()

    def statuses(self) -> list[str]:
        """Of all orders, the oldest first."""
        with self.app.app_context():
            return [found.value for found in db.session.scalars(sa.select(Order.status))]

    def newest_token(self) -> str:
        """Of the payment made last."""
        model = bdquickpay.Payment
        with self.app.app_context():
            tokens = db.session.scalars(sa.select(model.token).order_by(model.id.desc()).limit(1))
            return str(tokens.one())

    def reject_newest(self) -> None:
        """Decide against the payment made last."""
        model = bdquickpay.Payment
        with self.app.app_context():
            newest = sa.select(model.invoice_id).order_by(model.id.desc()).limit(1)
            invoice = str(db.session.scalars(newest).one())
        decision = ["bdquickpay", "resolve", invoice, "--reject", "--note", "too much"]
        run = self.app.test_cli_runner().invoke(args=decision)
        assert run.exit_code == 0, run.output

    def switch(self, **switches: Any) -> None:
        """Turn switches of the sandbox."""
        answer = requests.post(f"{self.gateway}/sandbox/api/switches", json=switches, timeout=5)
        answer.raise_for_status()


@contextmanager
def example(folder: Path) -> Iterator[ExampleShop]:
    app = example_shop.create_app(instance_path=str(folder))
    with served(app) as url:
        yield ExampleShop(url, app)
    with app.app_context():
        db.engine.dispose()


@dataclass(frozen=True)
class PlainShop:
    """A shop without a layout or a return handler: the extension's pages as they come."""

    url: str
    app: Flask
    server: SandboxServer
    extension: BDQuickPay

    def newest(self) -> Any:
        """The payment made last, read anew."""
        model = self.extension.Payment
        with self.app.app_context():
            payment = self.app.extensions["sqlalchemy"].session.scalars(
                sa.select(model).order_by(model.id.desc()).limit(1)
            )
            return payment.one()

    def link(self, reference: str, **options: Any) -> str:
        """The payment link of an order."""
        with self.app.test_request_context(base_url=self.url):
            return self.extension.pay_link(reference, **options)

    def command(self, *arguments: str, **options: Any) -> str:
        """Run a command of ours; returns what it says."""
        run = self.app.test_cli_runner().invoke(args=["bdquickpay", *arguments], **options)
        assert run.exit_code == 0, run.output
        return str(run.stdout)

    def link_by_command(self, reference: str) -> str:
        """The same, made on the command line, which is told where the shop is."""
        self.app.config["SERVER_NAME"] = urlsplit(self.url).netloc
        made = self.command("link", reference, "--expires", "3d").strip()
        self.app.config["SERVER_NAME"] = None
        return made

    def change_total(self, total: str) -> None:
        """Let every order cost something else, for which there are no lines."""
        self.extension.order_loader(lambda reference: PaymentRequest(total, label="Tea and honey"))

    def change(self, **columns: Any) -> None:
        """Change the payment made last behind the extension's back, as time would."""
        with self.app.app_context():
            session = self.app.extensions["sqlalchemy"].session
            model = self.extension.Payment
            session.execute(sa.update(model).where(model.id == self.newest().id).values(**columns))
            session.commit()

    def reject(self) -> None:
        """Decide against the payment made last, with a word to its customer."""
        invoice = self.newest().invoice_id
        note = ("--note", "looks odd; ask Karim", "--message", "The tea is sold out.")
        self.command("resolve", invoice, "--reject", *note)

    def refund(self) -> None:
        """Write down that the payment made last was sent back."""
        with self.app.app_context():
            self.extension.record_refund(self.newest(), by="Ayesha", note="two were broken")

    def lose_records(self) -> None:
        """Let nobody read a payment any more."""
        with self.app.app_context():
            self.app.extensions["sqlalchemy"].drop_all()

    def seconds_pass(self) -> None:
        """So that the gateway is asked again."""
        with self.app.app_context():
            session = self.app.extensions["sqlalchemy"].session
            session.execute(sa.update(self.extension.Payment).values(asked_at=None))
            session.commit()


_ORDER_PAGE = """<!doctype html>
<html lang="{{ lang }}">
<head><meta name="viewport" content="width=device-width"><title>Order</title></head>
<body><main><h1>{{ reference }}</h1>{{ bdquickpay_button(reference) }}</main></body></html>"""


#: The button in all its looks.
_BUTTONS_PAGE = """<!doctype html>
<html lang="{{ lang }}">
<head><meta name="viewport" content="width=device-width"><title>Buttons</title></head>
<body><main><h1>{{ lang }}</h1>
{{ bdquickpay_button("ORDER-1", amount=680) }}
<p>{{ bdquickpay_button("ORDER-2", amount="1250.50", light=True) }}</p>
<p>{{ bdquickpay_button("ORDER-3", block=True) }}</p>
<p>{{ bdquickpay_button("ORDER-4", light=True, block=True) }}</p>
<p>{{ bdquickpay_button("ORDER-5", disabled=True) }}</p>
<p>{{ bdquickpay_button("ORDER-6", light=True, aria_disabled="true") }}</p>
</main></body></html>"""

#: A shop that says who it is.
SHAPLA = {
    "en": {"name": "Shapla Store", "address": "House 12, Road 5\nDhanmondi, Dhaka"},
    "bn": {"name": "শাপলা স্টোর", "address": "বাড়ি ১২, রোড ৫\nধানমন্ডি, ঢাকা"},
}
CONTACT = {
    "logo": "bdquickpay/static/icon.svg",
    "phone": "01712-345678",
    "whatsapp": "01712-345678",
    "email": "help@shapla.example.com",
    "url": "https://shapla.example.com",
}
LINES = {
    "en": ("Tea and honey", "2 × Sylhet black tea", "1 × Sundarbans honey", "Delivery", "Discount"),
    "bn": ("চা ও মধু", "২ × সিলেটের চা", "১ × সুন্দরবনের মধু", "ডেলিভারি", "ছাড়"),
}
COSTS = ("640", "650.50", "60", "-100")


@contextmanager
def shapla(folder: Path, language: str) -> Iterator[PlainShop]:
    """The same shop, which says who it is and what an order consists of."""
    label, *texts = LINES[language]
    request = PaymentRequest("1250.50", label=label, lines=zip(texts, COSTS, strict=True))
    with plain(folder, language, BDQUICKPAY_SHOP=CONTACT | SHAPLA[language]) as shop:
        shop.extension.order_loader(lambda reference: request)
        shop.extension.order_url(lambda payment: f"/orders/{payment.customer_reference}")
        yield shop


@contextmanager
def plain(folder: Path, language: str, **config: Any) -> Iterator[PlainShop]:
    app, extension = Flask("plain"), BDQuickPay()
    with ExitStack() as stack:
        server = stack.enter_context(SandboxServer(synchronous=True, merchant="Shapla Store"))
        app.config.update(
            SECRET_KEY="plain",
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/plain.sqlite3",
            BDQUICKPAY_APP_KEY=APP_KEY,
            BDQUICKPAY_SECRET_KEY=SECRET_KEY,
            BDQUICKPAY_BASE_URL=server.base_url,
            BDQUICKPAY_LANGUAGE=language,
            **config,
        )
        database = SQLAlchemy(app)
        extension.init_app(app)
        extension.order_loader(_cost)
        extension.checkout_check(lambda reference: not reference.startswith("THEIRS-"))
        payment_paid.connect(_refuse, sender=app)
        app.add_url_rule("/", view_func=lambda: "The shop", endpoint="index")
        app.add_url_rule("/orders/<reference>", view_func=_order_page(language), endpoint="order")
        app.add_url_rule("/buttons", view_func=_buttons_page(language), endpoint="buttons")
        with app.app_context():
            database.create_all()
        yield PlainShop(stack.enter_context(served(app)), app, server, extension)
        with app.app_context():
            database.engine.dispose()


def _cost(reference: str) -> PaymentRequest | None:
    """What an order costs; some orders show what a shop can do wrong."""
    if reference == "FAULT":
        raise RuntimeError("the shop's own code fails")
    if reference == "UNREADY":
        raise ConfigurationError("something is not set")
    if reference == "FREE":
        return PaymentRequest(0)
    known = reference.startswith(("ORDER-", "THEIRS-"))
    return PaymentRequest(Decimal("1250.50")) if known else None


def _refuse(_app: Flask, payment: Any) -> None:
    if payment.customer_reference == UNBOOKED:
        raise RuntimeError("the shop's own code fails")


def _order_page(language: str) -> Any:
    return lambda reference: render_template_string(_ORDER_PAGE, reference=reference, lang=language)


def _buttons_page(language: str) -> Any:
    return lambda: render_template_string(_BUTTONS_PAGE, lang=language)


def new_payment(server: SandboxServer, reference: str, **fields: Any) -> Any:
    """Open a payment at a sandbox as a shop would; returns the gateway's answer."""
    body = {"amount": 1234.5, "customer_reference": reference}
    body |= dict.fromkeys(("success_url", "cancel_url"), f"{server.url}/assumptions")
    url = f"{server.base_url}/payment/create"
    answer = requests.post(url, json=body | fields, headers=HEADERS, timeout=5)
    answer.raise_for_status()
    return answer.json()

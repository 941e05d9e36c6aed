"""The recipes are true: each block of docs/recipes.md runs and does what its prose says."""

from __future__ import annotations

import configparser
import importlib
import os
import re
import shlex
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timezone
from http.client import HTTPSConnection
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import NullPool, create_engine, inspect
from werkzeug.test import Client, TestResponse

from flask_bdquickpay import BDQuickPay
from flask_bdquickpay.payments import signals
from flask_bdquickpay.sandbox.kit import Gateway

# The plugin is loaded by its entry point where the package is installed; here in any case.
from flask_bdquickpay.testing import bdquickpay_gateway

__all__ = ["bdquickpay_gateway"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: The first line of a block names its file.
NAME = re.compile(r"(?:#|\{#) (.+?)(?: #\})?\n")


def blocks(heading: str) -> list[tuple[str, str]]:
    """The blocks of a recipe: the name of the file, and all that stands in it."""
    recipe = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = [(NAME.match(code), code) for code in BLOCK.findall(recipe)]
    assert all(name for name, _ in found), f"a block of {heading!r} does not name its file"
    return [(name[1], code) for name, code in found if name]


def block(heading: str, name: str) -> str:
    return dict(blocks(heading))[name]


def lines(heading: str, name: str) -> list[str]:
    return block(heading, name).splitlines()[1:]


def readme_shop() -> str:
    app: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    return app[0]


class Bench:
    """A folder into which a reader copies a recipe, and in which it is run."""

    def __init__(self, folder: Path, gateway: Gateway) -> None:
        self.folder, self.gateway = folder, gateway
        self._modules: set[str] = set()
        self._apps: list[Flask] = []

    def write(self, name: str, code: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
        return path

    def copy(self, heading: str, *, readme: bool = True) -> None:
        if readme:
            self.write("shop.py", readme_shop())
        for name, code in blocks(heading):
            if name.endswith((".py", ".html")):
                self.write(name, code)

    def load(self, name: str) -> ModuleType:
        self._modules |= {name, "shop"}
        return importlib.import_module(name)

    def app(self, module: ModuleType) -> Flask:
        app: Flask = vars(module).get("app") or module.create_app()
        self._apps.append(app)
        return app

    def close(self) -> None:
        for thread in threading.enumerate():
            if thread.name == "bdquickpay-outbox":
                thread.join(30)
        for app in self._apps:
            with app.app_context():
                database(app).engine.dispose()
        for signal in (*signals.OF_STATUS.values(), signals.payment_changed):
            for receiver in list(signal.receivers_for(self)):
                if receiver.__module__ in self._modules:
                    signal.disconnect(receiver)
        for name in self._modules:
            sys.modules.pop(name, None)


@pytest.fixture
def bench(
    tmp_path: Path, bdquickpay_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("FLASK_SECRET_KEY", "recipes")
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", f"sqlite:///{tmp_path}/shop.sqlite3")
    monkeypatch.syspath_prepend(tmp_path)
    bench = Bench(tmp_path, bdquickpay_gateway)
    yield bench
    bench.close()


def database(app: Flask) -> SQLAlchemy:
    found: SQLAlchemy = app.extensions["sqlalchemy"]
    return found


def extension(app: Flask) -> BDQuickPay[Any, Any]:
    """The extension object of the module that made the app."""
    found: BDQuickPay[Any, Any] = vars(sys.modules[app.import_name])["bdquickpay"]
    return found


def add(app: Flask, *objects: Any) -> None:
    with app.app_context():
        database(app).session.add_all(objects)
        database(app).session.commit()


def value(app: Flask, column: Any) -> Any:
    with app.app_context():
        return database(app).session.scalar(database(app).select(column))


def csrf_token(page: str) -> str:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None, page
    return token[1]


def press(client: FlaskClient, page: str, **data: str) -> TestResponse:
    return client.post(page, data=data | {"csrf_token": csrf_token(client.get(page).text)})


def test_contents_name_every_recipe() -> None:
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", PAGE, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
    assert listed == list(zip(headings, anchors, strict=True))


def test_prose_comes_first() -> None:
    for heading in re.findall(r"^## (.+)$", PAGE, re.MULTILINE):
        assert PAGE.split(f"\n## {heading}\n\n")[1][0].isalpha(), heading


# Your own payment table


def test_own_payment_table(
    bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy("Your own payment table", readme=False)
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Order(reference="SHAPLA-1001", total=500))
    with app.test_request_context():
        started = shop.bdquickpay.start("SHAPLA-1001")
        bench.gateway.cancel(started)
        shop.bdquickpay.confirm(started)
        bench.gateway.pay(started)
        shop.db.session.rollback()  # MariaDB would read from the snapshot of before
        order = shop.db.session.scalar(shop.db.select(shop.Order))
        assert [payment.status for payment in order.payments] == ["completed"]
        assert order.payments[0].order is order
        assert order.payments[0].in_books is False
        assert isinstance(order.payments[0].events[0], shop.PaymentEvent)
        tables = inspect(shop.db.engine).get_table_names()
    assert set(tables) == {"order", "shop_payment", "shop_payment_event"}


# Flask-Migrate from nothing


def run(bench: Bench, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a recipe in the bench's folder."""
    return subprocess.run(
        command_line(command),
        cwd=bench.folder,
        env=surroundings(**environment),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def command_line(command: str) -> list[str]:
    words = shlex.split(command)
    interpreter = {"flask": [sys.executable, "-m", "flask"], "python": [sys.executable]}
    return interpreter[words[0]] + words[1:]


def surroundings(**environment: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | environment


def test_migrations_from_nothing(bench: Bench) -> None:
    bench.copy("Flask-Migrate from nothing", readme=False)
    for command in lines("Flask-Migrate from nothing", "terminal"):
        done = run(bench, command)
        assert done.returncode == 0, done.stdout + done.stderr
    engine = create_engine(os.environ["FLASK_SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    tables = {"order", "alembic_version", "bdquickpay_payment", "bdquickpay_payment_event"}
    assert set(inspect(engine).get_table_names()) == tables
    (migration,) = (bench.folder / "migrations/versions").glob("*.py")
    assert "bdquickpay_payment" in migration.read_text()
    assert "import flask_bdquickpay" not in migration.read_text()
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Order(total=500))
    with app.test_request_context():
        payment = shop.bdquickpay.start(1)
        bench.gateway.pay(payment)
        assert payment.is_paid


# A JSON API with your own front end


@pytest.fixture
def api(bench: Bench) -> Flask:
    bench.copy("A JSON API with your own front end")
    app = bench.app(bench.load("api"))
    add(app, bench.load("shop").Order(total=500))
    return app


def test_json_api_sells(api: Flask, bench: Bench) -> None:
    client = api.test_client()
    started: Any = client.post("/api/orders/1/payment").json
    (payment,) = bench.gateway.payments
    assert started["status"] == "pending"
    assert started["pay_at"].endswith(f"/pay/bkash/{payment.token}")
    assert client.get(started["status_url"]).json == {"status": "pending", "is_final": False}
    outcome = bench.gateway.pay(payment, webhook=False)
    back = client.get(outcome.return_url)
    assert (back.status_code, back.location[:11]) == (303, "/#/orders/1")
    assert client.get(started["status_url"]).json == {"status": "completed", "is_final": True}
    paid: Any = client.post("/api/orders/1/payment").json
    assert (paid["status"], paid["pay_at"]) == ("completed", None)
    assert len(bench.gateway.payments) == 1


def test_json_api_checks_at_once(api: Flask, bench: Bench) -> None:
    client = api.test_client()
    started: Any = client.post("/api/orders/1/payment").json
    client.get(started["status_url"])
    bench.gateway.pay(bench.gateway.payments[0], webhook=False)
    assert client.get(started["status_url"]).json == {"status": "pending", "is_final": False}
    checked: Any = client.post(started["check_url"]).json
    assert checked["status"] == "completed"


def test_json_api_says_what_went_wrong(api: Flask, bench: Bench) -> None:
    client = api.test_client()
    assert client.post("/api/orders/7/payment").status_code == 404
    assert client.post("/api/payments/unknown/check").status_code == 404
    with bench_down(bench):
        assert client.post("/api/orders/1/payment").status_code == 502
    started: Any = client.post("/api/orders/1/payment").json
    with bench_down(bench):
        assert client.post(started["check_url"]).status_code == 503


@contextmanager
def bench_down(bench: Bench) -> Iterator[None]:
    """Meanwhile the gateway answers nothing but errors."""
    bench.gateway.fault("500", times=None)
    yield
    bench.gateway.clear_faults()


# Stock that is set aside


class StockShop:
    """The shop of the recipe, with one product and as many orders as are asked for."""

    def __init__(self, bench: Bench, stock: int, orders: int) -> None:
        self.gateway, self.shop = bench.gateway, bench.load("shop")
        self.app = bench.app(self.shop)
        add(self.app, self.shop.Product(id=1, stock=stock))
        bought = {"product_id": 1, "quantity": 2, "total": 500}
        add(self.app, *(self.shop.Order(id=n + 1, **bought) for n in range(orders)))

    def press(self, order: int) -> int:
        return press(self.app.test_client(), f"/orders/{order}").status_code

    def ends(self, act: Callable[..., Any], payment: Any, **how: Any) -> None:
        """The gateway's side ends a payment, and the customer comes back."""
        self.app.test_client().get(act(payment, **how).return_url)

    @property
    def stock(self) -> int:
        return int(value(self.app, self.shop.Product.stock))

    def status(self, order: int = 1) -> str:
        with self.app.app_context():
            return str(self.shop.db.session.get(self.shop.Order, order).status)


@pytest.fixture
def stocked(
    bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, int], StockShop]:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy("Stock that is set aside", readme=False)
    return lambda stock, orders: StockShop(bench, stock, orders)


Stocked = Callable[[int, int], StockShop]


def test_stock_is_set_aside_once_and_sold(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    assert (shop.press(1), shop.stock) == (303, 3)
    assert (shop.press(1), shop.stock) == (303, 3)
    shop.ends(shop.gateway.pay, shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("paid", 3)
    assert (shop.press(1), shop.stock) == (303, 3)
    assert len(shop.gateway.payments) == 1


@pytest.mark.parametrize("end", ["fail", "time_out", "cancel"])
def test_stock_comes_back_and_is_set_aside_anew(stocked: Stocked, end: str) -> None:
    shop = stocked(2, 1)
    shop.press(1)
    shop.gateway.switch(expired_status="expired")
    shop.ends(getattr(shop.gateway, end), shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("new", 2)
    assert (shop.press(1), shop.stock) == (303, 0)
    shop.ends(shop.gateway.pay, shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("paid", 0)


def test_sold_out_sends_nobody_to_pay(stocked: Stocked) -> None:
    shop = stocked(3, 2)
    assert (shop.press(1), shop.press(2), shop.stock) == (303, 409, 1)
    shop.ends(shop.gateway.cancel, shop.gateway.payments[1])
    assert (shop.press(2), shop.stock) == (303, 1)


def test_late_money_takes_the_goods_again(stocked: Stocked) -> None:
    shop = stocked(2, 1)
    shop.press(1)
    (payment,) = shop.gateway.payments
    shop.ends(shop.gateway.time_out, payment)
    assert shop.stock == 2
    shop.ends(shop.gateway.pay, payment, late=True)
    assert (shop.status(), shop.stock) == ("paid", 0)


def test_late_money_for_goods_that_are_gone(stocked: Stocked) -> None:
    shop = stocked(2, 2)
    shop.press(1)
    (late,) = shop.gateway.payments
    shop.ends(shop.gateway.time_out, late)
    shop.press(2)
    shop.ends(shop.gateway.pay, late, late=True)
    assert (shop.status(1), shop.status(2), shop.stock) == ("short", "new", 0)


def test_late_money_beside_a_new_payment_takes_the_goods_once(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    shop.press(1)
    (late,) = shop.gateway.payments
    shop.ends(shop.gateway.time_out, late)
    shop.press(1)
    shop.ends(shop.gateway.pay, late, late=True)
    shop.ends(shop.gateway.time_out, shop.gateway.payments[0])
    assert (shop.status(), shop.stock) == ("paid", 3)


def test_end_of_an_older_payment_frees_nothing(stocked: Stocked) -> None:
    shop = stocked(5, 1)
    shop.press(1)
    with shop.app.app_context():
        shop.shop.db.session.get(shop.shop.Order, 1).total = 600
        shop.shop.db.session.commit()
    shop.press(1)
    new, old = shop.gateway.payments
    assert shop.stock == 3
    shop.ends(shop.gateway.fail, old)
    assert shop.stock == 3
    shop.ends(shop.gateway.fail, new)
    assert shop.stock == 5


def test_stock_when_an_expired_payment_is_found_by_the_click(stocked: Stocked) -> None:
    shop = stocked(2, 1)
    shop.press(1)
    shop.gateway.time_out(shop.gateway.payments[0], webhook=False)
    with shop.app.app_context():
        payment = shop.shop.db.session.scalar(shop.shop.db.select(shop.shop.bdquickpay.Payment))
        payment.expires_at = payment.created_at
        shop.shop.db.session.commit()
    assert (shop.press(1), shop.stock) == (303, 0)
    assert len(shop.gateway.payments) == 2


def test_two_buyers_of_the_last_goods_at_once(stocked: Stocked) -> None:
    shop = stocked(2, 2)
    answers = shop.gateway.race(lambda: shop.press(1), lambda: shop.press(2))
    assert sorted(answers) == [303, 409]
    assert shop.stock == 0


def test_stock_stays_when_bkash_is_away(stocked: Stocked, bench: Bench) -> None:
    shop = stocked(2, 1)
    with bench_down(bench):
        assert (shop.press(1), shop.stock) == (502, 2)


# A wallet


@pytest.fixture
def wallet(bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    bench.copy("A wallet", readme=False)
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Customer(id=7), shop.Customer(id=8))
    client = app.test_client()
    with client.session_transaction() as session:
        session["customer_id"] = 7
    return client


def balances(client: FlaskClient, bench: Bench) -> list[int]:
    customer = bench.load("shop").Customer
    with client.application.app_context():
        db = database(client.application)
        found = db.session.scalars(db.select(customer.balance).order_by(customer.id))
        return [int(balance) for balance in found]


def test_wallet_takes_many_payments_each_once(wallet: FlaskClient, bench: Bench) -> None:
    for amount in ("100", "500", "500"):
        assert press(wallet, "/wallet", amount=amount).status_code == 303
        (payment, *_) = bench.gateway.payments
        outcome = bench.gateway.pay(payment)
        bench.gateway.send_webhook(payment)
        assert wallet.get(outcome.return_url).location == "/wallet"
    assert balances(wallet, bench) == [1100, 0]
    assert [payment.customer_reference for payment in bench.gateway.payments] == ["3", "2", "1"]
    assert "৳1100" in wallet.get("/wallet").text


def test_wallet_counts_two_top_ups_at_once(wallet: FlaskClient, bench: Bench) -> None:
    for _ in range(2):
        press(wallet, "/wallet", amount="500")
    invoices = [payment.invoice_id for payment in bench.gateway.payments]
    bench.gateway.race(*(lambda found=found: bench.gateway.pay(found) for found in invoices))
    assert balances(wallet, bench) == [1000, 0]


def test_wallet_refuses(wallet: FlaskClient, bench: Bench) -> None:
    assert press(wallet, "/wallet", amount="1").status_code == 400
    assert wallet.application.test_client().get("/wallet").status_code == 404
    with bench_down(bench):
        assert press(wallet, "/wallet", amount="100").status_code == 502
    assert balances(wallet, bench) == [0, 0]


# Behind a proxy, under a mount path, through a tunnel


def urls(body: dict[str, Any]) -> set[str]:
    """What stands before our routes in the URLs that the gateway was given."""
    given = (body[name] for name in ("success_url", "cancel_url", "webhook_url"))
    return {url.split("/bdquickpay/")[0] for url in given}


@pytest.mark.parametrize("prefix", ["", "/shop"])
def test_behind_a_proxy(bench: Bench, prefix: str) -> None:
    bench.copy("Behind a proxy")
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "shapla-books.example"}
    headers["X-Forwarded-Prefix"] = prefix
    app = bench.app(bench.load("wsgi"))
    add(app, bench.load("shop").Order(id=1, total=500))

    @app.post("/start")
    def start() -> str:
        return str(extension(app).start(1).payment_url)

    app.test_client().post("/start", headers=headers)
    assert urls(bench.gateway.requests[0].body) == {f"https://shapla-books.example{prefix}"}
    outcome = bench.gateway.pay(bench.gateway.payments[0], webhook=False)
    path = outcome.return_url.removeprefix(f"https://shapla-books.example{prefix}")
    back = app.test_client().get(path, headers=headers)
    assert back.location == f"{prefix}/orders/1"
    assert value(app, bench.load("shop").Order.status) == "paid"


def test_under_a_mount_path(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_BDQUICKPAY_PUBLIC_URL", "https://example.com")
    bench.copy("Under a mount path")
    wsgi, shop = bench.load("wsgi"), bench.load("shop")
    app, client = bench.app(wsgi), Client(wsgi.application)
    add(app, shop.Order(id=1, total=500), shop.Order(id=2, total=500))
    assert client.get("/orders/1").status_code == 404
    page = client.get("/shop/orders/1").text
    assert 'action="/shop/bdquickpay/checkout/1"' in page
    token = csrf_token(page)
    bought = client.post("/shop/bdquickpay/checkout/1", data={"csrf_token": token})
    assert bought.status_code == 303
    outcome = bench.gateway.pay(bench.gateway.payments[0])
    assert outcome.webhook is not None
    assert outcome.webhook.status_code == 200
    assert client.get(outcome.return_url.removeprefix("https://example.com")).status_code == 302
    with app.app_context():
        extension(app).start(2)
    inside, outside = (
        request.body for request in bench.gateway.requests if request.endpoint == "create"
    )
    assert urls(inside) == urls(outside) == {"https://example.com/shop"}


def test_through_a_tunnel(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    export, doctor, serve = lines("Through a tunnel", "terminal")
    name, address = export.removeprefix("export ").split("=")
    monkeypatch.setenv(name, address)
    bench.copy("Through a tunnel")
    app = bench.app(bench.load("shop"))
    add(app, bench.load("shop").Order(id=1, total=500))
    with app.app_context():
        extension(app).start(1)
    assert urls(bench.gateway.requests[0].body) == {address}
    for command in (doctor, f"{serve} --help"):
        done = run(bench, command, FLASK_BDQUICKPAY_PUBLIC_URL="http://127.0.0.1:9")
        assert "No such" not in done.stderr, done.stderr
        assert "http://127.0.0.1:9" in done.stdout or "--port" in done.stdout


# Changing the keys


def settings(text: list[str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text)


def test_changing_the_keys(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.copy("Changing the keys")
    shop = bench.load("shop")
    monkeypatch.setenv("FLASK_BDQUICKPAY_APP_KEY", "the-old-app-key")
    monkeypatch.setenv("FLASK_BDQUICKPAY_SECRET_KEY", "the-old-secret-key")
    before = bench.app(shop)
    add(before, shop.Order(id=1, total=500), shop.Order(id=2, total=700))
    with before.test_request_context():
        invoice = extension(before).start(1).invoice_id
    for name, text in settings(lines("Changing the keys", ".env")).items():
        monkeypatch.setenv(name, text)
    after = bench.app(shop)
    bench.gateway.pay(invoice, webhook=False)
    keys = {"stolen-key": 401, "the-old-app-key": 200, "the-new-app-key": 200}
    for key, answer in keys.items():
        assert announce(after, invoice, key) == answer
    assert value(after, shop.Order.status) == "paid"
    with after.test_request_context():
        extension(after).start(2)
    assert bench.gateway.requests[-1].headers["X-App-Key"] == "the-new-app-key"
    assert announce(before, invoice, "the-new-app-key") == 401


def announce(app: Flask, invoice: str, key: str) -> int:
    body = {"event": "payment.completed", "invoice_id": invoice}
    headers = {"X-App-Key": key}
    return app.test_client().post("/bdquickpay/webhook", json=body, headers=headers).status_code


# A flagged payment


class _Post(socketserver.StreamRequestHandler):
    """As much of SMTP as one mail needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            self.wfile.write(
                {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n")
            )
            if word == b"DATA":
                self._mail()
            if word == b"QUIT":
                return

    def _mail(self) -> None:
        mail = b"".join(iter(self.rfile.readline, b".\r\n"))
        vars(self.server)["mails"].append(mail.decode())
        self.wfile.write(b"250 ok\r\n")


@contextmanager
def post_office() -> Iterator[tuple[str, list[str]]]:
    """A mail server on a loopback port: its address and the mails that it got."""
    mails: list[str] = []
    with socketserver.TCPServer(("127.0.0.1", 0), _Post) as server:
        vars(server)["mails"] = mails
        runner = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        runner.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", mails
        finally:
            server.shutdown()
            runner.join()


def flagged_shop(bench: Bench, mail_server: str) -> tuple[Flask, str]:
    bench.copy("A flagged payment")
    bench.load("alarm")
    shop = bench.load("shop")
    app = bench.app(shop)
    app.config["MAIL_SERVER"] = mail_server
    add(app, shop.Order(id=1, total=500), shop.Order(id=2, total=500))
    with app.test_request_context():
        bench.gateway.pay(extension(app).start(2))
        payment = extension(app).start(1)
        bench.gateway.pay(payment, amount=400, completes=True)
        return app, str(payment.invoice_id)


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_flagged_payment_is_mailed_to_the_shop(bench: Bench) -> None:
    with post_office() as (address, mails):
        _, invoice = flagged_shop(bench, address)
        wait_for(lambda: mails)
        bench.close()
    (mail,) = mails
    assert f"Subject: Payment {invoice} waits for a decision" in mail
    assert "Order 1, 500.00 BDT:" in mail
    assert "400" in mail


def test_mail_is_tried_again(bench: Bench) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    app, _ = flagged_shop(bench, nobody)
    event = extension(app).PaymentEvent
    with app.app_context():
        db = database(app)
        wait_for(lambda: db.session.scalar(db.select(event.error).where(event.error.is_not(None))))
        due = db.update(event).where(event.error.is_not(None))
        db.session.execute(due.values(deliver_after=datetime(2020, 1, 1, tzinfo=timezone.utc)))
        db.session.commit()
    with post_office() as (address, mails), app.app_context():
        app.config["MAIL_SERVER"] = address
        assert extension(app).deliver() == 1
    assert len(mails) == 1


def test_person_decides_about_a_flagged_payment(bench: Bench) -> None:
    with post_office() as (address, _):
        app, invoice = flagged_shop(bench, address)
        listed, shown, decided = (
            run(bench, command.replace("INVOICE", invoice))
            for command in lines("A flagged payment", "terminal")
        )
        bench.close()
    assert invoice in listed.stdout
    assert "A person decides" in shown.stdout
    assert decided.returncode == 0, decided.stderr
    statuses = (
        value(app, app.extensions["bdquickpay"].models.payment.status),
        value(app, bench.load("shop").Order.status),
    )
    assert statuses == ("completed", "paid")


# The sweep

SWEEP = "The sweep: cron, systemd, a worker"


@pytest.fixture
def forgotten(bench: Bench, tmp_path: Path) -> Flask:
    """A shop with a paid payment that nobody has told it of; its settings are in .env."""
    bench.copy(SWEEP)
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Order(id=1, total=500))
    with app.test_request_context():
        payment = extension(app).start(1)
        bench.gateway.pay(payment, webhook=False)
        payment.check_after = payment.created_at
        database(app).session.commit()
    names = ("SECRET_KEY", "SQLALCHEMY_DATABASE_URI")
    given = [f"FLASK_{name}={os.environ[f'FLASK_{name}']}\n" for name in names]
    given.append("FLASK_BDQUICKPAY_APP_KEY=any-app-key\nFLASK_BDQUICKPAY_SECRET_KEY=any-secret\n")
    given.append(f"FLASK_BDQUICKPAY_BASE_URL={bench.gateway.server.base_url}\n")
    bench.write(".env", "".join(given))
    (tmp_path / ".venv/bin").mkdir(parents=True)
    flask = bench.write(".venv/bin/flask", f'#!/bin/sh\nexec "{sys.executable}" -m flask "$@"\n')
    flask.chmod(0o755)
    return app


def bare() -> dict[str, str]:
    """The surroundings of a job: none of the shop's settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FLASK_")}
    return kept | {"PYTHONPATH": str(ROOT)}


def test_cron_line_sweeps(bench: Bench, forgotten: Flask) -> None:
    (line,) = lines(SWEEP, "crontab")
    schedule, command = line[:10], line[10:].replace("/srv/shop", str(bench.folder))
    assert schedule == "* * * * * "
    subprocess.run(["sh", "-c", command], env=bare(), check=True, capture_output=True, timeout=100)
    assert value(forgotten, bench.load("shop").Order.status) == "paid"


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(block(SWEEP, f"/etc/systemd/system/{name}"))
    return parser


def test_systemd_unit_sweeps(bench: Bench, forgotten: Flask) -> None:
    service = unit("shop-sweep.service")["Service"]
    here = {key: text.replace("/srv/shop", str(bench.folder)) for key, text in service.items()}
    env_file = Path(here["EnvironmentFile"]).read_text().splitlines()
    subprocess.run(
        shlex.split(here["ExecStart"]),
        cwd=here["WorkingDirectory"],
        env=bare() | settings(env_file),
        check=True,
        capture_output=True,
        timeout=100,
    )
    assert value(forgotten, bench.load("shop").Order.status) == "paid"
    assert unit("shop-sweep.timer")["Timer"]["OnCalendar"] == "minutely"


def test_worker_sweeps_and_survives_a_bad_sweep(
    bench: Bench, forgotten: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, sweeps = bench.load("worker"), iter([RuntimeError("the database restarts"), None])
    reconcile = extension(forgotten).reconcile

    def sweep() -> None:
        if error := next(sweeps):
            raise error
        reconcile()

    def sleep(seconds: float) -> None:
        assert seconds == 60
        if value(forgotten, bench.load("shop").Order.status) == "paid":
            raise KeyboardInterrupt

    monkeypatch.setattr(extension(forgotten), "reconcile", sweep)
    monkeypatch.setattr(worker, "time", type("Clock", (), {"sleep": staticmethod(sleep)}))
    with pytest.raises(KeyboardInterrupt):
        worker.work(forgotten)
    assert next(sweeps, "none") == "none"


# Your own tests


def test_a_shops_own_tests_pass(bench: Bench) -> None:
    bench.copy("Your own tests")
    done = run(bench, f"python -m pytest -q -p no:cacheprovider {plugin()} test_shop.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_a_shops_own_tests_find_a_bug(bench: Bench) -> None:
    bench.copy("Your own tests")
    bench.write("shop.py", readme_shop().replace('.status = "paid"', '.status = "lost"'))
    done = run(bench, f"python -m pytest -q -p no:cacheprovider {plugin()} test_shop.py")
    assert done.returncode == 1
    assert "4 failed, 2 passed" in done.stdout, done.stdout


def plugin() -> str:
    """What loads our plugin where the package is not installed."""
    installed = {found.name for found in entry_points(group="pytest11")}
    return "" if "flask_bdquickpay" in installed else "-p flask_bdquickpay.testing"


def test_the_race_takes_ten_lines_at_most() -> None:
    code = block("Your own tests", "test_shop.py")
    race = code.split("def test_webhook_and_return_at_once")[1]
    assert len(race.strip().splitlines()) <= 10


# On a phone


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


@contextmanager
def running(command: str, cwd: Path, port: int, **environment: str) -> Iterator[None]:
    """A command of a recipe while it serves a port."""
    with subprocess.Popen(
        command_line(command),
        cwd=cwd,
        env=surroundings(**environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(lambda: process.poll() is not None or answers(port))
            assert process.poll() is None, command
            yield
        finally:
            process.terminate()


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


class Phone:
    """The recipe with this machine in the place of the computer in the network."""

    def __init__(self, bench: Bench) -> None:
        bench.copy("On a phone")
        self._ports = {port: free_port() for port in ("5005", "5443", "5000")}
        self.commands = [
            [self.here(line) for line in lines("On a phone", f"{name} terminal")]
            for name in ("first", "second", "third")
        ]
        front = bench.folder / "front.py"
        front.write_text(self.here(front.read_text()))
        self.sandbox, self.front, self.shop = (int(port) for port in self._ports.values())

    def here(self, text: str) -> str:
        text = text.replace("0.0.0.0", "127.0.0.1").replace("192.168.0.20", "127.0.0.1")
        for theirs, ours in self._ports.items():
            text = re.sub(rf"\b{theirs}\b", str(ours), text)
        return text.replace("example_shop", "shop")


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_on_a_phone(bench: Bench) -> None:
    phone = Phone(bench)
    app = bench.app(bench.load("shop"))
    add(app, bench.load("shop").Order(id=1, total=500))
    (sandbox,), (front,), (*exports, shop) = phone.commands
    given = settings([line.removeprefix("export ") for line in exports])
    with ExitStack() as stack:
        stack.enter_context(running(sandbox, bench.folder, phone.sandbox))
        stack.enter_context(running(front, bench.folder, phone.front))
        stack.enter_context(running(shop, bench.folder, phone.shop, **given))
        buys_on(phone)
        wait_for(lambda: value(app, bench.load("shop").Order.status) == "paid")
        assert controls_of(phone) == {404}


def buys_on(phone: Phone) -> None:
    """Buy as a phone's browser does, in which the certificate was accepted."""
    order = f"http://127.0.0.1:{phone.shop}/orders/1"
    with requests.Session() as browser:
        browser.verify, browser.trust_env = False, False
        token = csrf_token(browser.get(order).text)
        checkout = order.replace("/orders/", "/bdquickpay/checkout/")
        page = browser.post(checkout, data={"csrf_token": token})
        assert page.url.startswith(f"https://127.0.0.1:{phone.front}/pay/bkash/")
        style = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        assert style is not None
        assert browser.get(f"https://127.0.0.1:{phone.front}{style[1]}").status_code == 200
        own = {"Origin": f"https://127.0.0.1:{phone.front}"}  # as an older browser says it
        assert browser.post(page.url, data={"action": "pay"}, headers=own).url == order


def controls_of(phone: Phone) -> set[int]:
    """What the phone is answered when it looks for more than payment pages."""
    controls = "/sandbox/api/payments"
    tried = ("/", controls, f"/pay/..{controls}", "/api/bkash/v1/payment/verify")
    return {front_answers(phone.front, path) for path in tried}


def front_answers(port: int, path: str) -> int:
    """The status of a path that is sent as it is written, dots and all."""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    with closing(HTTPSConnection("127.0.0.1", port, context=anyone, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_sandbox_stays_on_this_machine_until_told(bench: Bench) -> None:
    bench.copy("On a phone")
    done = run(bench, "flask --app shop bdquickpay sandbox --host 0.0.0.0")
    assert done.returncode == 2
    assert "--allow-remote" in done.stderr


def test_settings_of_the_phone_are_those_that_the_sandbox_prints(bench: Bench) -> None:
    phone = Phone(bench)
    ((sandbox,), _, (*exports, _)) = phone.commands
    with subprocess.Popen(
        command_line(sandbox),
        cwd=bench.folder,
        env=surroundings(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = "".join(iter(process.stdout.readline, "Ctrl-C ends it.\n"))
        process.terminate()
    for name, text in settings([line.removeprefix("export FLASK_") for line in exports]).items():
        assert re.search(rf'{name} = \[?"{re.escape(text)}"', printed), (name, printed)


# Your own pages

LAYOUT = (
    "<title>{% block title %}{% endblock %}</title>{% block head %}{% endblock %}"
    "<nav>My own shop</nav>{% block content %}{% endblock %}"
)


def ended(bench: Bench, end: str, name: str, code: str, **how: Any) -> str:
    """The page to which a payment leads that ended, in a shop with a template of its own."""
    bench.write("shop.py", readme_shop().replace("@bdquickpay.return_handler", ""))
    bench.write(name, code)
    shop = bench.load("shop")
    app = bench.app(shop)
    add(app, shop.Order(id=1, total=500))
    with app.test_request_context():
        payment = extension(app).start(1)
        outcome = getattr(bench.gateway, end)(payment, **how)
    return app.test_client().get(outcome.return_url).text


def pages() -> list[tuple[str, str]]:
    return blocks("Your own pages")


def test_all_pages_in_the_shops_layout(bench: Bench) -> None:
    bench.write("templates/shop.html", LAYOUT)
    page = ended(bench, "pay", *pages()[0])
    assert "<nav>My own shop</nav>" in page
    assert "Payment received" in page
    assert "bdquickpay.css" in page


def test_one_block_of_the_layout(bench: Bench) -> None:
    page = ended(bench, "pay", *pages()[1])
    assert "শাপলা বই ঘর" in page
    assert "12 Nilkhet, Dhaka" in page
    assert "bKash payment</span>" not in page
    assert "Payment received" in page


@pytest.mark.parametrize(
    ("end", "how", "said"),
    [
        ("pay", {}, "We have received ৳500.00."),
        ("pay", {"amount": 5, "completes": True}, "Please do not pay again."),
        ("cancel", {}, "Nothing was paid."),
    ],
)
def test_one_page_of_the_shops_own(bench: Bench, end: str, how: dict[str, Any], said: str) -> None:
    page = ended(bench, end, *pages()[2], **how)
    assert said in page
    assert ("bdqp-button" in page) == (end == "cancel")
    assert "Order 1</title>" in page

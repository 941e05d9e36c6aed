"""The app of the README, as a reader types it in: it sells, and it survives."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_bdquickpay import ConfigurationError, payment_paid
from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY

from .bench import Bench, csrf_token, place, readme_shop, run, value

TOLD_PAID = "This order is already paid"


class ReadmeShop:
    """The README's shop, with orders `a1` and `b1` of 500 taka."""

    def __init__(self, bench: Bench) -> None:
        bench.write("shop.py", readme_shop())
        self.gateway = bench.gateway
        self.module: ModuleType = bench.load("shop")
        self.app: Flask = bench.app(self.module)
        place(self.app, self.module, "a1", "b1")

    def click(self, reference: str = "a1", **how: Any) -> Any:
        """Press an order's button in a new browser, with a token from the other order's page."""
        client = self.app.test_client()
        token = csrf_token(client.get("/orders/b1", **how).text)
        url = f"/bdquickpay/checkout/{reference}"
        return client.post(url, data={"csrf_token": token}, **how)

    @property
    def status(self) -> Any:
        with self.app.app_context():
            return self.module.find_order("a1").status

    def payments(self) -> list[Any]:
        payment = self.module.bdquickpay.Payment
        with self.app.app_context():
            return list(self.module.db.session.scalars(sa.select(payment).order_by(payment.id)))


@pytest.fixture
def shop(bench: Bench, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> ReadmeShop:
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", database_uri)
    return ReadmeShop(bench)


def test_it_sells(shop: ReadmeShop) -> None:
    customer = shop.app.test_client()
    token = csrf_token(customer.get("/orders/a1").text)
    sent = customer.post("/bdquickpay/checkout/a1", data={"csrf_token": token})
    (payment,) = shop.gateway.payments
    assert (sent.status_code, payment.amount) == (303, 500)
    outcome = shop.gateway.pay(payment, webhook=False)
    assert customer.get(outcome.return_url).location == "/orders/a1"
    assert customer.get("/orders/a1").text.strip() == "paid"


def test_references_are_unguessable_and_its_own(shop: ReadmeShop) -> None:
    with shop.app.app_context():
        orders = [shop.module.Order(total=5) for _ in range(50)]
        shop.module.db.session.add_all(orders)
        shop.module.db.session.commit()
        made = {order.reference for order in orders}
    assert len(made) == 50
    assert all(re.fullmatch("[0-9a-f]{16}", reference) for reference in made)


# A forged host


def test_with_real_keys_and_no_address_it_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APP_KEY", "SECRET_KEY"):
        monkeypatch.setenv(f"FLASK_BDQUICKPAY_{name}", "a-real-key")
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", f"sqlite:///{tmp_path}/s.sqlite3")
    typed_in: dict[str, Any] = {"__name__": "readme_shop_with_keys"}
    exec(readme_shop(), typed_in)
    payment_paid.disconnect(typed_in["fulfil"])  # it would hear of the next test's payments
    with pytest.raises(ConfigurationError, match="BDQUICKPAY_PUBLIC_URL"):
        typed_in["create_app"]()


def test_who_clicks_does_not_name_the_host(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_BDQUICKPAY_PUBLIC_URL", "https://shop.example")
    shop = ReadmeShop(bench)
    assert shop.click(base_url="http://evil.example").status_code == 303
    (created,) = bench.gateway.requests
    for name in ("success_url", "cancel_url", "webhook_url"):
        assert created.body[name].startswith("https://shop.example/"), name


def test_next_customer_is_not_led_to_a_forged_host(shop: ReadmeShop) -> None:
    """While it is tried out in the sandbox, where no address is asked for."""
    shop.click(base_url="http://evil.example")
    shop.click(base_url="http://shop.example")
    newest = shop.gateway.payments[0]
    assert newest.success_url.startswith("http://shop.example/")
    shop.gateway.pay(newest, webhook=False)


# Another spelling


@pytest.mark.parametrize("spelling", ["A1", "a1%20", "%20a1", "a1/", "./a1", "a-1", "1", "01"])
def test_under_another_spelling_there_is_no_order(shop: ReadmeShop, spelling: str) -> None:
    shop.click()
    shop.gateway.pay(shop.gateway.payments[0])
    assert shop.click(spelling).status_code in (308, 404)
    assert len(shop.gateway.payments) == len(shop.payments()) == 1


# An order that grew


def reprice(shop: ReadmeShop, total: int) -> None:
    with shop.app.app_context():
        shop.module.find_order("a1").total = total
        shop.module.db.session.commit()


def grows_while_it_is_paid(shop: ReadmeShop) -> None:
    shop.click()
    reprice(shop, 900)
    webhook = shop.gateway.pay(shop.gateway.payments[0]).webhook
    assert webhook is not None
    assert webhook.status_code == 200


def test_order_that_grew_is_flagged_and_not_shipped(shop: ReadmeShop) -> None:
    grows_while_it_is_paid(shop)
    (payment,) = shop.payments()
    assert (payment.status, payment.reason) == ("flagged", "the order's total has changed")
    assert (payment.amount, payment.received_amount, shop.status) == (500, 500, "new")
    assert TOLD_PAID in shop.click().text  # and is not charged again
    assert len(shop.gateway.payments) == 1


def test_person_makes_the_order_fit_and_accepts(shop: ReadmeShop) -> None:
    grows_while_it_is_paid(shop)
    runner = shop.app.test_cli_runner()
    invoice = shop.payments()[0].invoice_id
    accept = ["bdquickpay", "resolve", invoice, "--accept", "--note", "they get the rest for free"]
    assert "stays flagged" in runner.invoke(args=accept).output
    assert shop.status == "new"
    reprice(shop, 500)
    assert runner.invoke(args=accept).exit_code == 0
    assert shop.status == "paid"


# An order that is gone


def test_old_tab_of_a_deleted_order_pays_no_other(shop: ReadmeShop) -> None:
    """SQLite gives the id of the row that was deleted last to the next one."""
    shop.click()
    db, order = shop.module.db, shop.module.Order
    with shop.app.app_context():
        for gone in db.session.scalars(sa.select(order)):
            db.session.delete(gone)
        db.session.commit()
        db.session.add(order(total=9999))
        db.session.commit()
    shop.gateway.pay(shop.gateway.payments[0])
    (payment,) = shop.payments()
    assert (payment.status, payment.gateway_status) == ("pending", "completed")
    assert payment.problem.startswith("shop.fulfil raised")
    assert value(shop.app, order.status) == "new"
    reject = ["bdquickpay", "resolve", payment.invoice_id, "--reject", "--note", "sent it back"]
    assert shop.app.test_cli_runner().invoke(args=reject).exit_code == 0
    assert shop.payments()[0].status == "failed"


# A stranger's click


def test_stranger_is_told_that_it_is_paid_and_nothing_more(shop: ReadmeShop) -> None:
    shop.click()
    trx_id = shop.gateway.pay(shop.gateway.payments[0]).payment.trx_id
    (payment,) = shop.payments()
    for answer in (shop.click(), shop.app.test_client().get("/bdquickpay/checkout/a1")):
        assert TOLD_PAID in answer.text
        for secret in (trx_id, payment.token, payment.invoice_id):
            assert secret not in answer.text


# A sweep in a process that imports only the factory

FULFIL = re.compile(r"@payment_paid\.connect.*?\n\n\n", re.DOTALL)


@pytest.fixture
def divided(bench: Bench) -> Bench:
    """The README's shop in two modules: the receiver is not where the factory is."""
    code = readme_shop()
    receiver = FULFIL.search(code)
    assert receiver is not None
    bench.write("shop.py", FULFIL.sub("", code))
    imports = (
        "from flask_bdquickpay import FlagPayment, payment_paid\nfrom shop import find_order\n"
    )
    bench.write("receivers.py", f"{imports}\n\n{receiver[0].rstrip()}\n")
    return bench


def sweep(bench: Bench) -> Any:
    settings = {"APP_KEY": APP_KEY, "SECRET_KEY": SECRET_KEY}
    settings["BASE_URL"] = bench.gateway.server.base_url
    environment = {f"FLASK_BDQUICKPAY_{name}": text for name, text in settings.items()}
    return run(bench, "flask --app shop bdquickpay reconcile", **environment)


def paid_unknown_to_the_shop(bench: Bench, module: ModuleType, app: Flask) -> None:
    with app.test_request_context():
        payment = module.bdquickpay.start("a1")
        bench.gateway.pay(payment, webhook=False)
        payment.check_after = payment.created_at
        module.db.session.commit()


@pytest.mark.thorough
def test_sweep_that_imports_only_the_factory_leaves_it_owed(divided: Bench) -> None:
    module = divided.load("shop")
    app = divided.app(module)
    place(app, module, "a1")
    paid_unknown_to_the_shop(divided, module, app)
    swept = sweep(divided)
    assert swept.returncode == 1
    assert "Nobody listens to payment_paid" in swept.stderr
    assert value(app, module.bdquickpay.Payment.status) == "completed"
    assert value(app, module.bdquickpay.Payment.announced_at) is None
    assert value(app, module.Order.status) == "new"
    divided.load("receivers")  # as the web process does
    with app.app_context():
        module.bdquickpay.reconcile()
        module.bdquickpay.reconcile()
    assert value(app, module.Order.status) == "paid"
    assert value(app, module.bdquickpay.Payment.announced_at) is not None


@pytest.mark.thorough
def test_sweep_of_the_shop_as_written_tells_it(bench: Bench) -> None:
    shop = ReadmeShop(bench)
    paid_unknown_to_the_shop(bench, shop.module, shop.app)
    swept = sweep(bench)
    assert swept.returncode == 0, swept.stderr
    assert shop.status == "paid"

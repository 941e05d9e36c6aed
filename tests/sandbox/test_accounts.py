"""The sandbox of a shop with several merchant accounts: each key pair has its own payments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_bdquickpay import GatewayUnavailableError, InvoiceNotFoundError, PaymentRequest
from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY
from flask_bdquickpay.sandbox.kit import Gateway
from flask_bdquickpay.sandbox.server import SandboxServer
from flask_bdquickpay.testing import bdquickpay_gateway

from .test_kit import Shop, dispose, make_shop
from .tools import ORDER, Caller, listening

__all__ = ["bdquickpay_gateway"]

PAIRS = {"dhaka-app": "dhaka-secret", "sylhet-app": "sylhet-secret"}
ACCOUNTS = {
    "dhaka": {"app_key": "dhaka-app", "secret_key": "dhaka-secret"},
    "sylhet": {"app_key": "sylhet-app", "secret_key": "sylhet-secret"},
}


def keys(app_key: str, secret_key: str) -> dict[str, str]:
    return {"X-App-Key": app_key, "X-Secret-Key": secret_key}


@pytest.fixture
def caller() -> Iterator[Caller]:
    with SandboxServer(accounts=PAIRS, synchronous=True) as server:
        yield Caller(server)


EVERY = [(APP_KEY, SECRET_KEY), *PAIRS.items(), (f"{APP_KEY}-new", f"{SECRET_KEY}-new")]


@pytest.mark.parametrize("mine", EVERY)
def test_invoice_is_found_by_the_keys_that_made_it_alone(
    caller: Caller, mine: tuple[str, str]
) -> None:
    made = caller.post("/payment/create", ORDER, headers=keys(*mine))
    invoice = made.json()["invoice_id"]
    for pair in EVERY:
        answer = caller.verify(invoice, headers=keys(*pair))
        assert answer.status_code == (200 if pair == mine else 404)


@pytest.mark.parametrize(
    ("app_key", "secret_key"),
    [
        ("dhaka-app", "sylhet-secret"),
        ("dhaka-app", SECRET_KEY),
        (APP_KEY, "dhaka-secret"),
        (f"{APP_KEY}-a", f"{SECRET_KEY}-b"),
        (f"{APP_KEY}-", f"{SECRET_KEY}-"),
        (f"{APP_KEY}-a", SECRET_KEY),
        ("nobody", "dhaka-secret"),
    ],
)
def test_half_of_another_pair_is_401(caller: Caller, app_key: str, secret_key: str) -> None:
    answer = caller.verify("A", headers=keys(app_key, secret_key))
    assert answer.status_code == 401


def test_webhook_carries_the_key_of_the_account(caller: Caller) -> None:
    with listening() as shop:
        for pair in EVERY:
            body = ORDER | {"webhook_url": shop.url}
            made = caller.post("/payment/create", body, headers=keys(*pair))
            caller.sandbox.pay(made.json()["invoice_id"])
        assert [found["X-App-Key"] for found in shop.headers] == [app for app, _ in EVERY]


def test_earlier_key_of_the_same_merchant_finds_its_payments(caller: Caller) -> None:
    made = caller.post("/payment/create", ORDER, headers=keys("dhaka-app", "dhaka-secret"))
    caller.sandbox.add_account("dhaka-new", "s", "dhaka-app")
    answer = caller.verify(made.json()["invoice_id"], headers=keys("dhaka-new", "s"))
    assert answer.status_code == 200


# The test kit


def load(reference: str) -> PaymentRequest:
    return PaymentRequest(500, account=reference.partition("-")[2])


@pytest.fixture
def shop(tmp_path: Path, bdquickpay_gateway: Gateway) -> Iterator[Shop]:
    """A shop whose order says after a dash which account it is for."""
    found = make_shop(tmp_path / "shop.sqlite3", BDQUICKPAY_ACCOUNTS=ACCOUNTS)
    found.bdquickpay.order_loader(load)
    with found.app.app_context():
        yield found
    dispose(found)


def test_two_accounts_in_one_test(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    dhaka, sylhet, plain = (shop.start(f"1-{name}") for name in ("dhaka", "sylhet", ""))
    for payment in (dhaka, sylhet, plain):
        told = bdquickpay_gateway.pay(payment).webhook
        assert told is not None
        assert told.json == {"received": True}
        assert payment.status == "completed"
    assert [found.app_key for found in bdquickpay_gateway.payments] == [
        APP_KEY,
        "sylhet-app",
        "dhaka-app",
    ]
    urls = [one.url for one in bdquickpay_gateway.deliveries]
    assert [url.rpartition("/webhook")[2] for url in urls] == ["", "/sylhet", "/dhaka"]


def test_other_account_s_keys_find_nothing(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start("1-dhaka")
    payment.account, payment.made_with = "sylhet", None
    shop.db.session.commit()
    bdquickpay_gateway.pay(payment, webhook=False)
    with pytest.raises(InvoiceNotFoundError, match="no such invoice"):
        shop.bdquickpay.confirm(payment)


def test_webhook_with_another_account_s_key(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start("1-dhaka")
    bdquickpay_gateway.pay(payment, webhook=False)
    said = bdquickpay_gateway.send_webhook(payment, app_key="sylhet-app")
    assert said.status_code == 401
    url = "http://localhost/bdquickpay/webhook/sylhet"
    said = bdquickpay_gateway.send_webhook(payment, app_key="sylhet-app", url=url)
    assert said.status_code == 404
    assert payment.status == "pending"


def test_account_that_is_taken_away(
    shop: Shop, bdquickpay_gateway: Gateway, tmp_path: Path
) -> None:
    payment = shop.start("1-dhaka")
    invoice = payment.invoice_id
    bdquickpay_gateway.pay(payment, webhook=False)
    without = make_shop(tmp_path / "shop.sqlite3")
    with without.app.app_context():
        payments = without.db.select(without.bdquickpay.Payment)
        found = without.db.session.scalars(payments.filter_by(invoice_id=invoice)).one()
        with pytest.raises(GatewayUnavailableError, match="no merchant account 'dhaka'"):
            without.bdquickpay.confirm(found)
    dispose(without)

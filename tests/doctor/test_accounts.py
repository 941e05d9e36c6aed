"""The doctor looks at each merchant account."""

from __future__ import annotations

import pytest

from flask_bdquickpay import MerchantAccount, doctor
from flask_bdquickpay.sandbox.server import SandboxServer

from ..branches import ACCOUNTS, DHAKA, SYLHET, make_branches, open_accounts
from ..databases import on_sqlite
from ..shop import KEYS, NewShop, Shop
from .patients import OK, RED, check, free_port, port_of, served


def findings(shop: Shop) -> dict[str, doctor.Finding]:
    with shop.app.app_context():
        return {one.check: one for one in doctor.examine(shop.app.extensions["bdquickpay"])}


def test_shop_with_the_plain_account_alone_sees_no_others(shop: Shop) -> None:
    shop.started()
    assert check(shop, "accounts").state is OK
    assert set(findings(shop)) == set(doctor.CHECKS)


def test_payments_of_an_account_that_is_gone_are_red(new_shop: NewShop) -> None:
    whole = make_branches(new_shop)
    for name in ("dhaka", "dhaka", "sylhet", ""):
        whole.started(account=name)
    assert check(whole, "accounts").state is OK
    found = check(new_shop(BDQUICKPAY_ACCOUNTS={"sylhet": SYLHET}), "accounts")
    assert found.state is RED
    assert "dhaka (2)" in found.message
    assert "sylhet" not in found.message


@on_sqlite
def test_paid_payments_of_an_account_that_is_gone_need_no_keys(new_shop: NewShop) -> None:
    whole = make_branches(new_shop)
    payment = whole.started(account="dhaka")
    whole.gateway.pay(payment, webhook=False)
    whole.success(payment)
    assert check(new_shop(), "accounts").state is OK


@on_sqlite
def test_each_account_is_asked_about_at_the_gateway(new_shop: NewShop) -> None:
    wrong = {"app_key": SYLHET["app_key"], "secret_key": "canary-wrong"}
    shop = make_branches(new_shop, BDQUICKPAY_ACCOUNTS={"dhaka": DHAKA, "sylhet": wrong, "new": {}})
    found = findings(shop)
    assert "accepts the keys" in found["gateway dhaka"].message
    assert found["gateway sylhet"].state is RED
    assert "secret_key of BDQUICKPAY_ACCOUNTS['sylhet']" in found["gateway sylhet"].message
    assert found["configuration new"].state is RED
    assert (
        "app_key of BDQUICKPAY_ACCOUNTS['new'] and secret_key" in found["configuration new"].message
    )
    assert found["gateway new"].state is RED
    assert "canary" not in repr(found)


@on_sqlite
def test_each_account_s_webhook_is_tried_at_its_own_address(new_shop: NewShop) -> None:
    shop = make_branches(new_shop, BDQUICKPAY_PUBLIC_URL=f"http://127.0.0.1:{free_port()}")
    with served(shop.app, port_of(shop)):
        found = findings(shop)
    url = f"{shop.app.config['BDQUICKPAY_PUBLIC_URL']}/bdquickpay/webhook"
    assert found["webhook"].message.startswith(f"{url} takes our key")
    assert found["webhook dhaka"].message.startswith(f"{url}/dhaka takes our key")


@on_sqlite
def test_shop_that_runs_with_another_key_of_an_account_is_told(new_shop: NewShop) -> None:
    home = {"BDQUICKPAY_PUBLIC_URL": f"http://127.0.0.1:{free_port()}"}
    there = new_shop(**home, BDQUICKPAY_ACCOUNTS={"dhaka": SYLHET})
    here = make_branches(new_shop, **home)
    with served(there.app, port_of(there)):
        found = findings(here)["webhook dhaka"]
    assert found.state is RED
    assert "another app_key of BDQUICKPAY_ACCOUNTS['dhaka']" in found.message


@on_sqlite
def test_named_accounts_alone_are_healthy(new_shop: NewShop) -> None:
    shop = make_branches(new_shop, **dict.fromkeys(KEYS))
    found = findings(shop)
    assert [found[name].state for name in ("configuration", "gateway")] == [OK, OK]
    assert "each order names" in found["configuration"].message


@pytest.mark.thorough
@on_sqlite
def test_accounts_of_the_loader_are_those_that_payments_wait_of(
    new_shop: NewShop, server: SandboxServer
) -> None:
    open_accounts(server)
    shop = new_shop()
    shop.bdquickpay.account_loader(lambda name: MerchantAccount(**ACCOUNTS[name]))
    assert "gateway dhaka" not in findings(shop)
    shop.started(account="dhaka")
    found = findings(shop)
    assert found["gateway dhaka"].state is OK
    assert "gateway sylhet" not in found


@on_sqlite
def test_loader_that_fails_is_red(new_shop: NewShop, server: SandboxServer) -> None:
    open_accounts(server)
    shop = new_shop()
    shop.bdquickpay.account_loader(lambda name: MerchantAccount(**ACCOUNTS[name]))
    shop.started(account="dhaka")

    @shop.bdquickpay.account_loader
    def load(name: str) -> MerchantAccount:
        raise RuntimeError("canary-dhaka-secret")

    found = findings(shop)
    assert found["accounts"].state is RED
    assert "RuntimeError" in found["accounts"].message
    assert "canary" not in repr(found)


@pytest.mark.parametrize("name", ["dhaka", ""])
@on_sqlite
def test_sandbox_keys_at_the_real_gateway_are_red(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    keys = {"app_key": "sandbox-app-key-dhaka", "secret_key": "sandbox-secret-key-dhaka"}
    shop = new_shop(
        BDQUICKPAY_BASE_URL="https://gateway.example/api",
        BDQUICKPAY_PUBLIC_URL="https://shop.example",
        BDQUICKPAY_ACCOUNTS={"dhaka": keys},
        **{f"BDQUICKPAY_{part.upper()}": key for part, key in keys.items()},
    )
    with shop.app.app_context():
        patient = doctor.Patient(shop.app.extensions["bdquickpay"], name)
        found = doctor.CHECKS["configuration"](patient)
    assert found.state is RED
    assert "sandbox's keys" in found.message

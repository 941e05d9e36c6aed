"""The merchant's keys show nowhere: messages, logs, tracebacks, pages, the database, answers."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import (
    BDQuickPay,
    BDQuickPayClient,
    ConfigurationError,
    GatewayError,
    MerchantAccount,
)
from flask_bdquickpay.settings import Settings

from ..gateway import hostile as gw
from ..gateway.hostile import COMPLETED, INVOICE, Hostile, hostile
from ..gateway.troubles import BROKEN, LATE, NONSENSE, REDIRECT
from ..shop import Shop

TESTS = str(Path(__file__).parents[1])
APP, SECRET = "canary-app-key", "canary-secret-key"


def client_of(server: Hostile, timeout: float = 2) -> BDQuickPayClient:
    return BDQuickPayClient(APP, SECRET, server.base_url, timeout)


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
            yield one


def told(error: BaseException) -> str:
    """All that a crash reporter finds in an error: texts, attributes, locals of our frames."""
    lines = []
    for one in chain(error):
        lines += [str(one), repr(one), repr(one.args), repr(vars(one))]
        lines += [
            shown(value)
            for frame, _ in traceback.walk_tb(one.__traceback__)
            if not frame.f_code.co_filename.startswith(TESTS)
            for value in frame.f_locals.values()
        ]
    return "\n".join(lines)


def shown(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:  # half made
        return object.__repr__(value)


def raised(work: Callable[[], object], kind: type[BaseException] = GatewayError) -> BaseException:
    with pytest.raises(kind) as caught:
        work()
    return caught.value


def test_this_test_would_see_a_key_among_the_locals() -> None:
    assert "canary" in told(raised(lambda: json.loads(SECRET), ValueError))


ECHO = {"status": False, "message": f"{APP} and {SECRET}!", "errors": {SECRET: [APP, [SECRET]]}}
FAULTS: dict[str, gw.Behaviour] = {
    **{name: gw.raw(data, close=True) for name, data in NONSENSE.items()},
    **{f"echo {code}": gw.answer(ECHO, code) for code in (400, 401, 403, 404, 422, 429, 500)},
    "echo 200": gw.answer(ECHO),
    "echo html": gw.answer(f"<pre>{APP} {SECRET}</pre>", 500),
    "another invoice": gw.answer(gw.verified(COMPLETED | {"invoice_id": "ANOTHER"})),
    "wrong type": gw.answer(gw.verified(COMPLETED | {"amount": []})),
    "redirect": gw.answer("", 302, REDIRECT.format("http://127.0.0.1:1")),
    **BROKEN,
}


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged by anyone, at every level."""
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "flask_bdquickpay"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


@pytest.mark.parametrize("name", FAULTS)
def test_no_failure_of_a_call_shows_a_key(name: str, logged: pytest.LogCaptureFixture) -> None:
    with hostile(FAULTS[name]) as server:
        client = client_of(server)
        create: dict[str, Any] = {
            "customer_reference": "O",
            "success_url": "https://s",
            "cancel_url": "https://c",
        }
        errors = [
            raised(lambda: client.verify_payment(INVOICE)),
            raised(lambda: client.create_payment(amount=500, **create)),
        ]
    assert "canary" not in "".join(told(error) for error in errors)
    assert "canary" not in logged.text


@pytest.mark.parametrize("name", LATE)
def test_no_time_out_shows_a_key(name: str, logged: pytest.LogCaptureFixture) -> None:
    with hostile(LATE[name]) as server:
        client = client_of(server, 0.2)
        assert "canary" not in told(raised(lambda: client.verify_payment(INVOICE)))
    assert "canary" not in logged.text


@pytest.mark.parametrize("place", ["_connect", "_Reader.readinto", "_resolve"])
def test_not_even_ctrl_c_in_the_middle_of_a_call_shows_a_key(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"flask_bdquickpay.gateway.transport.{place}", interrupt)
    with hostile(gw.hang) as server:
        client = client_of(server)
        error = raised(lambda: client.verify_payment(INVOICE), KeyboardInterrupt)
    assert "canary" not in told(error)


def test_nobody_there_and_no_certificate_show_no_key() -> None:
    with hostile(gw.hang) as server:
        secure = BDQuickPayClient(APP, SECRET, server.base_url.replace("http", "https"), 0.3)
        assert "canary" not in told(raised(lambda: secure.verify_payment(INVOICE)))
    assert "canary" not in told(raised(lambda: client_of(server).verify_payment(INVOICE)))


def test_what_can_not_be_sent_shows_no_key() -> None:
    client = BDQuickPayClient(APP, SECRET)
    error = raised(
        lambda: client.create_payment(
            amount="five", customer_reference="O", success_url="", cancel_url=""
        ),
        ValueError,
    )
    assert "canary" not in told(error)
    missing = BDQuickPayClient("", SECRET)
    error = raised(lambda: missing.verify_payment(INVOICE), ConfigurationError)
    assert "canary" not in told(error)


def test_no_object_shows_a_key(shop: Shop) -> None:
    client = BDQuickPayClient(APP, SECRET)
    state = shop.app.extensions["bdquickpay"]
    things = [client, client.account, client.account.secret_key, vars(client), vars(client.account)]
    things += [state, state.settings, vars(state.settings), state.settlement, shop.bdquickpay]
    assert "canary" not in repr(things)
    assert "canary" not in f"{client} {client.account} {state.settings}"


def test_a_merchant_account_shows_no_key() -> None:
    account = MerchantAccount(APP, SECRET, ["canary-old"])
    assert "canary" not in f"{account} {account!r} {vars(account)}"
    for keys in (("canary\x00", "s"), ("a", "canary\x00"), ("a", "s", ["canary\x00"])):
        error = raised(partial(MerchantAccount, *keys), ConfigurationError)
        assert "canary" not in told(error)


def test_a_loader_that_fails_with_a_key_in_its_hands_shows_it_nowhere(
    canary_shop: Shop, logged: pytest.LogCaptureFixture
) -> None:
    shop = canary_shop

    @shop.bdquickpay.account_loader
    def load(name: str) -> MerchantAccount:
        return MerchantAccount(APP, f"{SECRET}\x00")

    with shop.app.test_request_context():
        reference = shop.order(account="seller")
        error = raised(lambda: shop.bdquickpay.start(reference), ConfigurationError)
    pages = [shop.click(reference).text, shop.client.post("/bdquickpay/webhook/seller").text]
    assert "canary" not in "".join([told(error), dump(shop), logged.text, *pages])


# Keys that are refused

REFUSED: list[dict[str, Any]] = [
    {"SECRET_KEY": "canary\x00"},
    {"SECRET_KEY": "canary চাবি"},
    {"APP_KEY": "canary\n\tkey"},
    {"PREVIOUS_APP_KEYS": ["canary\x00"]},
    {"PREVIOUS_APP_KEYS": {"canary": 1}},
    {"SECRET_KEY": ["canary"]},
    {"SECRET_KEY": b"canary"},
    {"SECRET_KEY": "canary", "TIMEOUT": "soon"},
    {"ACCOUNTS": {"canary_": "canary"}},
    {"ACCOUNTS": {"dhaka": {"canary": "canary"}}},
    {"ACCOUNTS": {"dhaka": {"app_key": "canary", "secret_key": "canary\x00"}}},
    {
        "ACCOUNTS": {
            "dhaka": {"app_key": "a", "secret_key": "b", "previous_app_keys": {"canary": 1}}
        }
    },
    {"ACCOUNTS": ["canary"]},
    {"SANDBOX": True, "ACCOUNTS": {"dhaka": {"app_key": "canary", "secret_key": "canary"}}},
    {"SECRET_KEY": "canary", "SANDBOX": True},
    {"SECRET_KEY": "canary", "BASE_URL": "https://canary:canary@bdquickpay.com"},
    {"SECRET_KEY": "canary", "BASE_URL": "http://bdquickpay.com"},
]


@pytest.mark.parametrize("config", REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_a_configuration_that_is_refused_shows_no_key(config: dict[str, Any]) -> None:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.config.update({f"BDQUICKPAY_{name}": value for name, value in config.items()})
    SQLAlchemy(app)
    error = raised(lambda: BDQuickPay(app), ConfigurationError)
    assert "canary" not in told(error)
    if "SANDBOX" not in config:
        error = raised(lambda: Settings.from_config(app.config), ConfigurationError)
        assert "canary" not in told(error)


@pytest.mark.parametrize("keys", [("canary\x00", "s"), ("a", "canary\x00"), ("a", "canary চাবি")])
def test_a_client_whose_key_is_refused_does_not_show_it(keys: tuple[str, str]) -> None:
    error = raised(lambda: BDQuickPayClient(*keys), ConfigurationError)
    assert "canary" not in told(error)


def test_a_client_whose_url_is_refused_does_not_show_its_keys() -> None:
    error = raised(lambda: BDQuickPayClient(APP, SECRET, "http://x"), ConfigurationError)
    assert "canary" not in told(error)


# A whole shop

ENDS = ["500", "429", "html", "half_json", "reset_before", "reset_after", "status_false"]


@pytest.fixture
def canary_shop(new_shop: Callable[..., Shop], server: Any) -> Shop:
    server.sandbox.any_keys = True
    return new_shop(
        BDQUICKPAY_APP_KEY=APP,
        BDQUICKPAY_SECRET_KEY=SECRET,
        BDQUICKPAY_PREVIOUS_APP_KEYS="canary-old",
        BDQUICKPAY_ACCOUNTS={
            "dhaka": {
                "app_key": "canary-dhaka-app-key",
                "secret_key": "canary-dhaka-secret-key",
                "previous_app_keys": ["canary-dhaka-old"],
            }
        },
    )


def dump(shop: Shop) -> str:
    """Every value of every table."""
    with shop.app.app_context():
        tables = shop.db.metadata.sorted_tables
        return repr([shop.db.session.execute(sa.select(table)).all() for table in tables])


@pytest.mark.thorough
@pytest.mark.parametrize("account", [None, "dhaka"])
def test_pages_database_and_logs_of_a_shop_show_no_key(
    canary_shop: Shop, logged: pytest.LogCaptureFixture, account: str | None
) -> None:
    shop, seen = canary_shop, []
    key, old = (
        (APP, "canary-old")
        if account is None
        else (f"canary-{account}-app-key", "canary-dhaka-old")
    )
    for fault in ENDS:
        shop.gateway.fault(fault, "create")
        seen.append(shop.click(shop.order(account=account)))
        shop.gateway.advance(31)  # a 429 asked for it
    payment = shop.started(account=account)
    for fault in ENDS:
        shop.gateway.fault(fault, "verify", times=3)
        seen += [shop.success(payment), shop.cancel(payment), webhook(shop, payment, key)]
        shop.gateway.clear_faults()
        shop.gateway.advance(31)
    seen += [webhook(shop, payment, wrong) for wrong in ("canary-wrong", "", old)]
    shop.gateway.pay(payment, webhook=False)
    seen += [webhook(shop, payment, key), shop.success(payment)]
    assert shop.payment(payment).is_paid
    everything = [
        dump(shop),
        logged.text,
        *(f"{one.status} {one.headers} {one.text}" for one in seen),
    ]
    assert [text for text in everything if "canary" in text] == []


@pytest.mark.thorough
def test_a_gateway_that_repeats_the_keys_does_not_bring_them_into_a_shop(
    canary_shop: Shop, logged: pytest.LogCaptureFixture
) -> None:
    shop = canary_shop
    body = json.dumps(ECHO)
    pages = []
    for status in (401, 422, 500):
        shop.gateway.fault("answer", "create", status=status, body=body)
        pages.append(shop.click(shop.order()).text)
    payment = shop.started()
    for status in (401, 404, 422):
        shop.gateway.fault("answer", "verify", status=status, body=body)
        pages.append(shop.success(payment).text)
    assert [text for text in [dump(shop), logged.text, *pages] if "canary" in text] == []


def webhook(shop: Shop, payment: Any, key: str) -> Any:
    body = {"event": "payment.completed", "invoice_id": payment.invoice_id}
    path = f"/bdquickpay/webhook/{payment.account}".rstrip("/")
    return shop.client.post(path, json=body, headers={"X-App-Key": key})

"""The webhooks of several merchant accounts: a key opens its own account's payments alone."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from flask_wtf import CSRFProtect
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_bdquickpay import GatewayError, MerchantAccount
from flask_bdquickpay.sandbox.server import SandboxServer

from ..branches import ACCOUNTS, APP_KEYS, DHAKA, SECRETS, make_branches, open_accounts, post
from ..databases import on_sqlite
from ..payments.acts import confirm, make_due, sweep
from ..shop import NewShop, Shop, make_shop
from .test_webhook import count

NAMES = list(APP_KEYS)


@pytest.fixture
def branches(new_shop: NewShop) -> Shop:
    return make_branches(new_shop)


@pytest.mark.parametrize("account", NAMES)
def test_each_account_is_paid_by_its_own_webhook(branches: Shop, account: str) -> None:
    payment = branches.started(account=account)
    outcome = branches.gateway.pay(payment)  # its webhook goes by HTTP, to a shop that is not there
    assert outcome.webhook is not None
    answer = post(branches, payment)
    assert (answer.status_code, answer.json) == (200, {"received": True})
    assert branches.ledger() == [(payment.id, payment.customer_reference)]


@on_sqlite
@pytest.mark.parametrize("path", [*NAMES, "nobody"])
@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("of", NAMES)
def test_only_the_own_key_at_the_own_path_moves_a_payment(
    branches: Shop, path: str, key: str, of: str
) -> None:
    payment = branches.started(account=of)
    branches.gateway.pay(payment, webhook=False)
    answer = post(branches, payment, to=path, key=APP_KEYS[key])
    expected = 401 if key != path else 404 if of != path else 200
    assert answer.status_code == expected
    paid = expected == 200
    assert branches.payment(payment).status == ("completed" if paid else "pending")
    assert len(branches.ledger()) == paid


@on_sqlite
@pytest.mark.parametrize("path", ["nobody", "DHAKA", "dhaka ", "%2e%2e", "d" * 41, "ঢাকা"])
def test_account_that_nobody_knows_answers_like_a_wrong_key(branches: Shop, path: str) -> None:
    payment = branches.started(account="dhaka")
    wrong = post(branches, payment, key="wrong")
    for key in ("wrong", *APP_KEYS.values()):
        answer = post(branches, payment, to=path, key=key)
        assert (answer.status_code, answer.data) == (401, wrong.data)
        assert dict(answer.headers) == dict(wrong.headers)
    assert branches.payment(payment).status == "pending"


@on_sqlite
def test_unknown_account_and_wrong_key_ask_no_database(branches: Shop) -> None:
    payment = branches.started(account="dhaka")
    for path in ("dhaka", "nobody", ""):
        refused = partial(post, branches, payment, to=path, key="wrong")
        assert count(branches, refused) == ([], 0)


def test_named_account_costs_no_statement(new_shop: NewShop) -> None:
    branches = make_branches(new_shop, BDQUICKPAY_DELIVERY="deferred")
    counts = []
    for account in ("", "dhaka"):
        payment = branches.started(account=account)
        branches.gateway.pay(payment, webhook=False)
        statements, commits = count(branches, partial(post, branches, payment))
        counts.append((len(statements), commits))
        assert branches.payment(payment).status == "completed"
    assert counts[0] == counts[1]
    assert counts[0] <= (5, 1)


@on_sqlite
def test_account_without_a_key_takes_no_webhook(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_ACCOUNTS={"dhaka": {}})
    for headers in ({}, {"X-App-Key": ""}):
        answer = shop.client.post("/bdquickpay/webhook/dhaka", json={}, headers=headers)
        assert answer.status_code == 401


@on_sqlite
def test_earlier_key_is_accepted_at_its_own_path_alone(new_shop: NewShop) -> None:
    dhaka = DHAKA | {"previous_app_keys": "old,older"}
    shop = make_branches(new_shop, BDQUICKPAY_ACCOUNTS=ACCOUNTS | {"dhaka": dhaka})
    payment = shop.started(account="dhaka")
    assert post(shop, payment, key="older", event="payment.failed").status_code == 200
    assert post(shop, payment, key="older", to="sylhet").status_code == 401
    assert post(shop, payment, key="older", to="").status_code == 401


def fails(name: str) -> MerchantAccount:
    raise RuntimeError(f"no keys for {name} today")


@on_sqlite
def test_loader_that_fails_is_503_for_another_try(new_shop: NewShop, server: SandboxServer) -> None:
    open_accounts(server)
    shop = new_shop()
    shop.bdquickpay.account_loader(lambda name: MerchantAccount(**ACCOUNTS[name]))
    payment = shop.started(account="dhaka")
    shop.gateway.pay(payment, webhook=False)
    shop.bdquickpay.account_loader(fails)
    assert post(shop, payment).status_code == 503
    shop.bdquickpay.account_loader(lambda name: MerchantAccount(**ACCOUNTS[name]))
    assert post(shop, payment).status_code == 200
    assert len(shop.ledger()) == 1


@on_sqlite
def test_loader_that_fails_fills_no_log(
    new_shop: NewShop, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever guesses at names has it asked as often as they like."""
    shop = new_shop()
    shop.bdquickpay.account_loader(fails)
    for n in range(20):
        answer = shop.client.post(f"/bdquickpay/webhook/guess-{n}", json={})
        assert (answer.status_code, answer.is_json) == (503, True)
    (said,) = [one.getMessage() for one in caplog.records]
    assert "RuntimeError: no keys for guess-0 today" in said


@on_sqlite
def test_csrf_protect_of_the_host_lets_it_pass(database_uri: str, server: SandboxServer) -> None:
    open_accounts(server)
    protect = CSRFProtect().init_app
    shop = make_shop(database_uri, server, protect, BDQUICKPAY_ACCOUNTS=ACCOUNTS)
    payment = shop.started(account="dhaka")
    shop.gateway.pay(payment, webhook=False)
    assert post(shop, payment).status_code == 200


@on_sqlite
@pytest.mark.parametrize(("body", "code"), [(b"[]", 400), (b"{}", 404), (b"x" * 70_000, 413)])
def test_the_rest_is_as_with_the_plain_account(branches: Shop, body: bytes, code: int) -> None:
    headers = {"X-App-Key": DHAKA["app_key"]}
    answer = branches.client.post("/bdquickpay/webhook/dhaka", data=body, headers=headers)
    assert (answer.status_code, answer.is_json) == (code, True)


# Whatever is tried

WHICH = st.integers(min_value=0, max_value=5)
#: What somebody can do who has the key of one account, at the whole shop or at one with that key.
ATTEMPTS = st.one_of(
    st.tuples(st.just("webhook"), WHICH, st.sampled_from([*NAMES, "nobody"]), st.booleans()),
    st.tuples(st.sampled_from(["success", "cancel", "status", "confirm"]), WHICH),
    st.tuples(st.just("sweep"), st.booleans()),
    st.tuples(st.sampled_from(["pay", "fail", "time_out"]), WHICH),  # at the gateway
)
#: What says how a payment stands.
STANDING = (
    *("status", "previous_status", "reason", "order_key", "trx_id", "gateway_status", "expires_at"),
    *("announced_at", "verified_at", "received_amount", "promised_at", "problem", "answered_at"),
)


class Intruder:
    """Has the key of one account, and two payments of each before it."""

    def __init__(self, whole: Shop, narrow: Shop, mine: str) -> None:
        self.whole, self.narrow, self.mine = whole, narrow, mine
        self.payments = [whole.started(account=name) for name in NAMES for _ in range(2)]
        self.others = [one for one in self.payments if one.account != mine]
        self.before = self.standing()

    def standing(self) -> list[list[Any]]:
        found = [self.whole.payment(one) for one in self.others]
        return [[getattr(one, name) for name in STANDING] for one in found]

    def try_out(self, act: str, *how: Any) -> None:
        if act == "webhook":
            which, to, completed = how
            event = f"payment.{'completed' if completed else 'failed'}"
            post(self.whole, self.payments[which], to=to, key=APP_KEYS[self.mine], event=event)
        elif act == "sweep":
            make_due(self.whole, *self.payments)
            if how[0]:
                sweep(self.narrow)
            else:
                sweep(self.whole, account=self.mine)
        elif act in ("pay", "fail", "time_out"):
            self._at_gateway(act, self.payments[how[0]])
        else:
            self._look(act, self.payments[how[0]])

    def _at_gateway(self, act: str, payment: Any) -> None:
        if self.whole.gateway.find(payment).status == "pending":
            getattr(self.whole.gateway, act)(payment, webhook=False)

    def _look(self, act: str, payment: Any) -> None:
        if act == "confirm":
            with suppress(GatewayError):
                confirm(self.narrow, payment)
        elif act == "status":
            self.narrow.client.get(f"/bdquickpay/status/{payment.token}")
        else:
            getattr(self.narrow, act)(payment)


@on_sqlite
@pytest.mark.parametrize(
    "mine", ["dhaka", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("", "sylhet"))]
)
def test_no_sequence_with_one_account_s_key_changes_another_s_payment(
    new_shop: NewShop, mine: str
) -> None:
    whole = make_branches(new_shop)
    plain = {"BDQUICKPAY_APP_KEY": APP_KEYS[mine], "BDQUICKPAY_SECRET_KEY": SECRETS[mine]}
    named = {name: one for name, one in ACCOUNTS.items() if name == mine}
    narrow = new_shop(**plain, BDQUICKPAY_ACCOUNTS=named)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ATTEMPTS, min_size=1, max_size=12))
    def try_all(attempts: list[Any]) -> None:
        intruder = Intruder(whole, narrow, mine)
        for attempt in attempts:
            intruder.try_out(*attempt)
            assert intruder.standing() == intruder.before, attempt
        make_due(whole, *intruder.payments)
        sweep(whole)
        for payment in intruder.payments:  # nor was anything kept from them
            paid = whole.gateway.find(payment).status == "completed"
            assert (whole.payment(payment).status == "completed") == paid

    try_all()

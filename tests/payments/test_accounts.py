"""Several merchant accounts: each payment is asked about with the keys of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from flask_bdquickpay import (
    ConfigurationError,
    GatewayUnavailableError,
    MerchantAccount,
    ReconcileReport,
)
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.sandbox.server import SandboxServer

from ..branches import (
    ACCOUNTS,
    APP_KEYS,
    DHAKA,
    SYLHET,
    asked_as,
    make_branches,
    open_accounts,
    post,
)
from ..databases import on_sqlite
from ..shop import KEYS, NewShop, Shop
from ..web.test_webhook import count
from .acts import asked, confirm, led_back, make_due, sweep
from .test_races import race

Loader = Callable[[str], "MerchantAccount | None"]


@pytest.fixture
def branches(new_shop: NewShop) -> Shop:
    return make_branches(new_shop)


@pytest.fixture
def market(new_shop: NewShop, server: SandboxServer) -> Callable[[Loader], Shop]:
    """A shop whose keys are where its account loader finds them."""
    open_accounts(server)

    def make(loader: Loader, **config: Any) -> Shop:
        shop = new_shop(**config)
        shop.bdquickpay.account_loader(loader)
        return shop

    return make


def newest(shop: Shop, payment: Any) -> Any:
    return shop.payments(payment.customer_reference)[-1]


def pay(shop: Shop, payment: Any) -> None:
    """Pay at the gateway; the shop finds out by its sweep."""
    shop.gateway.pay(payment, webhook=False, late=True)
    make_due(shop, payment)
    sweep(shop)


# Which one


@pytest.mark.parametrize("account", [None, "", "dhaka", "sylhet"])
def test_order_chooses_the_account_that_takes_the_money(branches: Shop, account: str) -> None:
    payment = branches.started(account=account)
    assert payment.account == (account or "")
    pay(branches, payment)
    assert branches.payment(payment).status == "completed"
    key = APP_KEYS[account or ""]
    assert asked_as(branches, "create") == asked_as(branches, "verify") == [key]
    path = branches.gateway.find(payment).webhook_url
    assert path == "http://localhost/bdquickpay/webhook" + (f"/{account}" if account else "")


def test_each_account_has_a_fingerprint_of_its_own(branches: Shop) -> None:
    made = [branches.started(account=name).made_with for name in APP_KEYS]
    assert len(set(made)) == 3


def test_payment_keeps_its_account_whatever_the_order_says_since(branches: Shop) -> None:
    payment = branches.started(account="dhaka")
    branches.accounts[payment.customer_reference] = "sylhet"
    branches.gateway.pay(payment, webhook=False)
    assert confirm(branches, payment) == "completed"
    assert asked_as(branches, "verify") == [DHAKA["app_key"]]


def test_shop_with_named_accounts_alone_needs_no_plain_keys(new_shop: NewShop) -> None:
    none = dict.fromkeys(KEYS)
    shop = make_branches(new_shop, **none)
    payment = shop.started(account="dhaka")
    pay(shop, payment)
    assert shop.payment(payment).status == "completed"
    assert shop.click(shop.order()).status_code == 503


def test_two_accounts_never_share_a_transaction(branches: Shop) -> None:
    one, other = branches.started(account="dhaka"), branches.started(account="sylhet")
    pay(branches, one)
    branches.change(branches.payment(one), trx_id="TRX")
    branches.gateway.pay(other, webhook=False)
    branches.gateway.store.change_payment(branches.gateway.find(other), trx_id="TRX")
    make_due(branches, other)
    sweep(branches)
    assert branches.payment(other).status == "flagged"


# One that there is not


@pytest.mark.parametrize("name", ["chattogram", "Dhaka", "dhaka ", "../dhaka", "d" * 41, "ঢাকা"])
def test_unknown_account_is_an_error_and_nothing_is_written(branches: Shop, name: str) -> None:
    reference = branches.order(account=name)
    wrong = pytest.raises(ConfigurationError, match="no merchant account")
    with branches.app.test_request_context(), wrong:
        branches.bdquickpay.start(reference)
    page = branches.click(reference)
    assert page.status_code == 503
    assert branches.payments() == branches.events() == []
    assert branches.gateway.requests == []


def test_order_that_names_an_unknown_account_keeps_its_payment(branches: Shop) -> None:
    payment = branches.started(account="dhaka")
    before = branches.payment(payment), len(branches.events())
    branches.accounts[payment.customer_reference] = "chattogram"
    assert branches.click(payment.customer_reference).status_code == 503
    after = branches.payment(payment)
    assert (after.status, after.reason, after.order_key) == (
        before[0].status,
        None,
        before[0].order_key,
    )
    assert len(branches.events()) == before[1]
    pay(branches, payment)
    assert branches.payment(payment).status == "completed"


@pytest.mark.thorough
def test_paid_order_is_paid_though_its_account_is_gone(branches: Shop, new_shop: NewShop) -> None:
    payment = branches.started(account="dhaka")
    pay(branches, payment)
    without = new_shop()
    without.accounts.update(branches.accounts)
    assert led_back(without, payment)


def test_payments_of_an_account_that_is_gone_are_errors_of_the_sweep_alone(
    branches: Shop, new_shop: NewShop
) -> None:
    gone, here, plain = (branches.started(account=name) for name in ("dhaka", "sylhet", ""))
    without = new_shop(BDQUICKPAY_ACCOUNTS={"sylhet": SYLHET})
    for payment in (gone, here, plain):
        branches.gateway.pay(payment, webhook=False)
        make_due(branches, payment)
    assert sweep(without) == ReconcileReport(checked=3, changed=2, errors=1)
    assert [branches.payment(one).status for one in (here, plain)] == ["completed"] * 2
    left = branches.payment(gone)
    assert (left.status, left.order_key) == ("pending", gone.customer_reference)
    assert left.check_after > utcnow()
    assert "no merchant account 'dhaka'" in branches.events(gone)[-1].note
    with pytest.raises(GatewayUnavailableError, match="no merchant account 'dhaka'"):
        confirm(without, gone)
    assert without.success(gone).status_code == 200
    assert branches.payment(gone).status == "pending"
    make_due(branches, gone)
    assert sweep(branches).changed == 1  # and with its keys back it is found paid


def test_another_key_under_the_same_name_is_another_account(
    branches: Shop, new_shop: NewShop
) -> None:
    payment = branches.started(account="dhaka")
    changed = new_shop(BDQUICKPAY_ACCOUNTS={"dhaka": SYLHET})
    make_due(branches, payment)
    assert sweep(changed).errors == 1
    assert "another merchant account" in branches.events(payment)[-1].note
    assert "'dhaka'" in branches.events(payment)[-1].note
    assert branches.payment(payment).status == "pending"


# An order whose account changes


def test_order_whose_account_changed_gets_a_new_payment(branches: Shop) -> None:
    old = branches.started(account="dhaka")
    branches.accounts[old.customer_reference] = "sylhet"
    answer = branches.click(old.customer_reference)
    new = newest(branches, old)
    assert answer.location == new.payment_url
    assert (new.account, new.status) == ("sylhet", "pending")
    made_way = branches.payment(old)
    assert (made_way.status, made_way.reason, made_way.order_key) == (
        "pending",
        "superseded",
        None,
    )
    pay(branches, new)
    pay(branches, old)
    assert [one.status for one in branches.payments()] == ["flagged", "completed"]


def test_money_that_came_before_the_account_changed_pays_the_order(branches: Shop) -> None:
    old = branches.started(account="dhaka")
    branches.gateway.pay(old, webhook=False)
    branches.accounts[old.customer_reference] = ""
    assert led_back(branches, old)
    assert branches.payment(old).status == "completed"


def test_late_money_at_the_account_of_before_is_flagged(branches: Shop) -> None:
    old = branches.started(account="dhaka")
    branches.gateway.time_out(old, webhook=False)
    branches.success(old)
    branches.accounts[old.customer_reference] = "sylhet"
    branches.click(old.customer_reference)
    pay(branches, old)
    assert branches.payment(old).status == "flagged"


def test_payment_at_a_gone_account_makes_way(branches: Shop, new_shop: NewShop) -> None:
    old = branches.started(account="dhaka")
    without = new_shop()
    assert without.click(old.customer_reference).location == newest(branches, old).payment_url
    assert newest(branches, old).account == ""
    assert asked_as(branches, "verify") == []


# Keys that change


def test_earlier_keys_are_the_same_account(branches: Shop, new_shop: NewShop) -> None:
    payment = branches.started(account="dhaka")
    new = {"app_key": "new-dhaka", "secret_key": "s", "previous_app_keys": [DHAKA["app_key"]]}
    branches.gateway.add_account("new-dhaka", "s", DHAKA["app_key"])
    rotated = new_shop(BDQUICKPAY_ACCOUNTS={"dhaka": new})
    rotated.accounts.update(branches.accounts)
    assert rotated.click(payment.customer_reference).location == payment.payment_url
    branches.gateway.pay(payment, webhook=False)
    assert post(rotated, payment).status_code == 200
    assert branches.payment(payment).status == "completed"
    assert asked_as(branches, "verify") == ["new-dhaka"]


# The shop's own keys


def known(name: str) -> MerchantAccount | None:
    return MerchantAccount(**ACCOUNTS[name]) if name in ACCOUNTS else None


def test_account_loader_has_the_keys(market: Callable[..., Shop]) -> None:
    names: list[str] = []
    shop = market(lambda name: names.append(name) or known(name))  # type: ignore[func-returns-value]
    payment = shop.started(account="dhaka")
    pay(shop, payment)
    assert shop.payment(payment).status == "completed"
    assert set(names) == {"dhaka"}
    plain = shop.started()
    names.clear()
    pay(shop, plain)
    assert names == []  # the plain account costs nothing
    assert shop.click(shop.order(account="nobody")).status_code == 503


@on_sqlite
def test_async_account_loader(market: Callable[..., Shop]) -> None:
    async def load(name: str) -> MerchantAccount | None:
        return known(name)

    shop = market(load)
    assert shop.started(account="sylhet").account == "sylhet"


@on_sqlite
def test_settings_come_before_the_loader(market: Callable[..., Shop]) -> None:
    names: list[str] = []
    shop = market(names.append, BDQUICKPAY_ACCOUNTS={"dhaka": DHAKA})
    pay(shop, shop.started(account="dhaka"))
    assert names == []


@on_sqlite
def test_new_keys_of_the_loader_count_at_once(market: Callable[..., Shop]) -> None:
    keys = dict(DHAKA)
    shop = market(lambda name: MerchantAccount(**keys))
    shop.started(account="dhaka")
    keys.update(SYLHET)
    shop.started(account="dhaka")
    assert asked_as(shop, "create") == [DHAKA["app_key"], SYLHET["app_key"]]


def test_no_connection_is_held_though_the_loader_read(market: Callable[..., Shop]) -> None:
    """What the loader read for is given back before the gateway is asked."""
    held: list[int] = []
    shop: Shop

    def load(name: str) -> MerchantAccount | None:
        shop.db.session.scalars(shop.db.select(shop.Order)).all()
        return known(name)

    shop = market(load)
    shop.gateway.record = _watching(shop, held, shop.gateway.record)  # type: ignore[assignment, method-assign]
    payment = shop.started(account="dhaka")
    shop.gateway.pay(payment, webhook=False)
    assert post(shop, payment).status_code == 200
    assert held == [0, 0]


def test_started_payment_can_be_read_without_a_connection(market: Callable[..., Shop]) -> None:
    """Also the one that is taken up again, though the loader was asked meanwhile."""
    shop: Shop

    def load(name: str) -> MerchantAccount | None:
        shop.db.session.scalars(shop.db.select(shop.Order)).all()
        return known(name)

    shop = market(load)
    reference = shop.order(account="dhaka")
    for _ in range(2):
        with shop.app.test_request_context():
            payment = shop.bdquickpay.start(reference)
            assert payment.payment_url is not None
            assert shop.db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def _watching(shop: Shop, held: list[int], record: Callable[[Any], None]) -> Callable[[Any], None]:
    def watch(request: Any) -> None:
        with shop.app.app_context():
            held.append(shop.db.engine.pool.checkedout())  # type: ignore[attr-defined]
        record(request)

    return watch


@pytest.mark.parametrize(
    "trouble",
    [
        lambda name: 1 / 0,
        lambda name: DHAKA,
        lambda name: MerchantAccount("canary\0", "s"),
        lambda name: MerchantAccount("", ""),
    ],
    ids=["raises", "returns a dict", "wrong key", "no key"],
)
def test_loader_that_fails_loses_nothing(
    market: Callable[..., Shop], trouble: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    shop = market(known)
    payment, other = shop.started(account="dhaka"), shop.started()
    for one in (payment, other):
        shop.gateway.pay(one, webhook=False)
        make_due(shop, one)
    shop.bdquickpay.account_loader(trouble)
    reference = shop.order(account="dhaka")
    with shop.app.test_request_context(), pytest.raises(ConfigurationError, match="dhaka"):
        shop.bdquickpay.start(reference)
    assert shop.click(reference).status_code == 503
    assert shop.payments(reference) == []
    assert post(shop, payment).status_code in (401, 503)
    report = sweep(shop)
    assert (report.changed, report.errors) == (1, 1)
    assert shop.payment(payment).status == "pending"
    assert "canary" not in caplog.text + repr([one.note for one in shop.events()])
    shop.bdquickpay.account_loader(known)
    make_due(shop, payment)
    assert sweep(shop).changed == 1
    assert shop.payment(payment).status == "completed"


# A gateway that wants to be left alone


def test_pause_of_one_account_stops_nobody_else_s_sweep(
    branches: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    dhaka = [branches.started(account="dhaka") for _ in range(3)]
    others = [branches.started(account=name) for name in ("", "sylhet", "", "sylhet")]
    for payment in (*dhaka, *others):
        branches.gateway.pay(payment, webhook=False)
    make_due(branches, *dhaka, *others)
    branches.change(dhaka[0], check_after=utcnow() - timedelta(hours=1))  # the first to be asked
    branches.gateway.fault("429", endpoint="verify", retry_after=30)
    assert sweep(branches, limit=1) == ReconcileReport(checked=1, errors=1, left=2)
    caplog.clear()
    report = sweep(branches)
    assert report == ReconcileReport(checked=4, changed=4, left=2)
    assert "2 payments wait" in caplog.text
    rest = [branches.payment(one) for one in dhaka[1:]]
    assert all(one.lease is None and one.check_after <= utcnow() for one in rest)
    assert [one.checks for one in rest] == [0, 0]
    branches.gateway.advance(31)
    make_due(branches, dhaka[0])
    assert sweep(branches).changed == 3


def test_pause_that_begins_within_a_batch_leaves_that_account_alone(branches: Shop) -> None:
    dhaka = [branches.started(account="dhaka") for _ in range(3)]
    plain = [branches.started() for _ in range(3)]
    for payment in (*dhaka, *plain):
        branches.gateway.pay(payment, webhook=False)
    make_due(branches, *dhaka, *plain)
    branches.gateway.fault("429", endpoint="verify", retry_after=30)
    report = sweep(branches)
    assert report == ReconcileReport(checked=4, changed=3, errors=1, left=2)
    assert {one.lease for one in branches.payments()} == {None}
    assert [branches.payment(one).status for one in plain] == ["completed"] * 3


def test_account_in_a_pause_takes_nobody_s_place_in_a_sweep(branches: Shop) -> None:
    first, dhaka, plain = (branches.started(account=name) for name in ("dhaka", "dhaka", ""))
    branches.gateway.fault("429", endpoint="verify", retry_after=30)
    make_due(branches, first)
    sweep(branches)
    make_due(branches, dhaka, plain)
    branches.change(dhaka, check_after=utcnow() - timedelta(hours=1))
    before = asked(branches)
    assert sweep(branches, limit=1) == ReconcileReport(checked=1, left=1)
    assert asked_as(branches, "verify")[before:] == [APP_KEYS[""]]


@pytest.mark.thorough
@on_sqlite
def test_what_a_pause_leaves_is_given_back_at_once(branches: Shop) -> None:
    """Not payment by payment."""
    counts = []
    for many in (2, 9):
        made = [branches.started(account="dhaka") for _ in range(many)]
        make_due(branches, *made)
        branches.gateway.fault("429", endpoint="verify", retry_after=30)
        statements, _ = count(branches, partial(sweep, branches))
        counts.append(len(statements))
        branches.gateway.advance(31)
        branches.gateway.clear_faults()
        for payment in made:
            branches.change(payment, check_after=None)
    assert counts[0] == counts[1]


def test_click_in_another_account_s_pause_is_served(branches: Shop) -> None:
    branches.gateway.fault("429", endpoint="create", retry_after=30)
    assert branches.click(branches.order(account="dhaka")).status_code == 502
    assert branches.click(branches.order(account="dhaka")).status_code == 502
    assert asked(branches, "create") == 1
    assert branches.click(branches.order(account="sylhet")).status_code == 303
    assert branches.click(branches.order()).status_code == 303


@on_sqlite
def test_clock_difference_is_the_account_s(branches: Shop) -> None:
    state = branches.app.extensions["bdquickpay"]
    dhaka, plain = branches.started(account="dhaka"), branches.started()
    with branches.app.app_context():
        state.accounts.client("dhaka").clock_skew = timedelta(minutes=-10)
        seen = [state.store.find("id", one.id) for one in (dhaka, plain)]
        ledger = state.settlement.ledger
        behind, exact = (utcnow() - ledger.surely(one) for one in seen)
        furthest = utcnow() - ledger.surely()
    assert timedelta(minutes=9) < behind < timedelta(minutes=11)
    assert timedelta(minutes=9) < furthest
    assert abs(exact) < timedelta(seconds=5)


# The sweep of one account


def test_sweep_of_one_account_leaves_the_others(branches: Shop) -> None:
    payments = {name: branches.started(account=name) for name in APP_KEYS}
    make_due(branches, *payments.values())
    assert sweep(branches, account="dhaka").checked == 1
    assert sweep(branches, account="").checked == 1
    assert asked_as(branches, "verify") == [APP_KEYS["dhaka"], APP_KEYS[""]]
    assert sweep(branches, account="nobody").checked == 0
    assert sweep(branches).checked == 1


# At the same time


def test_clicks_on_an_order_at_two_accounts_at_once_are_paid_once(
    branches: Shop, new_shop: NewShop
) -> None:
    """A process still has the order as it was."""
    reference = branches.order(account="dhaka")
    before = make_branches(new_shop)
    before.accounts[reference] = "sylhet"
    race(*[partial(shop.click, reference) for shop in (branches, before)] * 3)
    made = branches.payments(reference)
    holders = [one for one in made if one.order_key is not None]
    assert len(holders) == 1
    assert {one.reason for one in made if one not in holders} <= {"superseded"}
    for payment in made:
        branches.gateway.pay(payment, webhook=False)
    race(*[partial(post, branches, payment) for payment in made])
    after = branches.payments(reference)
    assert sorted(one.status for one in after) == ["completed"] + ["flagged"] * (len(made) - 1)
    assert branches.ledger() == [(holders[0].id, reference)]


def test_right_and_wrong_keys_at_once_pay_once(branches: Shop) -> None:
    payment, other = branches.started(account="dhaka"), branches.started(account="sylhet")
    branches.gateway.pay(payment, webhook=False)
    branches.gateway.pay(other, webhook=False)
    make_due(branches, payment, other)
    sylhet = SYLHET["app_key"]
    answers = race(
        partial(post, branches, payment),
        partial(post, branches, payment, to="sylhet", key=sylhet),
        partial(post, branches, payment, key=sylhet),
        partial(sweep, branches, account="dhaka"),
        partial(post, branches, payment),
    )
    assert [answers[n].status_code for n in (0, 1, 2, 4)] == [200, 404, 401, 200]
    assert branches.ledger() == [(payment.id, payment.customer_reference)]
    assert branches.payment(other).status == "pending"


# How it prints


@on_sqlite
def test_keys_are_not_printed(branches: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = MerchantAccount("canary-a", "canary-s", ["canary-p"])
    assert account.previous_app_keys == ("canary-p",)
    state = branches.app.extensions["bdquickpay"]
    branches.started(account="dhaka")
    with branches.app.app_context():
        client = state.accounts.client("dhaka")
    things = [account, state, state.settings, state.accounts, client, client.account]
    assert "canary" not in repr(things) + repr([vars(one) for one in things[1:]])
    assert "dhaka" in repr(client)
    assert "canary" not in caplog.text

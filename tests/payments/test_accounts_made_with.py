"""A payment belongs to the gateway and account that made it; play money is no money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from flask_bdquickpay import GatewayUnavailableError
from flask_bdquickpay.keys import SANDBOX_APP_KEY, SANDBOX_SECRET_KEY
from flask_bdquickpay.sandbox.server import SandboxServer

from ..databases import on_sqlite
from ..shop import KEYS, Shop
from .acts import confirm, deliver, ended, led_back, make_due, payable, sweep

DAY = timedelta(days=1)
NewShop = Callable[..., Shop]
OTHER = ("other-app-key", "other-secret-key")


def at(server: SandboxServer, keys: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The settings of a shop that pays there."""
    return more | {
        "BDQUICKPAY_BASE_URL": server.base_url,
        "BDQUICKPAY_APP_KEY": keys[0],
        "BDQUICKPAY_SECRET_KEY": keys[1],
    }


@pytest.fixture
def second() -> Iterator[SandboxServer]:
    """Another gateway, which takes any keys."""
    with SandboxServer(any_keys=True, synchronous=True) as server:
        yield server


@pytest.fixture
def other(new_shop: NewShop, second: SandboxServer) -> Shop:
    """The same shop, started with another account's settings."""
    shop = new_shop(**at(second, OTHER))
    shop.server = second
    return shop


@pytest.fixture
def play(new_shop: NewShop, second: SandboxServer) -> Shop:
    """The same shop, with the sandbox left on."""
    shop = new_shop(**at(second, (SANDBOX_APP_KEY, SANDBOX_SECRET_KEY)))
    shop.server = second
    return shop


def pay(shop: Shop, payment: Any) -> None:
    """Pay at the gateway of a shop, which finds it by its sweep."""
    shop.gateway.pay(payment, webhook=False, late=True)
    make_due(shop, payment)
    sweep(shop)


def newest(shop: Shop, payment: Any) -> Any:
    return shop.payments(payment.customer_reference)[-1]


# Whose it is


def test_fingerprint_tells_accounts_apart_and_shows_no_key(shop: Shop, other: Shop) -> None:
    mine, theirs = [shop.started().made_with for _ in range(2)], other.started().made_with
    assert mine[0] == mine[1] != theirs
    assert len(theirs) <= 64
    assert all(OTHER[0] not in one and KEYS["BDQUICKPAY_APP_KEY"] not in one for one in mine)


@pytest.mark.thorough
def test_other_account_s_ignorance_ends_nothing(shop: Shop, other: Shop) -> None:
    payment = ended(shop, shop.started(), 3 * DAY)
    for _ in range(2):
        make_due(shop, payment)
        report = sweep(other)
        assert (report.checked, report.errors, report.changed) == (1, 1, 0)
    assert other.success(payment).status_code == 200
    assert other.cancel(payment).status_code == 200
    with pytest.raises(GatewayUnavailableError, match="another merchant account"):
        confirm(other, payment)
    found = shop.payment(payment)
    assert (found.status, found.order_key) == ("pending", payment.customer_reference)
    assert found.check_after is not None
    assert other.gateway.requests == []  # it is not even asked
    assert "BDQUICKPAY_PREVIOUS_APP_KEYS" in shop.events(payment)[-1].note
    pay(shop, payment)
    assert shop.payment(payment).status == "completed"


def test_click_with_another_account_makes_a_new_payment_there(shop: Shop, other: Shop) -> None:
    old = shop.started()
    answer = other.click(old.customer_reference)
    new = newest(shop, old)
    assert answer.location == new.payment_url
    assert new.made_with != old.made_with
    assert shop.payment(old).status == "pending"
    assert (payable(shop), payable(other)) == (1, 1)


def test_money_at_the_first_account_is_not_lost_after_a_change(shop: Shop, other: Shop) -> None:
    """The order has a payment at the new account since: a person decides."""
    old = shop.started()
    other.click(old.customer_reference)
    pay(shop, old)
    assert shop.payment(old).status == "flagged"
    pay(other, newest(shop, old))
    assert [p.status for p in shop.payments()] == ["flagged", "completed"]


def test_reason_of_money_at_the_first_account_says_what_took_its_place(
    shop: Shop, other: Shop
) -> None:
    """The order's amount is the same."""
    old = shop.started()
    other.click(old.customer_reference)
    pay(shop, old)
    reason = shop.payment(old).reason
    assert reason == "superseded: paid although another payment had taken its place"


def test_order_paid_at_another_account_is_not_charged_again(shop: Shop, other: Shop) -> None:
    payment = shop.started()
    pay(shop, payment)
    assert led_back(other, payment)
    assert other.gateway.requests == []


@pytest.mark.thorough
def test_older_session_at_another_account_does_not_hold_the_order(shop: Shop, other: Shop) -> None:
    old = ended(shop, shop.started(), timedelta(minutes=5))
    shop.gateway.fail(old, webhook=False)
    shop.change(old, status="expired", order_key=None, gateway_status="pending")
    assert other.click(old.customer_reference).status_code == 303
    assert newest(shop, old).made_with != old.made_with


@pytest.mark.parametrize("known", [True, False])
def test_previous_keys_are_the_same_account(
    new_shop: NewShop, second: SandboxServer, known: bool
) -> None:
    old = new_shop(**at(second, ("old-key", "s")))
    old.server = second
    payment = old.started()
    previous = ["older", "old-key"] if known else ["older"]
    rotated = new_shop(**at(second, ("new-key", "s"), BDQUICKPAY_PREVIOUS_APP_KEYS=previous))
    rotated.server = second
    if known:
        assert rotated.click(payment.customer_reference).location == payment.payment_url
        pay(rotated, payment)
        assert old.payment(payment).status == "completed"
    else:
        make_due(old, payment)
        assert sweep(rotated).errors == 1


@on_sqlite
def test_payment_made_before_this_was_kept_counts_as_ours(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, made_with=None)
    pay(shop, payment)
    assert shop.payment(payment).status == "completed"


# Play money


def test_sandbox_left_on_expires_no_real_payment(shop: Shop, play: Shop) -> None:
    payment = ended(shop, shop.started(), 2 * DAY)
    make_due(shop, payment)
    assert sweep(play).errors == 1
    play.success(payment)
    assert shop.payment(payment).status == "pending"
    pay(shop, payment)
    assert len(shop.ledger()) == 1


def test_play_money_does_not_satisfy_a_live_order(shop: Shop, play: Shop) -> None:
    played = play.started()
    pay(play, played)
    assert shop.payment(played).status == "completed"
    answer = shop.click(played.customer_reference)
    real = newest(shop, played)
    assert answer.location == real.payment_url
    assert real.made_with != played.made_with
    shop.gateway.pay(real, webhook=False)
    assert shop.webhook(real).status_code == 200
    played, real = shop.payments()
    assert (played.status, played.order_key) == ("completed", None)
    assert (real.status, real.order_key) == ("completed", real.customer_reference)
    assert led_back(shop, real)


def test_play_money_under_review_does_not_hold_a_live_order(shop: Shop, play: Shop) -> None:
    played = play.started()
    play.gateway.pay(played, amount=400, completes=True, webhook=False)
    play.success(played)
    assert shop.payment(played).status == "flagged"
    assert shop.click(played.customer_reference).location == newest(shop, played).payment_url


def test_real_money_is_not_played_over(shop: Shop, play: Shop) -> None:
    """The order is paid: the sandbox neither charges it nor takes it over."""
    payment = shop.started()
    pay(shop, payment)
    assert led_back(play, payment)
    assert play.gateway.requests == []
    assert led_back(shop, payment)
    assert len(shop.payments()) == 1


def test_real_payment_that_a_play_click_pushed_aside_is_paid_all_the_same(
    shop: Shop, play: Shop
) -> None:
    real = shop.started()
    play.click(real.customer_reference)
    played = newest(shop, real)
    pay(play, played)
    pay(shop, real)
    real, played = shop.payments()
    assert (real.status, real.order_key) == ("completed", real.customer_reference)
    assert played.order_key is None
    assert led_back(shop, real)


def test_live_click_after_a_play_click_finds_the_real_money(shop: Shop, play: Shop) -> None:
    real = shop.started()
    play.click(real.customer_reference)
    shop.gateway.pay(real, webhook=False)
    assert led_back(shop, real)
    assert shop.payment(real).status == "completed"
    assert payable(shop) == 0


@pytest.mark.thorough
@pytest.mark.parametrize("paid", [True, False])
def test_late_play_money_takes_no_order_from_a_real_payment(
    shop: Shop, play: Shop, paid: bool
) -> None:
    played = play.started()
    play.gateway.time_out(played, webhook=False)
    play.success(played)
    shop.click(played.customer_reference)
    real = newest(shop, played)
    if paid:
        pay(shop, real)
    pay(play, played)
    played, real = shop.payments()
    assert (played.status, played.order_key) == ("flagged", None)
    assert real.status == ("completed" if paid else "pending")
    assert real.order_key == real.customer_reference
    assert len(shop.ledger()) == paid


def test_late_real_money_takes_the_order_from_play_money(shop: Shop, play: Shop) -> None:
    real = shop.started()
    shop.gateway.time_out(real, webhook=False)
    shop.success(real)
    play.click(real.customer_reference)
    pay(play, newest(shop, real))
    pay(shop, real)
    real, played = shop.payments()
    assert (real.status, real.order_key) == ("completed", real.customer_reference)
    assert (played.status, played.order_key) == ("completed", None)


@on_sqlite
def test_sandbox_is_known_by_its_key_on_whatever_port(
    new_shop: NewShop, server: SandboxServer, second: SandboxServer
) -> None:
    """A proxy on this machine to the real gateway is none."""
    keys = (SANDBOX_APP_KEY, SANDBOX_SECRET_KEY)
    one, two = new_shop(**at(server, keys)), new_shop(**at(second, keys))
    prints = [s.app.extensions["bdquickpay"].client.account.fingerprint() for s in (one, two)]
    assert prints[0] == prints[1]
    real = [new_shop(**at(server, OTHER)), new_shop(**at(second, OTHER))]
    prints = [s.app.extensions["bdquickpay"].client.account.fingerprint() for s in real]
    assert prints[0] != prints[1]


@pytest.mark.thorough
@on_sqlite
def test_shops_of_two_accounts_deliver_each_other_s_events(shop: Shop, other: Shop) -> None:
    """The outbox asks no gateway."""
    shop.started()
    assert deliver(other) == 0  # delivered at once

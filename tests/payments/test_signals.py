"""Signals inside the transaction: order and payment never come apart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from blinker import Signal
from flask import Flask

import flask_bdquickpay
from flask_bdquickpay import BDQuickPayError, payment_changed, payment_created, payment_paid
from flask_bdquickpay.payments import signals as promised

from ..shop import SIGNALS, Shop


@pytest.fixture
def paid_at_the_gateway(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return payment


def hear(signal: Signal, shop: Shop, *receivers: Callable[..., Any]) -> None:
    for receiver in receivers:
        shop.receivers.append(receiver)
        signal.connect(receiver, sender=shop.app)


def test_sender_is_the_app_and_the_payment_has_arrived(
    shop: Shop, paid_at_the_gateway: Any
) -> None:
    seen: list[Any] = []

    def receiver(app: Flask, payment: Any) -> None:
        seen.extend([app, payment.status, payment.previous_status, payment.trx_id is not None])

    hear(payment_paid, shop, receiver)
    shop.webhook(paid_at_the_gateway)
    assert seen == [shop.app, "completed", "pending", True]


def test_receiver_that_commits_by_itself_commits_with_the_payment(
    shop: Shop, paid_at_the_gateway: Any
) -> None:
    def commits(app: Flask, payment: Any) -> None:
        shop.db.session.commit()
        shop.db.session.add(shop.Ledger(payment_id=payment.id, reference="own"))
        shop.db.session.commit()

    hear(payment_paid, shop, commits)
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert len(shop.ledger()) == 2
    assert shop.payment(paid_at_the_gateway).status == "completed"


def test_commit_before_another_receiver_raises_is_rolled_back_too(
    shop: Shop, paid_at_the_gateway: Any
) -> None:
    """Else that receiver's part of the order would be lost, or the first one's done twice."""
    fail = [True]

    def commits(app: Flask, payment: Any) -> None:
        shop.db.session.add(shop.Ledger(payment_id=payment.id, reference="own"))
        shop.db.session.commit()
        if fail:
            raise RuntimeError("after its own commit")

    hear(payment_paid, shop, commits)
    assert shop.webhook(paid_at_the_gateway).status_code == 503
    assert (shop.ledger(), shop.payment(paid_at_the_gateway).status) == ([], "pending")
    fail.clear()
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert len(shop.ledger()) == 2


@pytest.mark.parametrize("method", ["rollback", "close", "remove"])
def test_receiver_that_rolls_back_is_told_so_and_nothing_is_lost(
    shop: Shop, paid_at_the_gateway: Any, method: str
) -> None:
    def undoes(app: Flask, payment: Any) -> None:
        getattr(shop.db.session, method)()

    with payment_paid.connected_to(undoes, sender=shop.app):
        assert shop.webhook(paid_at_the_gateway).status_code == 503
        with shop.app.app_context(), pytest.raises(BDQuickPayError, match="rolled back"):
            shop.bdquickpay.confirm(paid_at_the_gateway)
    assert (shop.ledger(), shop.payment(paid_at_the_gateway).status) == ([], "pending")
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert len(shop.ledger()) == 1


def test_savepoint_of_a_receiver_is_its_own_affair(shop: Shop, paid_at_the_gateway: Any) -> None:
    def tries(app: Flask, payment: Any) -> None:
        with shop.db.session.begin_nested() as savepoint:
            shop.db.session.add(shop.Ledger(payment_id=0, reference="tried"))
            shop.db.session.flush()
            savepoint.rollback()

    hear(payment_paid, shop, tries)
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert len(shop.ledger()) == 1


def in_a_block(session: Any, line: Any) -> None:
    with session.begin():
        session.add(line)


def in_a_block_that_was_opened_by_hand(session: Any, line: Any) -> None:
    session.begin()
    session.add(line)
    session.commit()


@pytest.mark.parametrize("way", [in_a_block, in_a_block_that_was_opened_by_hand])
def test_what_a_receiver_begins_commits_with_the_payment(
    shop: Shop, paid_at_the_gateway: Any, way: Callable[[Any, Any], None]
) -> None:
    def begins(app: Flask, payment: Any) -> None:
        way(shop.db.session, shop.Ledger(payment_id=payment.id, reference="own"))

    hear(payment_paid, shop, begins)
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert (shop.payment(paid_at_the_gateway).status, len(shop.ledger())) == ("completed", 2)


@pytest.mark.parametrize("way", [in_a_block, in_a_block_that_was_opened_by_hand])
def test_what_a_receiver_began_is_rolled_back_when_it_raises(
    shop: Shop, paid_at_the_gateway: Any, way: Callable[[Any, Any], None]
) -> None:
    def begins(app: Flask, payment: Any) -> None:
        way(shop.db.session, shop.Ledger(payment_id=payment.id, reference="own"))
        raise RuntimeError("after its own block")

    with payment_paid.connected_to(begins, sender=shop.app):
        assert shop.webhook(paid_at_the_gateway).status_code == 503
    assert "after its own block" in shop.payment(paid_at_the_gateway).problem
    assert (shop.payment(paid_at_the_gateway).status, shop.ledger()) == ("pending", [])


def test_block_that_a_receiver_leaves_by_an_error_undoes_itself_alone(
    shop: Shop, paid_at_the_gateway: Any
) -> None:
    def tries(app: Flask, payment: Any) -> None:
        with suppress(LookupError), shop.db.session.begin():
            shop.db.session.add(shop.Ledger(payment_id=0, reference="tried"))
            raise LookupError

    hear(payment_paid, shop, tries)
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert len(shop.ledger()) == 1


def test_slow_receiver_is_logged_by_name(
    shop: Shop,
    paid_at_the_gateway: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(promised, "_SLOW", -1.0)

    def sends_a_mail(app: Flask, payment: Any) -> None:
        pass

    hear(payment_paid, shop, sends_a_mail)
    with caplog.at_level(logging.WARNING):
        shop.webhook(paid_at_the_gateway)
    assert "sends_a_mail" in caplog.text


def test_payment_created_follows_once_the_url_is_kept(shop: Shop) -> None:
    urls: list[str] = []

    def receiver(app: Flask, payment: Any) -> None:
        urls.append(payment.payment_url)
        shop.db.session.get_one(shop.Order, int(payment.customer_reference)).status = "paying"

    hear(payment_created, shop, receiver)
    payment = shop.started()
    assert urls == [payment.payment_url]
    assert shop.order_status(payment.customer_reference) == "paying"


def test_other_apps_do_not_hear_of_it(new_shop: Callable[..., Shop], shop: Shop) -> None:
    other = new_shop()
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    assert other.heard == []


def test_async_receiver_is_awaited(shop: Shop, paid_at_the_gateway: Any) -> None:
    heard: list[int] = []

    async def receiver(app: Flask, payment: Any) -> None:
        heard.append(payment.id)

    hear(payment_paid, shop, receiver)
    assert shop.webhook(paid_at_the_gateway).status_code == 200
    assert heard == [paid_at_the_gateway.id]


def test_every_signal_is_public() -> None:
    for name in [*SIGNALS, "changed"]:
        assert isinstance(getattr(flask_bdquickpay, f"payment_{name}"), Signal)


def test_money_that_nobody_hears_of_is_logged(
    shop: Shop, caplog: pytest.LogCaptureFixture, paid_at_the_gateway: Any
) -> None:
    for receiver in shop.receivers:
        payment_paid.disconnect(receiver, sender=shop.app)
        payment_changed.disconnect(receiver, sender=shop.app)
    shop.webhook(paid_at_the_gateway)
    assert "nobody listens to payment_paid" in caplog.text

"""`announce`: the shop is told what it is owed. The sweep says when it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import payment_paid

from ..databases import on_sqlite
from ..shop import Shop
from .commandline import due, run


@contextmanager
def nobody_listening(shop: Shop) -> Iterator[None]:
    """As in a process that does not import the shop's receivers."""
    receivers = list(payment_paid.receivers_for(shop.app))
    for receiver in receivers:
        payment_paid.disconnect(receiver, sender=shop.app)
    try:
        yield
    finally:
        for receiver in receivers:
            payment_paid.connect(receiver, sender=shop.app)


@contextmanager
def objecting(shop: Shop) -> Iterator[None]:
    """As with a receiver that fails."""

    def broken(app: Flask, **_: Any) -> None:
        raise ValueError("no stock")

    with payment_paid.connected_to(broken, sender=shop.app):
        yield


def owed(shop: Shop) -> Any:
    """A payment that was completed where nobody listened."""
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with nobody_listening(shop):
        assert run(shop, "verify", payment.id).exit_code == 0
    assert shop.ledger() == []
    return payment


def test_what_is_owed_is_sent_once(shop: Shop) -> None:
    payment = owed(shop)
    result = run(shop, "announce", payment.invoice_id, "--by", "Ayesha")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"Payment 1 ({payment.invoice_id}) is completed, as before. payment_paid was sent.\n"
    )
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.payment(payment).announced_at is not None
    assert (shop.events(payment)[-1].source, shop.events(payment)[-1].actor) == ("cli", "Ayesha")
    again = run(shop, "announce", payment.id)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "Nothing is owed of payment 1" in again.stderr
    assert len(shop.ledger()) == 1


@on_sqlite
def test_announce_prints_json(shop: Shop) -> None:
    payment = owed(shop)
    found = json.loads(run(shop, "announce", payment.id, "--json").stdout)
    assert (found["id"], found["status"]) == (payment.id, "completed")


@on_sqlite
def test_where_nobody_listens_nothing_is_sent(shop: Shop) -> None:
    payment = owed(shop)
    with nobody_listening(shop):
        result = run(shop, "announce", payment.id)
    assert result.exit_code == 1
    assert "import the module that connects the shop's receiver" in result.stderr
    assert shop.payment(payment).announced_at is None


@on_sqlite
def test_a_receiver_that_raises_leaves_it_owed(shop: Shop) -> None:
    payment = owed(shop)
    with objecting(shop):
        result = run(shop, "announce", payment.id)
    assert result.exit_code == 1
    assert "one of the shop's signal receivers raised ValueError: no stock" in result.stderr
    assert shop.payment(payment).announced_at is None
    assert run(shop, "announce", payment.id).exit_code == 0


def test_deliver_sends_what_is_owed(shop: Shop) -> None:
    payment = owed(shop)
    assert run(shop, "deliver").exit_code == 0
    assert shop.ledger() == [(payment.id, payment.customer_reference)]


# The sweep


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_sweep_where_nobody_listens_says_so_and_has_exit_code_1(
    shop: Shop, form: tuple[str, ...]
) -> None:
    due(shop, 1)
    with nobody_listening(shop):
        result = run(shop, "reconcile", *form)
    assert result.exit_code == 1
    assert "Nobody listens to payment_paid in this process" in result.stderr
    if form:
        report = json.loads(result.stdout)
        assert (report["unheard"], report["changed"], report["errors"]) == (True, 1, 0)
    assert run(shop, "reconcile", *form).exit_code == 0
    assert len(shop.ledger()) == 1


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_sweep_whose_money_is_refused_has_exit_code_1(shop: Shop, form: tuple[str, ...]) -> None:
    due(shop, 2)
    with objecting(shop):
        result = run(shop, "reconcile", *form)
    assert result.exit_code == 1
    if form:
        report = json.loads(result.stdout)
        assert (report["checked"], report["refused"], report["errors"]) == (2, 2, 0)
    else:
        assert "not verified: 0, refused by the shop's own code: 2." in result.stdout


@on_sqlite
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_sweep_that_the_gateway_puts_off_has_exit_code_1(
    shop: Shop, form: tuple[str, ...]
) -> None:
    one, *_ = due(shop, 3)
    shop.gateway.fault("429", "verify", times=None, retry_after=60)
    assert run(shop, "verify", one.id).exit_code == 1
    result = run(shop, "reconcile", *form)
    assert result.exit_code == 1
    if form:
        report = json.loads(result.stdout)
        assert (report["checked"], report["errors"], report["left"]) == (0, 0, 3)
    else:
        assert "Left, since the gateway asked for a pause: 3." in result.stdout

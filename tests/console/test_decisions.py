"""`verify` and `resolve`: the gateway is asked about a payment, or a person decides."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import payment_paid
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import Shop
from .commandline import flagged, run

# verify


def test_verify_asks_the_gateway_and_applies_its_answer(shop: Shop) -> None:
    payment = shop.started()
    result = run(shop, "verify", payment.invoice_id)
    assert (result.exit_code, result.stdout) == (
        0,
        f"Payment 1 ({payment.invoice_id}) is pending, as before.\n",
    )
    shop.gateway.pay(payment, webhook=False)
    result = run(shop, "verify", payment.id)
    assert result.stdout == f"Payment 1 ({payment.invoice_id}) is completed; it was pending.\n"
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert [event.source for event in shop.events(payment)] == ["checkout", "cli", "cli"]
    assert shop.events(payment)[-1].actor


@on_sqlite
def test_verify_prints_json(shop: Shop) -> None:
    payment = shop.started()
    found = json.loads(run(shop, "verify", payment.id, "--json").stdout)
    assert (found["id"], found["status"]) == (payment.id, "pending")


@on_sqlite
def test_nobody_is_asked_about_a_completed_payment(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    run(shop, "verify", payment.id)
    shop.gateway.fault("500", times=None)
    assert run(shop, "verify", payment.id).exit_code == 0


@pytest.mark.thorough
@on_sqlite
def test_a_payment_that_could_not_be_verified_has_exit_code_1(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("html", times=None)
    result = run(shop, "verify", payment.id)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: Could not be verified: ")
    assert result.stderr.endswith(f"Payment {payment.id} stays pending.\n")
    assert len(result.stderr.splitlines()) == 1


@on_sqlite
def test_an_invoice_that_the_gateway_does_not_know_is_told_with_the_cure(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, invoice_id="ELSEWHERE")
    result = run(shop, "verify", "ELSEWHERE")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: bdQuickPay does not know invoice ELSEWHERE. Check that BDQUICKPAY_APP_KEY belongs "
        f"to the merchant who made it. Payment {payment.id} stays pending.\n"
    )


@on_sqlite
def test_a_payment_that_the_gateway_never_named_cannot_be_verified_yet(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, status="created", invoice_id=None, created_at=utcnow())
    result = run(shop, "verify", payment.id)
    assert result.exit_code == 1
    assert "ask again in some seconds" in result.stderr
    shop.change(payment, created_at=utcnow() - timedelta(minutes=1))
    result = run(shop, "verify", payment.id)
    assert result.exit_code == 0
    assert result.stdout.startswith("Payment 1 is failed; it was created. Reason: the gateway's")


@on_sqlite
def test_a_receiver_that_raises_is_told(shop: Shop) -> None:
    def broken(app: Flask, **_: Any) -> None:
        raise ValueError("no stock")

    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(broken, sender=shop.app):
        result = run(shop, "verify", payment.id)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Nothing was changed: one of the shop's signal receivers raised "
        "ValueError: no stock\n"
    )
    assert shop.payment(payment).status == "pending"


# resolve


def test_accepting_completes_a_flagged_payment(shop: Shop) -> None:
    payment = flagged(shop)
    result = run(shop, "resolve", payment.invoice_id, "--accept", "--note", "ok", "--by", "Ayesha")
    assert result.exit_code == 0
    assert f"({payment.invoice_id}) is completed; it was flagged." in result.stdout
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.payment(payment).resolved_by == "Ayesha"
    event = shop.events(payment)[-1]
    assert (event.source, event.note, event.actor) == ("cli", "ok", "Ayesha")


def test_rejecting_fails_it_for_good(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "karim")
    payment = flagged(shop)
    result = run(shop, "resolve", payment.id, "--reject", "--note", "refunded", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["status"] == "failed"
    assert shop.ledger() == []
    assert shop.payment(payment).resolved_by == "karim"


@on_sqlite
def test_only_a_flagged_payment_is_resolved(shop: Shop) -> None:
    payment = shop.started()
    result = run(shop, "resolve", payment.id, "--accept", "--note", "why")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Payment 1 is pending; only a flagged one, or one whose")


@pytest.mark.thorough
@on_sqlite
def test_a_paid_order_is_not_paid_again(shop: Shop) -> None:
    payment = flagged(shop)
    shop.change(payment, order_key=None)
    assert shop.click(payment.customer_reference).status_code == 303
    other = shop.payments()[-1]
    shop.gateway.pay(other, webhook=False)
    run(shop, "verify", other.id)
    result = run(shop, "resolve", payment.id, "--accept", "--note", "why")
    assert result.exit_code == 1
    assert "already paid by payment 2" in result.stderr
    assert shop.payment(payment).status == "flagged"


@on_sqlite
def test_a_user_without_a_name_is_named_by_number(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    payment = flagged(shop)
    monkeypatch.setattr("getpass.getuser", nameless)
    run(shop, "resolve", payment.id, "--accept", "--note", "why")
    assert shop.payment(payment).resolved_by == f"uid {os.getuid()}"

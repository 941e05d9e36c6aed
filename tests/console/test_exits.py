"""`resolve`: what a person decides, what the customer is told, and of which payment."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..shop import Shop
from .commandline import flagged, run

# What the customer is told

NOTE = "the customer quarrels; sent back with bKash TX9"


def test_the_note_is_for_the_team_alone(shop: Shop) -> None:
    payment = flagged(shop)
    result = run(shop, "resolve", payment.id, "--reject", "--note", NOTE)
    assert result.exit_code == 0
    assert shop.payment(payment).reason == "rejected by the shop"
    assert shop.events(payment)[-1].note == NOTE
    assert NOTE not in shop.success(payment).text
    assert NOTE not in result.output


def test_the_message_is_for_the_customer(shop: Shop) -> None:
    payment = flagged(shop)
    said = ("--message", "We have sent your money back.")
    assert run(shop, "resolve", payment.id, "--reject", "--note", NOTE, *said).exit_code == 0
    reason = "rejected by the shop: We have sent your money back."
    assert shop.payment(payment).reason == reason
    page = shop.success(payment).text
    assert "We have sent your money back." in page
    assert NOTE not in page


# Giving up


def lost(shop: Shop) -> Any:
    """A payment of which the gateway can tell nothing."""
    payment = shop.started()
    shop.gateway.fault("500", "verify", times=None)
    return payment


def test_a_payment_is_given_up_and_its_order_is_free(shop: Shop) -> None:
    payment = lost(shop)
    options = ("--give-up", "--note", "no record of it", "--by", "Ayesha")
    result = run(shop, "resolve", payment.invoice_id, *options)
    assert result.exit_code == 0, result.output
    after = shop.payment(payment)
    assert f"({payment.invoice_id}) is {after.status}; it was pending." in result.stdout
    event = shop.events(payment)[-1]
    assert (event.source, event.note, event.actor) == ("cli", "no record of it", "Ayesha")
    assert shop.click(payment.customer_reference).status_code == 303
    new = shop.payments(payment.customer_reference)[-1]
    assert (new.id != payment.id, new.status) == (True, "pending")


def test_money_that_comes_after_giving_up_is_flagged(shop: Shop) -> None:
    payment = lost(shop)
    run(shop, "resolve", payment.id, "--give-up", "--note", "no record of it")
    shop.gateway.clear_faults()
    shop.gateway.pay(payment, webhook=False)
    assert run(shop, "verify", payment.id).exit_code == 0
    assert shop.payment(payment).status == "flagged"
    assert shop.ledger() == []


@on_sqlite
def test_giving_up_prints_json(shop: Shop) -> None:
    payment = lost(shop)
    result = run(shop, "resolve", payment.id, "--give-up", "--note", "why", "--json")
    assert json.loads(result.stdout)["status"] == shop.payment(payment).status != "pending"


@on_sqlite
def test_what_is_paid_is_not_given_up(shop: Shop) -> None:
    payment = flagged(shop)
    result = run(shop, "resolve", payment.id, "--give-up", "--note", "why")
    assert result.exit_code == 1
    assert "Money has come on payment 1: accept or reject it." in result.stderr
    assert shop.payment(payment).status == "flagged"


@pytest.mark.thorough
@on_sqlite
@pytest.mark.parametrize(
    "options",
    [
        ("--accept", "--reject"),
        ("--accept", "--give-up"),
        ("--reject", "--give-up"),
        ("--accept", "--message", "x"),
        ("--give-up", "--message", "x"),
        ("--reject", "--message", " "),
    ],
)
def test_half_a_decision_is_wrong_usage(shop: Shop, options: tuple[str, ...]) -> None:
    payment = flagged(shop)
    result = run(shop, "resolve", payment.id, "--note", "why", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert shop.payment(payment).status == "flagged"


@on_sqlite
@pytest.mark.parametrize("decision", ["--accept", "--reject", "--give-up"])
def test_every_decision_needs_a_note(shop: Shop, decision: str) -> None:
    payment = shop.started()
    assert run(shop, "resolve", payment.id, decision).exit_code == 2
    assert run(shop, "resolve", payment.id, decision, "--note", " ").exit_code == 2


# A key that could name two


@pytest.mark.parametrize(
    "command",
    [
        ("verify",),
        ("announce",),
        ("resolve", "--accept", "--note", "why"),
        ("resolve", "--reject", "--note", "why"),
        ("resolve", "--give-up", "--note", "why"),
    ],
    ids=" ".join,
)
def test_it_is_refused_naming_both(shop: Shop, command: tuple[str, ...]) -> None:
    one, other = flagged(shop), flagged(shop)
    shop.change(other, invoice_id=str(one.id))
    before = [event.id for event in shop.events()]
    result = run(shop, *command, one.id)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"the invoice id of payment {other.id} and the id of payment {one.id}" in result.stderr
    assert f"by its id, {other.id}; the second one by its invoice id, {one.invoice_id}." in (
        result.stderr
    )
    assert [event.id for event in shop.events()] == before


@pytest.mark.thorough
def test_each_of_the_two_can_be_named(shop: Shop) -> None:
    one, other = flagged(shop), flagged(shop)
    shop.change(other, invoice_id=str(one.id))
    result = run(shop, "resolve", one.invoice_id, "--reject", "--note", "why")
    assert result.stdout.startswith(f"Payment {one.id} ({one.invoice_id}) is failed")
    result = run(shop, "resolve", other.id, "--reject", "--note", "why")
    assert result.stdout.startswith(f"Payment {other.id} ({one.id}) is failed")


@on_sqlite
def test_a_number_that_is_both_of_one_payment_is_fine(shop: Shop) -> None:
    payment = flagged(shop)
    shop.change(payment, invoice_id=str(payment.id))
    assert run(shop, "resolve", payment.id, "--reject", "--note", "why").exit_code == 0


@on_sqlite
def test_one_that_the_gateway_never_named_is_still_told_apart(shop: Shop) -> None:
    one, other = flagged(shop), flagged(shop)
    shop.change(one, invoice_id=None, created_at=utcnow() - timedelta(hours=1))
    shop.change(other, invoice_id=str(one.id))
    result = run(shop, "verify", one.id)
    assert result.exit_code == 1
    assert f"the id of payment {one.id}" in result.stderr

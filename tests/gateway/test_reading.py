"""What the gateway writes in other shapes is read; what commands a page never gets there."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from flask_bdquickpay import GatewayError, GatewayUnavailableError
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.payments.hooks import check_reference
from flask_bdquickpay.text import plain

from ..shop import Shop
from . import hostile as gw
from .asking import client_of, create, verify
from .hostile import COMPLETED, CREATED, INVOICE, PENDING, TRANSACTION, hostile

# Names that are written as numbers


def test_invoice_that_is_a_number_is_created_as_text() -> None:
    with hostile(gw.answer(CREATED | {"invoice_id": 12})) as server:
        assert create(client_of(server)).invoice_id == "12"


def test_names_that_are_numbers_are_verified_as_text() -> None:
    numbers = {"invoice_id": 12, "customer_reference": 7}
    paid = TRANSACTION | {"trx_id": 88005553535}
    with hostile(gw.answer(gw.verified(COMPLETED | numbers | {"transaction": paid}))) as server:
        answer = client_of(server).verify_payment("12")
    assert (answer.invoice_id, answer.customer_reference) == ("12", "7")
    assert answer.transaction is not None
    assert answer.transaction.trx_id == "88005553535"


@pytest.mark.parametrize("literal", ["true", "false", "12.0", "1.2e1", '["12"]', '{"a": 12}'])
def test_only_a_whole_number_names_something(literal: str) -> None:
    body = gw.message(gw.verified(COMPLETED)).partition(b"\r\n\r\n")[2].decode()
    wrong = [
        body.replace('"ORDER-001"', literal),
        body.replace('"8HJ2XKPQ91"', literal),
        body.replace(f'"{INVOICE}"', literal),
    ]
    with hostile(*[gw.answer(document) for document in wrong]) as server:
        client = client_of(server)
        for invoice in (INVOICE, INVOICE, "12"):
            with pytest.raises(GatewayUnavailableError):
                client.verify_payment(invoice)


@pytest.mark.parametrize("name", ["status", "payment_url"])
def test_what_is_no_name_is_no_number(name: str) -> None:
    answers = [gw.answer(CREATED | {name: 12}), gw.answer(gw.verified(PENDING | {"status": 12}))]
    with hostile(answers[name == "status"]) as server, pytest.raises(GatewayUnavailableError):
        verify(server) if name == "status" else create(client_of(server))


@pytest.mark.thorough
def test_purchase_at_a_gateway_that_writes_numbers(shop: Shop) -> None:
    url = f"http://{shop.server.host}:{shop.server.port}/pay/bkash/12"
    created = {"status": True, "invoice_id": 12, "amount": 500, "payment_url": url}
    shop.gateway.fault("answer", endpoint="create", body=created)
    payment = shop.started()
    assert payment.invoice_id == "12"
    numbers = {"invoice_id": 12, "customer_reference": int(payment.customer_reference)}
    paid = COMPLETED | numbers | {"transaction": TRANSACTION | {"trx_id": 34}}
    shop.gateway.fault("answer", endpoint="verify", body=gw.verified(paid))
    assert shop.webhook(payment, invoice_id=12).json == {"received": True}
    payment = shop.payment(payment)
    assert (payment.status, payment.trx_id) == ("completed", "34")
    assert shop.ledger() == [(payment.id, payment.customer_reference)]


@pytest.mark.thorough
@pytest.mark.parametrize("invoice", [True, 12.0, [12], -0.0])
def test_webhook_about_what_is_no_name_is_about_none(shop: Shop, invoice: object) -> None:
    payment = shop.started()
    shop.change(payment, invoice_id=str(invoice))
    answer = shop.webhook(payment, invoice_id=invoice)
    assert (answer.status_code, answer.is_json) == (404, True)


# No transaction

EMPTY: list[Any] = [None, [], {}, ""]


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("word", ["pending", "failed", "on_hold"])
def test_empty_transaction_of_an_unpaid_payment_is_none(word: str, empty: object) -> None:
    data = PENDING | {"status": word, "transaction": empty}
    with hostile(gw.answer(gw.verified(data))) as server:
        answer = verify(server)
    assert (answer.status, answer.transaction) == (word, None)


@pytest.mark.parametrize("empty", EMPTY)
def test_empty_transaction_of_a_completed_payment_is_no_answer(empty: object) -> None:
    with hostile(gw.answer(gw.verified(COMPLETED | {"transaction": empty}))) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        with pytest.raises(GatewayUnavailableError):
            client_of(server).verify_payment(INVOICE)


@pytest.mark.parametrize("wrong", [5, True, "none", [None], [{}]])
def test_transaction_that_is_neither_one_nor_empty_is_no_answer(wrong: object) -> None:
    with (
        hostile(gw.answer(gw.verified(PENDING | {"transaction": wrong}))) as server,
        pytest.raises(GatewayUnavailableError),
    ):
        verify(server)


# The gateway's own word


def test_facts_are_json_with_amounts_and_times_as_text() -> None:
    with hostile(gw.answer(gw.verified(COMPLETED))) as server:
        facts = verify(server).facts
    assert json.loads(json.dumps(facts)) == facts
    times = [facts["created_at"], facts["transaction"]["verified_at"]]
    assert all("T" in time for time in times)
    assert Decimal(facts["transaction"]["amount"]) == Decimal(facts["amount"])


@pytest.mark.parametrize("word", ["PENDING", " Pending ", "On Hold"])
def test_status_is_for_judging_and_word_is_as_it_was_written(word: str) -> None:
    with hostile(gw.answer(gw.verified(PENDING | {"status": word}))) as server:
        answer = verify(server)
    assert (answer.status, answer.word) == (word.strip().lower(), word)
    assert answer.facts["status"] == word
    assert "word" not in answer.facts


def test_status_of_spaces_is_no_answer() -> None:
    with (
        hostile(gw.answer(gw.verified(PENDING | {"status": "  "}))) as server,
        pytest.raises(GatewayUnavailableError),
    ):
        verify(server)


def test_completed_in_capitals_is_completed() -> None:
    paid = COMPLETED | {"status": "COMPLETED", "transaction": TRANSACTION | {"status": "Completed"}}
    with hostile(gw.answer(gw.verified(paid))) as server:
        answer = verify(server)
    assert (answer.status, answer.word, answer.amount) == ("completed", "COMPLETED", Decimal(500))


def said(shop: Shop, payment: Any, word: str) -> None:
    """Let the gateway say this word of an unpaid payment, at each verify."""
    data = PENDING | {"invoice_id": payment.invoice_id, "status": word}
    shop.gateway.clear_faults()
    shop.gateway.fault("answer", endpoint="verify", times=None, body=gw.verified(data))


@pytest.mark.parametrize(("word", "status"), [("Failed", "failed"), (" CANCELED", "cancelled")])
def test_word_is_kept_unchanged_beside_what_it_means(shop: Shop, word: str, status: str) -> None:
    payment = shop.started()
    said(shop, payment, word)
    assert shop.webhook(payment).status_code == 200
    payment = shop.payment(payment)
    assert (payment.status, payment.gateway_status) == (status, word)
    assert shop.events(payment)[-1].gateway_answer["status"] == word


def test_word_that_moves_nothing_is_kept_unchanged(shop: Shop) -> None:
    payment = shop.started()
    said(shop, payment, "Awaiting PIN")
    shop.success(payment)
    assert shop.payment(payment).gateway_status == "Awaiting PIN"
    said(shop, payment, "Pending")
    shop.success(payment)
    assert shop.payment(payment).gateway_status == "Pending"


def test_event_that_is_over_at_the_gateway_is_settled_however_it_is_spelt(shop: Shop) -> None:
    """The payment is failed here already; the gateway's word alone says that there is no more."""
    payment = shop.started()
    said(shop, payment, "FAILED")
    shop.webhook(payment)
    assert shop.webhook(payment, "completed").json == {"received": True}


@pytest.mark.thorough
def test_cancelled_payment_that_is_pending_however_it_is_spelt_is_taken_up_again(
    shop: Shop,
) -> None:
    payment = shop.started()
    said(shop, payment, "PENDING")
    shop.cancel(payment)
    assert shop.payment(payment).status == "cancelled"
    assert shop.click(payment.customer_reference).location == payment.payment_url
    said(shop, payment, "Cancelled")
    shop.cancel(payment)
    assert shop.click(payment.customer_reference).location != payment.payment_url


def test_cancelled_payment_is_not_taken_up_again_after_its_end_however_it_is_spelt(
    shop: Shop,
) -> None:
    payment = shop.started()
    said(shop, payment, "PENDING")
    shop.cancel(payment)
    shop.change(payment, expires_at=utcnow() - timedelta(hours=1))
    assert shop.click(payment.customer_reference).location != payment.payment_url
    moves = [event.new_status for event in shop.events(payment) if event.new_status]
    assert moves == ["pending", "cancelled"]


# What commands a page

BIDI = ["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"]
CONTROLS = ["\x7f", "\x80", "\x85", "\x9b", "\x9f", "\u2028", "\u2029"]
NEIGHBOURS = ["~", "\xa0", "\u061b", "\u200d", "\u2010", "\u2027", "\u202f", "\u2065", "\u2070"]


@pytest.mark.parametrize("letter", [*BIDI, *CONTROLS])
@pytest.mark.parametrize("name", ["invoice_id", "customer_reference", "status", "trx_id"])
def test_text_that_commands_a_page_is_no_answer(name: str, letter: str) -> None:
    text = f"A{letter}B"
    data = COMPLETED | {name: text, "transaction": TRANSACTION | {"trx_id": "T"}}
    if name == "trx_id":
        data = COMPLETED | {"transaction": TRANSACTION | {"trx_id": text}}
    with hostile(gw.answer(gw.verified(data))) as server:
        client = client_of(server)
        with pytest.raises(GatewayUnavailableError, match=name):
            client.verify_payment(text if name == "invoice_id" else INVOICE)


@pytest.mark.parametrize("letter", NEIGHBOURS)
def test_other_letters_are_taken(letter: str) -> None:
    data = PENDING | {"customer_reference": f"A{letter}B"}
    with hostile(gw.answer(gw.verified(data))) as server:
        assert verify(server).customer_reference == f"A{letter}B"


@pytest.mark.parametrize("letter", [*BIDI, *CONTROLS])
def test_what_the_gateway_says_commands_no_page(letter: str) -> None:
    said = f"bad {letter}word"
    refusal = {"status": False, "message": said, "errors": {said: [said]}}
    with hostile(gw.answer(refusal, 422)) as server, pytest.raises(GatewayError) as caught:
        create(client_of(server))
    assert caught.value.message.endswith("bad ?word")
    assert caught.value.errors == {"bad ?word": ["bad ?word"]}


@pytest.mark.parametrize("letter", BIDI)
def test_refused_payment_shows_no_bidi_override(shop: Shop, letter: str) -> None:
    refusal = {"status": False, "message": f"paid {letter}005 not"}
    shop.gateway.fault("answer", endpoint="create", status=422, body=refusal)
    shop.click(shop.order())
    (payment,) = shop.payments()
    assert "paid ?005 not" in payment.reason
    page = shop.success(payment).text
    assert letter not in page + payment.reason


@pytest.mark.parametrize("letter", [*BIDI, *CONTROLS])
def test_plain_text_has_no_command_left(letter: str) -> None:
    shown = plain(f"A{letter}B")
    assert letter not in shown
    assert shown.isprintable()


BANGLA = ["বই-১", "র\u200d্যাক-১", "ইহ্\u200cতিশাম-১"]


@pytest.mark.parametrize("reference", BANGLA)
def test_joiners_that_bangla_is_spelt_with_are_letters(reference: str) -> None:
    check_reference(reference)
    assert plain(reference) == reference
    created = gw.answer(CREATED | {"customer_reference": reference})
    data = COMPLETED | {"customer_reference": reference}
    with hostile(created, gw.answer(gw.verified(data))) as server:
        client = client_of(server)
        answer = create(client, customer_reference=reference)
        assert answer.customer_reference == reference
        assert client.verify_payment(INVOICE).customer_reference == reference

"""A database that fails is said to be what failed, and nothing that was typed is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from flask_bdquickpay.payments import transaction

from ..databases import on_sqlite
from ..payments.test_refunds import paid, refund, refunds
from ..shop import NewShop, Shop
from .test_refunds import carried, confirm, fill, new
from .test_second_look import confirm as confirm_decision
from .test_second_look import every, look
from .visits import PAYMENTS, connections, flagged, open_desk, press, said

TYPED = {"note": "typed for minutes"}
LOOK = "Look at the payment before you try again: it may have been done."


@contextmanager
def failing(shop: Shop, table: str) -> Iterator[None]:
    """The database goes away at whatever is written to a table."""

    def fail(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith((f"INSERT INTO {table}", f"UPDATE {table}")):
            gone = ConnectionError("server closed the connection unexpectedly")
            raise sa.exc.OperationalError(statement, {}, gone, connection_invalidated=True)

    with shop.app.app_context():
        engine = shop.db.engine
    event.listen(engine, "before_cursor_execute", fail)
    yield
    event.remove(engine, "before_cursor_execute", fail)


@contextmanager
def unanswered(shop: Shop) -> Iterator[None]:
    """What is written to the table of refunds is committed, and nobody hears of it."""
    written: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO bdquickpay_refund"):
            written.append(statement)

    def fail(conn: Any) -> None:
        if written:
            conn.connection.dbapi_connection.commit()
            raise sa.exc.OperationalError(written.pop(), {}, ConnectionError("it went away"))

    with shop.app.app_context():
        engine = shop.db.engine
    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", fail)
    yield
    event.remove(engine, "before_cursor_execute", note)
    event.remove(engine, "commit", fail)


@contextmanager
def locked(shop: Shop) -> Iterator[None]:
    """Another process writes to the same file meanwhile."""
    with shop.app.app_context():
        path = shop.db.engine.url.database
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def check_told(page: TestResponse) -> None:
    """It is the database, and the form is there with what was typed."""
    told = every(page)[0]
    assert page.status_code == 503
    assert told == f"The database did not answer as it should (OperationalError). {LOOK}"
    assert "typed for minutes" in page.text
    assert "shop’s own code" not in page.text


# What is written fails


def test_note_that_the_database_does_not_take_is_kept(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    with failing(shop, "bdquickpay_payment_event"):
        page = press(desk, payment.id, "note", **TYPED)
    check_told(page)
    assert connections(shop) == 0
    assert said(press(desk, payment.id, "note", **TYPED)) == "The note is in the timeline."


def test_refund_that_the_database_does_not_take_is_kept(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="200", trx_id="SENT1", **TYPED)
    with failing(shop, "bdquickpay_refund"):
        page = confirm(desk, new(payment), page)
    check_told(page)
    assert (carried(page)["amount"], carried(page)["trx_id"]) == ("200", "SENT1")
    assert refunds(shop) == []
    assert said(confirm(desk, new(payment), page)).startswith("Recorded: refund ")


def test_void_that_the_database_does_not_take_is_kept(shop: Shop, desk: FlaskClient) -> None:
    payment = paid(shop)
    url = f"{PAYMENTS}/{payment.id}/refunds/{refund(shop, payment, '200')}/void"
    page = fill(desk, url, step="check", **TYPED)
    with failing(shop, "bdquickpay_refund"):
        page = confirm(desk, url, page)
    check_told(page)
    assert refunds(shop)[0].state == "sent"


@pytest.mark.parametrize(("decision", "status"), [("accept", "completed"), ("reject", "failed")])
def test_decision_that_the_database_does_not_take_is_kept(
    shop: Shop, desk: FlaskClient, decision: str, status: str
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision=decision, **TYPED)
    with failing(shop, "bdquickpay_payment"):
        check_told(confirm_decision(desk, payment, page, accepted="400.00"))
    assert (shop.payment(payment).status, shop.ledger()) == ("flagged", [])
    confirm_decision(desk, payment, page, accepted="400.00")
    assert shop.payment(payment).status == status


def test_refund_beside_a_decision_that_the_database_does_not_take(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", sent="y", **TYPED)
    with failing(shop, "bdquickpay_refund"):
        told = every(confirm_decision(desk, payment, page))
    assert told[0] == "Rejected by Ayesha: the order is not paid."
    assert told[1].startswith("The database did not answer as it should (OperationalError). ")
    assert "the refund was not written down: the money counts as owed" in told[2]
    assert (shop.payment(payment).status, refunds(shop)) == ("failed", [])


def test_button_at_which_the_database_fails_says_so(shop: Shop, desk: FlaskClient) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with failing(shop, "bdquickpay_payment"):
        told = said(press(desk, payment.id, "verify"))
    assert told.startswith("The database did not answer as it should (OperationalError). ")


# What is written is there, and its answer is lost


def test_refund_whose_answer_was_lost_is_not_said_to_be_not_done(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = paid(shop)
    page = fill(desk, new(payment), step="check", amount="200", trx_id="SENT1", **TYPED)
    with unanswered(shop):
        check_told(confirm(desk, new(payment), page))
    (one,) = refunds(shop)
    assert said(confirm(desk, new(payment), page)) == f"Recorded: refund {one.id} of ৳200."
    assert len(refunds(shop)) == 1


def test_refund_beside_a_decision_whose_answer_was_lost_is_not_owed(
    shop: Shop, desk: FlaskClient
) -> None:
    payment = flagged(shop)
    page = look(desk, payment, decision="reject", **TYPED)
    confirm_decision(desk, payment, page)
    form = carried(page) | {"sent": "y", "step": "confirm", "seen": ""}
    with unanswered(shop):
        url = f"{PAYMENTS}/{payment.id}/resolve"
        told = every(desk.post(url, data=form, follow_redirects=True))
    assert [sentence.partition(" (")[0] for sentence in told] == [
        "The database did not answer as it should"
    ]
    assert shop.payment(payment).refunded_amount == 400


# A file that another holds


@pytest.fixture
def hasty(new_shop: NewShop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that does not wait long for a lock."""
    monkeypatch.setattr(transaction, "PATIENCE", 0.1)
    return new_shop(SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.05}})


@on_sqlite
def test_note_while_another_holds_the_file(hasty: Shop) -> None:
    desk, payment = open_desk(hasty), flagged(hasty)
    with locked(hasty):
        check_told(press(desk, payment.id, "note", **TYPED))
    assert said(press(desk, payment.id, "note", **TYPED)) == "The note is in the timeline."


@on_sqlite
def test_refund_while_another_holds_the_file(hasty: Shop) -> None:
    desk, payment = open_desk(hasty), paid(hasty)
    page = fill(desk, new(payment), step="check", amount="200", **TYPED)
    with locked(hasty):
        check_told(confirm(desk, new(payment), page))
    assert refunds(hasty) == []


@on_sqlite
def test_decision_while_another_holds_the_file(hasty: Shop) -> None:
    desk, payment = open_desk(hasty), flagged(hasty)
    page = look(desk, payment, decision="accept", **TYPED)
    with locked(hasty):
        check_told(confirm_decision(desk, payment, page, accepted="400.00"))
    assert hasty.payment(payment).status == "flagged"

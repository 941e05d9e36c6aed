"""Paid, but the shop's own code refuses to book it: the fact is kept, told, and can be decided."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flask_bdquickpay import payment_cancelled, payment_flagged, payment_paid
from flask_bdquickpay.clock import utcnow
from flask_bdquickpay.errors import ResolutionError

from ..databases import on_sqlite
from ..shop import Shop, told_paid
from .acts import asked, confirm, ended, give_up, make_due, payable, raises, resolve, sweep

BROKEN = RuntimeError("stock service is down")


def ship(app: Flask, payment: Any) -> None:
    """A receiver of the shop that raises."""
    raise RuntimeError("stock service is down")


def refused(shop: Shop) -> Any:
    """A payment whose money is there, and that a receiver refuses."""
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(ship, sender=shop.app):
        assert shop.webhook(payment).status_code == 503
    return shop.payment(payment)


def test_fact_about_the_money_is_kept(shop: Shop) -> None:
    payment = refused(shop)
    assert (payment.status, payment.gateway_status) == ("pending", "completed")
    assert payment.received_amount == Decimal(500)
    assert payment.trx_id == shop.gateway.find(payment).trx_id
    assert payment.verified_at is not None
    assert payment.announced_at is None
    assert shop.ledger() == []
    assert shop.order_status(payment.customer_reference) == "new"


def test_problem_names_receiver_and_error(shop: Shop) -> None:
    payment = refused(shop)
    assert payment.problem == f"{__name__}.ship raised RuntimeError: stock service is down"
    (event,) = [e for e in shop.events(payment) if e.source == "webhook"]
    assert payment.problem in event.note
    assert event.new_status is None
    assert event.gateway_answer["status"] == "completed"


def test_it_is_booked_once_the_shop_is_mended(shop: Shop) -> None:
    payment = refused(shop)
    assert shop.webhook(payment).status_code == 200
    payment = shop.payment(payment)
    assert (payment.status, payment.problem) == ("completed", None)
    assert len(shop.ledger()) == 1


def test_sweep_reports_it_as_refused_until_it_is_booked(shop: Shop) -> None:
    payment = refused(shop)
    with payment_paid.connected_to(ship, sender=shop.app):
        for _ in range(2):
            make_due(shop, payment)
            report = sweep(shop)
            assert (report.checked, report.refused, report.errors) == (1, 1, 0)
    assert shop.payment(payment).check_after > utcnow()
    make_due(shop, payment)
    assert sweep(shop).changed == 1
    assert shop.payment(payment).problem is None


def left_behind(shop: Shop) -> Callable[..., None]:
    """What is written at the flush alone, after the receiver has returned."""

    def leaves(app: Flask, payment: Any) -> None:
        shop.db.session.add(shop.Ledger(payment_id=payment.id, reference=None))

    return leaves


def rolled_back(shop: Shop) -> Callable[..., None]:
    def undoes(app: Flask, payment: Any) -> None:
        shop.db.session.rollback()

    return undoes


def forbidden(shop: Shop) -> Callable[..., None]:
    def confirms(app: Flask, payment: Any) -> None:
        shop.bdquickpay.start(payment.customer_reference)

    return confirms


@pytest.mark.parametrize(
    ("make", "name"),
    [(left_behind, "leaves"), (rolled_back, "undoes"), (forbidden, "confirms")],
)
def test_whatever_a_receiver_does_wrong_is_told_with_its_name(
    shop: Shop, make: Callable[[Shop], Callable[..., None]], name: str
) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    make_due(shop, payment)
    with payment_paid.connected_to(make(shop), sender=shop.app):
        report = sweep(shop)
    assert (report.refused, report.errors) == (1, 0)
    payment = shop.payment(payment)
    assert name in payment.problem
    assert (payment.status, payment.received_amount) == ("pending", Decimal(500))
    assert shop.ledger() == []


@pytest.mark.parametrize("database_uri", ["postgresql", "mariadb"], indirect=True)
def test_receiver_whose_table_stays_locked_is_told_too(
    new_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration of the shop's, say: the database gives the wait up, again and again.

    Not on SQLite, which has one lock for the whole file: nothing could be kept either.
    """
    monkeypatch.setattr("flask_bdquickpay.payments.transaction.PATIENCE", 1.5)
    shop = new_shop()
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with shop.app.app_context():
        table = shop.Ledger.__table__.name
        lock = {
            "postgresql": f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
            "mysql": f"LOCK TABLES {table} WRITE",
        }[shop.db.engine.dialect.name]
        with shop.db.engine.connect() as migration:
            migration.execute(sa.text(lock))
            assert shop.webhook(payment).status_code == 503
            payment = shop.payment(payment)
            if shop.db.engine.dialect.name == "mysql":
                migration.execute(sa.text("UNLOCK TABLES"))
    assert "fulfil raised" in payment.problem
    assert payment.received_amount == Decimal(500)
    assert shop.webhook(payment).status_code == 200
    assert len(shop.ledger()) == 1


@pytest.mark.thorough
@on_sqlite
def test_receiver_that_writes_past_our_transaction_is_told_too(shop: Shop) -> None:
    """On SQLite a second connection waits for ours, and ours for the receiver."""

    def writes_aside(app: Flask, payment: Any) -> None:
        engine = sa.create_engine(
            app.config["SQLALCHEMY_DATABASE_URI"], connect_args={"timeout": 0}
        )
        with engine.begin() as connection:
            connection.execute(sa.insert(shop.Ledger.__table__).values(payment_id=1, reference="x"))

    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(writes_aside, sender=shop.app):
        assert shop.webhook(payment).status_code == 503
    payment = shop.payment(payment)
    assert "writes_aside raised OperationalError" in payment.problem
    assert "database is locked" in payment.problem


def test_customer_and_shop_are_told_and_nobody_is_charged_again(shop: Shop) -> None:
    payment = refused(shop)
    with payment_paid.connected_to(ship, sender=shop.app):
        for _ in range(2):
            answer = shop.click(payment.customer_reference)
            assert told_paid(answer)
        assert shop.success(payment).status_code == 200
        assert shop.cancel(payment).status_code == 200
    assert shop.payment(payment).status == "pending"
    assert len(shop.payments()) == 1
    assert payable(shop) == 0


@pytest.mark.thorough
def test_unbooked_money_is_never_given_up_however_long_nobody_can_ask(shop: Shop) -> None:
    payment = ended(shop, refused(shop), timedelta(days=3))
    shop.gateway.fault("500", endpoint="verify", times=None)
    answer = shop.click(payment.customer_reference)
    assert told_paid(answer)
    assert shop.payment(payment).status == "pending"
    assert asked(shop, "create") == 1


def test_late_money_that_is_refused_keeps_the_order_from_being_charged(shop: Shop) -> None:
    late = shop.started()
    shop.gateway.time_out(late, webhook=False)
    shop.success(late)
    assert shop.payment(late).status == "failed"
    shop.gateway.pay(late, late=True, webhook=False)
    with payment_paid.connected_to(ship, sender=shop.app):
        for _ in range(2):
            answer = shop.click(late.customer_reference)
            assert told_paid(answer)
    late = shop.payment(late)
    assert (late.status, late.gateway_status) == ("failed", "completed")
    assert "ship raised" in late.problem
    assert payable(shop) == 0
    assert told_paid(shop.click(late.customer_reference))
    assert shop.payment(late).status == "completed"


def test_superseded_money_that_is_refused_does_not_hold_the_order(shop: Shop) -> None:
    """It would have been flagged: the order's new total is still to be paid."""
    old = shop.started()
    shop.reprice(old.customer_reference, "600")
    shop.click(old.customer_reference)
    new = shop.payments()[-1]
    shop.gateway.pay(old, webhook=False)
    with payment_flagged.connected_to(raises(BROKEN), sender=shop.app):
        assert shop.webhook(old).status_code == 503
        assert shop.click(old.customer_reference).location == new.payment_url
    assert "RuntimeError" in shop.payment(old).problem


def test_start_returns_the_refused_payment_and_confirm_raises(shop: Shop) -> None:
    payment = refused(shop)
    with payment_paid.connected_to(ship, sender=shop.app):
        with shop.app.test_request_context():
            found = shop.bdquickpay.start(payment.customer_reference)
            assert (found.id, found.is_payable, found.is_paid) == (payment.id, False, False)
        with pytest.raises(RuntimeError, match="stock service"):
            confirm(shop, payment)
    assert confirm(shop, payment) == "completed"


def test_repeated_refusals_leave_one_row(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(ship, sender=shop.app):
        for _ in range(4):
            shop.webhook(payment)
    (event,) = [e for e in shop.events(payment) if e.source == "webhook"]
    assert event.count == 4


def test_unpaid_payment_whose_receiver_raises_is_no_money(shop: Shop) -> None:
    """A receiver of `payment_cancelled`, say."""
    payment = shop.started()
    with payment_cancelled.connected_to(ship, sender=shop.app):
        assert shop.cancel(payment).status_code == 200
    payment = shop.payment(payment)
    assert (payment.status, payment.received_amount) == ("pending", None)
    assert "ship raised" in payment.problem
    shop.cancel(payment)
    payment = shop.payment(payment)
    assert (payment.status, payment.problem) == ("cancelled", None)


# A person decides


def test_person_accepts_what_the_shop_was_mended_for(shop: Shop) -> None:
    payment = refused(shop)
    resolve(shop, payment, accept=True)
    payment = shop.payment(payment)
    assert (payment.status, payment.resolved_by, payment.problem) == ("completed", "Karima", None)
    assert payment.trx_id == shop.gateway.find(payment).trx_id
    assert payment.announced_at is not None
    assert payment.order_key == payment.customer_reference
    assert len(shop.ledger()) == 1


def test_acceptance_that_the_shop_refuses_again_changes_nothing(shop: Shop) -> None:
    """Else nobody would try again by himself once the shop is mended."""
    payment = refused(shop)
    with (
        payment_paid.connected_to(ship, sender=shop.app),
        pytest.raises(RuntimeError, match="stock service is down"),
    ):
        resolve(shop, payment, accept=True)
    payment = shop.payment(payment)
    assert payment.status == "pending"
    assert "ship raised" in payment.problem
    make_due(shop, payment)
    assert sweep(shop).changed == 1
    assert len(shop.ledger()) == 1


def test_person_rejects(shop: Shop) -> None:
    payment = refused(shop)
    resolve(shop, payment, accept=False)
    payment = shop.payment(payment)
    assert (payment.status, payment.resolved_by) == ("failed", "Karima")
    assert (payment.order_key, payment.problem) == (None, None)
    assert payment.received_amount == Decimal(500)
    assert payment.trx_id is not None
    assert shop.webhook(payment).status_code == 200
    assert shop.payment(payment).status == "failed"
    assert shop.ledger() == []


@pytest.mark.parametrize("accept", [True, False])
def test_person_decides_beside_another_payment_of_the_order(shop: Shop, accept: bool) -> None:
    late = shop.started()
    shop.gateway.time_out(late, webhook=False)
    shop.success(late)
    shop.click(late.customer_reference)
    shop.gateway.pay(late, late=True, webhook=False)
    with payment_paid.connected_to(ship, sender=shop.app):
        shop.webhook(late)
    resolve(shop, late, accept=accept)
    late, new = shop.payments(late.customer_reference)
    assert (late.status, new.status) == ("completed" if accept else "failed", "pending")
    holder = late if accept else new
    assert [p.id for p in (late, new) if p.order_key] == [holder.id]


def test_acceptance_beside_a_paid_payment_is_refused_and_changes_nothing(shop: Shop) -> None:
    late = shop.started()
    shop.gateway.time_out(late, webhook=False)
    shop.success(late)
    shop.gateway.pay(late, late=True, webhook=False)
    with payment_paid.connected_to(ship, sender=shop.app):
        shop.webhook(late)
    shop.change(late, customer_reference=late.customer_reference)
    other = shop.started()
    shop.gateway.pay(other, webhook=False)
    shop.webhook(other)
    shop.change(other, order_key=late.customer_reference)
    with pytest.raises(ResolutionError, match="already paid"):
        resolve(shop, late, accept=True)
    assert shop.payment(late).status == "failed"
    assert "ship raised" in shop.payment(late).problem


def test_money_that_came_is_not_given_up(shop: Shop) -> None:
    payment = refused(shop)
    with pytest.raises(ResolutionError, match="accept or reject"):
        give_up(shop, payment)


# Trouble that is not the shop's


@pytest.mark.thorough
def test_exhausted_pool_is_nobody_s_refusal(
    new_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    shop = new_shop(SQLALCHEMY_ENGINE_OPTIONS=options)
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    client = shop.app.extensions["bdquickpay"].client
    ask, release, taken = client.verify_payment, threading.Event(), threading.Event()

    def hold() -> None:
        with shop.app.app_context(), shop.db.engine.connect():
            taken.set()
            release.wait(30)

    def asked_then_exhausted(*args: Any, **options: Any) -> Any:
        answer = ask(*args, **options)
        other.start()
        taken.wait(30)
        return answer

    other = threading.Thread(target=hold)
    monkeypatch.setattr(client, "verify_payment", asked_then_exhausted)
    assert shop.webhook(payment).status_code == 503
    release.set()
    other.join(30)
    monkeypatch.undo()
    payment = shop.payment(payment)
    assert (payment.status, payment.problem) == ("pending", None)
    assert shop.webhook(payment).status_code == 200


@pytest.mark.parametrize("amount", ["99999999999999", "500.123456", "-500"])
def test_amount_that_no_column_takes_is_flagged_all_the_same(shop: Shop, amount: str) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    client = shop.app.extensions["bdquickpay"].client
    ask = client.verify_payment

    def other(invoice_id: str, **options: Any) -> Any:
        found = ask(invoice_id, **options)
        object.__setattr__(found.transaction, "amount", Decimal(amount))
        return found

    client.verify_payment = other
    assert shop.webhook(payment).status_code == 200
    payment = shop.payment(payment)
    assert payment.status == "flagged"
    assert amount in payment.reason

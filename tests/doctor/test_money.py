"""Money that waits for the shop's own code, ill and healthy; the ill one says the cure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flask_bdquickpay.clock import utcnow

from ..payments.test_refunds import refund, rejected
from ..shop import Shop
from ..unserved import learn, owed, refused, refusing
from .patients import OK, RED, WARNING, check


def test_shop_that_was_not_told_of_money_is_red(shop: Shop) -> None:
    assert check(shop, "announcements").state == OK
    payment = owed(shop)
    result = check(shop, "announcements")
    assert result.state == RED
    assert "of which the shop was not told: 1, since 20" in result.message
    assert f"'flask bdquickpay announce {payment.invoice_id}'" in result.message
    assert "in a process that imports your receivers" in result.message
    learn(shop, payment)
    assert check(shop, "announcements") == (OK, "The shop was told of every payment.")


def test_receiver_in_the_way_of_the_news_is_named(shop: Shop) -> None:
    payment = owed(shop)
    with refusing(shop), pytest.raises(ValueError, match="sold out"):
        learn(shop, payment)
    result = check(shop, "announcements")
    assert "tests.unserved.no_stock raised ValueError: sold out: mend that first." in result.message


def test_money_that_the_shop_refuses_is_red_with_its_receiver(shop: Shop) -> None:
    assert check(shop, "refused").state == OK
    payments = [refused(shop), refused(shop), refused(shop)]
    shop.change(payments[0], problem="tests.other raised KeyError: 17")
    result = check(shop, "refused")
    assert result.state == RED
    said = "which are not booked: 3. tests.unserved.no_stock raised ValueError: sold out (2); "
    assert said in result.message
    assert "tests.other raised KeyError: 17 (1). Mend that" in result.message
    assert "flask bdquickpay reconcile" in result.message
    for payment in payments:
        learn(shop, payment)
    assert check(shop, "refused").state == OK


def test_money_that_the_database_kept_from_being_booked_is_red(shop: Shop) -> None:
    shop.change(refused(shop), problem=None)
    result = check(shop, "refused")
    assert result.state == RED
    assert "not booked: 1. the database was in the way (1)." in result.message


def test_money_that_is_owed_is_a_warning_and_after_ten_days_red(shop: Shop) -> None:
    assert check(shop, "refunds") == (OK, "No rejected payment holds money.")
    newer, older = rejected(shop), rejected(shop)
    shop.change(older, verified_at=utcnow() - timedelta(days=10, hours=1))
    result = check(shop, "refunds")
    assert result.state == WARNING
    assert "was not sent back: 2, 800.00 BDT, the oldest for 10 of the 10 days" in result.message
    assert f"'flask bdquickpay record-refund {older.invoice_id} --all --note …'" in result.message
    assert "flask bdquickpay refunds --owed" in result.message
    shop.change(older, verified_at=utcnow() - timedelta(days=11))
    assert check(shop, "refunds").state == RED
    refund(shop, older)
    assert f"record-refund {newer.invoice_id} " in check(shop, "refunds").message
    refund(shop, newer, "100")
    assert ": 1, 300.00 BDT" in check(shop, "refunds").message
    refund(shop, newer)
    assert check(shop, "refunds").state == OK


def test_what_came_on_payments_of_the_first_version_is_asked_for(shop: Shop) -> None:
    agreed, by_hand = shop.started(), shop.started()
    shop.change(agreed, status="completed")
    assert check(shop, "flagged").state == OK
    update = "UPDATE bdquickpay_payment SET received_amount"
    result = check(shop, "amounts")
    assert result.state == WARNING
    cure = (
        f"{update} = amount WHERE status = 'completed' AND received_amount IS NULL "
        "AND resolved_by IS NULL;"
    )
    assert result.message == f"Paid before received_amount was kept: 1. Run: {cure}"
    shop.change(by_hand, status="completed", resolved_by="Ayesha")
    run(shop, cure)
    result = check(shop, "amounts")
    assert shop.payment(agreed).received_amount == 500
    assert result.message.startswith("Flagged, or accepted by a person, before it was kept: 1.")
    assert f"{update} = … WHERE id = …;" in result.message
    shop.change(by_hand, received_amount=400)
    assert check(shop, "amounts") == (OK, "Every paid payment says what came.")


def run(shop: Shop, statement: str) -> None:
    with shop.app.app_context():
        shop.db.session.execute(shop.db.text(statement))
        shop.db.session.commit()

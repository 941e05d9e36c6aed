"""The payments cannot be read while a customer comes back: who has paid is told that it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from ..shop import NewShop, Shop
from .buyers import words

LogCapture = pytest.LogCaptureFixture
RETURNS = pytest.mark.parametrize("page", ["success", "cancel"])
WORDS = {
    "en": (
        "We could not check your payment",
        "Our own records cannot be read just now",
        "If you have paid, you need not do anything",
        "Check again now",
    ),
    "bn": (
        "আপনার পেমেন্ট যাচাই করা যায়নি",
        "আমাদের হিসাব এই মুহূর্তে পড়া যাচ্ছে না",
        "পেমেন্ট করে থাকলে আপনাকে কিছু করতে হবে না",
        "আবার যাচাই করুন",
    ),
}


@contextmanager
def away(shop: Shop) -> Iterator[None]:
    """The table of the payments is somewhere else meanwhile."""
    table = shop.bdquickpay.Payment.__tablename__
    _run(shop, f"ALTER TABLE {table} RENAME TO elsewhere")
    yield
    _run(shop, f"ALTER TABLE elsewhere RENAME TO {table}")


@contextmanager
def unmigrated(shop: Shop) -> Iterator[None]:
    """A payment can be found meanwhile, and not be read: a column is called otherwise."""
    table = shop.bdquickpay.Payment.__tablename__
    _run(shop, f"ALTER TABLE {table} RENAME COLUMN label TO elsewhere")
    yield
    _run(shop, f"ALTER TABLE {table} RENAME COLUMN elsewhere TO label")


def _run(shop: Shop, statement: str) -> None:
    with shop.app.app_context(), shop.db.engine.begin() as connection:
        connection.execute(sa.text(statement))


def load(shop: Shop, payment: Any, page: str) -> TestResponse:
    return shop.client.get(f"/bdquickpay/{page}/{payment.token}")


@RETURNS
@pytest.mark.parametrize("language", ["en", "bn"])
def test_who_has_paid_is_told_to_do_nothing(new_shop: NewShop, language: str, page: str) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=language)
    payment = shop.started()
    with away(shop):
        answer = load(shop, payment, page)
    assert answer.status_code == 503
    assert [part for part in WORDS[language] if part not in words(answer)] == []


@RETURNS
def test_nobody_is_offered_to_pay_a_second_time(shop: Shop, page: str) -> None:
    payment = shop.started()
    with away(shop):
        answer = load(shop, payment, page)
    assert "<form" not in answer.text
    assert "/bdquickpay/checkout/" not in answer.text


def test_page_that_waits_is_answered_in_json(shop: Shop) -> None:
    payment = shop.started()
    with away(shop):
        answer = load(shop, payment, "status")
    assert answer.status_code == 503
    assert answer.json == {"error": "can't be read now; please retry"}


@pytest.mark.parametrize("page", ["success", "cancel", "status"])
def test_what_went_wrong_is_in_the_log_alone(shop: Shop, page: str, caplog: LogCapture) -> None:
    payment, table = shop.started(), shop.bdquickpay.Payment.__tablename__
    with away(shop):
        answer = load(shop, payment, page)
    assert table in caplog.text
    assert table not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("gone", [away, unmigrated])
def test_layout_of_the_shop_may_read_what_is_still_there(
    shop: Shop, gone: Callable[[Shop], AbstractContextManager[None]], caplog: LogCapture
) -> None:
    """Also on PostgreSQL, where the transaction of what failed answers nothing more."""
    shop.app.context_processor(lambda: {"orders": shop.db.session.query(shop.Order).count()})
    payment = shop.started()
    with gone(shop):
        assert load(shop, payment, "success").status_code == 503
    assert "shown without them" not in caplog.text


def test_same_address_shows_the_receipt_once_all_is_back(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with away(shop):
        assert load(shop, payment, "success").status_code == 503
    assert "Payment successful" in load(shop, payment, "success").text


def cut(shop: Shop, uri: str) -> None:
    """End every connection to the shop's database, as its restart would."""
    engine = sa.create_engine(uri, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    others, end = {
        "postgresql": (
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "SELECT pg_terminate_backend({}, 5000)",
        ),
        "mysql": (
            "SELECT id FROM information_schema.processlist "
            "WHERE db = database() AND id <> connection_id()",
            "KILL {}",
        ),
    }[engine.dialect.name]
    with engine.connect() as connection:
        for number in connection.scalars(sa.text(others)).all():
            connection.execute(sa.text(end.format(number)))


@RETURNS
@pytest.mark.parametrize("database_uri", ["postgresql", "mariadb"], indirect=True)
def test_connection_that_was_cut_costs_a_reload(shop: Shop, database_uri: str, page: str) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    cut(shop, database_uri)
    assert WORDS["en"][0] in load(shop, payment, page).text
    assert "Payment successful" in load(shop, payment, page).text

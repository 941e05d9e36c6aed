"""What cannot be rolled back is refused before anything is lost, on each database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from flask_bdquickpay import ConfigurationError, payment_changed, payment_paid

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .acts import confirm, deliver, sweep

on_mariadb = pytest.mark.parametrize("database_uri", ["mariadb"], indirect=True)
PUBLIC = "https://shop.example.com"


def test_engine_that_commits_by_itself_is_refused_and_loses_nothing(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL=PUBLIC)
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    other = shop.order()
    with shop.app.app_context():
        engine = shop.db.engine
        engine.update_execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
            shop.bdquickpay.confirm(payment)
        with pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
            shop.bdquickpay.start(other)
        usual = engine.dialect.default_isolation_level
        engine.update_execution_options(isolation_level=usual)
        engine.dispose()
    assert (len(shop.payments()), shop.payment(payment).status, shop.ledger()) == (1, "pending", [])
    assert shop.webhook(payment).status_code == 200
    assert len(shop.ledger()) == 1


@on_sqlite
def test_driver_that_commits_by_itself_is_refused(new_shop: NewShop) -> None:
    """What sqlite3 does with ``isolation_level=None``, unless somebody says BEGIN."""
    options = {"connect_args": {"isolation_level": None}}
    shop = new_shop(SQLALCHEMY_ENGINE_OPTIONS=options, BDQUICKPAY_PUBLIC_URL=PUBLIC)
    reference = shop.order()
    with shop.app.app_context(), pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
        shop.bdquickpay.start(reference)
    assert (shop.payments(), shop.gateway.payments) == ([], [])


@on_mariadb
@pytest.mark.parametrize("table", ["bdquickpay_payment", "bdquickpay_payment_event"])
def test_table_that_keeps_what_is_rolled_back_is_refused(new_shop: NewShop, table: str) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL=PUBLIC)
    with shop.app.app_context():
        session = shop.db.session
        for statement in (
            "DROP TABLE bdquickpay_refund",
            "ALTER TABLE bdquickpay_payment_event DROP FOREIGN KEY "
            + foreign_key(shop, "bdquickpay_payment_event"),
            f"ALTER TABLE {table} ENGINE = MyISAM",
        ):
            session.execute(sa.text(statement))
        session.commit()
    reference = shop.order()
    with shop.app.app_context(), pytest.raises(ConfigurationError) as refused:
        shop.bdquickpay.start(reference)
    assert f"{table} can't roll back: run ALTER TABLE" in str(refused.value)
    assert (shop.payments(), shop.gateway.payments) == ([], [])


def foreign_key(shop: Shop, table: str) -> str:
    (key,) = sa.inspect(shop.db.engine).get_foreign_keys(table)
    return str(key["name"])


def test_receiver_that_writes_to_another_database_is_refused(
    new_shop: NewShop, tmp_path: Path
) -> None:
    """One power cut between two COMMITs would be a credit without a payment, or two of them."""
    binds = {"wallet": f"sqlite:///{tmp_path}/wallet.sqlite3"}
    shop = new_shop(own_tables=True, SQLALCHEMY_BINDS=binds)
    engine = shop_engine(shop)
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)

    def credits(app: Flask, payment: Any) -> None:
        insert = sa.text("INSERT INTO credit VALUES (500)")
        shop.db.session.execute(insert, bind_arguments={"bind": engine})

    def reads(app: Flask, payment: Any) -> None:
        count = sa.text("SELECT count(*) FROM credit")
        shop.db.session.execute(count, bind_arguments={"bind": engine})

    with payment_paid.connected_to(credits, sender=shop.app):
        assert shop.webhook(payment).status_code == 503
    assert "writes to another database than the payments'" in shop.payment(payment).problem
    assert (wallet(engine), shop.ledger()) == (0, [])
    with payment_paid.connected_to(reads, sender=shop.app):
        assert confirm(shop, payment) == "completed"
    assert (wallet(engine), len(shop.ledger())) == (0, 1)


def by_its_engine(shop: Shop, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO credit VALUES (500)"))


def by_its_own_session(shop: Shop, engine: sa.Engine) -> None:
    with Session(engine) as session, session.begin():
        session.execute(sa.text("INSERT INTO credit VALUES (500)"))


def by_the_app(shop: Shop, engine: sa.Engine) -> None:
    insert = sa.text("INSERT INTO credit VALUES (500)")
    with shop.app.app_context():
        shop.db.session.execute(insert, bind_arguments={"bind": engine})
        shop.db.session.commit()


WITH = "WITH paid AS (SELECT 500 AS amount) "


@pytest.mark.parametrize("way", [by_its_engine, by_its_own_session, by_the_app])
def test_whichever_way_a_receiver_goes_to_another_database_it_is_refused(
    wallets: Shop, way: Callable[[Shop, sa.Engine], None]
) -> None:
    payment = wallets.started()
    wallets.gateway.pay(payment, webhook=False)
    engine = engine_of(wallets)

    def credits(app: Flask, payment: Any) -> None:
        way(wallets, engine)

    with payment_paid.connected_to(credits, sender=wallets.app):
        assert wallets.webhook(payment).status_code == 503
    assert "writes to another database than the payments'" in wallets.payment(payment).problem
    assert (wallet(engine), wallets.ledger()) == (0, [])


@pytest.mark.parametrize("bind", [None, "same"])
def test_the_payments_database_in_another_transaction_is_another(
    new_shop: NewShop, database_uri: str, bind: str | None
) -> None:
    """A context of its own, or a second engine, commits by itself."""
    shop = new_shop(own_tables=True, SQLALCHEMY_BINDS={"same": database_uri})
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)

    def credits(app: Flask, payment: Any) -> None:
        write = sa.text("UPDATE bdquickpay_payment SET label = 'x'")
        with app.app_context():
            engine = shop.db.engines[bind]
            shop.db.session.execute(write, bind_arguments={"bind": engine})
            shop.db.session.commit()

    with payment_paid.connected_to(credits, sender=shop.app):
        code = shop.webhook(payment).status_code
    with shop.app.app_context():
        shop.db.engines["same"].dispose()
    assert code == 503
    assert "in a transaction of its own" in shop.payment(payment).problem


@on_sqlite
@pytest.mark.parametrize(
    "write",
    [
        f"{WITH}INSERT INTO credit SELECT amount FROM paid",
        f"{WITH.lower()}update credit set amount = (SELECT amount FROM paid)",
        f"/* shop */ {WITH}DELETE FROM credit WHERE amount IN (SELECT amount FROM paid)",
        f"{WITH}INSERT OR REPLACE INTO credit SELECT amount FROM paid",
        f"{WITH}REPLACE INTO credit SELECT amount FROM paid",
        "CREATE TABLE other (amount integer)",
    ],
)
def test_whatever_writes_to_another_database_is_refused(wallets: Shop, write: str) -> None:
    with pytest.raises(ConfigurationError, match="another database"):
        in_a_receiver(wallets, write)


@on_sqlite
@pytest.mark.parametrize(
    "read",
    [
        "/* shop */ SELECT amount FROM credit",
        "-- shop\nSELECT amount FROM credit",
        "\tSELECT amount FROM credit",
        f"{WITH}SELECT amount AS updated_amount FROM paid",
        f"{WITH}SELECT replace('a', 'a', 'b') FROM paid",
        "VALUES (1)",
        "EXPLAIN SELECT 1",
        "WITH one AS (SELECT 'update' AS word) SELECT word FROM one",
    ],
)
def test_reading_another_database_is_fine(wallets: Shop, read: str) -> None:
    assert in_a_receiver(wallets, read) == "completed"


def in_a_receiver(shop: Shop, statement: str) -> Any:
    """Confirm a payment with a receiver that executes it in the wallet; return the status."""
    payment, engine = shop.started(), engine_of(shop)
    shop.gateway.pay(payment, webhook=False)

    def executes(app: Flask, payment: Any) -> None:
        shop.db.session.execute(sa.text(statement), bind_arguments={"bind": engine})

    with payment_paid.connected_to(executes, sender=shop.app):
        return confirm(shop, payment)


@pytest.fixture
def wallets(new_shop: NewShop, tmp_path: Path) -> Shop:
    """A shop that keeps its customers' credit in another database."""
    binds = {"wallet": f"sqlite:///{tmp_path}/wallet.sqlite3"}
    shop = new_shop(own_tables=True, SQLALCHEMY_BINDS=binds)
    shop_engine(shop)
    return shop


def engine_of(shop: Shop) -> sa.Engine:
    with shop.app.app_context():
        engine: sa.Engine = shop.db.engines["wallet"]
    return engine


def test_what_comes_after_the_commit_may_write_to_another_database(
    new_shop: NewShop, tmp_path: Path
) -> None:
    binds = {"wallet": f"sqlite:///{tmp_path}/wallet.sqlite3"}
    shop = new_shop(own_tables=True, SQLALCHEMY_BINDS=binds, BDQUICKPAY_DELIVERY="deferred")
    engine = shop_engine(shop)
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)

    def credits(app: Flask, payment: Any, event: Any) -> None:
        if event.new_status == "completed":
            with engine.begin() as connection:
                connection.execute(sa.text("INSERT INTO credit VALUES (500)"))

    assert shop.webhook(payment).status_code == 200
    with payment_changed.connected_to(credits, sender=shop.app):
        deliver(shop)
    assert wallet(engine) == 1


def shop_engine(shop: Shop) -> sa.Engine:
    with shop.app.app_context():
        engine: sa.Engine = shop.db.engines["wallet"]
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE credit (amount integer)"))
    return engine


def wallet(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM credit")).scalar_one())


def test_sweep_of_a_shop_that_cannot_roll_back_says_so(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.change(payment, check_after=None)
    with shop.app.app_context():
        shop.db.engine.update_execution_options(isolation_level="AUTOCOMMIT")
    with pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
        sweep(shop)
    assert shop.ledger() == []

"""What "exactly once" rests on, ill and healthy; the ill one says the cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_bdquickpay import ConfigurationError

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .patients import OK, RED, WARNING, check

on_mariadb = pytest.mark.parametrize("database_uri", ["mariadb"], indirect=True)


def test_what_is_rolled_back_is_gone(shop: Shop) -> None:
    assert check(shop, "transactions") == (OK, "What is rolled back is gone.")
    assert check(shop, "databases") == (OK, "Receivers write where the payments are.")


AUTOCOMMIT = {"isolation_level": "AUTOCOMMIT"}


@pytest.mark.parametrize("options", [AUTOCOMMIT, {"execution_options": AUTOCOMMIT}])
@on_sqlite
def test_autocommit_is_refused_at_start(new_shop: NewShop, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="SQLALCHEMY_ENGINE_OPTIONS"):
        new_shop(SQLALCHEMY_ENGINE_OPTIONS=options)


def test_autocommit_is_red(shop: Shop) -> None:
    with shop.app.app_context():
        shop.db.engine.update_execution_options(isolation_level="AUTOCOMMIT")
    result = check(shop, "transactions")
    assert result.state == RED
    assert "Remove isolation_level='AUTOCOMMIT' from SQLALCHEMY_ENGINE_OPTIONS" in result.message


@on_mariadb
def test_our_table_that_keeps_what_is_rolled_back_is_red(shop: Shop) -> None:
    execute(shop, "DROP TABLE bdquickpay_refund", "DROP TABLE bdquickpay_payment_event")
    execute(shop, "ALTER TABLE bdquickpay_payment ENGINE = MyISAM")
    result = check(shop, "transactions")
    assert result.state == RED
    assert result.message == (
        "bdquickpay_payment can't roll back. Run: ALTER TABLE bdquickpay_payment ENGINE = InnoDB;"
    )


@on_mariadb
def test_table_of_the_shop_that_keeps_what_is_rolled_back_is_a_warning(shop: Shop) -> None:
    table = shop.Order.__table__.name
    execute(shop, f"ALTER TABLE `{table}` ENGINE = Aria")
    result = check(shop, "transactions")
    assert result.state == WARNING
    assert f"stays when a payment is rolled back: {table}." in result.message
    assert f"ALTER TABLE {table} ENGINE = InnoDB;" in result.message


@on_sqlite
def test_other_databases_are_a_warning(new_shop: NewShop, tmp_path: Path) -> None:
    binds = {"stats": f"sqlite:///{tmp_path}/secret-place.db"}
    shop = new_shop(own_tables=True, SQLALCHEMY_BINDS=binds)
    result = check(shop, "databases")
    assert result.state == WARNING
    assert "has other databases, too (stats)." in result.message
    assert "in a receiver of payment_changed" in result.message
    assert "secret-place" not in result.message


def execute(shop: Shop, *statements: str) -> None:
    with shop.app.app_context():
        for statement in statements:
            shop.db.session.execute(sa.text(statement))
        shop.db.session.commit()

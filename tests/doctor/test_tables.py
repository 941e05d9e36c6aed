"""Tables, columns and unique indexes, ill and healthy; the ill one says the cure."""

from __future__ import annotations

import sqlalchemy as sa
from flask_migrate import Migrate

from ..shop import Shop
from .patients import OK, RED, check


def test_tables_that_are_there_are_fine(shop: Shop) -> None:
    assert check(shop, "tables").state == OK
    assert check(shop, "unique indexes").state == OK


def test_missing_tables_are_red(shop: Shop) -> None:
    with shop.app.app_context():
        shop.db.drop_all()
    result = check(shop, "tables")
    assert result.state == RED
    assert (
        "Missing: bdquickpay_payment, bdquickpay_payment_event, bdquickpay_refund."
        in result.message
    )
    assert "Run db.create_all()" in result.message


def test_the_cure_for_missing_tables_is_a_migration_where_there_are_migrations(shop: Shop) -> None:
    Migrate(shop.app, shop.db)
    with shop.app.app_context():
        shop.db.drop_all()
    assert "Run: flask db migrate && flask db upgrade" in check(shop, "tables").message


def test_a_missing_column_is_red(shop: Shop) -> None:
    execute(shop, "ALTER TABLE bdquickpay_payment DROP COLUMN gateway_status")
    result = check(shop, "tables")
    assert result.state == RED
    assert "Columns missing: bdquickpay_payment.gateway_status." in result.message
    assert "use Flask-Migrate, or ALTER TABLE" in result.message


def test_a_missing_unique_index_is_red(shop: Shop) -> None:
    rebuild_without_unique(shop, "order_key")
    result = check(shop, "unique indexes")
    assert result.state == RED
    assert "No unique index on bdquickpay_payment.order_key" in result.message
    assert "use Flask-Migrate, or ALTER TABLE" in result.message


def test_a_unique_index_made_by_hand_counts(shop: Shop) -> None:
    rebuild_without_unique(shop, "order_key")
    execute(shop, "CREATE UNIQUE INDEX by_hand ON bdquickpay_payment (order_key)")
    assert check(shop, "unique indexes").state == OK


def execute(shop: Shop, statement: str) -> None:
    with shop.app.app_context():
        shop.db.session.execute(sa.text(statement))
        shop.db.session.commit()


def rebuild_without_unique(shop: Shop, column: str) -> None:
    """Make the tables anew as somebody would who forgot a constraint."""
    copy = sa.MetaData()
    tables = shop.app.extensions["bdquickpay"].models
    with shop.app.app_context():
        shop.db.drop_all()
        for model in (tables.payment, tables.event, tables.refund):
            table = model.__table__.to_metadata(copy)
            for constraint in list(table.constraints):
                if isinstance(constraint, sa.UniqueConstraint) and column in constraint.columns:
                    table.constraints.discard(constraint)
        copy.create_all(shop.db.engine)

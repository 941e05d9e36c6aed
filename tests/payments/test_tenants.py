"""Shops that share a connection by PostgreSQL's search_path: another's row is never touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from flask_bdquickpay import BDQuickPayError

from ..shop import NewShop, Shop

pytestmark = pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)


@pytest.fixture
def tenants(new_shop: NewShop) -> Iterator[Shop]:
    """Two schemas, each with an order 1; a connection is of `public` unless it is set."""
    shop = new_shop(
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 1, "max_overflow": 0},
        BDQUICKPAY_PUBLIC_URL="https://shop.example.com",
    )
    with shop.app.app_context(), shop.db.engine.begin() as connection:
        for tenant in ("dhaka", "sylhet"):
            connection.execute(sa.text(f"CREATE SCHEMA {tenant}"))
            connection.execute(sa.text(f"SET LOCAL search_path TO {tenant}"))
            shop.db.metadata.create_all(connection)
    yield shop
    with shop.app.app_context():
        shop.db.engine.dispose()


def become(shop: Shop, *, first: str, then: str) -> None:
    """Let connections be of `first` until the gateway is asked next, and of `then` after that:
    the next customer's request has taken the connection in between."""
    asked = len(shop.gateway.requests)

    def checked_out(driver: Any, *_: object) -> None:
        tenant = first if len(shop.gateway.requests) == asked else then
        driver.cursor().execute(f"SET search_path TO {tenant}")
        driver.commit()

    engine = shop.db.engine
    engine.dispose()
    for old in getattr(shop, "_listeners", []):
        sa.event.remove(engine, "checkout", old)
    sa.event.listen(engine, "checkout", checked_out)
    shop.__dict__["_listeners"] = [checked_out]


def start(shop: Shop, tenant: str, total: int) -> Any:
    become(shop, first=tenant, then=tenant)
    shop.db.session.add(shop.Order(total=total))
    shop.db.session.commit()
    return shop.bdquickpay.start("1")


def rows(shop: Shop, tenant: str) -> list[tuple[Any, ...]]:
    with shop.db.engine.connect() as connection:
        found = connection.execute(
            sa.text(
                "SELECT customer_reference, amount, status, invoice_id, payment_url, "
                "refunded_amount "
                f"FROM {tenant}.bdquickpay_payment ORDER BY id"
            )
        )
        return [tuple(row) for row in found]


def test_creation_that_ends_on_another_tenants_connection_changes_nothing_there(
    tenants: Shop,
) -> None:
    with tenants.app.app_context():
        theirs = start(tenants, "sylhet", 900)
        before = rows(tenants, "sylhet")
        tenants.db.session.remove()
        become(tenants, first="dhaka", then="sylhet")
        tenants.db.session.add(tenants.Order(total=100))
        tenants.db.session.commit()
        with pytest.raises(BDQuickPayError):
            tenants.bdquickpay.start("1")
        assert rows(tenants, "sylhet") == before
        ((_, amount, status, *_),) = rows(tenants, "dhaka")
        assert (amount, status) == (100, "created")
        assert before[0][4] == theirs.payment_url


def test_answer_that_arrives_on_another_tenants_connection_pays_nothing_there(
    tenants: Shop,
) -> None:
    with tenants.app.app_context():
        start(tenants, "sylhet", 900)
        before = rows(tenants, "sylhet")
        tenants.db.session.remove()
        ours = start(tenants, "dhaka", 100)
        tenants.gateway.pay(ours, webhook=False)
        become(tenants, first="dhaka", then="sylhet")
        with pytest.raises(BDQuickPayError):
            tenants.bdquickpay.confirm(ours)
        assert rows(tenants, "sylhet") == before
        become(tenants, first="dhaka", then="dhaka")
        assert tenants.bdquickpay.confirm(ours).is_paid
        assert rows(tenants, "sylhet") == before


def confirm(shop: Shop, payment: Any) -> Any:
    return shop.bdquickpay.confirm(payment)


def record_refund(shop: Shop, payment: Any) -> Any:
    return shop.bdquickpay.record_refund(payment, 100, by="Ayesha", note="broken")


@pytest.mark.parametrize("act", [confirm, record_refund])
def test_object_of_one_tenant_changes_nothing_on_another_s_connection(
    tenants: Shop, act: Callable[[Shop, Any], Any]
) -> None:
    with tenants.app.app_context():
        theirs = start(tenants, "sylhet", 900)
        tenants.gateway.pay(theirs, webhook=False)
        tenants.bdquickpay.confirm(theirs)
        before = rows(tenants, "sylhet")
        tenants.db.session.remove()
        ours = start(tenants, "dhaka", 100)
        tenants.db.session.remove()
        assert ours.id == theirs.id
        become(tenants, first="sylhet", then="sylhet")
        with pytest.raises(BDQuickPayError, match="not where it was"):
            act(tenants, ours)
        assert rows(tenants, "sylhet") == before

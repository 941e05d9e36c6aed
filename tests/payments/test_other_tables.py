"""A payment or refund is found by what only it has: another database's of the same id is not it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flask_bdquickpay import BDQuickPayError

from ..shop import NewShop, Shop
from .acts import asked

CLERK: dict[str, Any] = {"by": "Ayesha", "note": "one cup was broken"}


@dataclass
class Tenants:
    """Two shops in one process, whose payments have the same ids."""

    ours: Shop
    theirs: Shop


@pytest.fixture
def tenants(new_shop: NewShop, tmp_path: Path) -> Tenants:
    other = f"sqlite:///{tmp_path}/other.sqlite3"
    return Tenants(new_shop(), new_shop(SQLALCHEMY_DATABASE_URI=other))


def paid(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    return shop.payment(payment)


def refund(shop: Shop, payment: Any) -> Any:
    with shop.app.app_context():
        recorded = shop.bdquickpay.record_refund(payment, 100, **CLERK)
        shop.db.session.refresh(recorded)
        shop.db.session.expunge_all()
        return recorded


def state(shop: Shop, recorded: Any) -> str:
    with shop.app.app_context():
        found = shop.db.session.get_one(shop.bdquickpay.Refund, recorded.id)
        return str(found.state)


def test_payment_of_other_tables_is_not_confirmed(tenants: Tenants) -> None:
    mine, other = tenants.ours.started(), tenants.theirs.started()
    assert mine.id == other.id
    tenants.theirs.gateway.pay(other, webhook=False)
    before = asked(tenants.theirs)
    with tenants.theirs.app.app_context(), pytest.raises(BDQuickPayError, match="not where it was"):
        tenants.theirs.bdquickpay.confirm(mine)
    assert tenants.theirs.payment(other).status == "pending"
    assert asked(tenants.theirs) == before


def test_payment_that_other_tables_lack_is_not_confirmed(tenants: Tenants) -> None:
    mine = tenants.ours.started()
    with tenants.theirs.app.app_context(), pytest.raises(BDQuickPayError, match="not where it was"):
        tenants.theirs.bdquickpay.confirm(mine)


def test_refund_is_not_recorded_on_a_payment_of_other_tables(tenants: Tenants) -> None:
    mine, other = paid(tenants.ours), paid(tenants.theirs)
    assert mine.id == other.id
    with tenants.theirs.app.app_context(), pytest.raises(BDQuickPayError, match="not where it was"):
        tenants.theirs.bdquickpay.record_refund(mine, 100, **CLERK)
    assert tenants.theirs.payment(other).refunded_amount == Decimal(0)


def test_refund_of_other_tables_is_not_taken_back(tenants: Tenants) -> None:
    mine, other = (refund(shop, paid(shop)) for shop in (tenants.ours, tenants.theirs))
    assert mine.id == other.id
    with tenants.theirs.app.app_context(), pytest.raises(BDQuickPayError, match="not where it was"):
        tenants.theirs.bdquickpay.void_refund(mine, **CLERK)
    assert state(tenants.theirs, other) == "sent"


def confirm(shop: Shop, payment: Any) -> Any:
    return shop.bdquickpay.confirm(payment)


def record(shop: Shop, payment: Any) -> Any:
    return shop.bdquickpay.record_refund(payment, 100, **CLERK)


@pytest.mark.parametrize("act", [confirm, record])
def test_object_that_its_own_shop_read_before_is_as_good_as_ever(
    tenants: Tenants, act: Callable[[Shop, Any], Any]
) -> None:
    mine, _ = paid(tenants.ours), paid(tenants.theirs)
    with tenants.ours.app.app_context():
        assert act(tenants.ours, mine) is not None

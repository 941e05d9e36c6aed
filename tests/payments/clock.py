"""Lets time pass in a shop's database, so that nobody sleeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ..shop import Shop

_PAYMENT = (
    *("created_at", "expires_at", "verified_at", "updated_at", "asked_at", "answered_at"),
    "check_after",
)
_EVENT = ("created_at", "deliver_after", "delivered_at")


def time_passes(shop: Shop, delta: timedelta, reference: str | None = None) -> None:
    """Move every time of one order's payments, or of all, into the past."""
    payments = shop.payments(reference)
    ids = {payment.id for payment in payments}
    events = [event for event in shop.events() if event.payment_id in ids]
    with shop.app.app_context():
        _shift(shop, shop.bdquickpay.Payment, _PAYMENT, payments, delta)
        _shift(shop, shop.bdquickpay.PaymentEvent, _EVENT, events, delta)
        shop.db.session.commit()


def _shift(shop: Shop, model: Any, names: tuple[str, ...], rows: list[Any], by: timedelta) -> None:
    table = model.__table__
    values = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    statement = sa.update(table).where(table.c.id == sa.bindparam("the_id")).values(values)
    if rows:
        shop.db.session.connection().execute(statement, [_earlier(row, names, by) for row in rows])


def _earlier(row: Any, names: tuple[str, ...], by: timedelta) -> dict[str, Any]:
    old = {name: getattr(row, name) for name in names}
    new = {f"new_{name}": value and value - by for name, value in old.items()}
    return new | {"the_id": row.id}

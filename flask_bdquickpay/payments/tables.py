"""Our tables in the host's own database, and how they belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    and_,
    inspect,
    or_,
)
from sqlalchemy.orm import foreign, relationship

from .models import PaymentEventMixin, PaymentMixin, RefundMixin


@dataclass(frozen=True)
class Models:
    """The mapped classes that belong to each other."""

    payment: type[PaymentMixin]
    event: type[PaymentEventMixin]
    refund: type[RefundMixin]


def build_models(
    db: SQLAlchemy,
    payment_model: type[PaymentMixin] | None = None,
    event_model: type[PaymentEventMixin] | None = None,
    refund_model: type[RefundMixin] | None = None,
) -> Models:
    """Return the shop's own classes, or the classes of `db`, made at the first call."""
    payment: Any = payment_model or _default(db, "BDQuickPayment", PaymentMixin)
    event: Any = event_model or _default(db, "BDQuickPaymentEvent", PaymentEventMixin)
    refund: Any = refund_model or _default(db, "BDQuickPayRefund", RefundMixin)
    if not hasattr(payment, "events"):
        _bound(payment.__table__)
        _find_by_arrival(event.__table__)
        _connect(payment, "events", event)
    if not hasattr(payment, "refunds"):
        _connect(payment, "refunds", refund)
    return Models(payment, event, refund)


_TABLES = {
    "BDQuickPayment": "bdquickpay_payment",
    "BDQuickPaymentEvent": "bdquickpay_payment_event",
    "BDQuickPayRefund": "bdquickpay_refund",
}


def _default(db: SQLAlchemy, name: str, mixin: type) -> Any:
    made = db.metadata.info.setdefault("flask_bdquickpay", {})
    if name not in made:
        namespace = {
            "__tablename__": _TABLES[name],
            "__module__": __name__,
            # A dataclass base would compare and print by the fields, of which there are none.
            "__eq__": object.__eq__,
            "__hash__": object.__hash__,
            "__repr__": mixin.__repr__,
        }
        metaclass: Any = type(db.Model)
        made[name] = metaclass(name, (mixin, db.Model), namespace)
    return made[name]


def _bound(payments: Table) -> None:
    """Have the database refuse that more is sent back than came."""
    sent, came = payments.c.refunded_amount, payments.c.received_amount
    within = or_(sent == 0, and_(sent > 0, sent <= came))
    payments.append_constraint(CheckConstraint(within, name=f"ck_{payments.name}_refunded"))


def _find_by_arrival(events: Table) -> None:
    """Let what was completed or failed in a period be found and counted in an index alone."""
    columns = events.c
    Index(None, columns.new_status, columns.created_at, columns.source)


def _connect(payment: Any, name: str, other: Any) -> None:
    """Let each row of the other table belong to a payment, which has them as its `name`."""
    if not other.__table__.c.payment_id.foreign_keys:
        _refer(other.__table__, payment.__table__)
    joined = payment.id == foreign(other.payment_id)
    found = relationship(other, primaryjoin=joined, order_by=other.id, viewonly=True)
    inspect(payment).add_property(name, found)
    if not hasattr(other, "payment"):
        back = relationship(payment, primaryjoin=joined, viewonly=True, uselist=False)
        inspect(other).add_property("payment", back)


def _refer(rows: Table, payments: Table) -> None:
    """Let each row refer to its payment.

    The index that finds a payment's rows is a constraint: an index of its own would be in the way
    of its foreign key when Alembic's downgrade drops the tables on MariaDB.
    """
    rows.append_constraint(ForeignKeyConstraint([rows.c.payment_id], [payments.c.id]))
    rows.append_constraint(UniqueConstraint(rows.c.payment_id, rows.c.id))

"""The tables of payments and of their timeline, in the host's own database."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKeyConstraint,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from ..gateway.answers import as_status
from . import clock
from .status import PaymentStatus

T = TypeVar("T")
#: The longest reference, token, invoice or transaction id that is stored.
MAX_ID = 128
MAX_REFERENCE = 255


class UTCDateTime(TypeDecorator[datetime]):
    """A time that is aware UTC on every database, also where the column has no time zone."""

    # Alembic writes a type of any other module under that module's name, which a migration does
    # not import. This and __repr__ make it write the plain SQLAlchemy type.
    __module__ = "sqlalchemy.types"
    impl: TypeEngine[Any] | type[TypeEngine[Any]] = DateTime(timezone=True)
    cache_ok: bool | None = True

    def __repr__(self) -> str:
        return (
            "DateTime(timezone=True)"
            ".with_variant(sa.dialects.mysql.DATETIME(fsp=6), 'mysql', 'mariadb')"
        )

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use datetime.now(timezone.utc).")
        value = value.astimezone(timezone.utc)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return (
            value.replace(tzinfo=timezone.utc)
            if value.tzinfo is None
            else value.astimezone(timezone.utc)
        )


#: Any letter, compared to the letter, whatever a MariaDB database has as its default.
_EXACT: dict[str, Any] = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}


def _text(length: int) -> String:
    return String(length).with_variant(mysql.VARCHAR(length, **_EXACT), "mysql", "mariadb")


def _prose() -> Text:
    return Text().with_variant(mysql.TEXT(**_EXACT), "mysql", "mariadb")


def _status() -> TypeEngine[PaymentStatus]:
    words = Enum(
        PaymentStatus,
        name="bdquickpay_status",
        native_enum=False,
        length=20,
        values_callable=lambda words: [word.value for word in words],
        validate_strings=True,
    )
    return cast("TypeEngine[PaymentStatus]", words)


def _number() -> TypeEngine[int]:
    return BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only INTEGER keys


def _now() -> datetime:
    return clock.utcnow()


def _required(type_: TypeEngine[T], **options: Any) -> Mapped[T]:
    return mapped_column(type_, nullable=False, **options)


def _optional(type_: TypeEngine[Any], **options: Any) -> Mapped[Any]:
    return mapped_column(type_, nullable=True, **options)


def _for_type_checkers(mixin: type[T]) -> type[T]:
    """Hide the annotations from SQLAlchemy.

    It would make dataclass fields of annotated columns, and refuse them on a mixin that is no
    dataclass itself.
    """
    mixin.__annotations__ = {}
    return mixin


@_for_type_checkers
class PaymentMixin:
    """Columns and behaviour of a payment, for a shop that declares its own class."""

    id: Mapped[int] = _required(_number(), primary_key=True)
    #: Unguessable; in the return URLs.
    token: Mapped[str] = _required(
        _text(64), unique=True, insert_default=lambda: secrets.token_urlsafe(32)
    )
    #: The gateway's name for the payment; ``None`` until it has answered.
    invoice_id: Mapped[str | None] = _optional(_text(MAX_ID), unique=True)
    #: The order.
    customer_reference: Mapped[str] = _required(_text(MAX_REFERENCE), index=True)
    #: BDT.
    amount: Mapped[Decimal] = _required(Numeric(12, 2))
    status: Mapped[PaymentStatus] = _required(
        _status(), insert_default=PaymentStatus.CREATED, index=True
    )
    #: Before the last transition.
    previous_status: Mapped[PaymentStatus | None] = _optional(_status())
    #: Why it failed, was flagged or superseded.
    reason: Mapped[str | None] = _optional(_prose())
    payment_url: Mapped[str | None] = _optional(_prose())
    #: The transaction id of bKash.
    trx_id: Mapped[str | None] = _optional(_text(MAX_ID), unique=True)
    payment_metadata: Mapped[dict[str, Any] | None] = _optional(JSON(none_as_null=True))
    #: The gateway's own word.
    gateway_status: Mapped[str | None] = _optional(_text(64))
    created_at: Mapped[datetime] = _required(UTCDateTime(), insert_default=_now, index=True)
    expires_at: Mapped[datetime | None] = _optional(UTCDateTime())
    #: When the gateway verified the money.
    verified_at: Mapped[datetime | None] = _optional(UTCDateTime())
    #: What the verified transaction brought, in BDT; ``None`` until money came.
    received_amount: Mapped[Decimal | None] = _optional(Numeric(12, 2))
    #: When `payment_paid` reached the shop; ``None`` on a completed payment: it is still owed.
    announced_at: Mapped[datetime | None] = _optional(UTCDateTime())
    #: Why money that came is not booked: which receiver raised what.
    problem: Mapped[str | None] = _optional(_prose())
    #: The gateway and account that made it; see :attr:`~flask_bdquickpay.gateway.account.Account`.
    made_with: Mapped[str | None] = _optional(_text(64))
    #: Scheme and host of the URLs that the gateway was given.
    made_for: Mapped[str | None] = _optional(_text(MAX_REFERENCE))
    #: When a webhook announced that it was completed, which verify did not say yet.
    promised_at: Mapped[datetime | None] = _optional(UTCDateTime())
    updated_at: Mapped[datetime] = _required(UTCDateTime(), insert_default=_now)
    #: The order's reference while this is the payment that the order stands or falls with: it can
    #: still be paid, is paid, or is under review. Unique, so that an order has only one.
    order_key: Mapped[str | None] = _optional(_text(MAX_REFERENCE), unique=True)
    #: Who decided about it; nothing changes it afterwards.
    resolved_by: Mapped[str | None] = _optional(_text(255))
    #: When a customer's page last had the gateway asked.
    asked_at: Mapped[datetime | None] = _optional(UTCDateTime())
    #: When the sweep looks at it next; ``None``: never.
    check_after: Mapped[datetime | None] = _optional(UTCDateTime(), index=True)
    #: How often the sweep has looked.
    checks: Mapped[int] = _required(Integer(), insert_default=0)
    #: Which sweep is looking at it now.
    lease: Mapped[str | None] = _optional(String(32), index=True)

    if TYPE_CHECKING:
        __table__: ClassVar[Any]  # a Table; a declarative base promises less
        events: Mapped[list[PaymentEventMixin]]

    @property
    def is_paid(self) -> bool:
        """Whether the money was verified, or accepted by a person."""
        return self.status == PaymentStatus.COMPLETED

    @property
    def is_final(self) -> bool:
        """Whether nothing more is awaited from the customer."""
        return PaymentStatus(self.status).is_final

    @property
    def is_payable(self) -> bool:
        """Whether the customer may be sent to :attr:`payment_url`."""
        if (
            self.status != PaymentStatus.PENDING
            or as_status(self.gateway_status or "") == "completed"
        ):
            return False
        return self.expires_at is None or clock.utcnow() <= self.expires_at

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status} {self.amount} BDT>"


@_for_type_checkers
class PaymentEventMixin:
    """Columns of the timeline, which is also the outbox of `payment_changed`."""

    id: Mapped[int] = _required(_number(), primary_key=True)
    payment_id: Mapped[int] = _required(_number())
    #: What brought the fact: checkout, webhook, return, cancel, status, sweep, confirm, cli, desk.
    source: Mapped[str] = _required(String(20))
    old_status: Mapped[PaymentStatus] = _required(_status())
    #: ``None`` where nothing changed.
    new_status: Mapped[PaymentStatus | None] = _optional(_status())
    #: What the gateway said; no secrets.
    gateway_answer: Mapped[dict[str, Any] | None] = _optional(JSON(none_as_null=True))
    note: Mapped[str | None] = _optional(_prose())
    #: Who decided, where it was a person.
    actor: Mapped[str | None] = _optional(_text(255))
    created_at: Mapped[datetime] = _required(UTCDateTime(), insert_default=_now)
    #: How often it came, where it only repeated itself.
    count: Mapped[int] = _required(Integer(), insert_default=1, server_default="1")
    #: When it came last.
    repeated_at: Mapped[datetime | None] = _optional(UTCDateTime())
    #: When `payment_changed` is to be delivered next; ``None``: delivered, or nothing to deliver.
    deliver_after: Mapped[datetime | None] = _optional(UTCDateTime(), index=True)
    delivered_at: Mapped[datetime | None] = _optional(UTCDateTime())
    attempts: Mapped[int] = _required(Integer(), insert_default=0)
    #: Why the last delivery failed.
    error: Mapped[str | None] = _optional(_prose())

    if TYPE_CHECKING:
        __table__: ClassVar[Any]  # a Table; a declarative base promises less
        payment: Mapped[PaymentMixin]

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.id} {self.source} {self.old_status}>{self.new_status}>"
        )


@dataclass(frozen=True)
class Models:
    """The two mapped classes that belong to each other."""

    payment: type[PaymentMixin]
    event: type[PaymentEventMixin]


def build_models(
    db: SQLAlchemy,
    payment_model: type[PaymentMixin] | None = None,
    event_model: type[PaymentEventMixin] | None = None,
) -> Models:
    """Return the shop's own classes, or the classes of `db`, made at the first call."""
    payment: Any = payment_model or _default(db, "BDQuickPayment", PaymentMixin)
    event: Any = event_model or _default(db, "BDQuickPaymentEvent", PaymentEventMixin)
    if not hasattr(payment, "events"):
        _connect(payment, event)
    return Models(payment, event)


_TABLES = {
    "BDQuickPayment": "bdquickpay_payment",
    "BDQuickPaymentEvent": "bdquickpay_payment_event",
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


def _connect(payment: Any, event: Any) -> None:
    if not event.__table__.c.payment_id.foreign_keys:
        _refer(event.__table__, payment.__table__)
    joined = payment.id == foreign(event.payment_id)
    events = relationship(event, primaryjoin=joined, order_by=event.id, viewonly=True)
    inspect(payment).add_property("events", events)
    if not hasattr(event, "payment"):
        back = relationship(payment, primaryjoin=joined, viewonly=True, uselist=False)
        inspect(event).add_property("payment", back)


def _refer(events: Table, payments: Table) -> None:
    """Let each event refer to its payment.

    The index that finds a payment's events is a constraint: an index of its own would be in the
    way of its foreign key when Alembic's downgrade drops the tables on MariaDB.
    """
    events.append_constraint(ForeignKeyConstraint([events.c.payment_id], [payments.c.id]))
    events.append_constraint(UniqueConstraint(events.c.payment_id, events.c.id))

"""The types of our columns, the same on every database."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    Integer,
    Numeric,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from .. import clock
from .status import PaymentStatus

T = TypeVar("T")


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


def text(length: int) -> String:
    """Text of at most so many letters."""
    return String(length).with_variant(mysql.VARCHAR(length, **_EXACT), "mysql", "mariadb")


def prose() -> Text:
    """Text of any length."""
    return Text().with_variant(mysql.TEXT(**_EXACT), "mysql", "mariadb")


def state_word() -> TypeEngine[PaymentStatus]:
    """A word for the state of a payment."""
    words = Enum(
        PaymentStatus,
        name="bdquickpay_status",
        native_enum=False,
        length=20,
        values_callable=lambda words: [word.value for word in words],
        validate_strings=True,
    )
    return cast("TypeEngine[PaymentStatus]", words)


#: The most that a column of money takes.
MOST_MONEY = Decimal("9999999999.99")


def money() -> TypeEngine[Decimal]:
    """BDT, exact to the poisha."""
    return Numeric(12, 2)


def number() -> TypeEngine[int]:
    """A whole number that counts rows."""
    return BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only INTEGER keys


def now() -> datetime:
    """The time now, for a new row."""
    return clock.utcnow()


def required(type_: TypeEngine[T], **options: Any) -> Mapped[T]:
    """A column that is never NULL."""
    return mapped_column(type_, nullable=False, **options)


def optional(type_: TypeEngine[Any], **options: Any) -> Mapped[Any]:
    """A column that may be NULL."""
    return mapped_column(type_, nullable=True, **options)


def for_type_checkers(mixin: type[T]) -> type[T]:
    """Hide the annotations from SQLAlchemy.

    It would make dataclass fields of annotated columns, and refuse them on a mixin that is no
    dataclass itself.
    """
    mixin.__annotations__ = {}
    return mixin

"""What the shop keeps in its database: products, orders and their lines."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum

import sqlalchemy as sa
from flask_babel import get_locale
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is mistaken for another


class Base(DeclarativeBase):
    # MariaDB's own default may hold no Bangla.
    __table_args__ = {"mysql_charset": "utf8mb4"}  # noqa: RUF012  # SQLAlchemy's own type


db = SQLAlchemy(model_class=Base)


class OrderStatus(str, Enum):
    """How an order stands. The last four are the words of its latest payment."""

    NEW = "new"
    PAID = "paid"
    ATTENTION = "attention"  #: paid, but something ran out of stock meanwhile: a person decides
    FLAGGED = "flagged"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"


#: No other payment changes these.
SETTLED = (OrderStatus.PAID, OrderStatus.ATTENTION)


class Product(Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name_en: Mapped[str] = mapped_column(sa.String(100))
    name_bn: Mapped[str] = mapped_column(sa.String(100))
    about_en: Mapped[str] = mapped_column(sa.Text)
    about_bn: Mapped[str] = mapped_column(sa.Text)
    price: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
    stock: Mapped[int]

    @property
    def name(self) -> str:
        return self.name_bn if str(get_locale()) == "bn" else self.name_en

    @property
    def about(self) -> str:
        return self.about_bn if str(get_locale()) == "bn" else self.about_en


def new_reference() -> str:
    """Return such as `K7QM-2XHD-9PFR`: whoever has it may see and pay the order.

    It can't be guessed, and no other order ever gets it: there are 31 to the power of 12, and
    orders are not deleted, so that the unique column keeps each.
    """
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


class Order(Base):
    __tablename__ = "shop_order"  # "order" is a word of SQL

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(20), unique=True, default=new_reference)
    status: Mapped[OrderStatus] = mapped_column(
        sa.Enum(OrderStatus, native_enum=False, length=20), default=OrderStatus.NEW
    )
    created_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), default=lambda: datetime.now(timezone.utc)
    )
    #: Of the customer, and the address of the order's page: a mail is written outside any request.
    language: Mapped[str] = mapped_column(sa.String(10))
    url: Mapped[str] = mapped_column(sa.String(500))
    name: Mapped[str] = mapped_column(sa.String(100))
    phone: Mapped[str] = mapped_column(sa.String(20))
    email: Mapped[str] = mapped_column(sa.String(200), index=True)
    address: Mapped[str] = mapped_column(sa.String(500))
    district: Mapped[str] = mapped_column(sa.String(40))
    #: Who packs it, and is paid: the name of a merchant account, or the plain one.
    branch: Mapped[str | None] = mapped_column(sa.String(40))
    # In this order, so that two orders paid at once lock their products one after the other.
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", order_by="OrderLine.product_id"
    )

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def is_open(self) -> bool:
        """Whether it is neither paid nor under review."""
        return self.status not in (*SETTLED, OrderStatus.FLAGGED)

    @property
    def can_be_paid(self) -> bool:
        return self.is_open and not self.is_sold_out

    @property
    def is_sold_out(self) -> bool:
        """Whether its goods went to others before it was paid."""
        return self.is_open and any(line.quantity > line.product.stock for line in self.lines)

    @property
    def state(self) -> str:
        """What its customer should know first: that it is sold out, or else its status."""
        return "sold_out" if self.is_sold_out else self.status.value


class OrderLine(Base):
    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"), index=True)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id"))
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))  # when it was ordered
    #: Whether the stock was reduced for it.
    taken: Mapped[bool] = mapped_column(default=False)
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity


def find_order(reference: str) -> Order | None:
    return db.session.scalar(sa.select(Order).where(Order.reference == reference))

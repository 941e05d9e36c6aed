"""The cart: kept in the session, as product and quantity."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from .models import Product, db

MOST = 20
bp = Blueprint("cart", __name__, url_prefix="/cart")


@dataclass(frozen=True)
class CartLine:
    product: Product
    quantity: int

    @property
    def total(self) -> Decimal:
        return self.product.price * self.quantity

    @property
    def in_stock(self) -> bool:
        return self.quantity <= self.product.stock


@dataclass(frozen=True)
class Cart:
    lines: list[CartLine]

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.lines) and all(line.in_stock for line in self.lines)


def load_cart() -> Cart:
    quantities = session.get("cart", {})
    products = sa.select(Product).where(Product.slug.in_(quantities)).order_by(Product.id)
    return Cart([CartLine(found, quantities[found.slug]) for found in db.session.scalars(products)])


def empty_cart() -> None:
    session.pop("cart", None)


@bp.app_template_global()
def cart_count() -> int:
    return sum(session.get("cart", {}).values())


@bp.get("")
def show() -> str:
    return render_template("cart.html", cart=load_cart(), most=MOST)


@bp.post("/add/<slug>")
def add(slug: str) -> ResponseReturnValue:
    return _put(slug, _quantity(slug) + 1)


@bp.post("/change/<slug>")
def change(slug: str) -> ResponseReturnValue:
    return _put(slug, request.form.get("quantity", _quantity(slug), type=int))


def _quantity(slug: str) -> int:
    quantity: int = session.get("cart", {}).get(slug, 0)
    return quantity


def _put(slug: str, quantity: int) -> ResponseReturnValue:
    product = db.one_or_404(sa.select(Product).where(Product.slug == slug))
    cart = {**session.get("cart", {}), slug: min(quantity, product.stock, MOST)}
    session["cart"] = {slug: quantity for slug, quantity in cart.items() if quantity > 0}
    return redirect(url_for("cart.show"), 303)

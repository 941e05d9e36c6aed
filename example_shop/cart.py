"""The cart: kept in the session, as product and quantity."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from .models import Product, db, find_order

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
    _put(slug, _quantity(slug) + 1)
    return redirect(url_for("cart.show"), 303)


@bp.post("/change/<slug>")
def change(slug: str) -> ResponseReturnValue:
    """The buttons name the quantity that they lead to, so that a double click counts once."""
    _put(slug, request.form.get("quantity", _quantity(slug), type=int))
    return redirect(url_for("cart.show", _anchor=slug), 303)


@bp.post("/again/<reference>")
def again(reference: str) -> ResponseReturnValue:
    """Put what is left of an order that is sold out into the cart, and show the other goods."""
    order = find_order(reference)
    if order is None or not order.is_sold_out:
        abort(404)
    for line in order.lines:
        _put(line.product.slug, max(line.quantity, _quantity(line.product.slug)))
    return redirect(url_for("catalogue.index"), 303)


def _quantity(slug: str) -> int:
    quantity: int = session.get("cart", {}).get(slug, 0)
    return quantity


def _put(slug: str, quantity: int) -> None:
    """Keep so many of a product in the cart, but no more than there are."""
    product = db.one_or_404(sa.select(Product).where(Product.slug == slug))
    cart = {**session.get("cart", {}), slug: min(quantity, product.stock, MOST)}
    session["cart"] = {slug: quantity for slug, quantity in cart.items() if quantity > 0}

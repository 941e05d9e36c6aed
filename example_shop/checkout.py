"""The checkout: an address turns the cart into an order."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from .branches import branch_for
from .cart import Cart, empty_cart, load_cart
from .forms import AddressForm
from .models import Order, OrderLine, db, new_reference
from .security import public_url

bp = Blueprint("checkout", __name__)


@bp.route("/checkout", methods=["GET", "POST"])
def address() -> ResponseReturnValue:
    cart = load_cart()
    if not cart.can_be_ordered:
        return redirect(url_for("cart.show"), 303)
    form = AddressForm()
    if not form.validate_on_submit():
        return render_template("checkout.html", form=form, cart=cart), 422 if form.errors else 200
    order = _place(form, cart)
    empty_cart()
    session["order"] = order.reference  # the one at hand, for the demo's tour
    return redirect(url_for("orders.show", reference=order.reference), 303)


def _place(form: AddressForm, cart: Cart) -> Order:
    reference = new_reference()
    url = public_url("orders.show", reference=reference)
    order = Order(reference=reference, url=url, language=str(get_locale()))
    form.populate_obj(order)
    order.branch = branch_for(order.district)
    order.lines = [
        OrderLine(product=line.product, quantity=line.quantity, price=line.product.price)
        for line in cart.lines
    ]
    db.session.add(order)
    db.session.commit()
    return order

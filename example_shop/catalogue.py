"""The front page with all products, and a page for each."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, render_template

from .models import Product, db

bp = Blueprint("catalogue", __name__)


@bp.get("/")
def index() -> str:
    products = db.session.scalars(sa.select(Product).order_by(Product.id))
    return render_template("catalogue.html", products=products)


@bp.get("/products/<slug>")
def product(slug: str) -> str:
    found = db.one_or_404(sa.select(Product).where(Product.slug == slug))
    return render_template("product.html", product=found)

"""The first start: makes the tables and puts a few products on the shelf."""

from __future__ import annotations

import time

import sqlalchemy as sa
from click import ClickException
from sqlalchemy.exc import DBAPIError

from .models import Product, db

_COLUMNS = ("slug", "price", "stock", "name_en", "name_bn", "about_en", "about_bn")
_PRODUCTS = [
    (
        "tea", 320, 25, "Sylhet black tea", "সিলেটের চা",
        "A strong, golden-red tea from the gardens of Sreemangal. 400 g.",
        "শ্রীমঙ্গলের বাগানের কড়া লিকারের চা। ৪০০ গ্রাম।",
    ),
    (
        "honey", 750, 12, "Sundarbans honey", "সুন্দরবনের মধু",
        "Wild honey of the khalsi flower, gathered in spring. 500 g.",
        "বসন্তে সংগ্রহ করা খলিসা ফুলের খাঁটি মধু। ৫০০ গ্রাম।",
    ),
    (
        "kantha", 2450, 4, "Nakshi kantha", "নকশিকাঁথা",
        "A quilt stitched by hand in Jamalpur, for a double bed.",
        "জামালপুরে হাতে সেলাই করা কাঁথা, ডাবল খাটের মাপে।",
    ),
    (
        "bag", 480, 18, "Jute bag", "পাটের ব্যাগ",
        "A sturdy shopping bag of natural jute with long handles.",
        "লম্বা হাতলের মজবুত বাজারের ব্যাগ, খাঁটি পাটের তৈরি।",
    ),
    (
        "cups", 360, 9, "Clay cups, set of six", "মাটির কাপ, ছয়টির সেট",
        "Thrown on the wheel in Dhamrai and fired without glaze.",
        "ধামরাইয়ের কুমারের চাকায় গড়া, পোড়ামাটির কাপ।",
    ),
    (
        "gur", 290, 1, "Date palm molasses", "খেজুরের গুড়",
        "Patali gur from Jashore, made of the winter's first sap. 1 kg.",
        "যশোরের পাটালি গুড়, শীতের প্রথম রসের। ১ কেজি।",
    ),
]  # fmt: skip


def prepare_database() -> None:
    """Make what is missing; a real shop uses Flask-Migrate.

    Several processes may start at once: who comes second fails, and then finds it all there.

    :raises ClickException: for a database of an older version, which lacks columns.
    """
    for pause in (0.1, 0.2, 0.4, 0.8, 1.6):
        try:
            _make_what_is_missing()
        except DBAPIError:
            db.session.rollback()
            time.sleep(pause)
        else:
            return
    _make_what_is_missing()


def _make_what_is_missing() -> None:
    db.create_all()
    _check_columns()
    if db.session.scalar(sa.select(Product.id).limit(1)) is None:
        db.session.add_all(Product(**dict(zip(_COLUMNS, row, strict=True))) for row in _PRODUCTS)
    db.session.commit()


def _check_columns() -> None:
    """Tables are made as a whole: one that is there gets no new column."""
    there = sa.inspect(db.engine)
    missing = [
        f"{table.name}.{column}"
        for table in db.metadata.tables.values()
        for column in set(table.columns.keys())
        - {one["name"] for one in there.get_columns(table.name)}
    ]
    if missing:
        raise ClickException(
            f"The database {db.engine.url} is of an older version: it lacks "
            f"{', '.join(sorted(missing))}. The demo holds nothing of worth: delete its database, "
            "and start again. A real shop would migrate."
        )

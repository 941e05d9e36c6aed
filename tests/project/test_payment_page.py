"""docs/reference/payment.md has every column, with the type that it has."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from flask_bdquickpay import PaymentMixin, PaymentStatus
from flask_bdquickpay.money import MAX_AMOUNT
from flask_bdquickpay.payments.columns import UTCDateTime
from flask_bdquickpay.payments.tables import build_models

from .source import ROOT

PAGE = (ROOT / "docs/reference/payment.md").read_text(encoding="utf-8")
MODELS = build_models(SQLAlchemy())


def tables(heading: str) -> list[list[list[str]]]:
    """The cells of each table in a section, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = [part.splitlines()[2:] for part in section.split("\n\n") if part.startswith("|")]
    return [
        [[cell.strip() for cell in row.strip("|").split("|")] for row in rows] for rows in found
    ]


def in_words(column: sa.Column[Any]) -> str:
    """The type of a column as the page says it."""
    optional = " or `None`" if column.nullable else ""
    kind = column.type
    if isinstance(kind, sa.Enum):
        return f"`PaymentStatus`{optional}"
    if isinstance(kind, UTCDateTime):
        return f"time{optional}"
    if isinstance(kind, sa.JSON):
        return f"JSON{optional}"
    if isinstance(kind, sa.String) and kind.length:
        return f"`str`, {kind.length}{',' if optional else ''}{optional}"
    return f"`{kind.python_type.__name__}`{optional}"


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("A payment", MODELS.payment),
        ("Its timeline", MODELS.event),
        ("What was sent back", MODELS.refund),
    ],
)
def test_every_column_is_there_with_its_type(heading: str, model: Any) -> None:
    columns = [(f"`{column.name}`", in_words(column)) for column in model.__table__.columns]
    rows = tables(heading)[0]
    assert [(name, kind) for name, kind, _ in rows] == columns
    assert [name for name, _, meaning in rows if not meaning] == []


def test_every_property_is_there() -> None:
    named = {name.strip("`") for name, _ in tables("A payment")[1]}
    properties = {name for name, found in vars(PaymentMixin).items() if isinstance(found, property)}
    assert named == properties | {"events", "refunds"}


def test_every_status_is_named() -> None:
    meanings = {name: meaning for name, _, meaning in tables("A payment")[0]}
    assert all(f"`{status}`" in meanings["`status`"] for status in PaymentStatus)
    assert str(MAX_AMOUNT) in meanings["`amount`"]

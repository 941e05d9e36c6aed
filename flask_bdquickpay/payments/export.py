"""Payments for programs: exact JSON, and CSV that a spreadsheet takes for data."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, TextIO


def exact(value: object) -> Any:
    """Return `value` as JSON has it: amounts as plain decimals, times as ISO 8601 in UTC."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no exact form")


def write_json(out: TextIO, document: object) -> None:
    """Write one JSON document."""
    out.write(json.dumps(document, default=exact, indent=2) + "\n")


def write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write CSV that a spreadsheet takes for data, never for a formula."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Enum):
        return str(exact(value)) if isinstance(value, (Decimal, date, Enum)) else str(value)
    value = value.replace("\r\n", "\n").replace("\r", "\n")  # a lone one would begin a row
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\n")) else value

"""Three expressions that each database spells in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine

from ..payments.columns import UTCDateTime


class dhaka_day(FunctionElement[Any]):
    """The day in Bangladesh (UTC+6, always) of a time: `str` or `date`, by the database."""

    name: str = "dhaka_day"
    type: TypeEngine[Any] = NullType()
    inherit_cache: bool | None = True


class seconds_between(FunctionElement[int]):
    """The whole seconds from one time to another."""

    name: str = "seconds_between"
    type: TypeEngine[int] = Integer()
    inherit_cache: bool | None = True


class scanned(FunctionElement[Any]):
    """A column that is looked at row by row: for most of a table no index is faster.

    SQLite alone does not see that; the others know how much of a table a condition leaves.
    """

    name: str = "scanned"
    type: TypeEngine[Any] = UTCDateTime()
    inherit_cache: bool | None = True


@compiles(scanned)
def _as_it_is(element: scanned, compiler: Any, **options: Any) -> str:
    (column,) = _operands(element, compiler, options)
    return column


@compiles(scanned, "sqlite")
def _without_index(element: scanned, compiler: Any, **options: Any) -> str:
    (column,) = _operands(element, compiler, options)
    return f"+{column}"


@compiles(dhaka_day, "sqlite")
def _day_sqlite(element: dhaka_day, compiler: Any, **options: Any) -> str:
    (time,) = _operands(element, compiler, options)
    return f"date({time}, '+6 hours')"


@compiles(dhaka_day, "postgresql")
def _day_postgresql(element: dhaka_day, compiler: Any, **options: Any) -> str:
    (time,) = _operands(element, compiler, options)
    return f"CAST(({time} AT TIME ZONE 'UTC') + INTERVAL '6 hours' AS DATE)"


@compiles(dhaka_day, "mysql", "mariadb")
def _day_mariadb(element: dhaka_day, compiler: Any, **options: Any) -> str:
    (time,) = _operands(element, compiler, options)
    return f"DATE({time} + INTERVAL 6 HOUR)"


@compiles(seconds_between, "sqlite")
def _seconds_sqlite(element: seconds_between, compiler: Any, **options: Any) -> str:
    """Days are fractions, so whole seconds may come out a trifle too small."""
    begin, end = (f"julianday({time})" for time in _operands(element, compiler, options))
    return f"CAST(({end} - {begin}) * 86400 + 0.0005 AS INTEGER)"


@compiles(seconds_between, "postgresql")
def _seconds_postgresql(element: seconds_between, compiler: Any, **options: Any) -> str:
    begin, end = _operands(element, compiler, options)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM {end} - {begin})) AS BIGINT)"


@compiles(seconds_between, "mysql", "mariadb")
def _seconds_mariadb(element: seconds_between, compiler: Any, **options: Any) -> str:
    begin, end = _operands(element, compiler, options)
    return f"TIMESTAMPDIFF(SECOND, {begin}, {end})"


def _operands(element: FunctionElement[Any], compiler: Any, options: Any) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]

"""Whether the database has our tables, whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Inspector, Table, UniqueConstraint, inspect

from .findings import Patient, Result, ok, red


def check_tables(patient: Patient) -> Result:
    """Whether every table of ours is there, with every column."""
    inspector, tables = _inspector(patient), _tables(patient)
    missing = [table.name for table in tables if not _exists(inspector, table)]
    if missing:
        return red(f"Missing: {', '.join(missing)}. {_table_cure(patient, create=True)}")
    absent = [name for table in tables for name in _absent_columns(inspector, table)]
    if absent:
        return red(f"Columns missing: {', '.join(absent)}. {_table_cure(patient)}")
    return ok(f"{', '.join(table.name for table in tables)}: all with every column.")


def check_unique_indexes(patient: Patient) -> Result:
    """Whether the unique indexes are there, on which "one charge" rests."""
    inspector = _inspector(patient)
    absent = [name for table in _tables(patient) for name in _absent_uniques(inspector, table)]
    if absent:
        return red(
            f"No unique index on {', '.join(absent)}: an order could be charged twice. "
            f"{_table_cure(patient)}"
        )
    return ok("All there.")


def _inspector(patient: Patient) -> Inspector:
    store = patient.state.store
    return inspect(store.session.connection({"mapper": inspect(store.models.payment)}))


def _tables(patient: Patient) -> list[Table]:
    models = patient.state.models
    return [models.payment.__table__, models.event.__table__, models.refund.__table__]


def _exists(inspector: Inspector, table: Table) -> bool:
    return inspector.has_table(table.name, table.schema)


def _absent_columns(inspector: Inspector, table: Table) -> list[str]:
    present = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
    return [f"{table.name}.{column.name}" for column in table.columns if column.name not in present]


def _absent_uniques(inspector: Inspector, table: Table) -> list[str]:
    wanted = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    constraints = inspector.get_unique_constraints(table.name, table.schema)
    indexes = inspector.get_indexes(table.name, table.schema)
    uniques: list[Any] = [*constraints, *(index for index in indexes if index["unique"])]
    present = {tuple(found["column_names"]) for found in uniques}
    return [f"{table.name}.{'+'.join(names)}" for names in sorted(wanted - present)]


def _table_cure(patient: Patient, *, create: bool = False) -> str:
    if "migrate" in patient.app.extensions:
        return "Run: flask db migrate && flask db upgrade"
    if create:
        return "Run db.create_all() in an app context, or use Flask-Migrate."
    return "db.create_all() changes no table that exists: use Flask-Migrate, or ALTER TABLE."

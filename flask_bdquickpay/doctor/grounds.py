"""Whether the database keeps the promises that "exactly once" rests on."""

from __future__ import annotations

from sqlalchemy import Connection

from ..errors import ConfigurationError
from ..payments.grounds import cannot_roll_back, check_rollback
from .findings import Patient, Result, ok, red, warning


def check_transactions(patient: Patient) -> Result:
    """Whether what is rolled back is gone: no AUTOCOMMIT, no table that keeps it."""
    connection = _connection(patient)
    try:
        check_rollback(connection)
    except ConfigurationError as error:
        return red(str(error))
    ours, others = _lasting(patient, connection)
    if ours:
        return red(f"{_names(ours)} can't roll back. {_cure(ours)}")
    if others:
        return warning(
            f"What receivers write there stays when a payment is rolled back: {_names(others)}. "
            f"{_cure(others)}"
        )
    return ok("What is rolled back is gone.")


def _connection(patient: Patient) -> Connection:
    store = patient.state.store
    return store.session.connection(bind_arguments=store.bind)


def _lasting(patient: Patient, connection: Connection) -> tuple[list[str], list[str]]:
    """The tables that can't roll back: ours, and the shop's others beside them."""
    store, models = patient.state.store, patient.state.models
    names = {store.payments.name, store.events.name, models.refund.__table__.name}
    found = cannot_roll_back(connection, list(store.payments.metadata.tables.values()))
    return [name for name in found if name in names], [name for name in found if name not in names]


def _names(tables: list[str]) -> str:
    return ", ".join(tables)


def _cure(tables: list[str]) -> str:
    return "Run: " + " ".join(f"ALTER TABLE {table} ENGINE = InnoDB;" for table in tables)


def check_databases(patient: Patient) -> Result:
    """Whether all that receivers could write is committed together with the payment."""
    store = patient.state.store
    ours = store.engine
    engines = patient.app.extensions["sqlalchemy"].engines
    others = sorted(name or "the default" for name, found in engines.items() if found is not ours)
    if others:
        return warning(
            f"The shop has other databases, too ({_names(others)}). A receiver that writes there "
            "is refused, and the payment not booked: it would not be committed together. Write "
            "there in a receiver of payment_changed, which comes after the commit."
        )
    return ok("Receivers write where the payments are.")

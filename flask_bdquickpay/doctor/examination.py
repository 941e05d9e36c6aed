"""Runs every check: one finding for each, with the cure in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.exc import DBAPIError, NoSuchTableError

from ..keys import without_keys
from ..state import State
from ..text import first_line, plain
from . import accounts, address, configuration, gateway, grounds, money, tables, upkeep, webhook
from .findings import Finding, Patient, Result, ok, red

CHECKS: dict[str, Callable[[Patient], Result]] = {
    "configuration": configuration.check_keys,
    "order loader": configuration.check_order_loader,
    "receivers": configuration.check_receivers,
    "SECRET_KEY": configuration.check_secret_key,
    "tables": tables.check_tables,
    "unique indexes": tables.check_unique_indexes,
    "transactions": grounds.check_transactions,
    "databases": grounds.check_databases,
    "public URL": address.check_public_url,
    "webhook": webhook.check_webhook,
    "HTTPS": address.check_https,
    "CSRF": address.check_csrf,
    "gateway": gateway.check_gateway,
    "accounts": accounts.check_accounts,
    "clock": gateway.check_clock,  # which the gateway was just asked for
    "sweep": upkeep.check_sweep,
    "announcements": money.check_owed,
    "refused": money.check_refused,
    "flagged": money.check_flagged,
    "refunds": money.check_refunds,
    "amounts": money.check_amounts,
    "outbox": upkeep.check_deliveries,
    "webhooks seen": upkeep.check_announcements,
}
#: What is looked at in each merchant account that has a name, too.
OF_ACCOUNT = ("configuration", "gateway", "webhook")
_UNUSED = "No plain keys: each order names its merchant account."
LONGEST_NAME = max(map(len, CHECKS))


def examine(state: State) -> Iterator[Finding]:
    """Yield a finding for each check. A check that breaks is red, and stops no other."""
    patient = Patient(state)
    for name in CHECKS:
        yield _find(name, patient)
    for account in _named(patient):
        for name in OF_ACCOUNT:
            yield _find(name, account)


def _find(name: str, patient: Patient) -> Finding:
    try:
        unused = name in OF_ACCOUNT and patient.is_unused
        found = ok(_UNUSED) if unused else CHECKS[name](patient)
    except Exception as error:
        found = red(_broken(error))
    patient.state.store.session.rollback()  # nothing is kept, also of a query that failed
    whole = f"{name} {patient.name}" if patient.name else name
    return Finding(whole, found.state, _without_keys(found.message, patient))


def _named(patient: Patient) -> list[Patient]:
    try:
        return accounts.named(patient)
    except Exception:  # of the database, which the checks have told
        patient.state.store.session.rollback()
        return []


def _broken(error: Exception) -> str:
    if isinstance(error, NoSuchTableError):
        return f"There is no table {error}: see what is said of the tables."
    if isinstance(error, DBAPIError):
        said = first_line(error.orig or error)
        return f"The database says: {said}. Check SQLALCHEMY_DATABASE_URI, and the tables."
    return (
        f"The check itself failed: {type(error).__name__}: {first_line(error)}. Please report it."
    )


def _without_keys(message: str, patient: Patient) -> str:
    account = patient.account
    keys = (account.app_key, account.secret_key, *account.previous_app_keys)
    return plain(without_keys(message, keys))

"""Whether the merchant accounts are known, which payments were made with."""

from __future__ import annotations

from ..errors import ConfigurationError
from .findings import Patient, Result, ok, red

#: So many accounts are looked at: each is asked about at the gateway.
MOST = 20
#: So many are looked up: the shop's loader may ask a database for each.
_LOOKED_UP = 500
_NAMED = 5


def check_accounts(patient: Patient) -> Result:
    """Whether every payment that is still asked about was made with an account that there is."""
    waiting = patient.reports.waiting_by_account()
    try:
        names = list(waiting)[:_LOOKED_UP]
        gone = [name for name in names if patient.state.accounts.find(name) is None]
    except ConfigurationError as error:
        return red(str(error))
    if gone:
        which = ", ".join(f"{name} ({waiting[name]})" for name in gone[:_NAMED])
        more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
        return red(
            "Payments wait that were made with accounts which nobody knows, and can't be asked "
            f"about: {which}{more}. Put their keys into BDQUICKPAY_ACCOUNTS, or let the account "
            "loader return them."
        )
    if not patient.state.accounts.are_several:
        return ok("There is the plain one alone.")
    return ok("Each has its keys; see the lines with its name.")


def named(patient: Patient) -> list[Patient]:
    """The accounts with a name: those of the settings, and others that payments wait of."""
    state = patient.state
    names = dict.fromkeys([*state.settings.accounts, *patient.reports.waiting_by_account()])
    return [Patient(state, name) for name in list(names) if _is_known(patient, name)][:MOST]


def _is_known(patient: Patient, name: str) -> bool:
    try:
        return bool(name) and patient.state.accounts.find(name) is not None
    except ConfigurationError:
        return False  # which check_accounts has told

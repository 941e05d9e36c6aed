"""The shop's branches: which one packs an order, and into whose merchant account it is paid.

Dhaka is paid with the plain keys. Orders of four districts are packed in Sylhet, where there is a
merchant account of that name: by default in the sandbox, which needs no keys for it.
"""

from __future__ import annotations

from flask import current_app

SYLHET = "sylhet"
_NEAR_SYLHET = ("Habiganj", "Moulvibazar", "Sunamganj", "Sylhet")


def branch_for(district: str) -> str | None:
    """Return the branch of a district; ``None`` is Dhaka."""
    accounts = current_app.config.get("BDQUICKPAY_ACCOUNTS") or {}
    return SYLHET if district in _NEAR_SYLHET and SYLHET in accounts else None

"""The shop's object of a payment, made from what was just read and written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, Session, configure_mappers, make_transient_to_detached

from .models import PaymentMixin
from .verdict import Snapshot

#: What nobody changes without a move of the payment, which the caller has just made.
_KNOWN = (
    *("id", "token", "invoice_id", "customer_reference", "amount", "status", "reason"),
    *("order_key", "resolved_by", "created_at", "expires_at", "announced_at", "received_amount"),
    *("trx_id", "verified_at", "made_with", "made_for"),
)


class Objects:
    """Makes objects of the shop's payment model.

    SQLAlchemy reads what is not known here, all of it at once, when somebody asks for it.
    """

    def __init__(self, model: type[PaymentMixin]) -> None:
        self._model = model
        self._names: list[tuple[str, str]] = []

    def make(self, session: Session, seen: Snapshot) -> PaymentMixin | None:
        """Return the object as `seen` says, in the session.

        :returns: ``None`` where SQLAlchemy has to: the session has it already, or the shop's model
            has subclasses, or listens to its loading.
        """
        mapper: Mapper[Any] = inspect(self._model)
        known = mapper.identity_key_from_primary_key((seen.id,))
        listened = mapper.class_manager.dispatch
        if mapper.polymorphic_on is not None or listened.load or known in session.identity_map:
            return None
        payment: PaymentMixin = mapper.class_manager.new_instance()
        known_of = vars(seen)
        inspect(payment).dict.update(
            (name, known_of[column]) for name, column in self._attributes(mapper)
        )
        make_transient_to_detached(payment)
        session.add(payment)
        return payment

    def _attributes(self, mapper: Mapper[Any]) -> list[tuple[str, str]]:
        """What the shop's model calls the columns."""
        if not self._names:
            configure_mappers()  # nothing may have been read yet in this process
            columns = mapper.local_table.c
            property_of = mapper.get_property_by_column
            self._names = [(property_of(columns[name]).key, name) for name in _KNOWN]
        return self._names

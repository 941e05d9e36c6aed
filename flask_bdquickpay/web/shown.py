"""A payment as a page shows it: from one read, whatever happens to it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from inspect import getattr_static
from types import MappingProxyType
from typing import Any

from sqlalchemy import inspect

from .. import clock
from ..gateway.answers import as_status
from ..payments.models import PaymentMixin
from ..payments.status import BELIEFS, MONEY_CAME, PaymentStatus

#: For whoever holds the payment's token.
_PRIVATE = ("trx_id", "invoice_id", "reason", "payment_metadata", "payment_url", "token")


@dataclass(frozen=True)
class ShownPayment:
    """Every column of a payment as it was read, and the properties that follow from them.

    The shop's own columns and properties too. What is no column (`events`, a relationship, a
    method) is asked of the live object: only a shop's own templates do that.
    """

    _columns: Mapping[str, Any] = field(repr=False)
    live: PaymentMixin
    #: Whether the gateway calls failed what nobody had paid by its end.
    ran_out: bool = False

    def __getattr__(self, name: str) -> Any:
        if name in self._columns:
            return self._columns[name]
        found = getattr_static(type(self.live), name, None)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)
        return getattr(self.live, name)

    @property
    def has_failed(self) -> bool:
        """Whether it failed, whatever came of it."""
        return bool(self.status == PaymentStatus.FAILED)

    @property
    def is_believed_over(self) -> bool:
        """Whether no money came and none is expected, though it still might come."""
        return self.status in BELIEFS

    @property
    def is_unbooked(self) -> bool:
        """Whether the gateway has the money, and the shop's own code refuses it."""
        undecided = self.status not in MONEY_CAME and self.resolved_by is None
        return as_status(self.gateway_status or "") == "completed" and undecided

    def for_strangers(self) -> ShownPayment:
        """The same without what proves or explains a payment, for who has not come back from it."""
        hidden = dict.fromkeys(_PRIVATE)
        return replace(self, _columns=MappingProxyType({**self._columns, **hidden}))


def show(payment: PaymentMixin) -> ShownPayment:
    """Take a payment, just loaded, as it stands."""
    names = [attribute.key for attribute in inspect(type(payment)).column_attrs]
    columns = MappingProxyType({n: getattr(payment, n) for n in names})
    return ShownPayment(columns, payment, _ran_out(payment))


def _ran_out(payment: PaymentMixin) -> bool:
    end = payment.expires_at
    if payment.status != PaymentStatus.FAILED or end is None or end > clock.utcnow():
        return False
    moves = [event.created_at for event in payment.events if event.new_status == payment.status]
    return bool(moves) and moves[-1] >= end

"""Money that a person sent back, written down here: nothing in this module moves money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from blinker import NamedSignal

from .. import clock
from ..errors import RefundError, RefundNotAllowed, RefundTooLarge
from ..money import parse_amount
from . import signals
from .database import Conflict
from .ledger import Ledger
from .models import MAX_ID, RefundMixin
from .refund_rows import Money, RefundRows
from .status import PaymentStatus
from .store import Store
from .verdict import Snapshot

METHODS = ("bkash", "bank", "cash", "other")
_LONGEST_NAME = 255
#: Of all that is done here, in the timeline and in the log.
_SOURCE = "refund"
_NEXT_STEP = {
    PaymentStatus.FLAGGED: "Decide about it first: flask bdquickpay resolve.",
    PaymentStatus.PENDING: "It was not paid so far: flask bdquickpay verify asks the gateway.",
}


@dataclass(frozen=True)
class Refunds:
    """Records refunds and voids them: a row, the payment's sum, an event and a signal at once."""

    store: Store
    rows: RefundRows
    ledger: Ledger

    def record(
        self,
        seen: Snapshot,
        amount: object = None,
        *,
        by: str,
        note: str,
        trx_id: str | None = None,
        method: str = "bkash",
        sent_at: datetime | None = None,
        reason: str = "",
        request_key: str | None = None,
    ) -> RefundMixin:
        """Record that money of a payment was sent back; see :meth:`BDQuickPay.record_refund`."""
        key = request_key if request_key is None else _stated(request_key, "request_key", MAX_ID)
        values = {
            "state": "sent",
            "method": _method(method),
            "sent_at": sent_at,
            "reason": _text(reason, "reason"),
            "note": _stated(note, "note"),
            "created_by": _stated(by, "by", _LONGEST_NAME),
            "request_key": key,
        }
        earlier = self._recorded(seen, key)
        if earlier is not None:
            return earlier
        try:
            return self._record(seen, amount, trx_id, values)
        except (Conflict, RefundError) as error:
            earlier = self._recorded(seen, key)  # somebody else was faster with the same key
            if earlier is not None:
                return earlier
            if isinstance(error, RefundError):
                raise
            raise RefundError(f"Transaction {trx_id!r} was just recorded by another.") from None

    def check(
        self,
        seen: Snapshot,
        amount: object = None,
        *,
        trx_id: str | None = None,
        sent_at: datetime | None = None,
    ) -> dict[str, Any]:
        """Return what would be written of them; write nothing, and raise as :meth:`record`."""
        money = self._refundable(seen)
        wanted = money.remains if amount is None else parse_amount(amount)
        if wanted <= 0 or wanted > money.remains:
            raise _too_large(seen, wanted, money.remains)
        return {
            "amount": wanted,
            "trx_id": self._free(seen, money, trx_id),
            "sent_at": _sent_at(sent_at, money),
        }

    def _record(
        self, seen: Snapshot, amount: object, trx_id: str | None, values: dict[str, Any]
    ) -> RefundMixin:
        values |= self.check(seen, amount, trx_id=trx_id, sent_at=values["sent_at"])
        values["created_at"] = clock.utcnow()
        wanted: Decimal = values["amount"]

        def work() -> int:
            if not self.rows.take(seen, wanted):
                raise _too_large(seen, wanted, None)
            return self.rows.insert(seen, **values)

        said = f"sent back {wanted} BDT ({values['method']})"
        return self._written(seen, work, signals.payment_refunded, said, values["created_by"])

    def void(self, refund: RefundMixin, *, by: str, note: str) -> RefundMixin:
        """Take a wrong entry back; see :meth:`BDQuickPay.void_refund`."""
        by, note = _stated(by, "by", _LONGEST_NAME), _stated(note, "note")
        refund_id, amount, payment_id = refund.id, refund.amount, refund.payment_id
        if not self.rows.is_there(refund):
            raise self.store.misplaced(payment_id)
        seen = self.store.found(payment_id)

        def work() -> int:
            values = {"voided_at": clock.utcnow(), "voided_by": by, "void_note": note}
            if not self.rows.void(refund_id, **values):
                raise RefundError(f"Refund {refund_id} was voided already.")
            self.rows.free_transaction(refund_id)
            if not self.rows.give_back(seen, amount):
                raise RefundError(
                    f"Refund {refund_id} is of more than payment {seen.id} sent back."
                )
            return refund_id

        said = f"voided the refund of {amount} BDT"
        return self._written(seen, work, signals.refund_voided, said, by)

    def _written(
        self, seen: Snapshot, write: Callable[[], int], signal: NamedSignal, note: str, actor: str
    ) -> RefundMixin:
        """Write a refund, its event and its signal in one transaction."""
        outbox = self.ledger.outbox
        entry = outbox.entry(seen, _SOURCE, is_refund=True)

        def work() -> tuple[int, int]:
            refund_id = write()
            facts = {"actor": actor, "refund_id": refund_id} | entry.columns
            event_id = self.store.record(seen, _SOURCE, note, **facts)
            if signal.receivers:
                payment = self.store.load(seen)
                self.ledger.send(signal, payment, _SOURCE, refund=self.rows.load(refund_id))
            return refund_id, event_id

        refund_id, event_id = self.store.transaction(work)
        outbox.committed(replace(entry, id=event_id))
        refund = self.rows.load(refund_id)
        self.store.keep_loaded()
        return refund

    # What must hold

    def _recorded(self, seen: Snapshot, request_key: str | None) -> RefundMixin | None:
        found = None if request_key is None else self.rows.of_request(request_key)
        if found is None:
            return None
        refund_id, payment_id = found
        if payment_id != seen.id:
            raise RefundError(
                f"The request key {request_key!r} was used for refund {refund_id} of payment "
                f"{payment_id}; each refund needs a key of its own."
            )
        refund = self.rows.load(refund_id)
        self.store.keep_loaded()
        return refund

    def _refundable(self, seen: Snapshot) -> Money:
        money = self.rows.money(seen)
        if not money.decided:
            raise RefundNotAllowed(
                f"Payment {seen.id} is {seen.status}: only what was paid, or rejected by a person, "
                f"is sent back. {_NEXT_STEP.get(seen.status, '')}".rstrip()
            )
        if money.received is None:
            raise RefundNotAllowed(
                f"What came on payment {seen.id} is not known: it was completed before that was "
                "kept. Fill received_amount in as the upgrade notes say."
            )
        return money

    def _free(self, seen: Snapshot, money: Money, trx_id: str | None) -> str | None:
        """The transaction that sent the money, which no other record has."""
        if trx_id is None or not _text(trx_id, "trx_id"):
            return None
        trx_id = _stated(trx_id, "trx_id", MAX_ID)
        if trx_id == money.trx_id:
            raise RefundError(
                f"{trx_id} is the transaction that paid payment {seen.id}; the one that sent the "
                "money back has an id of its own."
            )
        owner = self.rows.owner_of(trx_id)
        if owner is not None:
            raise RefundError(f"Transaction {trx_id} belongs to {owner} already.")
        return trx_id


def _stated(value: object, name: str, longest: int = 10_000) -> str:
    value = _text(value, name)
    if not value:
        raise RefundError(f"Say it: {name} must not be empty.")
    if len(value) > longest:
        raise RefundError(f"{name} takes at most {longest} characters.")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise RefundError(f"{name} must be text, not {value!r}.")
    return value.strip()


def _method(method: str) -> str:
    if method not in METHODS:
        raise RefundError(f"The method is one of {', '.join(METHODS)}, not {method!r}.")
    return method


def _sent_at(sent_at: datetime | None, money: Money) -> datetime:
    """When the money left; a clock may differ from the gateway's by some seconds."""
    now = clock.utcnow()
    if sent_at is None:
        return now
    if not isinstance(sent_at, datetime) or sent_at.tzinfo is None:
        raise RefundError(
            "sent_at must be a datetime with a time zone, such as datetime.now(timezone.utc)."
        )
    if sent_at > now:
        raise RefundError(f"sent_at is in the future: {sent_at.isoformat()}.")
    if money.verified_at is not None and sent_at < money.verified_at:
        raise RefundError(
            f"sent_at, {sent_at.isoformat()}, is before the money came, "
            f"{money.verified_at.isoformat()}."
        )
    return sent_at


def _too_large(seen: Snapshot, wanted: Decimal, remains: Decimal | None) -> RefundTooLarge:
    left = "less" if remains is None else f"{remains} BDT"
    return RefundTooLarge(
        f"{wanted} BDT can't be sent back: of payment {seen.id} remains {left}.", remains=remains
    )

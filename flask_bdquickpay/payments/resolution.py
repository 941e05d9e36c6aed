"""A person decides about a payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ResolutionError
from . import reasons, signals
from .database import Conflict
from .ledger import TRIES, Ledger
from .models import PaymentMixin
from .status import PaymentStatus
from .store import Store
from .verdict import Snapshot, Verdict


@dataclass(frozen=True)
class Resolution:
    """Carries a person's decisions out."""

    store: Store
    ledger: Ledger

    def resolve(
        self,
        seen: Snapshot,
        *,
        accept: bool,
        note: str,
        actor: str,
        source: str = "cli",
        message: str | None = None,
    ) -> PaymentMixin:
        """Complete a payment that money came on, or fail it for good.

        :param note: why; kept in the timeline, for the team alone.
        :param actor: who decided.
        :param message: what the customer is told of a rejection.
        :raises ResolutionError: when there is nothing to decide, the order is paid by another
            payment, or a receiver of the shop objects.
        """
        flagged = seen.status == PaymentStatus.FLAGGED
        if not flagged and not seen.is_unbooked:
            raise ResolutionError(
                f"Payment {seen.id} is {seen.status}; only a flagged one, or one whose money the "
                "shop's own code refuses, is resolved."
            )
        facts = {"note": note, "actor": actor}
        if accept:
            verdict = Verdict(PaymentStatus.COMPLETED, seen.reason if flagged else None)
        else:
            verdict = Verdict(PaymentStatus.FAILED, _rejection(message))
            seen = seen if flagged else self._flag(seen, actor, source)
        return self.store.load(self._decide(seen, verdict, source, facts))

    def _decide(
        self, seen: Snapshot, verdict: Verdict, source: str, facts: dict[str, Any]
    ) -> Snapshot:
        displaced = None
        for _ in range(TRIES):
            try:
                return self._move(
                    seen, verdict, source, facts, displaced=displaced, resolved_by=facts["actor"]
                )
            except Conflict:
                verdict, displaced = self.ledger.rival(seen, verdict)
                if verdict.status == PaymentStatus.FLAGGED:
                    raise ResolutionError(f"Payment {seen.id}: {verdict.reason}.") from None
        raise _overtaken(seen)

    def _flag(self, seen: Snapshot, actor: str, source: str) -> Snapshot:
        """Flag a payment whose money the shop's own code refuses to book."""
        verdict = Verdict(
            PaymentStatus.FLAGGED, reasons.REFUSED_HERE, holds_order=not seen.made_way
        )
        facts = {"note": seen.problem, "actor": actor}
        try:
            return self._move(seen, verdict, source, facts)
        except Conflict:  # the order has another payment
            return self._move(seen, verdict.flagged(verdict.reason), source, facts)

    def _move(self, seen: Snapshot, *decision: Any, **values: Any) -> Snapshot:
        """
        :raises Conflict: when another payment has the order.
        :raises ResolutionError: when somebody else moved it, or the shop's own code objects.
        """
        try:
            moved = self.ledger.move(seen, *decision, **values)
        except signals.FlagPayment as objection:
            raise ResolutionError(
                f"Payment {seen.id} stays {seen.status}: the shop's own code objects: "
                f"{objection.reason}. Change the order so that it agrees, or reject."
            ) from objection
        if moved is None:
            raise _overtaken(seen)
        return moved

    def give_up(
        self, seen: Snapshot, *, note: str, actor: str, source: str = "cli"
    ) -> PaymentMixin:
        """End a payment that the gateway can't tell anything about, so that its order is free.

        It is still asked about, and money that comes is flagged.

        :raises ResolutionError: when it holds no order, or money has come.
        """
        if seen.is_unbooked or seen.money_came:
            raise ResolutionError(f"Money has come on payment {seen.id}: accept or reject it.")
        if not seen.may_hold_order:
            raise ResolutionError(
                f"Payment {seen.id} is {seen.status}: it holds no order that would wait for it."
            )
        moved = self.ledger.give_up(seen, source, note, actor)
        if moved is None:
            raise _overtaken(seen)
        return self.store.load(moved)

    def note(self, seen: Snapshot, *, note: str, actor: str, source: str = "cli") -> None:
        """Keep what a person noted about a payment in its timeline; nothing else changes."""
        self.store.transaction(lambda: self.store.record(seen, source, note, actor=actor))

    def announce(self, seen: Snapshot, *, actor: str | None, source: str = "cli") -> PaymentMixin:
        """Send the `payment_paid` that is owed.

        :raises ResolutionError: when none is, or nobody listens in this process.
        """
        if not seen.is_owed:
            raise ResolutionError(f"Nothing is owed of payment {seen.id}: it is {seen.status}.")
        if not signals.paid_is_heard(self.ledger.app):
            raise ResolutionError(
                "Nobody listens to payment_paid in this process: import the module that connects "
                "the shop's receiver, at module level."
            )
        self.ledger.announce(seen, source, actor)
        return self.store.load(self.store.again(seen))


def _rejection(message: str | None) -> str:
    return reasons.REJECTED_BECAUSE % {"message": message} if message else reasons.REJECTED


def _overtaken(seen: Snapshot) -> ResolutionError:
    return ResolutionError(f"Payment {seen.id} was changed meanwhile; look at it again.")

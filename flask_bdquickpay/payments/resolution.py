"""A person decides about a payment."""

from __future__ import annotations

from dataclasses import dataclass

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
        flagged = self._flagged(seen, actor, source)
        status = PaymentStatus.COMPLETED if accept else PaymentStatus.FAILED
        verdict = Verdict(status, flagged.reason if accept else _rejection(message))
        facts = {"note": note, "actor": actor}
        displaced = None
        for _ in range(TRIES):
            try:
                moved = self.ledger.move(
                    flagged, verdict, source, facts, displaced=displaced, resolved_by=actor
                )
            except Conflict:
                verdict, displaced = self.ledger.rival(flagged, verdict)
                if verdict.status == PaymentStatus.FLAGGED:
                    raise ResolutionError(f"Payment {seen.id}: {verdict.reason}.") from None
            except signals.FlagPayment as objection:
                raise ResolutionError(
                    f"Payment {seen.id} stays flagged: the shop's own code objects: "
                    f"{objection.reason}. Change the order so that it agrees, or reject."
                ) from objection
            else:
                break
        if moved is None:
            raise _overtaken(seen)
        return self.store.load(moved)

    def _flagged(self, seen: Snapshot, actor: str, source: str) -> Snapshot:
        """Return the payment flagged: also one whose money the shop's own code refuses to book."""
        if seen.status == PaymentStatus.FLAGGED:
            return seen
        if not seen.is_unbooked:
            raise ResolutionError(
                f"Payment {seen.id} is {seen.status}; only a flagged one, or one whose money the "
                "shop's own code refuses, is resolved."
            )
        verdict = Verdict(
            PaymentStatus.FLAGGED, reasons.REFUSED_HERE, holds_order=not seen.made_way
        )
        moved = self.ledger.move(seen, verdict, source, {"note": seen.problem, "actor": actor})
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
        if seen.status not in (PaymentStatus.PENDING, PaymentStatus.CANCELLED):
            raise ResolutionError(
                f"Payment {seen.id} is {seen.status}: it holds no order that would wait for it."
            )
        moved = self.ledger.give_up(seen, source, note, actor)
        if moved is None:
            raise _overtaken(seen)
        return self.store.load(moved)

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

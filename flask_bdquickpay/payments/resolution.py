"""A person decides about a flagged payment."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ResolutionError
from . import reasons
from .ledger import TRIES, Ledger
from .models import PaymentMixin
from .status import PaymentStatus
from .store import Conflict, Store
from .verdict import Snapshot, Verdict


@dataclass(frozen=True)
class Resolution:
    """Carries a person's decisions out."""

    store: Store
    ledger: Ledger

    def resolve(
        self, seen: Snapshot, *, accept: bool, note: str, actor: str, source: str = "cli"
    ) -> PaymentMixin:
        """Complete a flagged payment or fail it for good.

        :param note: why; kept in the timeline.
        :param actor: who decided.
        :raises ResolutionError: when it is not flagged, or the order is paid by another payment.
        """
        if seen.status != PaymentStatus.FLAGGED:
            raise ResolutionError(
                f"Payment {seen.id} is {seen.status}; only a flagged one is resolved."
            )
        status = PaymentStatus.COMPLETED if accept else PaymentStatus.FAILED
        verdict = Verdict(status, seen.reason if accept else reasons.REJECTED % {"note": note})
        facts = {"note": note, "actor": actor}
        displaced = None
        for _ in range(TRIES):
            try:
                moved = self.ledger.move(
                    seen, verdict, source, facts, displaced=displaced, resolved_by=actor
                )
            except Conflict:
                verdict, displaced = self.ledger.rival(seen, verdict)
                if verdict.status == PaymentStatus.FLAGGED:
                    raise ResolutionError(f"Payment {seen.id}: {verdict.reason}.") from None
            else:
                break
        if moved is None:
            raise ResolutionError(f"Payment {seen.id} was changed meanwhile; look at it again.")
        return self.store.load(seen.id)

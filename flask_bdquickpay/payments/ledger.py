"""The only writer of payments: one transition, its event and its signal in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from blinker import NamedSignal
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from .. import clock
from ..errors import BDQuickPayError
from ..gateway.account import is_sandbox
from ..text import first_line
from . import reasons, signals
from .about import about
from .database import Conflict
from .models import PaymentMixin
from .observers import Observer
from .outbox import Outbox
from .status import GIVEN_UP, MONEY_CAME, MOVES, PaymentStatus
from .store import Store
from .transaction import is_transient
from .verdict import Snapshot, Verdict, next_check

_logger = logging.getLogger(__name__)
#: How often a change is tried again that a rival was faster with.
TRIES = 20
#: When the sweep looks next at a payment that was given up.
_WATCH = timedelta(minutes=15)
_NONE = timedelta(0)
_RELEASES_ORDER = (PaymentStatus.FAILED, PaymentStatus.EXPIRED)


@dataclass(frozen=True)
class Ledger:
    """Writes what has been decided, with a compare-and-set, and tells the shop.

    :ivar late_window: how long after its end a payment is still asked about.
    :ivar skew: by how much the gateway's clock is ahead of ours, as far as it has told the
        account of this name; ``None``: the furthest behind.
    :ivar observe: told how long each receiver of a signal took.
    """

    app: Flask
    store: Store
    outbox: Outbox
    late_window: timedelta
    skew: Callable[[str | None], timedelta | None]
    observe: Observer

    def surely(self, seen: Snapshot | None = None, moment: datetime | None = None) -> datetime:
        """The moment, or now, by our clock or the gateway's, whichever is further back.

        So that a clock which is ahead ends nothing early.

        :param seen: the payment whose account's word on that counts; ``None``: of any.
        """
        skew = self.skew(None if seen is None else seen.account)
        return (moment or clock.utcnow()) + min(skew or _NONE, _NONE)

    # Without a transition

    def insert(self, **values: Any) -> bool:
        """Insert a payment; return whether the order had none yet."""
        try:
            self.store.transaction(lambda: self.store.insert(**values))
        except Conflict:
            return False
        return True

    def amend(
        self, seen: Snapshot, source: str, note: str, actor: str | None = None, **values: Any
    ) -> Snapshot | None:
        """Change columns of a payment that still stands as `seen`, and note why.

        :returns: as :meth:`move`.
        """

        def work() -> bool:
            amended = self.store.amend(seen, **values)
            if amended:
                self.store.record(seen, source, note, actor=actor)
            return amended

        return seen.after(**values) if self.store.transaction(work) else None

    def note(self, seen: Snapshot, source: str, note: str, **values: Any) -> None:
        """Record a fact that changed nothing, or count it up when it repeats itself."""

        def work() -> None:
            self.store.hold(seen)
            self.store.repeat(seen, source, note, **values)

        self.store.transaction(work)

    def keep(
        self,
        seen: Snapshot,
        source: str,
        facts: dict[str, Any],
        **learnt: Any,
    ) -> Snapshot | None:
        """Keep what the gateway said and moves nothing; ``None`` if the payment moved meanwhile.

        :param facts: what the timeline says of it.
        :param learnt: the columns that say it.
        """
        changed = {name: value for name, value in learnt.items() if getattr(seen, name) != value}
        scheduled = self.rescheduled(seen) if source == "sweep" else {}
        said = {"note": None} | facts
        if source == "status" and not changed:
            return seen

        def work() -> bool:
            columns = {} if seen.is_closed else changed | scheduled
            if not columns:
                self.store.hold(seen)
            elif not self.store.amend(seen, **columns):
                return False
            if source != "status":
                self.store.repeat(seen, source, **said)
            return True

        return seen.after(**changed, **scheduled) if self.store.transaction(work) else None

    def rescheduled(self, seen: Snapshot) -> dict[str, Any]:
        """The columns that say when the sweep, which is looking now, is to look again."""
        now, checks = self.surely(seen), seen.checks + 1
        due = next_check(seen.status, seen.expires_at, checks, now, self.late_window)
        return {"checks": checks, "check_after": due, "lease": None}

    # With a transition

    def move(
        self,
        seen: Snapshot,
        verdict: Verdict,
        source: str,
        facts: dict[str, Any] | None = None,
        *,
        displaced: Snapshot | None = None,
        **values: Any,
    ) -> Snapshot | None:
        """Record a transition, its event and its signal in one transaction.

        :param displaced: the payment that the order is taken from.
        :returns: the payment as it stands then, ``None`` if somebody else had moved it.
        :raises Conflict: when another payment has the order or the transaction.
        """
        heard = signals.paid_is_heard(self.app)
        values = self._consequences(seen.after(**values), verdict, heard) | values
        after = seen.after(status=verdict.status, **values)
        entry = self.outbox.entry(after, source)

        def work() -> int:
            if displaced is not None:
                self.store.displace(displaced)
            if not self.store.move(seen, verdict.status, **values):
                raise _Overtaken
            event = {"new_status": verdict.status, "note": verdict.reason} | (facts or {})
            event_id = self.store.record(seen, source, **event, **entry.columns)
            self._signal(after, source)
            return event_id

        try:
            event_id = self.store.transaction(work)
        except _Overtaken:
            return None
        if verdict.status == PaymentStatus.COMPLETED and not heard:
            self.say_unheard(seen, source)
        self.outbox.committed(replace(entry, id=event_id))
        return after

    def give_up(
        self, seen: Snapshot, source: str, note: str, actor: str | None = None
    ) -> Snapshot | None:
        """End a payment of which nobody can tell what became; it is still asked about.

        :returns: as :meth:`move`.
        """
        watch = self.surely(seen) + _WATCH
        if PaymentStatus.EXPIRED not in MOVES[seen.status]:
            return self.amend(seen, source, note, actor, reason=GIVEN_UP, check_after=watch)
        verdict = Verdict(PaymentStatus.EXPIRED, GIVEN_UP)
        return self.move(seen, verdict, source, {"note": note, "actor": actor}, check_after=watch)

    def rival(self, seen: Snapshot, verdict: Verdict) -> tuple[Verdict, Snapshot | None]:
        """Return a verdict beside another payment, and the one it takes the order from.

        Looked at after the database has said that there is another payment in its way.
        """
        owner = self.store.find("trx_id", verdict.trx_id)
        if owner is not None and owner.id != seen.id:
            facts = {"transaction": verdict.trx_id, "payment": owner.id}
            reason = reasons.TRANSACTION_SEEN % facts
            return Verdict(PaymentStatus.FLAGGED, reason), None
        holder = self.store.find("order_key", seen.customer_reference)
        if holder is None or holder.id == seen.id:
            return verdict, None
        if verdict.status == PaymentStatus.FLAGGED:
            return verdict.flagged(verdict.reason), None
        if holder.status == PaymentStatus.COMPLETED and not _is_play_money(holder, seen):
            return verdict.flagged(reasons.PAID_ALREADY % {"payment": holder.id}), None
        if _is_play_money(seen, holder):
            return verdict.flagged(reasons.OTHER_ACCOUNT), None
        return verdict, holder

    def _consequences(self, seen: Snapshot, verdict: Verdict, heard: bool) -> dict[str, Any]:
        """The columns that follow from the status that is reached."""
        values: dict[str, Any] = {"reason": verdict.reason, "lease": None, "check_after": None}
        values |= _owned(seen, verdict) | {"problem": None}
        if verdict.status == PaymentStatus.COMPLETED:
            return values | {"announced_at" if heard else "check_after": clock.utcnow()}
        if seen.invoice_id is not None and seen.resolved_by is None:
            values["check_after"] = next_check(
                verdict.status, seen.expires_at, seen.checks, self.surely(seen), self.late_window
            )
        return values

    # Telling the shop

    def announce_created(self, seen: Snapshot, source: str) -> None:
        """Send `payment_created`; a receiver that raises does not keep the customer from paying."""

        def work() -> None:
            self.store.hold(seen)  # a receiver's savepoint needs a transaction around it
            self.send(signals.payment_created, self.store.load(seen), source)

        if signals.payment_created.receivers:
            try:
                self.store.transaction(work)
            except Exception:
                text = "A receiver of payment_created raised (payment %s)"
                _logger.exception(text, seen.id, extra=about(seen, source))

    def announce(self, seen: Snapshot, source: str, actor: str | None = None) -> bool:
        """Send the `payment_paid` that is owed, once; return whether it was the caller's to send.

        A receiver that raises leaves it owed, with the problem.
        """

        def work() -> bool:
            if not self.store.mark_announced(seen):
                return False
            self.store.record(seen, source, "announced to the shop, which was owed", actor=actor)
            self.send(signals.payment_paid, self.store.load(seen), source)
            return True

        if not signals.paid_is_heard(self.app):
            self.say_unheard(seen, source)
            return False
        try:
            return self.store.transaction(work)
        except Exception as error:
            problem = refusal(error)
            if problem is not None:
                self.store.transaction(lambda: self.store.keep_problem(seen, problem))
            raise

    def say_unheard(self, seen: Snapshot, source: str) -> None:
        """Log that the shop is owed the news of a payment."""
        _logger.error(
            "Payment %s is paid, and nobody listens to payment_paid in this process: the next one "
            "that has a receiver is told. Import the module that connects it, at module level.",
            seen.id,
            extra=about(seen, source),
        )

    def _signal(self, after: Snapshot, source: str) -> None:
        signal = signals.OF_STATUS.get(after.status)
        if signal is not None and signal.receivers:
            self.send(signal, self.store.present(after), source)

    def send(
        self, signal: NamedSignal, payment: PaymentMixin, source: str, **arguments: Any
    ) -> None:
        """Call every receiver inside the transaction; the first that raises ends it."""
        send = signals.Send(signal, self.app, source, self.store.guard(), self.observe)
        for call in send.calls({"payment": payment} | arguments):
            call()


def _owned(seen: Snapshot, verdict: Verdict) -> dict[str, Any]:
    """The unique columns that a payment has at a status: its order and its transaction."""
    values: dict[str, Any] = {}
    if verdict.status in _RELEASES_ORDER:
        values["order_key"] = None
    if verdict.status in MONEY_CAME and verdict.holds_order:
        values["order_key"] = seen.customer_reference
    if verdict.trx_id is not None:
        values["trx_id"] = verdict.trx_id
    return values


def _is_play_money(one: Snapshot, other: Snapshot) -> bool:
    """Whether the one was made at a sandbox, and the other where real money moves."""
    return is_sandbox(one.made_with) and not is_sandbox(other.made_with)


def refusal(error: Exception) -> str | None:
    """Say in a line which receiver raised what; ``None`` where it was none of the shop's doing."""
    if _is_trouble(error):
        return None
    signals.blame(error, "what the shop's receivers left to be written")
    return f"{signals.raised_by(error)} raised {type(error).__name__}: {first_line(error)}"


def _is_trouble(error: Exception) -> bool:
    """Whether the database or its settings, and not the shop's code, stood in the way."""
    if signals.raised_by(error) is not None:
        return False
    if isinstance(error, DBAPIError):
        return is_transient(error) or error.connection_invalidated
    return isinstance(error, (BDQuickPayError, PoolTimeoutError))


class _Overtaken(Exception):
    """Somebody else moved the payment between reading and writing it."""

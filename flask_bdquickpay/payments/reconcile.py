"""The sweep: asks about the payments whose truth may have moved."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Flask

from .. import clock
from ..errors import BDQuickPayError, GatewayPausedError
from . import signals
from .about import about
from .outbox import Outbox, never
from .settlement import Settlement
from .store import Store
from .verdict import Snapshot
from .waiting import Waiting

_logger = logging.getLogger(__name__)
#: How long a sweep keeps others from the payments that it has taken.
LEASE = timedelta(minutes=5)
_BATCH = 50
#: Of all that is done here, in the timeline and in the log.
_SOURCE = "sweep"
#: Seconds after which the thread that waits for the others looks for an interrupt.
_GLANCE = 0.5
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ReconcileReport:
    """What a sweep did.

    :ivar checked: payments looked at.
    :ivar changed: of these, payments whose status changed.
    :ivar errors: of these, payments that could not be verified; they are tried again later.
    :ivar refused: payments whose money is there and that the shop's own code refuses, also those
        that were not tried again now.
    :ivar delivered: `payment_changed` events delivered.
    :ivar unheard: whether nobody in this process listens to `payment_paid`.
    :ivar left: payments that were due and were left to a later sweep, since the gateway wants to
        be left alone for a while.
    """

    checked: int = 0
    changed: int = 0
    errors: int = 0
    refused: int = 0
    delivered: int = 0
    unheard: bool = False
    left: int = 0


@dataclass(frozen=True)
class Reconciliation:
    """The sweep of one app."""

    app: Flask
    store: Store
    settlement: Settlement
    outbox: Outbox

    def run(
        self,
        limit: int | None = None,
        concurrency: int = 8,
        progress: Progress | None = None,
        account: str | None = None,
    ) -> ReconcileReport:
        """Sweep once; see :meth:`flask_bdquickpay.BDQuickPay.reconcile`."""
        report = self.sweep(limit, concurrency, progress, account)
        return replace(report, delivered=self.outbox.deliver())

    def sweep(
        self,
        limit: int | None = None,
        concurrency: int = 8,
        progress: Progress | None = None,
        account: str | None = None,
    ) -> ReconcileReport:
        """Look at the payments that are due, and leave the outbox alone.

        When `progress` raises, the sweep ends with that and gives back what it has not looked at.
        """
        self.store.settle_host()
        if self.store.single_connection:
            concurrency = 1
        whole = (self.app, self.store, self.settlement, limit)
        sweep = _Sweep(*whole, progress=progress, account=account)
        sweep.run(max(1, concurrency))
        unheard = not signals.paid_is_heard(self.app)
        if unheard:
            _logger.error("Nobody listens to payment_paid in the process of this sweep")
        errors, refused = self._tell_what_is_owed()
        standing = Waiting(self.store).count_refused(None if account is None else (account,))
        return ReconcileReport(
            checked=sweep.checked,
            changed=sweep.changed,
            errors=sweep.errors + errors,
            refused=max(sweep.refused, standing) + refused,
            unheard=unheard,
            left=sweep.left,
        )

    def is_due(self) -> bool:
        """Whether there are payments to look at now."""
        return Waiting(self.store).count_due(clock.utcnow()) > 0

    def deliver(self, limit: int | None = None, stop: Callable[[], bool] = never) -> int:
        """Tell the shop what it is owed, and deliver at most `limit` events that are due.

        :param stop: as in :meth:`.Outbox.deliver`.
        """
        self.store.settle_host()
        self._tell_what_is_owed()
        return self.outbox.deliver(limit, stop)

    def _tell_what_is_owed(self) -> tuple[int, int]:
        """Announce the payments of which the shop has not been told.

        :returns: how many could not be announced, and how many the shop's own code refuses.
        """
        errors = refused = 0
        for owed in Waiting(self.store).find_owed() if signals.paid_is_heard(self.app) else ():
            try:
                self.settlement.settle(owed, _SOURCE)
            except Exception as error:  # one bad receiver stops nobody
                text = "Payment %s is still owed to the shop"
                _logger.exception(text, owed.id, extra=about(owed, _SOURCE))
                refused += signals.raised_by(error) is not None
                errors += signals.raised_by(error) is None
        return errors, refused


class _Sweep:
    """Takes payments in batches by lease, so that any number of sweeps share the work."""

    def __init__(
        self,
        app: Flask,
        store: Store,
        settlement: Settlement,
        limit: int | None,
        *,
        progress: Progress | None,
        account: str | None,
    ) -> None:
        self._app, self._settlement = app, settlement
        self._accounts = settlement.accounts
        self._of = None if account is None else (account,)
        self._waiting = Waiting(store)
        self._left = limit
        self._progress = progress
        self._now = settlement.ledger.surely
        self._begun = self._now()
        self._due = self._waiting.count_due(self._begun, self._of) if progress else 0
        self._lock = threading.Lock()
        self._taken: deque[Snapshot] = deque()
        self._lease: str | None = None
        self._left_alone: set[str] = set()  #: leases of which something was not looked at
        self._stopped = False
        self.checked = self.changed = self.errors = self.refused = self.left = 0

    def run(self, concurrency: int) -> None:
        """Work until nothing is due that may be asked about.

        What a pause of the gateway or an interrupt leaves is given back.
        """
        try:
            if concurrency == 1:
                self._work()
            else:
                self._work_in_threads(concurrency)
        except BaseException:
            if self._lease is not None:
                self._left_alone.add(self._lease)
            self._give_back()
            raise
        self._give_back()
        paused = self._paused()
        if paused:
            self._report_what_is_left(paused)

    def _give_back(self) -> None:
        for lease in self._left_alone:
            self._waiting.release(lease, self._now())

    def _paused(self) -> dict[str, float]:
        """The accounts that are left alone, of those that are swept, and for how many seconds."""
        paused = self._accounts.paused()
        return paused if self._of is None else {n: s for n, s in paused.items() if n in self._of}

    def _report_what_is_left(self, paused: dict[str, float]) -> None:
        self.left = self._waiting.count_due(self._now(), paused.keys())
        if self.left:
            text = "The gateway wants to be left alone for %.0f s more: %s payments wait for that"
            _logger.warning(text, max(paused.values()), self.left)

    def _work_in_threads(self, concurrency: int) -> None:
        with ThreadPoolExecutor(concurrency, thread_name_prefix="bdquickpay-sweep") as threads:
            try:
                for future in [threads.submit(self._work) for _ in range(concurrency)]:
                    while not future.done():
                        wait([future], _GLANCE)  # Ctrl-C may have reached another thread
                    future.result()
            finally:
                self._stopped = True

    def _work(self) -> None:
        while not self._stopped:
            with self._app.app_context():
                seen = self._next()
                if seen is None:
                    return
                outcome = self._check(seen)
            if outcome is not None:
                self._count(outcome)

    def _next(self) -> Snapshot | None:
        with self._lock:
            while self._taken or self._take():
                seen = self._taken.popleft()
                if not self._accounts.is_paused(seen.account):
                    return seen
                self._left_alone.add(str(self._lease))
            return None

    def _take(self) -> bool:
        """Take the next batch; return whether there was one."""
        size = _BATCH if self._left is None else min(_BATCH, self._left)
        if size == 0:
            return False
        self._lease = uuid.uuid4().hex
        due = min(self._begun, self._now())  # what was put off since is for another sweep
        batch = self._waiting.claim_due(
            due, self._lease, self._now() + LEASE, size, of=self._of, but=self._accounts.paused()
        )
        self._taken.extend(batch)
        if self._left is not None:
            self._left -= len(batch)
        return bool(batch)

    def _check(self, seen: Snapshot) -> str | None:
        """Return what the payment counts as, beside being checked.

        ``None``: it was put back, since the gateway had just asked for a pause.
        """
        try:
            after = self._settlement.settle(seen, _SOURCE)
        except GatewayPausedError as pause:
            self._postpone(seen, pause)
            return None
        except Exception as error:  # one bad payment stops nobody
            extra = about(seen, _SOURCE)
            if isinstance(error, BDQuickPayError):
                _logger.warning("Payment %s could not be verified: %s", seen.id, error, extra=extra)
            else:
                _logger.exception("Payment %s could not be settled", seen.id, extra=extra)
            self._postpone(seen, error)
            return "refused" if signals.raised_by(error) else "errors"
        return "changed" if after.status != seen.status else "checked"

    def _postpone(self, seen: Snapshot, error: Exception) -> None:
        try:
            self._settlement.postpone(seen, error)
        except Exception:  # the end of the lease brings it back
            text = "Payment %s could not be put off"
            _logger.exception(text, seen.id, extra=about(seen, _SOURCE))

    def _count(self, outcome: str) -> None:
        with self._lock:
            self.checked += 1
            self.changed += outcome == "changed"
            self.errors += outcome == "errors"
            self.refused += outcome == "refused"
            if self._progress is not None:
                self._progress(self.checked, max(self._due, self.checked))

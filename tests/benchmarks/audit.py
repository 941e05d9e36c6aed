"""Holds the shop's books against the gateway's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Truth:
    """A payment at the gateway."""

    invoice_id: str
    reference: str
    status: str


@dataclass(frozen=True)
class Belief:
    """A payment in the shop."""

    id: int
    invoice_id: str | None
    reference: str
    status: str


@dataclass(frozen=True)
class Audit:
    """What does not agree; each number but `paid` should be 0.

    :ivar paid: payments that are completed here and there, and fulfilled once.
    :ivar lost: completed at the gateway, and not here.
    :ivar double: orders that were fulfilled, or whose payment was completed, more than once.
    :ivar unpaid: completed here, and not at the gateway.
    :ivar unfulfilled: completed here, and the order was not fulfilled.
    :ivar unsold: fulfilled without a payment that is completed here.
    :ivar charged_twice: orders with more than one completed payment at the gateway.
    :ivar open: neither here nor there is known what became of it, though it is known there.
    """

    paid: int
    lost: int
    double: int
    unpaid: int
    unfulfilled: int
    unsold: int
    charged_twice: int
    open: int

    @property
    def agrees(self) -> bool:
        """Whether both books say the same."""
        faults = vars(self) | {"paid": 0}
        return not any(faults.values())


def audit(truths: Iterable[Truth], beliefs: Iterable[Belief], fulfilled: Iterable[int]) -> Audit:
    """Compare.

    :param fulfilled: the id of the payment for each time that an order was fulfilled.
    """
    there = {truth.invoice_id: truth for truth in truths}
    here = {belief.id: belief for belief in beliefs}
    known = {belief.invoice_id: belief for belief in here.values()}
    charged = {name for name, truth in there.items() if truth.status == "completed"}
    booked = {one.id for one in here.values() if one.status == "completed"}
    booked_invoices = {here[one].invoice_id for one in booked}
    times = Counter(fulfilled)
    return Audit(
        paid=sum(times[one] == 1 and here[one].invoice_id in charged for one in booked),
        lost=len(charged - booked_invoices),
        double=len(_repeated(here[one].reference for one in booked) | _again(times, here)),
        unpaid=len(booked_invoices - charged),
        unfulfilled=sum(not times[one] for one in booked),
        unsold=sum(one not in booked for one in times),
        charged_twice=len(_repeated(there[name].reference for name in charged)),
        open=sum(_is_open(truth, known.get(name)) for name, truth in there.items()),
    )


def _repeated(references: Iterable[str]) -> set[str]:
    return {reference for reference, times in Counter(references).items() if times > 1}


def _again(times: Mapping[int, int], here: Mapping[int, Belief]) -> set[str]:
    """The orders that were fulfilled more than once, by one payment or by several."""
    return _repeated(
        here[one].reference if one in here else str(one)
        for one, count in times.items()
        for _ in range(count)
    )


def _is_open(truth: Truth, belief: Belief | None) -> bool:
    """Whether the shop still does not know what the gateway knows."""
    final = truth.status != "pending"
    return final and belief is not None and belief.status in ("created", "pending")

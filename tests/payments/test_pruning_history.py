"""Whatever has happened, pruning deletes nothing that saw money, was sent back or was decided."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from flask_bdquickpay import payment_changed, payment_paid
from flask_bdquickpay.errors import BDQuickPayError
from flask_bdquickpay.gateway import pace
from flask_bdquickpay.payments.status import PaymentStatus
from flask_bdquickpay.sandbox.errors import SandboxError
from flask_bdquickpay.sandbox.server import SandboxServer

from ..shop import KEYS, Shop, make_shop
from .acts import deaf, deliver, give_up, raises, resolve, sweep
from .calendar import Calendar
from .test_books import movements
from .test_pruning import erase, prune
from .test_refunds import refund, refunds, void
from .test_stateful import NewDatabase, new_database

__all__ = ["new_database"]
OLD = timedelta(days=400)
MONEY = (PaymentStatus.COMPLETED, PaymentStatus.FLAGGED)


@dataclass
class History:
    """A shop to which things happen, one payment at a time."""

    shop: Shop
    calendar: Calendar
    payment: Any = field(init=False)

    def __post_init__(self) -> None:
        self.payment = self.shop.started()

    def happens(self, what: str) -> None:
        """Let it happen to the newest payment, if it can."""
        with suppress(SandboxError, BDQuickPayError):
            WHAT[what](self)

    def next_order(self) -> None:
        self.payment = self.shop.started()

    def click(self) -> None:
        reference = self.payment.customer_reference
        self.shop.click(reference)
        self.payment = self.shop.payments(reference)[-1]

    def gateway_pays(self, amount: int | None = None, *, late: bool = False) -> None:
        completes = True if amount else None
        self.shop.gateway.pay(self.payment, amount, webhook=False, completes=completes, late=late)

    def webhook(self) -> None:
        self.shop.webhook(self.payment)

    def refused(self) -> None:
        with payment_paid.connected_to(raises(RuntimeError("no")), sender=self.shop.app):
            self.webhook()

    def unheard(self) -> None:
        with deaf(self.shop):
            self.webhook()

    def undelivered(self) -> None:
        with deaf(self.shop, payment_changed):
            self.webhook()

    def unreachable(self) -> None:
        self.shop.gateway.fault("500", endpoint="verify", times=3)
        self.webhook()
        self.shop.gateway.clear_faults()

    def void(self) -> None:
        standing = [one for one in refunds(self.shop) if one.state == "sent"]
        if standing:
            void(self.shop, standing[-1].id)


WHAT: dict[str, Callable[[History], object]] = {
    "next order": History.next_order,
    "click": History.click,
    "pays": History.gateway_pays,
    "pays another amount": lambda now: now.gateway_pays(400),
    "pays late": lambda now: now.gateway_pays(late=True),
    "fails": lambda now: now.shop.gateway.fail(now.payment, webhook=False),
    "webhook": History.webhook,
    "webhook, refused by the shop": History.refused,
    "webhook, unheard": History.unheard,
    "webhook, undelivered": History.undelivered,
    "webhook, gateway out of reach": History.unreachable,
    "comes back": lambda now: now.shop.success(now.payment),
    "cancels": lambda now: now.shop.cancel(now.payment),
    "sweep": lambda now: sweep(now.shop),
    "deliver": lambda now: deliver(now.shop),
    "accept": lambda now: resolve(now.shop, now.payment, accept=True),
    "reject": lambda now: resolve(now.shop, now.payment, accept=False),
    "give up": lambda now: give_up(now.shop, now.payment),
    "send back": lambda now: refund(now.shop, now.payment, 100),
    "void": History.void,
    "erase": lambda now: erase(now.shop, now.payment.customer_reference),
    "an hour": lambda now: now.calendar.passes(hours=1),
    "two days": lambda now: now.calendar.passes(days=2),
    "two years": lambda now: now.calendar.passes(days=730),
}
#: Half of what happens is one of these, so that payments get somewhere.
OFTEN = ("pays", "webhook", "give up", "sweep", "next order")
HISTORIES = st.lists(st.one_of(st.sampled_from(OFTEN), st.sampled_from(list(WHAT))), max_size=14)

#: What a shop's cron job does in the end, so that nothing waits any more.
TIDY = ["two days", "sweep", "deliver", "two days", "sweep", "deliver"]


@dataclass(frozen=True)
class Books:
    """All that a shop's tables hold, as plain values."""

    payments: dict[int, dict[str, Any]]
    events: dict[int, dict[str, Any]]
    refunds: dict[int, dict[str, Any]]
    ledger: list[Any]

    @classmethod
    def of(cls, shop: Shop) -> Books:
        models = shop.bdquickpay.Payment, shop.bdquickpay.PaymentEvent, shop.bdquickpay.Refund
        with shop.app.app_context():
            rows = [
                shop.db.session.execute(sa.select(model.__table__)).mappings().all()
                for model in models
            ]
            shop.db.session.rollback()
        payments, events, sent = ({row["id"]: dict(row) for row in found} for found in rows)
        return cls(payments, events, sent, movements(shop))

    def matters(self, number: int) -> bool:
        """Whether money came on a payment, left again, or a person had a say in it."""
        payment = self.payments[number]
        events = [event for event in self.events.values() if event["payment_id"] == number]
        said = [(event["gateway_answer"] or {}).get("status") for event in events]
        return (
            any(payment[name] is not None for name in ("trx_id", "received_amount", "verified_at"))
            or payment["status"] in MONEY
            or any(event["new_status"] in MONEY or event["actor"] is not None for event in events)
            or "completed" in [payment["gateway_status"], *said]
            or any(one["payment_id"] == number for one in self.refunds.values())
        )

    def waits(self, number: int) -> bool:
        """Whether somebody is still to ask about a payment, or to be told of it."""
        events = [event for event in self.events.values() if event["payment_id"] == number]
        untold = any(event["deliver_after"] is not None for event in events)
        payment = self.payments[number]
        return untold or payment["check_after"] is not None or payment["status"] == "pending"


def check_pruned(before: Books, after: Books) -> None:
    """What is gone mattered to nobody, and what is left is as it was."""
    gone = before.payments.keys() - after.payments.keys()
    assert [number for number in gone if before.matters(number) or before.waits(number)] == []
    assert after.payments == {n: row for n, row in before.payments.items() if n not in gone}
    assert after.refunds == before.refunds
    assert after.ledger == before.ledger
    lost = [row for n, row in before.events.items() if n not in after.events]
    assert {row["payment_id"] for row in lost} <= gone
    assert all(before.events[number] == row for number, row in after.events.items())


def check_thinned(before: Books, after: Books) -> None:
    """Rows of the timeline are gone that changed nothing and that nobody wrote."""
    assert (after.payments, after.refunds) == (before.payments, before.refunds)
    assert after.ledger == before.ledger
    for number, row in before.events.items():
        told = (row["new_status"], row["actor"], row["note"], row["refund_id"])
        assert number in after.events or told == (None, None, None, None), row
        assert number not in after.events or after.events[number] == row


@pytest.mark.thorough
@pytest.mark.timeout(600)  # shrinking a failure takes long
def test_whatever_happened_the_ledger_stays(
    new_database: NewDatabase, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_bdquickpay.gateway.client.VERIFY_ATTEMPTS", 1)
    more = int(os.environ.get("TEST_EXAMPLES", "0"))
    pruned: list[int] = []

    @settings(
        max_examples=more or (60 if database_uri.startswith("sqlite") else 15),
        derandomize=not more,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(HISTORIES, st.booleans())
    def search(history: list[str], tidy: bool) -> None:
        history += TIDY if tidy else []
        pruned.append(live_and_prune(new_database, monkeypatch, history))

    search()
    assert sum(pruned) > 0  # else nothing was tried


def live_and_prune(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, history: list[str]
) -> int:
    """Live through it, prune, and return how many payments were deleted."""
    server = SandboxServer(
        synchronous=True,
        app_key=KEYS["BDQUICKPAY_APP_KEY"],
        secret_key=KEYS["BDQUICKPAY_SECRET_KEY"],
    )
    with new_database() as uri, server:
        gateway = server.sandbox
        monkeypatch.setattr(pace, "monotonic", lambda: monotonic() + gateway.clock.offset)
        calendar = Calendar.kept(lambda: gateway, monkeypatch)
        shop = make_shop(uri, server, BDQUICKPAY_DELIVERY="deferred", BDQUICKPAY_WEBHOOK=False)
        now = History(shop, calendar)
        for what in history:
            now.happens(what)
        calendar.passes(days=500)
        report = check_all(shop)
        with shop.app.app_context():
            shop.db.engine.dispose()
    return report


def check_all(shop: Shop) -> int:
    before = Books.of(shop)
    told = prune(shop, OLD)
    report = prune(shop, OLD, yes=True)
    assert (report.payments, report.events) == (told.payments, told.events)
    after = Books.of(shop)
    assert len(before.payments) - len(after.payments) == report.payments
    check_pruned(before, after)
    prune(shop, OLD, what="timeline", yes=True)
    check_thinned(after, Books.of(shop))
    assert prune(shop, OLD, yes=True).payments == 0
    return report.payments

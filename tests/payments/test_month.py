"""A month of a shop, played through: whatever counts its money comes to the same poisha."""

from __future__ import annotations

import io
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from flask_bdquickpay import StatementReport
from flask_bdquickpay.clock import DHAKA
from flask_bdquickpay.desk.periods import Period
from flask_bdquickpay.desk.statistics import Statistics
from flask_bdquickpay.payments.health import Health

from ..shop import NewShop, Shop
from .acts import resolve, sweep
from .calendar import Calendar
from .test_books import movements
from .test_pruning import erase, prune
from .test_refunds import refund, void

DAYS = 30
#: What the provider takes of a payment.
FEE = Decimal("1.85") / 100
POISHA = Decimal("0.01")


@dataclass
class Month:
    """A made-up shop and what its people write into a notebook, which knows nothing of ours.

    :ivar notebook: each movement of money as (day, kind, amount).
    :ivar lines: the provider's statement, a line for each of its transactions.
    """

    shop: Shop
    calendar: Calendar
    dice: random.Random = field(default_factory=lambda: random.Random(2026))
    notebook: list[tuple[date, str, Decimal]] = field(default_factory=list)
    lines: list[tuple[datetime, str]] = field(default_factory=list)
    fees: Decimal = Decimal(0)

    @property
    def today(self) -> date:
        return self.calendar.now().astimezone(DHAKA).date()

    def note(self, kind: str, amount: Decimal | str) -> None:
        self.notebook.append((self.today, kind, Decimal(amount)))

    # The customers

    def begins(self, total: str | None = None) -> Any:
        return self.shop.started(total or f"{self.dice.randint(1_00, 9_999_99) / 100:.2f}")

    def pays(self, payment: Any, amount: str | None = None, *, late: bool = False) -> None:
        """Money moves at the provider, which writes it into its statement."""
        completes = True if amount else None
        self.shop.gateway.pay(payment, amount, webhook=False, completes=completes, late=late)
        at_gateway = self.shop.gateway.find(payment)
        came = Decimal(amount or str(payment.amount))
        fee = (came * FEE).quantize(POISHA)
        self.fees += fee
        self.write(at_gateway.trx_id, "Payment", came, fee)

    def write(
        self, trx_id: str | None, kind: str, amount: Decimal, fee: Decimal | str = ""
    ) -> None:
        now = self.calendar.now()
        when = f"{now.astimezone(DHAKA):%Y-%m-%d %H:%M:%S}"
        self.lines.append((now, f'{when},{trx_id},{kind},"{amount:,}",{fee}'))

    def buys(self, how: str) -> Any:
        """A customer pays, and the shop hears of it in one way or another."""
        payment = self.begins()
        self.calendar.passes(seconds=self.dice.randint(20, 200))
        self.pays(payment)
        self.note("payment", payment.amount)
        if how == "webhook":
            assert self.shop.webhook(payment).status_code == 200
        elif how == "return":
            self.shop.success(payment)
        else:
            self.calendar.passes(minutes=20)
            sweep(self.shop)
        return payment

    def pays_late(self) -> Any:
        """A customer comes back to the payment page an hour after it ended."""
        payment = self.begins()
        self.calendar.passes(minutes=45)
        sweep(self.shop)
        assert self.shop.payment(payment).status in ("failed", "expired")
        self.calendar.passes(hours=1)
        self.pays(payment, late=True)
        self.note("payment", payment.amount)
        self.calendar.passes(hours=3)
        sweep(self.shop)
        assert self.shop.payment(payment).status == "completed"
        return payment

    def pays_other(self, amount: str) -> Any:
        """A customer pays another amount than was asked."""
        payment = self.begins("500")
        self.pays(payment, amount)
        self.shop.webhook(payment)
        assert self.shop.payment(payment).status == "flagged"
        return payment

    # The team

    def sends_back(self, payment: Any, amount: str, trx_id: str | None, **facts: Any) -> int:
        """Money is sent with bKash's app, or in cash, and written down."""
        if trx_id is not None:
            self.write(trx_id, "Refund", Decimal(amount))
        self.note("refund", -Decimal(amount))
        self.calendar.passes(minutes=5)
        return refund(self.shop, payment, amount, trx_id=trx_id, **facts)

    def until(self, hour: int) -> None:
        """Let it become that hour in Dhaka."""
        now = self.calendar.now().astimezone(DHAKA)
        moment = now.replace(hour=hour, minute=0, second=0, microsecond=0)
        self.calendar.sleeps_until(moment if moment > now else moment + timedelta(days=1))

    def statement(self, since: int, until: int, *, apply: bool) -> StatementReport:
        """Hold the statement of some days of the month against the books."""
        first = min(day for day, *_ in self.notebook)
        days = {first + timedelta(days=number) for number in range(since, until)}
        lines = [text for when, text in self.lines if when.astimezone(DHAKA).date() in days]
        content = "\n".join(["Date,Trx ID,Type,Amount,Charge", *lines]).encode()
        with self.shop.app.app_context():
            return self.shop.bdquickpay.check_statement(io.BytesIO(content), apply=apply)

    def health(self) -> Health:
        with self.shop.app.app_context():
            return self.shop.bdquickpay.health()


@pytest.fixture
def month(new_shop: NewShop, monkeypatch: pytest.MonkeyPatch) -> Month:
    shop = new_shop(BDQUICKPAY_WEBHOOK=False, BDQUICKPAY_PUBLIC_URL="https://shop.example")
    calendar = Calendar.kept(lambda: shop.gateway, monkeypatch)
    return Month(shop, calendar)


def live_through(month: Month) -> dict[str, Any]:
    """Thirty days; the payments that are spoken of later."""
    told: dict[str, Any] = {}
    for day in range(DAYS):
        month.until(10)
        bought = [month.buys(how) for how in ("webhook", "return", "sweep")[: 1 + day % 3]]
        if day % 4 == 0:
            month.begins()  # and never comes back
        happens = HAPPENS.get(day)
        if happens is not None:
            happens(month, told, bought)
        month.until(1)  # of the next night
        sweep(month.shop)
    return told


def late(month: Month, told: dict[str, Any], bought: list[Any]) -> None:
    told["late"] = month.pays_late()


def part_back(month: Month, told: dict[str, Any], bought: list[Any]) -> None:
    told["broken"] = bought[0]
    month.sends_back(bought[0], "0.35", "BACK1")
    month.sends_back(bought[0], "0.40", None, method="cash")


def reject(month: Month, told: dict[str, Any], bought: list[Any]) -> None:
    told["rejected"] = month.pays_other("400.10")
    resolve(month.shop, told["rejected"], accept=False)
    month.note("payment", "400.10")


def owed(month: Month, told: dict[str, Any], bought: list[Any]) -> None:
    owed = month.health().refunds_owed
    assert owed.count == 1
    assert owed.oldest_seconds == pytest.approx(3 * 86400, abs=86400 / 4)
    month.sends_back(told["rejected"], "400.10", "BACK2")
    assert month.health().refunds_owed.count == 0


def accept(month: Month, told: dict[str, Any], bought: list[Any]) -> None:
    told["accepted"] = month.pays_other("650.25")
    resolve(month.shop, told["accepted"], accept=True)
    month.note("payment", "650.25")


def void_and_again(month: Month, told: dict[str, Any], bought: list[Any]) -> None:
    """A refund is written down with the amount of another one, and entered anew."""
    wrong = refund(month.shop, bought[0], "1.00", trx_id="BACK3")
    month.note("refund", "-1.00")
    void(month.shop, wrong)
    month.note("refund_void", "1.00")
    month.sends_back(bought[0], "0.50", "BACK3")


def undecided(month: Month, told: dict[str, Any], bought: list[Any]) -> None:
    told["undecided"] = month.pays_other("123.45")


HAPPENS = {
    3: late,
    5: part_back,
    8: reject,
    11: owed,
    14: accept,
    15: late,
    17: void_and_again,
    DAYS - 2: undecided,
}


def ledger(shop: Shop) -> list[tuple[date, str, Decimal]]:
    return [(moved.day, moved.kind, moved.amount) for moved in movements(shop)]


@pytest.mark.thorough
def test_month_adds_up_everywhere_and_goes_on_doing_so(month: Month) -> None:
    told = live_through(month)
    assert sorted(ledger(month.shop)) == sorted(month.notebook)
    check_statements(month, told)
    check_health(month, told)
    check_desk(month)
    check_forgetting(month)


def check_statements(month: Month, told: dict[str, Any]) -> None:
    """Two that overlap by three days stamp each movement once, and find what is undecided."""
    first = month.statement(0, 17, apply=True)
    assert first.agrees, first.exceptions
    again = month.statement(0, 17, apply=True)
    assert (again.counts, again.applied) == (first.counts, 0)
    second = month.statement(14, DAYS + 1, apply=True)
    assert {one.kind for one in second.exceptions} == {"money_not_here"}
    (exception,) = second.exceptions
    assert exception.payment_id == told["undecided"].id
    assert exception.amount == Decimal("123.45")
    rows = movements(month.shop)
    by_bkash = [row for row in rows if row.movement_trx_id and row.kind != "refund_void"]
    voided = [row for row in by_bkash if row.kind == "refund" and row.cleared_at is None]
    assert [row.amount for row in voided] == [Decimal("-1.00")]
    assert len(by_bkash) - len(voided) == first.applied + second.applied
    undecided = (Decimal("123.45") * FEE).quantize(POISHA)
    assert sum(row.fee or 0 for row in rows) == month.fees - undecided


def check_health(month: Month, told: dict[str, Any]) -> None:
    """What waits is one decision; the last day brought what the notebook says."""
    found = month.health()
    assert (found.flagged.count, found.refunds_owed.count) == (1, 0)
    assert (found.unbooked.count, found.unannounced.count) == (0, 0)
    assert found.open["pending"].count == found.open["created"].count == 0
    since = month.calendar.now() - timedelta(days=1)
    paid = [row for row in movements(month.shop) if row.kind == "payment" and row.moved_at >= since]
    assert sum(found.day.completed.values()) == len(paid) > 0


def check_desk(month: Month) -> None:
    """The desk's days hold what was accepted, as the notebook has it, but for what was rejected."""
    expected: dict[date, Decimal] = defaultdict(Decimal)
    for day, kind, amount in month.notebook:
        if kind == "payment":
            expected[day] += amount
    (rejected,) = [row for row in movements(month.shop) if row.amount == Decimal("400.10")]
    expected[rejected.day] -= rejected.amount
    first = min(expected)
    with month.shop.app.app_context():
        statistics = Statistics(month.shop.app.extensions["bdquickpay"].store)
        days = statistics.paid(Period(first, first + timedelta(days=29), monthly=False))
    assert {day.begin: day.amount for day in days if day.count} == dict(expected)


def check_forgetting(month: Month) -> None:
    """Two years later what nobody needs is forgotten, and the ledger is the same."""
    shop = month.shop
    before, unpaid = movements(shop), len([p for p in shop.payments() if p.trx_id is None])
    month.calendar.passes(days=730)
    sweep(shop)
    assert prune(shop, yes=True).payments == unpaid > 0
    prune(shop, what="timeline", yes=True)
    assert movements(shop) == before
    for payment in shop.payments():
        erase(shop, payment.customer_reference)
    emptied = {"note": "", "reason": ""}
    plain = [row.listed | emptied for row in before]
    assert [row.listed | emptied for row in movements(shop)] == plain
    assert sum(row.amount for row in movements(shop)) == sum(one[2] for one in month.notebook)

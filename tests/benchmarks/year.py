"""A year of payments in bulk: as many rows as are wanted, in the shape of a real shop's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from flask_bdquickpay.payments import reasons
from flask_bdquickpay.payments.tables import Models

from .rows import insert_each, numbered

_YEAR = timedelta(days=365)
#: Seconds from the button to the money, and from there to the webhook that tells of it.
_PAYING, _TELLING = 40, 2
#: How 100 payments end: those below the number, which no other status has.
_ENDS = ((62, "completed"), (80, "expired"), (94, "cancelled"), (100, "failed"))
_UNPAID = ("expired", "cancelled", "failed")
#: For so long money may still come on what is unpaid, and a customer may still pay.
_LATE, _PAYABLE = timedelta(days=1), timedelta(minutes=30)
#: What waits: so many of each.
FLAGGED, OWED, UNBOOKED, UNTOLD, UNDELIVERED = 20, 15, 5, 5, 25
#: A person rejected one of so many payments.
_REJECTED = 2_000


def fill(engine: sa.Engine, models: Models, count: int) -> None:
    """Add `count` payments of a year that ends now, two facts of each, and what waits."""
    payments, events = models.payment.__table__, models.event.__table__
    year = _Year(engine.dialect.name, count, datetime.now(timezone.utc), payments, events)
    with engine.begin() as connection:
        if engine.dialect.name in ("mysql", "mariadb"):
            connection.execute(sa.text("SET SESSION max_recursive_iterations = 4294967295"))
        for statement in (*year.rows(), *year.exceptions()):
            connection.execute(statement)
    _analyze(engine, payments, events)


def _analyze(engine: sa.Engine, *tables: sa.Table) -> None:
    """Have the database look at what it holds, as it does by itself in time."""
    word = {"sqlite": "ANALYZE", "postgresql": "VACUUM ANALYZE"}.get(engine.dialect.name)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            connection.execute(sa.text(f"{word or 'ANALYZE TABLE'} {table.name}"))


def plan(connection: sa.Connection, statement: str, parameters: Any) -> str:
    """Return how the database carries a statement out, a line for each step."""
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    steps = connection.exec_driver_sql(f"{explain} {statement}", parameters).mappings()
    return "\n".join(" ".join(f"{name}={cell}" for name, cell in step.items()) for step in steps)


class _Year:
    def __init__(
        self, dialect: str, count: int, now: datetime, payments: sa.Table, events: sa.Table
    ) -> None:
        self._dialect = dialect
        self._count = count
        self._now = now
        self._begin = (now - _YEAR).timestamp()
        self._step = _YEAR.total_seconds() / count
        self._payments = payments
        self._events = events

    def rows(self) -> Iterator[Any]:
        """Yield what inserts the payments and their timelines."""
        number, numbers = numbered(self._count)
        yield insert_each(self._payments, self._payment(number), numbers)
        columns = self._payments.c
        for values in (self._begun(), self._ended()):
            yield insert_each(self._events, values | {"payment_id": columns.id}, self._payments)

    def _payment(self, number: Any) -> dict[str, Any]:
        begun = (number - 1) * self._step + self._begin
        lot = number % 100
        status = sa.case(*((lot < most, word) for most, word in _ENDS))
        paid = lot < _ENDS[0][0]
        name = sa.literal("YEAR-") + sa.cast(number, sa.String(20))
        return {
            **dict.fromkeys(("token", "invoice_id", "customer_reference"), name),
            "amount": sa.cast(500, sa.Numeric(12, 2)),
            "status": status,
            "previous_status": "pending",
            "reason": sa.case((status == "failed", reasons.FAILED_AT_GATEWAY)),
            "payment_url": sa.literal("https://pay.example/") + name,
            "trx_id": sa.case((paid, name)),
            "gateway_status": status,
            "created_at": self._time(begun),
            "expires_at": self._time(begun + _PAYABLE.total_seconds()),
            "verified_at": sa.case((paid, self._time(begun + _PAYING))),
            "announced_at": sa.case((paid, self._time(begun + _PAYING + _TELLING))),
            "received_amount": sa.case((paid, sa.cast(500, sa.Numeric(12, 2)))),
            "refunded_amount": sa.cast(0, sa.Numeric(12, 2)),
            "account": "",
            "updated_at": self._time(begun + _PAYING + _TELLING),
            "order_key": sa.case((paid, name)),
            "checks": 0,
        }

    def _begun(self) -> dict[str, Any]:
        return {
            "source": "checkout",
            "old_status": "created",
            "new_status": "pending",
            "created_at": self._payments.c.created_at,
            **self._delivered(self._payments.c.created_at),
        }

    def _ended(self) -> dict[str, Any]:
        columns = self._payments.c
        told = sa.case(
            (columns.id % 10 < 8, "webhook"), (columns.id % 10 < 9, "return"), else_="sweep"
        )
        return {
            "source": sa.case((columns.status == "completed", told), else_="sweep"),
            "old_status": "pending",
            "new_status": columns.status,
            "created_at": columns.updated_at,
            **self._delivered(columns.updated_at),
        }

    def _delivered(self, when: Any) -> dict[str, Any]:
        return {"count": 1, "attempts": 1, "delivered_at": when}

    def exceptions(self) -> Iterator[Any]:
        """Yield what changes some of them: what waits for the sweep, for a person, for the shop."""
        columns, now = self._payments.c, self._now
        last = self._count
        yield self._change(
            (columns.created_at > now - _LATE) & columns.status.in_(_UNPAID),
            check_after=now + _LATE,
        )
        yield self._change(
            (columns.created_at > now - _PAYABLE) & columns.status.in_(_UNPAID),
            status="pending",
            previous_status="created",
            check_after=now + _PAYABLE,
        )
        rejected = {"status": "failed", "resolved_by": "a clerk", "reason": reasons.REJECTED}
        every = self._payments.c.id % _REJECTED == 0
        yield self._change(
            every, **rejected, received_amount=500, refunded_amount=500, order_key=None
        )
        spans = self._spans(last - 500, OWED, FLAGGED, UNBOOKED, UNTOLD)
        yield self._change(next(spans), **rejected, received_amount=500, order_key=None)
        yield self._change(next(spans), status="flagged", verified_at=now - _LATE)
        unbooked = {"status": "pending", "gateway_status": "completed", "problem": "it raised"}
        yield self._change(next(spans), **unbooked, check_after=now - _PAYABLE)
        told = {"status": "completed", "announced_at": None}
        yield self._change(next(spans), **told, check_after=now - _PAYABLE)
        waits = self._events.c.payment_id > last - UNDELIVERED
        ended = self._events.c.old_status == "pending"
        yield (
            sa.update(self._events)
            .where(waits, ended)
            .values(deliver_after=now - _PAYABLE, delivered_at=None)
        )

    def _spans(self, end: int, *sizes: int) -> Iterator[Any]:
        for size in sizes:
            yield self._payments.c.id.between(end - size + 1, end)
            end -= size

    def _change(self, which: Any, **values: Any) -> Any:
        return sa.update(self._payments).where(which).values(**values)

    def _time(self, seconds: Any) -> Any:
        """A moment as the database stores it, from seconds since 1970."""
        if self._dialect == "sqlite":
            return sa.func.strftime(
                "%Y-%m-%d %H:%M:%S.000000", sa.cast(seconds, sa.Integer), "unixepoch"
            )
        if self._dialect == "postgresql":
            return sa.func.to_timestamp(seconds)
        return sa.func.timestampadd(sa.text("MICROSECOND"), seconds * 1_000_000, "1970-01-01")

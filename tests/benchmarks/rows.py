"""What a large table costs: the same work beside many settled payments, and beside none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from .bench import Bench
from .byhand import now
from .measure import Figure
from .pages import checkout_turn
from .shops import Shop, sample_of, with_extension
from .webhooks import open_shops, repeated, to_paid

_NONE, _MANY = "none", "many"


def rows(bench: Bench) -> Iterator[Figure]:
    """Webhook, duplicate and checkout; only when a number of rows is given."""
    if not bench.rows:
        return
    figures = bench.compare("rows")
    with open_shops(bench, dict.fromkeys((_NONE, _MANY), with_extension)) as shops:
        fill(shops[_MANY], bench.rows)
        for what, turn in (
            ("webhook → paid", to_paid),
            ("duplicate", repeated),
            ("checkout", checkout_turn),
        ):
            turns = {name: turn(shop, bench.slice) for name, shop in shops.items()}
            times = bench.interleave(turns)
            name = f"{what} beside {bench.rows:,} settled payments"
            yield figures.dearer(name, times[_MANY], "beside none", times[_NONE])


def fill(shop: Shop, count: int) -> None:
    """Add settled payments with their orders and a timeline of one row each."""
    assert shop.bdquickpay is not None
    shop.pending(1)  # has a sample made
    events = shop.bdquickpay.PaymentEvent.__table__
    number, numbers = numbered(count)
    reference = sa.literal("SETTLED-") + sa.cast(number, sa.String)
    ours = dict.fromkeys(("token", "invoice_id", "trx_id", "order_key"), reference)
    settled: dict[str, Any] = ours | {"customer_reference": reference, "status": "completed"}
    settled |= {"check_after": None, "announced_at": now(), "verified_at": now()}
    delivered = {"deliver_after": None, "delivered_at": now(), "payment_id": shop.payments.c.id}
    with shop.engine.begin() as connection:
        order = {"total": 500, "status": "paid", "reference": reference}
        connection.execute(insert_each(shop.Order.__table__, order, numbers))
        payment = sample_of(shop, shop.payments) | settled
        connection.execute(insert_each(shop.payments, payment, numbers))
        event = sample_of(shop, events) | delivered
        connection.execute(insert_each(events, event, shop.payments))
    with shop.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


def numbered(count: int) -> tuple[Any, Any]:
    """The column of the numbers from 1 to `count`, and what it is selected from."""
    numbers = sa.select(sa.literal(1).label("number")).cte("numbers", recursive=True)
    more = sa.select(numbers.c.number + 1).where(numbers.c.number < count)
    numbers = numbers.union_all(more)
    return numbers.c.number, numbers


def insert_each(table: sa.Table, values: dict[str, Any], source: Any) -> Any:
    """Insert a row for each row of `source`."""
    columns = [
        value if isinstance(value, sa.ColumnElement) else sa.literal(value, table.c[name].type)
        for name, value in values.items()
    ]
    chosen = sa.select(*columns).select_from(source)
    return sa.insert(table).from_select([*values], chosen, include_defaults=False)

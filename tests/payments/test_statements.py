"""How much SQL each path takes, on each database: nobody makes it more without being seen.

Every statement counts, those that bound waits and those of the shop's own receiver included: it
reads and updates the order and inserts a line of the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..benchmarks.counts import tally
from ..benchmarks.shops import wait_for_outbox
from ..shop import NewShop, Shop
from .acts import deliver, make_due, sweep

Take = Callable[[], object]


def webhook(shop: Shop) -> Take:
    waiting = paid_there(shop)
    return lambda: shop.webhook(next(waiting))


def duplicate(shop: Shop) -> Take:
    payment = next(paid_there(shop))
    shop.webhook(payment)
    return lambda: shop.webhook(payment)


def wrong_key(shop: Shop) -> Take:
    headers = {"X-App-Key": "no"}
    return lambda: shop.client.post("/bdquickpay/webhook", json={}, headers=headers)


def success(shop: Shop) -> Take:
    waiting = paid_there(shop)
    return lambda: shop.client.get(f"/bdquickpay/success/{next(waiting).token}")


def status(shop: Shop) -> Take:
    payment = next(paid_there(shop))
    shop.webhook(payment)
    return lambda: shop.client.get(f"/bdquickpay/status/{payment.token}")


def start(shop: Shop) -> Take:
    orders = iter([shop.order() for _ in range(2)])

    def click() -> None:
        with shop.app.app_context():
            shop.bdquickpay.start(next(orders))

    return click


def swept(shop: Shop) -> Take:
    """Two payments that are paid at the gateway, and what a sweep takes besides."""
    batches = iter([list(paid_there(shop)) for _ in range(2)])
    for payment in shop.payments():
        shop.change(payment, check_after=None)

    def take() -> None:
        make_due(shop, *next(batches))
        assert sweep(shop).changed == 2

    return take


def delivery(shop: Shop) -> Take:
    """Of the news that came with a webhook; the one of the click is delivered before."""
    waiting = paid_there(shop)
    return lambda: shop.webhook(next(waiting))


def paid_there(shop: Shop) -> Iterator[Any]:
    payments = [shop.started() for _ in range(2)]
    for payment in payments:
        shop.gateway.pay(payment, webhook=False)
        shop.change(payment, asked_at=None)
    deliver(shop)
    return iter(payments)


#: Statements on SQLite, PostgreSQL and MariaDB.
PATHS: dict[Callable[[Shop], Take], tuple[int, int, int]] = {
    webhook: (6, 8, 10),
    duplicate: (1, 2, 3),
    wrong_key: (0, 0, 0),
    success: (8, 10, 12),
    status: (1, 1, 1),
    start: (10, 13, 16),
    swept: (27, 35, 43),
}
_COLUMN = {"sqlite": 0, "postgresql": 1, "mysql": 2}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_path_takes_no_more_than_it_did(new_shop: NewShop, path: Callable[[Shop], Take]) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred", BDQUICKPAY_PUBLIC_URL="https://shop.example")
    assert counted(shop, path(shop)) == PATHS[path][column(shop)]


#: The same for a webhook and the delivery of its news, by the process that took it.
DELIVERED = (8, 11, 14)


def test_delivery_takes_no_more_than_it_did(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="https://shop.example")
    assert counted(shop, delivery(shop)) == DELIVERED[column(shop)]


def counted(shop: Shop, take: Take) -> int:
    """The statements of the second time, when caches and connections are warm."""
    take()
    wait_for_outbox()
    with shop.app.app_context():
        engine = shop.db.engine
    with tally(engine) as found:
        take()
        wait_for_outbox()
    return len(found.statements)


def column(shop: Shop) -> int:
    with shop.app.app_context():
        return _COLUMN[shop.db.engine.dialect.name]

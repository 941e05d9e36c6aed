"""Counts the SQL of each path: every statement, PRAGMA and SET included, in every thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from .bench import Bench
from .measure import Count
from .pages import checkout_caller, status_caller
from .shops import EXTENSION, LISTENER, Shop, token_of, wait_for_outbox
from .sweeps import sweep
from .webhooks import open_shops
from .wsgi import caller, webhook_caller

#: How often a path is taken until caches and connections are warm, and how often it is counted.
_WARM, _COUNTED = 3, 5
#: How many payments the sweep looks at while it is counted.
_SWEPT = 200
Path = Callable[[], object]


@dataclass
class Tally:
    """What one engine executed since the tally was begun."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def note(self, *event: object) -> None:
        """Take a statement: SQLAlchemy's `before_cursor_execute`."""
        self.statements.append(str(event[2]))

    def commit(self, _: object) -> None:
        self.commits += 1


@contextmanager
def tally(engine: sa.Engine) -> Iterator[Tally]:
    """Count what an engine executes during the block."""
    found = Tally()
    sa.event.listen(engine, "before_cursor_execute", found.note)
    sa.event.listen(engine, "commit", found.commit)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", found.note)
        sa.event.remove(engine, "commit", found.commit)


def statements(bench: Bench) -> Iterator[Count]:
    """SQL per path."""
    with open_shops(bench) as shops:
        for name, shop in shops.items():
            for path, take in _paths(shop).items():
                yield _count(bench, shop, name, path, take)
        yield _sweep(bench, shops[EXTENSION])


def _paths(shop: Shop) -> dict[str, Path]:
    """What is counted in a shop; each takes a path once."""
    if shop.listens:
        return {"webhook → paid": _webhook(shop)}
    paths = {"webhook → paid": _webhook(shop), "duplicate": _duplicate(shop)}
    paths["wrong key"] = _wrong_key(shop)
    if not shop.has_pages:
        return paths
    paths["checkout"] = checkout_caller(shop)
    paths["status poll, waiting"] = status_caller(shop, paid=False)
    paths["status poll, paid"] = status_caller(shop, paid=True)
    if shop.bdquickpay is not None:
        paths["return → paid"] = _return(shop)
    return paths


def _webhook(shop: Shop) -> Path:
    call = webhook_caller(shop.app, shop.webhook_path)
    waiting = iter(shop.pending(_WARM + _COUNTED))

    def take() -> None:
        assert call(next(waiting)).code == 200
        if shop.listens:
            shop.wait_delivered(1)
            wait_for_outbox()

    return take


def _duplicate(shop: Shop) -> Path:
    call = webhook_caller(shop.app, shop.webhook_path)
    (reference,) = shop.pending(1)
    assert call(reference).code == 200
    return lambda: call(reference)


def _wrong_key(shop: Shop) -> Path:
    call = webhook_caller(shop.app, shop.webhook_path, key="a-wrong-key")
    return lambda: call("ORDER")


def _return(shop: Shop) -> Path:
    call = caller(shop.app)
    waiting = iter(shop.pending(_WARM + _COUNTED))

    def take() -> None:
        path = f"/bdquickpay/success/{token_of(next(waiting))}"
        assert call(path, b"").code == 200

    return take


def _count(bench: Bench, shop: Shop, name: str, path: str, take: Path) -> Count:
    for _ in range(_WARM):
        take()
    with tally(shop.engine) as found:
        for _ in range(_COUNTED):
            take()
    delivery = " and delivery" if name == LISTENER else ""
    subject = EXTENSION if name == LISTENER else name
    sums = (len(found.statements) / _COUNTED, found.commits / _COUNTED)
    return Count(bench.database, path + delivery, subject, *sums)


def _sweep(bench: Bench, shop: Shop) -> Count:
    shop.due(_SWEPT)
    with tally(shop.engine) as found:
        sweep(shop, 8)
    sums = (len(found.statements) / _SWEPT, found.commits / _SWEPT)
    return Count(bench.database, "sweep, per payment", EXTENSION, *sums)

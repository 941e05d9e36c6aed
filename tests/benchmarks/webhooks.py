"""Webhooks, one after the other in one thread: new ones, repeated ones, those with a wrong key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from .bench import Bench
from .measure import Figure, Turn, stopwatch
from .shops import CAREFUL, EXTENSION, LISTENER, NAIVE, Shop, by_hand, with_extension
from .wsgi import webhook_caller

Makers = Mapping[str, Callable[[str, str], Shop]]
SHOPS: Makers = {
    NAIVE: by_hand,
    CAREFUL: lambda uri, base_url: by_hand(uri, base_url, careful=True),
    EXTENSION: with_extension,
    LISTENER: lambda uri, base_url: with_extension(uri, base_url, listener=True),
}


@contextmanager
def open_shops(bench: Bench, makers: Makers = SHOPS, wait: int = 0) -> Iterator[dict[str, Shop]]:
    """Open shops, each on an empty database."""
    with ExitStack() as stack:
        shops = {}
        for name, make in makers.items():
            uri = stack.enter_context(bench.new_database())
            shops[name] = stack.enter_context(make(uri, bench.gateway.base_url(wait)))
        yield shops


def to_paid(shop: Shop, batch: int) -> Turn:
    """A turn of new webhooks, and of the delivery where the shop listens."""
    call = webhook_caller(shop.app, shop.webhook_path)

    def turn() -> float:
        references = shop.pending(batch)
        with stopwatch() as seconds:
            codes = {call(reference).code for reference in references}
            if shop.listens:
                shop.wait_delivered(batch)
        assert codes == {200}
        shop.check_paid(references)
        return seconds()

    return turn


def repeated(shop: Shop, batch: int) -> Turn:
    """A turn of webhooks about payments that a webhook has completed."""
    call = webhook_caller(shop.app, shop.webhook_path)
    references = shop.pending(batch)
    assert {call(reference).code for reference in references} == {200}

    def turn() -> float:
        with stopwatch() as seconds:
            codes = {call(reference).code for reference in references}
        assert codes == {200}
        return seconds()

    return turn


def refused(shop: Shop, batch: int) -> Turn:
    """A turn of webhooks with a wrong key."""
    call = webhook_caller(shop.app, shop.webhook_path, key="a-wrong-key")
    (reference,) = shop.pending(1)

    def turn() -> float:
        with stopwatch() as seconds:
            codes = {call(reference).code for _ in range(batch)}
        assert codes == {401}
        return seconds()

    return turn


def webhook(bench: Bench) -> Iterator[Figure]:
    """Webhook → paid, through the WSGI interface."""
    figures = bench.compare("webhook")
    with open_shops(bench) as shops:
        turns = {name: to_paid(shop, bench.slice) for name, shop in shops.items()}
        times = bench.interleave(turns)
    for name in (CAREFUL, EXTENSION, LISTENER):
        yield figures.faster(f"webhook → paid, {name}", times[name], NAIVE, times[NAIVE])


def duplicate(bench: Bench) -> Iterator[Figure]:
    """A webhook that comes again."""
    figures = bench.compare("duplicate")
    makers = {name: SHOPS[name] for name in (NAIVE, EXTENSION)}
    with open_shops(bench, makers) as shops:
        turns = {name: repeated(shop, bench.slice) for name, shop in shops.items()}
        turns["new"] = to_paid(shops[EXTENSION], bench.slice)
        times = bench.interleave(turns)
    yield figures.dearer("duplicate", times[EXTENSION], "own new one", times["new"])
    yield figures.faster("duplicate", times[EXTENSION], NAIVE, times[NAIVE])


def wrong_key(bench: Bench) -> Iterator[Figure]:
    """A webhook with a wrong key; what is logged goes nowhere, formatted."""
    figures = bench.compare("wrong-key")
    makers = {name: SHOPS[name] for name in (NAIVE, EXTENSION)}
    with open_shops(bench, makers) as shops:
        turns = {name: refused(shop, bench.slice * 3) for name, shop in shops.items()}
        times = bench.interleave(turns)
    yield figures.faster("wrong key", times[EXTENSION], NAIVE, times[NAIVE])

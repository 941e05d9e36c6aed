"""Fifty webhooks at once, with a small pool and a slow gateway."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from .bench import Bench
from .measure import Figure, Turn, interleave, stopwatch
from .shops import CAREFUL, EXTENSION, LISTENER, NAIVE, Shop, by_hand, with_extension
from .webhooks import Makers, open_shops
from .wsgi import webhook_caller

CROWD = 50
#: Milliseconds of each answer of the gateway.
WAIT = 200
_POOL: dict[str, Any] = {"SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 5, "max_overflow": 0}}
_MAKERS: Makers = {
    NAIVE: partial(by_hand, **_POOL),
    CAREFUL: partial(by_hand, careful=True, **_POOL),
    EXTENSION: partial(with_extension, **_POOL),
    LISTENER: partial(with_extension, listener=True, **_POOL),
}


def crowd(bench: Bench) -> Iterator[Figure]:
    """How much of the ideal remains, which is that all are done after one answer's time."""
    figures = bench.compare("crowd")
    with open_shops(bench, _MAKERS, wait=WAIT) as shops, ThreadPoolExecutor(CROWD) as threads:
        turns = {name: _turn(shop, threads) for name, shop in shops.items()}
        times = interleave(turns, bench.rounds)
    for name, own in times.items():
        what = f"{CROWD} webhooks at once, {name}"
        yield figures.faster(what, own, f"ideal: {WAIT} ms", [WAIT / 1000] * len(own))


def _turn(shop: Shop, threads: ThreadPoolExecutor) -> Turn:
    call = webhook_caller(shop.app, shop.webhook_path)

    def turn() -> float:
        references, gate = shop.pending(CROWD), threading.Barrier(CROWD + 1)

        def one(reference: str) -> int:
            gate.wait()
            return call(reference).code

        futures = [threads.submit(one, reference) for reference in references]
        while gate.n_waiting < CROWD:
            time.sleep(0.001)
        with stopwatch() as seconds:
            gate.wait()
            codes = [future.result() for future in futures]
            if shop.listens:
                shop.wait_delivered(CROWD)
        assert set(codes) == {200}, codes
        shop.check_paid(references)
        return seconds()

    return turn

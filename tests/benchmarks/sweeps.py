"""The sweep, with a gateway that takes its time, against the shortest time that it could take."""

from __future__ import annotations

from collections.abc import Iterator

from .bench import Bench
from .measure import Figure, Turn, interleave, stopwatch
from .shops import Shop, with_extension
from .webhooks import open_shops

#: Milliseconds of each answer of the gateway.
WAIT = 50
_CONCURRENCY = (8, 32, 64)


def sweeps(bench: Bench) -> Iterator[Figure]:
    """Payments that are due, all of which turn out to be paid."""
    figures, rounds = bench.compare("sweep"), bench.few_rounds
    makers = {str(number): with_extension for number in _CONCURRENCY}
    with open_shops(bench, makers, wait=WAIT) as shops:
        turns = {name: _turn(shop, bench.due, int(name)) for name, shop in shops.items()}
        times = interleave(turns, rounds)
    for number in _CONCURRENCY:
        ideal = [bench.due * WAIT / 1000 / number] * rounds
        name = f"sweep of {bench.due:,} x {WAIT} ms, {number} at once"
        yield figures.dearer(name, times[str(number)], "n x latency / concurrency", ideal)


def _turn(shop: Shop, due: int, concurrency: int) -> Turn:
    def turn() -> float:
        references = shop.due(due)
        with stopwatch() as seconds:
            sweep(shop, concurrency)
        shop.check_paid(references)
        return seconds()

    return turn


def sweep(shop: Shop, concurrency: int) -> None:
    """Sweep once; every payment must be settled."""
    assert shop.bdquickpay is not None
    with shop.app.app_context():
        report = shop.bdquickpay.reconcile(concurrency=concurrency)
    assert report.errors == 0, report

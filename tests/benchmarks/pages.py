"""The customer's side: the page with the button, checkout, the status poll."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

from flask_bdquickpay.payments import settlement

from .bench import Bench
from .byhand import now
from .measure import Figure, Turn, stopwatch
from .shops import EXTENSION, NAIVE, Shop, token_of
from .webhooks import SHOPS, open_shops
from .wsgi import Answer, caller

_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
_FORM = "application/x-www-form-urlencoded"
#: What the pages are compared with.
BY_HAND = "by hand"
#: So many more of what is quickly done.
_SHORT = 5
_MAKERS = {name: SHOPS[name] for name in (NAIVE, EXTENSION)}


def button(bench: Bench) -> Iterator[Figure]:
    """An order's page with the pay button, against a plain template with a form."""
    yield from _dearer(bench, "button", "page with the button", _page_turn)


def checkout(bench: Bench) -> Iterator[Figure]:
    """A click on the button, up to the redirect to the gateway."""
    yield from _dearer(bench, "checkout", "checkout", checkout_turn)


def status(bench: Bench) -> Iterator[Figure]:
    """A poll of the page that waits."""
    for word, paid in (("waiting", False), ("paid", True)):

        def turn(shop: Shop, batch: int, paid: bool = paid) -> Turn:
            return _status_turn(shop, batch, paid)

        yield from _dearer(bench, "status", f"status poll, {word}", turn)


def _dearer(
    bench: Bench, suite: str, name: str, turn: Callable[[Shop, int], Turn]
) -> Iterator[Figure]:
    with open_shops(bench, _MAKERS) as shops:
        turns = {name: turn(shop, bench.slice) for name, shop in shops.items()}
        times = bench.interleave(turns)
    yield bench.compare(suite).dearer(name, times[EXTENSION], BY_HAND, times[NAIVE])


# One turn


def _page_turn(shop: Shop, batch: int) -> Turn:
    call = caller(shop.app)
    (reference,) = shop.orders(1)
    return _repeat(lambda: call(f"/orders/{reference}", b"").code, 200, batch * _SHORT)


def _status_turn(shop: Shop, batch: int, paid: bool) -> Turn:
    call = status_caller(shop, paid=paid)
    return _repeat(lambda: call().code, 200, batch * _SHORT)


def _repeat(take: Callable[[], int], code: int, batch: int) -> Turn:
    def turn() -> float:
        with stopwatch() as seconds:
            codes = {take() for _ in range(batch)}
        assert codes == {code}
        return seconds()

    return turn


def checkout_turn(shop: Shop, batch: int) -> Turn:
    """A turn of clicks on the buttons of new orders."""
    click = _clicker(shop)

    def turn() -> float:
        references = shop.orders(batch)
        with stopwatch() as seconds:
            codes = {click(reference).code for reference in references}
        assert codes == {303}
        return seconds()

    return turn


# One request


def status_caller(shop: Shop, *, paid: bool) -> Callable[[], Answer]:
    """What polls the status of a payment. Of one that waits the gateway has just been asked."""
    asked = {} if shop.bdquickpay is None or paid else {"asked_at": now()}
    settlement.ASKING_PAUSE = timedelta(days=1)  # so long is "just now" here
    (reference,) = shop.pending(1, **asked, **({"status": "completed"} if paid else {}))
    path = f"/status/{reference}" if shop.bdquickpay is None else _ours("status", reference)
    call = caller(shop.app)
    return lambda: call(path, b"")


def _ours(endpoint: str, reference: str) -> str:
    return f"/bdquickpay/{endpoint}/{token_of(reference)}"


def checkout_caller(shop: Shop) -> Callable[[], Answer]:
    """What clicks on the button of a new order."""
    click = _clicker(shop)
    return lambda: click(shop.orders(1)[0])


def _clicker(shop: Shop) -> Callable[[str], Answer]:
    """A customer who has opened a page, and clicks on the button of any order."""
    page = caller(shop.app)(f"/orders/{shop.orders(1)[0]}", b"")
    token = _TOKEN.search(page.body)
    assert token is not None, page
    cookie = next(value for name, value in page.headers if name == "Set-Cookie")
    headers = {"Cookie": cookie.partition(";")[0], "Content-Type": _FORM}
    call = caller(shop.app, "POST", **headers)
    body = urlencode({"csrf_token": token[1].decode()}).encode()
    prefix = "/checkout" if shop.bdquickpay is None else "/bdquickpay/checkout"
    return lambda reference: call(f"{prefix}/{reference}", body)

"""Behind each server a customer buys, webhooks come all at once, and it stops cleanly."""

from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from flask_bdquickpay.sandbox.records import Payment
from flask_bdquickpay.sandbox.server import SandboxServer

from ..project.recipes.bench import csrf_token
from .serving import SERVERS, Served, Server, listens, serving

ORDERS = [f"order-{number}" for number in range(6)]
#: One in the quick round; the others prove the same for other servers.
CHOSEN = [
    pytest.param(
        server,
        id=server.name,
        marks=[] if server.name == "gunicorn-sync" else [pytest.mark.thorough],
    )
    for server in SERVERS
]


@pytest.mark.parametrize("one", CHOSEN)
def test_it_sells_takes_webhooks_at_once_and_stops(
    one: Server, tmp_path: Path, server: SandboxServer
) -> None:
    with serving(one, tmp_path, server, ["first", *ORDERS]) as shop:
        buys(shop, server)
        pays_once_however_many_webhooks_come(shop, server)
        port = urlsplit(shop.home).port
        assert port is not None
        assert shop.stopped(one.stop) in (0, -one.stop)
        assert not listens(port)
        assert "Traceback" not in shop.log.read_text()


def buys(shop: Served, server: SandboxServer) -> None:
    """Button, payment page, webhook, return: over HTTP alone."""
    browser = requests.Session()
    payment = pressed(shop, server, "first", browser)
    back = server.sandbox.pay(payment).return_url
    assert server.sandbox.deliveries[-1].status_code == 200
    page = browser.get(back, timeout=30)
    assert page.url == f"{shop.home}/orders/first"
    assert page.text.strip() == "paid"


def pressed(
    shop: Served, server: SandboxServer, reference: str, browser: requests.Session
) -> Payment:
    """Press the button of an order; return the payment at the gateway."""
    page = browser.get(f"{shop.home}/orders/{reference}", timeout=30).text
    form = {"csrf_token": csrf_token(page)}
    there = browser.post(f"{shop.home}/bdquickpay/checkout/{reference}", data=form, timeout=30)
    assert there.url.startswith(server.url), there.text
    (payment,) = (one for one in server.sandbox.payments if one.customer_reference == reference)
    return payment


def pays_once_however_many_webhooks_come(shop: Served, server: SandboxServer) -> None:
    payments = [pressed(shop, server, name, requests.Session()) for name in ORDERS]
    for payment in payments:
        server.sandbox.pay(payment, webhook=False)
    header = {"X-App-Key": server.sandbox.app_key}

    def webhook(payment: Payment) -> int:
        event = {"event": "payment.completed", "invoice_id": payment.invoice_id}
        url = f"{shop.home}/bdquickpay/webhook"
        return requests.post(url, json=event, headers=header, timeout=30).status_code

    with ThreadPoolExecutor(8) as gateway:
        answers = list(gateway.map(webhook, payments * 4))
    assert answers == [200] * len(answers)
    assert completions(shop) == dict.fromkeys(["first", *ORDERS], 1)
    for name in ORDERS:
        assert requests.get(f"{shop.home}/orders/{name}", timeout=30).text.strip() == "paid"


def completions(shop: Served) -> dict[str, int]:
    """How often each order's payment was completed."""
    asked = (
        "SELECT customer_reference, count(*) FROM bdquickpay_payment_event AS event "
        "JOIN bdquickpay_payment AS payment ON payment.id = event.payment_id "
        "WHERE new_status = 'completed' GROUP BY customer_reference"
    )
    with closing(sqlite3.connect(shop.database)) as database:
        return dict(database.execute(asked).fetchall())


def test_the_page_of_what_is_supported_names_each_server() -> None:
    page = (Path(__file__).parents[2] / "docs" / "support.md").read_text(encoding="utf-8")
    named = set(re.findall(r"test_servers\.py::\w+\[([\w-]+)\]", page))
    assert named == {server.name for server in SERVERS}

"""The example shop as somebody sees it who tries it out: the tour, the open desk, the sandbox."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

import example_shop
from example_shop.models import db

from .storefront import Customer, Store, text

ROOT = Path(example_shop.__file__).parents[1]


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The shop as it starts without any setting."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    app = example_shop.create_app(instance_path=str(tmp_path))
    yield Store(app, tmp_path)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visitor(demo: Store) -> Customer:
    return demo.customer()


def tour(visitor: Customer, url: str = "/", **request: Any) -> dict[str, str]:
    """What the bar of a page leads to, by the word that it says."""
    html = visitor.client.get(url, **request).text
    bar = re.search(r'<aside class="demo".*?</aside>', html, re.DOTALL)
    assert bar is not None
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', bar[0])
    return {words: address for address, words in links}


@pytest.mark.parametrize("url", ["/", "/cart", "/my-orders", "/outbox", "/nothing"])
def test_every_page_leads_to_what_there_is_to_see(visitor: Customer, url: str) -> None:
    places = tour(visitor, url)
    assert list(places) == ["Shop", "Sandbox", "Desk", "Mails"]
    assert "Sandbox" in requests.get(places["Sandbox"], timeout=5).text
    for name in ("Shop", "Desk", "Mails"):
        assert visitor.get(places[name]).status_code == 200


def test_the_tour_knows_the_order_at_hand(visitor: Customer) -> None:
    visitor.place("tea")
    assert tour(visitor)["Your order: not paid yet"] == visitor.order
    page = requests.get(visitor.pay(), timeout=5).text
    assert "Shapla Store" in page
    assert "Sandbox shop" not in page


def test_the_desk_shows_the_payments_of_the_demo(demo: Store, visitor: Customer) -> None:
    visitor.place("tea")
    visitor.pay()
    (payment,) = demo.payments()
    assert payment.invoice_id in visitor.get(f"/admin/bkash/payments/{payment.id}").text
    visitor.get("/?lang=bn")
    assert visitor.get("/admin/bkash/").status_code == 200


@pytest.mark.parametrize(
    "somebody",
    [
        {"environ_overrides": {"REMOTE_ADDR": "192.168.0.7"}},
        {"base_url": "http://shop.example.com"},
    ],
)
def test_the_desk_is_for_this_machine_alone(visitor: Customer, somebody: dict[str, Any]) -> None:
    assert visitor.client.get("/admin/bkash/", **somebody).status_code == 403
    assert list(tour(visitor, "/", **somebody)) == ["Shop", "Mails"]


def test_beside_a_real_gateway_there_is_no_open_desk(open_store: Callable[..., Store]) -> None:
    customer = open_store().customer()
    assert customer.get("/admin/bkash/").status_code == 404
    assert list(tour(customer)) == ["Shop", "Mails"]


def test_without_flask_admin_the_tour_has_no_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("example_shop.find_spec", lambda name: None)
    app = example_shop.create_app(instance_path=str(tmp_path))
    assert list(tour(Customer(app.test_client()))) == ["Shop", "Sandbox", "Mails"]
    with app.app_context():
        db.engine.dispose()


def test_a_page_of_the_shop_without_a_demo_says_nothing_of_it(
    open_store: Callable[..., Store],
) -> None:
    customer = open_store(DEMO=False).customer()
    assert "Demo" not in text(customer.get("/"))


def test_a_database_of_an_older_version_is_named_before_anybody_is_served(
    demo: Store, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as connection:
        connection.execute("ALTER TABLE shop_order DROP COLUMN branch")
    factory = f"example_shop:create_app(instance_path={str(tmp_path)!r})"
    started = subprocess.run(
        [sys.executable, "-m", "flask", "--app", factory, "run", "--port", "0"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode == 1
    said = started.stderr.splitlines()[-1]
    assert said.startswith("Error: The database sqlite:///")
    assert "lacks shop_order.branch. " in said
    assert "Traceback" not in started.stderr

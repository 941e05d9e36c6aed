"""HEAD, OPTIONS and prefetches: nobody meant them, so nothing happens."""

from __future__ import annotations

from typing import Any

import pytest

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop

PREFETCHES = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"Purpose": "Preview"},
    {"X-Purpose": "preview"},
    {"X-Moz": "prefetch"},
]
WAYS: list[dict[str, Any]] = [
    {"method": "HEAD"},
    {"method": "OPTIONS"},
    *({"method": "GET", "headers": headers} for headers in PREFETCHES),
]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("path", ["success/{token}", "cancel/{token}", "status/{token}",
                                  "checkout/{customer_reference}", "checkout/4711"])  # fmt: skip
def test_request_that_nobody_meant_changes_nothing(
    shop: Shop, path: str, way: dict[str, Any]
) -> None:
    asked: list[str] = []
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    before = (vars(shop.payment(payment)), len(shop.events()), len(shop.gateway.requests))
    shop.bdquickpay.order_loader(asked.append)
    shop.bdquickpay.return_handler(lambda payment: asked.append(payment.token))
    answer = shop.client.open(f"/bdquickpay/{path.format(**vars(payment))}", **way)
    assert (answer.status_code, answer.data) == (200 if "headers" not in way else 503, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    after = (vars(shop.payment(payment)), len(shop.events()), len(shop.gateway.requests))
    for row in (before[0], after[0]):
        row.pop("_sa_instance_state")
    assert after == before
    assert asked == []


@pytest.mark.thorough
def test_prefetched_styles_are_served(shop: Shop) -> None:
    """They are the order page's, which may well be prefetched."""
    for way in WAYS[2:]:
        with shop.client.open("/bdquickpay/static/button.css", **way) as answer:
            assert answer.status_code == 200


def test_webhook_is_none_of_these(shop: Shop) -> None:
    answer = shop.client.post("/bdquickpay/webhook", headers={"Purpose": "prefetch"})
    assert answer.status_code == 401


def test_real_request_is_answered_after_a_prefetch(shop: Shop) -> None:
    payment, client = shop.started(), shop.client
    url = f"/bdquickpay/cancel/{payment.token}"
    client.get(url, headers={"Sec-Purpose": "prefetch"})
    assert shop.payment(payment).status == "pending"
    client.get(url, headers={"Sec-Purpose": ""})
    assert shop.payment(payment).status == "cancelled"

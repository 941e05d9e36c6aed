"""The shop's address in a payment's URLs: when it is still the same shop, and when another."""

from __future__ import annotations

import pytest

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import NewShop

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SHOP, "http://shop.example"),
        ("http://shop.example", SHOP),
        (SHOP, "https://shop.example:443"),
        ("http://shop.example:80", SHOP),
        ("https://shop.example:8443", "http://shop.example:8443"),
    ],
)
def test_same_host_is_sent_to_the_payment_that_has_begun(
    new_shop: NewShop, before: str, after: str
) -> None:
    shop, later = new_shop(BDQUICKPAY_PUBLIC_URL=before), new_shop(BDQUICKPAY_PUBLIC_URL=after)
    payment = shop.started()
    assert later.click(payment.customer_reference).location == payment.payment_url
    assert len(shop.gateway.payments) == 1


@pytest.mark.parametrize(
    "after", ["https://shop.example:8443", "https://www.shop.example", "https://shop.example.net"]
)
def test_other_host_or_port_gets_a_payment_of_its_own(new_shop: NewShop, after: str) -> None:
    shop, moved = new_shop(BDQUICKPAY_PUBLIC_URL=SHOP), new_shop(BDQUICKPAY_PUBLIC_URL=after)
    payment = shop.started()
    assert moved.click(payment.customer_reference).location != payment.payment_url
    assert len(shop.gateway.payments) == 2


def test_job_that_knows_no_scheme_and_its_customer_share_a_payment(new_shop: NewShop) -> None:
    shop = new_shop(SERVER_NAME="shop.example", WTF_CSRF_ENABLED=False)
    path = f"/bdquickpay/checkout/{shop.order()}"
    for _ in range(2):
        with shop.app.app_context():
            told = shop.bdquickpay.start("1").payment_url
        assert shop.client.post(path, base_url=SHOP).location == told
    assert len(shop.gateway.payments) == 1


def test_host_is_the_same_however_a_request_writes_it(new_shop: NewShop) -> None:
    shop = new_shop(WTF_CSRF_ENABLED=False)
    path = f"/bdquickpay/checkout/{shop.order()}"
    for address in ("http://shop.example", "http://SHOP.example", "https://Shop.example:443"):
        assert shop.client.post(path, base_url=address).status_code == 303
    assert len(shop.gateway.payments) == 1

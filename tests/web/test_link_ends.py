"""What messengers make of the end of a payment link."""

from __future__ import annotations

import pytest

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from .buyers import Buyer, buyer, link_of, words

ENDS = [
    *("/", "/?x=1", "&fbclid=Iw-1.x", "&a=1/2&b=%20", "%3Fx=1", "%26x=1"),
    *(
        "%20",
        "%C2%A0",
        "%E2%80%8B",
        "%E2%80%8E",
        "%E2%81%A0",
        "%E2%80%8D",
        "%EF%BB%BF",
        "_",
        "~",
        "._",
        ")/",
        "_%3Fx=1",
    ),
]


@pytest.mark.parametrize("end", ENDS)
def test_link_opens_with_what_was_appended(shop: Shop, end: str) -> None:
    url = link_of(shop, shop.order("1250.50"))
    page = shop.client.get(f"{url}{end}")
    assert page.status_code == 200
    assert "৳1,250.50" in words(page)


@pytest.mark.parametrize("end", ["&fbclid=Iw-1.x", "%E2%80%8B", "%E2%80%8E", "%E2%81%A0"])
def test_order_is_paid_there_as_well(shop: Shop, end: str) -> None:
    reference = shop.order()
    assert Buyer(shop, f"{link_of(shop, reference)}{end}").press().status_code == 303
    assert len(shop.payments(reference)) == 1


@pytest.mark.parametrize("end", ["&amount=1", "%3Famount=1"])
def test_amount_that_was_appended_counts_for_nothing(shop: Shop, end: str) -> None:
    opened = Buyer(shop, f"{buyer(shop, shop.order()).path}{end}")
    assert opened.post({}).status_code == 400
    assert opened.post({"amount": "1"}).status_code == 409
    assert shop.payments() == []

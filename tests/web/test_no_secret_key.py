"""A shop that was deployed without a SECRET_KEY: its customers see a page, its log says why."""

from __future__ import annotations

import pytest

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import NewShop, Shop
from .buyers import Buyer, link_of, words


@pytest.fixture
def keyless(new_shop: NewShop) -> Shop:
    return new_shop(SECRET_KEY=None)


@pytest.fixture
def opened(new_shop: NewShop, keyless: Shop) -> Buyer:
    """Who opens a link that was made while the shop had its key."""
    before = new_shop()
    return Buyer(keyless, link_of(before, before.order()))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_link_opens_a_page_that_says_whose_fault_it_is(opened: Buyer, method: str) -> None:
    page = opened.open(method)
    assert page.status_code == 503
    assert "We cannot take payments just now" in words(page)
    assert "No money was taken" in words(page)


def test_link_has_the_log_say_what_to_set(opened: Buyer, caplog: pytest.LogCaptureFixture) -> None:
    page = opened.open()
    assert "Set SECRET_KEY" in caplog.text
    assert "SECRET_KEY" not in page.text


def test_click_opens_a_page_of_ours(keyless: Shop) -> None:
    page = keyless.client.post(f"/bdquickpay/checkout/{keyless.order()}")
    assert page.status_code == 500
    assert "No money was taken" in words(page)
    assert "Traceback" not in page.text
    assert keyless.payments() == keyless.gateway.requests == []


def test_click_has_the_log_say_what_is_missing(
    keyless: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    keyless.client.post(f"/bdquickpay/checkout/{keyless.order()}")
    assert "A secret key is required" in caplog.text


def test_who_has_paid_is_shown_the_receipt(keyless: Shop) -> None:
    with keyless.app.test_request_context():
        keyless.bdquickpay.start(keyless.order())
    (payment,) = keyless.payments()
    keyless.gateway.pay(payment, webhook=False)
    assert "Payment successful" in keyless.success(payment).text

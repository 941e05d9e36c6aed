"""What others wrote, the gateway or a visitor, turns and hides nothing on a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..shop import Shop

TURNS = "\u202etxen\u202c"  # shows the letters in between from right to left
HOSTILE = f"{TURNS}\u2066\x85\x9b31m\u200f\n\x07<b>"


def is_clean(page: str) -> bool:
    return not any(letter in page for letter in HOSTILE if not letter.isascii() or letter == "\x07")


@pytest.mark.parametrize("language", ["en", "bn"])
def test_reasons_and_transactions_are_plain(new_shop: Callable[..., Shop], language: str) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=language)
    payment = shop.started()
    reason = f"the gateway's payment is for another order: {HOSTILE}"
    shop.change(payment, status="flagged", reason=reason, trx_id=f"8HJ{TURNS}", order_key=None)
    page = shop.success(payment)
    assert is_clean(page.text)
    assert "8HJ" in page.text
    assert "txen" in page.text
    assert "<b>" not in page.text
    shop.change(payment, reason=f"some other reason {HOSTILE}")
    assert is_clean(shop.success(payment).text)


def test_references_are_plain(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, customer_reference=f"1{HOSTILE}", order_key=None)
    for page in (shop.success(payment), shop.cancel(payment)):
        assert is_clean(page.text)
    answer = shop.client.post("/bdquickpay/checkout/1%E2%80%AEtxen%C2%9B")
    assert answer.status_code == 400
    assert is_clean(answer.text)
    assert "txen" in answer.text


def test_bangla_keeps_its_joiners(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, customer_reference="র\u200d্যাক-১", order_key=None)
    assert "র\u200d্যাক-১" in shop.success(payment).text

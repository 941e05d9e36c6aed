"""A page is judged and rendered from one read, though the payment moves in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import before_render_template

from ..shop import Shop


def meanwhile(shop: Shop, page: Callable[[Any], Any], payment: Any, move: Callable[[], Any]) -> Any:
    """Load a page; between its judgement and its first word somebody else moves the payment."""
    moved: list[Any] = []

    def rival(app: Any, **_: Any) -> None:
        if not moved:
            moved.append(None)
            thread = threading.Thread(target=lambda: moved.append(move()))
            thread.start()
            thread.join(30)

    with before_render_template.connected_to(rival, sender=shop.app):
        answer = page(payment)
    assert len(moved) == 2, "the rival did not move it"
    return answer


def test_payment_that_is_paid_meanwhile_is_not_offered_again_as_received(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.change(payment, status="cancelled")
    shop.gateway.fault("answer", endpoint="verify", status=404, body='{"status": false}')
    page = meanwhile(shop, shop.cancel, payment, lambda: shop.webhook(payment))
    assert shop.payment(payment).status == "completed"
    assert page.status_code == 200
    assert "Payment cancelled" in page.text
    assert "Payment successful" not in page.text


def test_payment_that_is_taken_up_again_meanwhile_is_a_page(shop: Shop) -> None:
    payment = shop.started()
    page = meanwhile(shop, shop.cancel, payment, lambda: shop.click(payment.customer_reference))
    assert shop.payment(payment).status == "pending"
    assert page.status_code == 200
    assert "Payment cancelled" in page.text


def test_confirming_page_of_a_payment_that_is_paid_meanwhile_still_waits(shop: Shop) -> None:
    payment = shop.started()

    def pay() -> None:
        shop.gateway.pay(payment, webhook=False)
        shop.webhook(payment)

    page = meanwhile(shop, shop.success, payment, pay)
    assert shop.payment(payment).status == "completed"
    assert "Confirming your payment" in page.text
    assert f"/bdquickpay/status/{payment.token}" in page.text  # which soon tells

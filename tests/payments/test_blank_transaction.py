"""A transaction id of blanks is none: it proves no money."""

from __future__ import annotations

from typing import Any

import pytest

from ..gateway import hostile as gw
from ..shop import Shop

BLANKS = [" ", "   ", "\u00a0", "\u3000"]


def answered(payment: Any, trx_id: str) -> dict[str, Any]:
    """What the gateway says of a payment that has been paid."""
    facts = {"invoice_id": payment.invoice_id, "customer_reference": payment.customer_reference}
    paid = {"transaction": gw.TRANSACTION | {"trx_id": trx_id}}
    return gw.verified(gw.COMPLETED | facts | paid)


@pytest.mark.parametrize("blank", BLANKS)
def test_payment_whose_transaction_is_blank_is_not_booked(shop: Shop, blank: str) -> None:
    payment = shop.started()
    shop.gateway.fault("answer", endpoint="verify", body=answered(payment, blank), times=None)
    assert shop.webhook(payment).status_code == 503
    payment = shop.payment(payment)
    assert (payment.status, payment.trx_id, payment.received_amount) == ("pending", None, None)
    assert shop.ledger() == []


def test_payment_whose_transaction_says_something_is_booked(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("answer", endpoint="verify", body=answered(payment, "8HJ2XKPQ91"))
    assert shop.webhook(payment).status_code == 200
    assert shop.payment(payment).trx_id == "8HJ2XKPQ91"

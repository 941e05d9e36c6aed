"""How many payments were announced by a webhook, in numbers."""

from __future__ import annotations

import pytest

from flask_bdquickpay import doctor

from ..databases import on_sqlite
from ..shop import Shop
from .patients import OK, WARNING, check
from .test_upkeep import completed


@pytest.mark.thorough
@on_sqlite
@pytest.mark.parametrize(
    ("announced", "completions", "state", "said"),
    [
        (10, 10, OK, "Webhooks for 10 of the 10 payments completed in the last 7 days (100%)"),
        (9, 10, OK, "Webhooks for 9 of the 10 payments completed in the last 7 days (90%)"),
        (8, 9, WARNING, "Webhooks for 8 of the 9 payments completed in the last 7 days (88%)"),
        (1, 6, WARNING, "Webhooks for 1 of the 6 payments completed in the last 7 days (16%)"),
        (1, 4, OK, "Webhooks for 1 of the 4 payments completed in the last 7 days (25%)"),
    ],
)
def test_share_of_payments_that_a_webhook_announced(
    shop: Shop, announced: int, completions: int, state: doctor.Level, said: str
) -> None:
    completed(shop, "webhook", announced)
    completed(shop, "sweep", completions - announced)
    result = check(shop, "webhooks seen")
    assert result.state == state
    assert result.message.startswith(said)
    assert (state == WARNING) == ("bdQuickPay's webhook log" in result.message)

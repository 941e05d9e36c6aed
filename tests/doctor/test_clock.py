"""The clock beside the gateway's, right and wrong; the wrong one says the cure."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime

import pytest

from flask_bdquickpay import doctor
from flask_bdquickpay.clock import utcnow

from ..databases import on_sqlite
from ..gateway.hostile import answer, hostile
from ..shop import NewShop, Shop
from .patients import OK, RED, WARNING, check

UNKNOWN = {"status": False, "message": "Invoice not found."}


@on_sqlite
def test_a_time_that_was_never_told_is_not_known(shop: Shop) -> None:
    result = check(shop, "clock")
    assert result.state == OK
    assert result.message.startswith("Not known")


@on_sqlite
@pytest.mark.parametrize(
    ("ahead", "state", "said"),
    [
        (0, OK, "As the gateway's, within 1 s."),
        (-25, OK, "As the gateway's, within 2[456] s."),
        (45, WARNING, "0:00:4[345] behind the gateway's"),
        (-45, WARNING, "0:00:4[456] ahead of the gateway's"),
        (290, WARNING, "0:04:(48|49|50) behind"),
        (400, RED, "0:06:(38|39|40) behind the gateway's"),
        (-400, RED, "0:06:(39|40|41) ahead of the gateway's"),
        (-86400 * 3, RED, "days?, .* ahead of the gateway's"),
    ],
)
def test_the_difference_to_the_gateways_clock(
    new_shop: NewShop, ahead: int, state: doctor.Level, said: str
) -> None:
    date = format_datetime(utcnow() + timedelta(seconds=ahead), usegmt=True)
    with hostile(answer(UNKNOWN, 404, f"Date: {date}\r\n")) as gateway:
        shop = new_shop(BDQUICKPAY_BASE_URL=gateway.base_url)
        assert check(shop, "gateway").state == OK
    result = check(shop, "clock")
    assert result.state == state
    assert re.search(said, result.message), result.message
    assert state == OK or "timedatectl set-ntp true" in result.message

"""The dashboard where little was cleared, or where its days are still to come."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from flask_bdquickpay.clock import utcnow

from ..shop import Shop
from .test_refunds import tiles_of
from .visits import DHAKA, URL, paid


def cleared_share(desk: FlaskClient) -> str:
    value, hint = tiles_of(desk)["Cleared, 30 days"]
    assert value.startswith("৳")
    return hint.removesuffix(" of it is in a statement")


@pytest.mark.parametrize("amount", ["0.50", "0.01", "0.99"])
def test_less_than_one_taka_that_is_cleared_is_all(
    shop: Shop, desk: FlaskClient, amount: str
) -> None:
    paid(shop, amount=Decimal(amount), cleared_at=utcnow())
    assert cleared_share(desk) == "100%"


@pytest.mark.parametrize(
    ("cleared", "waiting", "share"),
    [
        ("500.00", "0.50", "over 99%"),
        ("0.50", "500.00", "under 1%"),
        ("0.50", "0.50", "50%"),
        ("1.50", "0.50", "75%"),
    ],
)
def test_share_that_is_cleared_is_that_of_the_poisha(
    shop: Shop, desk: FlaskClient, cleared: str, waiting: str, share: str
) -> None:
    paid(shop, amount=Decimal(cleared), cleared_at=utcnow())
    paid(shop, amount=Decimal(waiting))
    assert cleared_share(desk) == share


# Days that are still to come


def today() -> date:
    return utcnow().astimezone(DHAKA).date()


def shown(desk: FlaskClient, since: int, until: int) -> str:
    """The dashboard of some days, which are counted from today."""
    first, last = (today() + timedelta(days=n) for n in (since, until))
    page = desk.get(f"{URL}/?since={first}&until={last}")
    assert page.status_code == 200
    return page.text


@pytest.mark.parametrize("until", [0, 1, 5, 400])
def test_today_is_today_when_the_days_end_later(shop: Shop, desk: FlaskClient, until: int) -> None:
    paid(shop, amount=Decimal(500))
    paid(shop, amount=Decimal(70), verified_at=utcnow() - timedelta(days=1))
    text = " ".join(shown(desk, -5, until).split())
    assert '<dt>Today</dt> <dd class="big">৳500.00<' in text
    assert "Yesterday: ৳70.00" in text


@pytest.mark.parametrize(("since", "until"), [(1, 5), (-5, -1)])
def test_days_without_today_have_none(
    shop: Shop, desk: FlaskClient, since: int, until: int
) -> None:
    paid(shop, amount=Decimal(500))
    assert "<dt>Today</dt>" not in shown(desk, since, until)

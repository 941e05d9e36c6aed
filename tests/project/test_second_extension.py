"""One app has one `BDQuickPay`: a second one is refused before it replaces anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_bdquickpay import BDQuickPay, ConfigurationError

from ..shop import Shop

pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


def again(shop: Shop) -> None:
    shop.bdquickpay.init_app(shop.app)


def another(shop: Shop) -> None:
    BDQuickPay(shop.app)


def another_with_the_database(shop: Shop) -> None:
    BDQuickPay().init_app(shop.app, shop.db)


@pytest.mark.parametrize("second", [again, another, another_with_the_database])
def test_it_is_refused_with_what_to_do(shop: Shop, second: Callable[[Shop], None]) -> None:
    before = (shop.app.extensions["bdquickpay"], list(shop.app.url_map.iter_rules()))
    with pytest.raises(ConfigurationError, match=r"Call init_app\(app\) once"):
        second(shop)
    assert (shop.app.extensions["bdquickpay"], list(shop.app.url_map.iter_rules())) == before


def test_the_first_one_goes_on(shop: Shop) -> None:
    second = BDQuickPay()
    second.order_loader(lambda _reference: None)
    with pytest.raises(ConfigurationError):
        second.init_app(shop.app)
    payment = shop.started()
    shop.gateway.pay(payment)
    assert shop.webhook(payment).status_code == 200
    assert shop.ledger() == [(payment.id, payment.customer_reference)]


def test_other_apps_may_have_theirs(new_shop: Callable[..., Shop]) -> None:
    one, other = new_shop(), new_shop()
    one.bdquickpay.init_app(bare := other.app.__class__("tests.third"), one.db)
    assert bare.extensions["bdquickpay"].hooks is one.app.extensions["bdquickpay"].hooks

"""References that stand in our URLs: what comes back is what was meant, or it is refused."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.routing import Map, Rule

from flask_bdquickpay import InvalidPaymentRequest, OrderNotFoundError, PaymentRequest
from flask_bdquickpay.payments.hooks import fault_of

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop

BANGLA = ["বই-১", "র\u200d্যাক-১", "ইহ্\u200cতিশাম-১", "হঠাৎ্\u200c"]
FINE = ["A-1", "2026/001", "a&b=c?d#e", "1%2F2", "%2e%2e", "a;b", ".a", "a..", "...", "a\\b"]
FINE += BANGLA
TIDIED = ["/1", "//1", "a//b", "a/", "1/", ".", "..", "./1", "../1", "a/./b", "a/../b", "a/..", "/"]
INVISIBLE = ["", " 1", "1 ", "1\n", "a\tb", "a\x00b", "a\x85b", "1\u202e2", "1\u2066 2", "\ufeff1",
             "1\u200b", "\u200d", "a\u00adb", "\ud800"]  # fmt: skip


def button(shop: Shop, reference: Any) -> str:
    with shop.app.test_request_context():
        source = "{{ bdquickpay_button(reference) }}"
        return shop.app.jinja_env.from_string(source).render(reference=reference)


@pytest.mark.parametrize("reference", FINE)
def test_order_that_may_be_called_so_is_paid_by_its_button(shop: Shop, reference: str) -> None:
    shop.app.config["WTF_CSRF_ENABLED"] = False
    shop.bdquickpay.order_loader(lambda asked: PaymentRequest(5) if asked == reference else None)
    action = re.search(r'action="([^"]+)"', button(shop, reference))
    assert action is not None
    url = str(Markup(action[1]).unescape())
    assert shop.client.post(url).status_code == 303
    assert shop.payments()[0].customer_reference == reference


@pytest.mark.parametrize("reference", [*TIDIED, *INVISIBLE, "1" * 256])
def test_order_that_may_not_is_refused_where_button_or_payment_is_made(
    shop: Shop, reference: str
) -> None:
    asked: list[str] = []
    shop.bdquickpay.order_loader(asked.append)
    with pytest.raises(InvalidPaymentRequest, match="No button for the order"):
        button(shop, reference)
    with shop.app.test_request_context(), pytest.raises(OrderNotFoundError, match="No order can"):
        shop.bdquickpay.start(reference)
    assert asked == []


def test_button_of_an_order_that_is_not_saved_says_so(shop: Shop) -> None:
    with pytest.raises(InvalidPaymentRequest, match="not saved yet"):
        button(shop, None)


def test_order_that_is_not_saved_is_not_found(shop: Shop) -> None:
    asked: list[str] = []
    shop.bdquickpay.order_loader(asked.append)
    with shop.app.test_request_context(), pytest.raises(OrderNotFoundError, match="not saved yet"):
        shop.bdquickpay.start(None)
    assert asked == []


def test_button_takes_a_number(shop: Shop) -> None:
    assert 'action="/bdquickpay/checkout/7"' in button(shop, 7)


@pytest.mark.parametrize("path", ["1%0A", "%E2%80%AE1", "a/", "..%2f1", "x" * 256, "1%20"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_page_of_ours_stumbles_over_such_a_reference(shop: Shop, path: str, method: str) -> None:
    answer = shop.client.open(f"/bdquickpay/checkout/{path}", method=method)
    assert answer.status_code in (400, 404)
    assert "<form" not in answer.text


def test_page_of_an_old_payment_with_such_a_reference_has_no_button(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, customer_reference="a//b", order_key=None, status="failed")
    page = shop.success(payment)
    assert page.status_code == 200
    assert "<form" not in page.text


ROUTES = Map([Rule("/checkout/<path:reference>", endpoint="checkout")]).bind("shop.test")


@given(st.text(min_size=1, max_size=12) | st.text(alphabet="./%a\\?#&; ", min_size=1, max_size=8))
def test_url_of_a_reference_leads_back_to_it(reference: str) -> None:
    if fault_of(reference) is None:
        path = ROUTES.build("checkout", {"reference": reference})
        assert "//" not in path
        assert not re.search(r"/(\.|%2e){1,2}(/|$)", path, re.IGNORECASE)
        assert ROUTES.match(unquote(path)) == ("checkout", {"reference": reference})

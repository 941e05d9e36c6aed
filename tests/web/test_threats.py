"""What a stranger tries at our routes: each attack of SECURITY.md that is about no part alone."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from flask_bdquickpay import AuthenticationError, BDQuickPayClient

from ..databases import sqlite_alone as database_uri  # noqa: F401  # a fixture
from ..shop import KEYS, Shop

EVIL = "https://evil.example/"
#: How other software calls the address that one is led to.
PARAMETERS = ("next", "url", "return_url", "success_url", "payment_url", "redirect", "callback")
LEADING = dict.fromkeys(PARAMETERS, EVIL)


def places(shop: Shop) -> set[str]:
    """Where the gateway was told to send the customer and the news, for all payments."""
    bodies = [sent.body for sent in shop.gateway.requests if sent.endpoint == "create"]
    names = ("success_url", "cancel_url", "webhook_url")
    return {urlsplit(body[name]).netloc for body in bodies for name in names}


# The browser


@pytest.mark.parametrize("where", ["query", "form"])
def test_no_parameter_leads_a_customer_elsewhere(shop: Shop, where: str) -> None:
    shop.app.config["WTF_CSRF_ENABLED"] = False
    sent = {"query_string" if where == "query" else "data": LEADING}
    clicked = shop.client.post(f"/bdquickpay/checkout/{shop.order()}", **sent)
    assert urlsplit(clicked.location).netloc == urlsplit(shop.server.url).netloc
    assert places(shop) == {"localhost"}


@pytest.mark.parametrize("paid", [True, False], ids=["paid", "not paid"])
@pytest.mark.parametrize("route", ["success", "cancel"])
def test_who_comes_back_is_not_led_elsewhere(shop: Shop, route: str, *, paid: bool) -> None:
    payment = shop.started()
    if paid:
        shop.gateway.pay(payment, webhook=False)
    path = f"/bdquickpay/{route}/{payment.token}"
    page = shop.client.get(path, query_string=LEADING, headers={"Referer": EVIL})
    assert "evil.example" not in page.headers.get("Location", "") + page.text


def test_browser_names_neither_amount_nor_status(shop: Shop) -> None:
    shop.app.config["WTF_CSRF_ENABLED"] = False
    lies = {"amount": "1", "total": "1", "status": "completed", "received_amount": "500"}
    reference = shop.order("500")
    assert shop.client.post(f"/bdquickpay/checkout/{reference}", data=lies).status_code == 303
    (payment,) = shop.gateway.payments
    assert payment.amount == 500
    assert shop.payments(reference)[0].status == "pending"


def test_forwarded_headers_are_not_believed(shop: Shop) -> None:
    """Only the host's own ProxyFix may say whom to believe."""
    shop.app.config["WTF_CSRF_ENABLED"] = False
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "host=evil.example;proto=https",
        "X-Original-Host": "evil.example",
        "X-Rewrite-URL": "/evil",
    }
    answer = shop.client.post(f"/bdquickpay/checkout/{shop.order()}", headers=forged)
    assert answer.status_code == 303
    assert places(shop) == {"localhost"}
    assert "evil" not in json.dumps(shop.gateway.requests[-1].body)


@pytest.mark.parametrize("reference", ["1' OR '1'='1", "1; DROP TABLE bdquickpay_payment", '1"--'])
def test_sql_in_a_reference_is_a_reference(shop: Shop, reference: str) -> None:
    kept = shop.started()
    shop.app.config["WTF_CSRF_ENABLED"] = False
    assert shop.client.post(f"/bdquickpay/checkout/{reference}").status_code == 404
    listed = shop.app.test_cli_runner().invoke(
        args=["bdquickpay", "payments", "--reference", reference, "--json"]
    )
    assert json.loads(listed.output) == []
    assert shop.client.get(f"/bdquickpay/status/{reference}").status_code == 404
    assert shop.payment(kept).status == "pending"


# The app key, stolen


def test_thief_of_the_app_key_can_neither_pay_nor_fill_the_timeline(shop: Shop) -> None:
    payment = shop.started()
    before = len(shop.events(payment))
    for event in ("completed", "failed", "completed", "refunded") * 10:
        shop.webhook(payment, event, amount=500, trx_id="FORGED")
    found = shop.payment(payment)
    assert (found.status, found.trx_id, found.received_amount) == ("pending", None, None)
    assert len(shop.events(payment)) - before <= 4
    assert shop.ledger() == []


def test_thief_of_the_app_key_learns_nothing_of_a_payment(shop: Shop) -> None:
    payment = shop.started("731")
    answers = [shop.webhook(payment), shop.webhook(payment, "failed")]
    unknown = shop.webhook(payment, invoice_id="INV-NOBODY")
    for answer in [*answers, unknown]:
        for fact in ("731", payment.token, payment.customer_reference, payment.payment_url):
            assert f'"{fact}"' not in answer.text
        assert set(answer.json or {}) <= {"received", "error"}


def test_genuine_webhook_that_is_replayed_later_does_nothing(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    paid, events = shop.payment(payment), len(shop.events(payment))
    asked = len(shop.gateway.requests)
    for event in ("completed", "failed"):
        assert shop.webhook(payment, event).status_code == 200
    again = shop.payment(payment)
    assert (again.status, again.verified_at) == ("completed", paid.verified_at)
    assert len(shop.events(payment)) == events
    assert len(shop.gateway.requests) == asked
    assert len(shop.ledger()) == 1


def test_app_key_alone_opens_nothing_at_the_gateway(shop: Shop) -> None:
    """Each webhook carries it; the secret key, which none carries, is asked for with it."""
    payment, app_key = shop.started(), KEYS["BDQUICKPAY_APP_KEY"]
    for secret in (app_key, "guess"):
        thief = BDQuickPayClient(app_key, secret, shop.server.base_url)
        with pytest.raises(AuthenticationError):
            thief.verify_payment(payment.invoice_id)

"""The sandbox's pages: the buyer's, the developer's, and the API for another process."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests

from flask_bdquickpay.sandbox.server import SandboxServer

from .tools import Caller, listening

BANNER = "SANDBOX: no real money moves"


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(synchronous=True, merchant="Tea <& more>") as server:
        yield Caller(server)


@pytest.fixture
def page(shop: Caller) -> str:
    """The address of a new payment's page."""
    return str(shop.create(customer_reference="<b>7</b>").json()["payment_url"])


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=5)


def press(url: str, action: str, **fields: str) -> requests.Response:
    data = {"action": action, **fields}
    return requests.post(url, data=data, allow_redirects=False, timeout=5)


def test_payment_page_shows_what_is_paid(page: str) -> None:
    text = get(page).text
    for wanted in ("৳500.00", "Tea &lt;&amp; more&gt;", "&lt;b&gt;7&lt;/b&gt;", BANNER):
        assert wanted in text
    assert 'lang="en"' in text


@pytest.mark.parametrize("how", ["query", "header"])
def test_payment_page_in_bangla(page: str, how: str) -> None:
    answer = get(page + "?lang=bn") if how == "query" else get(page, **{"Accept-Language": "bn-BD"})
    assert '<html lang="bn">' in answer.text
    assert "৳৫০০.০০ পেমেন্ট করুন" in answer.text
    assert "স্যান্ডবক্স" in answer.text


def test_wallet_number_and_pin_are_never_sent(page: str) -> None:
    fields = re.findall(r"<input id=\"(?:wallet|pin)\"[^>]*>", get(page).text)
    assert len(fields) == 2
    assert not any("name=" in field for field in fields)


@pytest.mark.parametrize(
    ("action", "fields", "end"),
    [
        ("pay", {}, ("/success/token", "completed")),
        ("cancel", {}, ("/cancel/token", "pending")),
        ("time_out", {}, ("/cancel/token", "failed")),
        ("other", {"amount": "501"}, ("/cancel/token", "failed")),
        ("other", {"amount": "501", "completes": "on"}, ("/success/token", "completed")),
    ],
)
def test_buttons_lead_back_to_the_shop(
    shop: Caller, page: str, action: str, fields: dict[str, str], end: tuple[str, str]
) -> None:
    path, status = end
    answer = press(page, action, **fields)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"http://shop.test{path}?invoice_id=")
    assert shop.sandbox.payments[0].status == status


def test_a_second_click_leads_where_the_first_did(shop: Caller, page: str) -> None:
    first, second = press(page, "pay"), press(page, "pay")
    assert first.headers["Location"] == second.headers["Location"]
    assert second.status_code == 303
    assert press(page, "cancel").headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("amount", ["much", "-5", "0", "", "NaN", "1e99", "5.001"])
def test_a_wrong_other_amount_is_refused(shop: Caller, page: str, amount: str) -> None:
    answer = press(page, "other", amount=amount)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert shop.sandbox.payments[0].status == "pending"


def test_an_unknown_button_is_refused(page: str) -> None:
    assert press(page, "steal").status_code == 400


def test_a_payment_that_ended_says_so(shop: Caller, page: str) -> None:
    press(page, "time_out")
    text = get(page).text
    assert "can no longer be made" in text
    assert "The time ran out" in text
    assert press(page, "late").headers["Location"].startswith("http://shop.test/success/")
    assert str(shop.sandbox.payments[0].trx_id) in get(page + "?lang=bn").text


def test_a_payment_page_expires(shop: Caller, page: str) -> None:
    shop.sandbox.advance(1800)
    assert "can no longer be made" in get(page).text
    assert press(page, "pay").headers["Location"].startswith("http://shop.test/cancel/")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/payments", "/webhooks", "/faults", "/clock", "/assumptions"),
        *("/pay/bkash/nope", "/payments/NOPE", "/nope"),
    ],
)
def test_every_page_has_banner_and_headers(shop: Caller, path: str) -> None:
    shop.sandbox.pay(shop.new(webhook_url="http://127.0.0.1:1/"))
    shop.sandbox.fault("latency")
    answer = get(shop.server.url + path)
    assert answer.status_code == (404 if "nope" in path.lower() else 200)
    assert BANNER in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("name", ["sandbox.css", "countdown.js", "live.js", "icon.svg"])
def test_static_files_are_there(shop: Caller, name: str) -> None:
    assert get(f"{shop.server.url}/static/{name}").status_code == 200


def test_webhook_log_sends_again(shop: Caller) -> None:
    with listening() as listener:
        listener.status = 500
        shop.sandbox.pay(shop.new(webhook_url=listener.url))
        log = f"{shop.server.url}/webhooks"
        assert "answered with 500" in get(log).text
        listener.status = 200
        invoice_id = shop.sandbox.payments[0].invoice_id
        answer = requests.post(f"{log}/1/send", timeout=5)
        assert answer.url == f"{log}?q={invoice_id}&sent=1"
        assert "Webhook 1 was sent again" in answer.text
        assert len(listener.bodies) == 2
        assert "delivered" in get(log).text
        assert requests.post(f"{log}/9/send", timeout=5).status_code == 404


def test_faults_page(shop: Caller) -> None:
    url = f"{shop.server.url}/faults"
    data = {"kind": "latency", "latency.endpoint": "verify", "times": "3", "latency.seconds": "0.5"}
    assert requests.post(url, data=data, timeout=5).status_code == 200
    fault = shop.sandbox.faults.active()[0]
    assert (fault.kind, fault.endpoint, fault.remaining) == ("latency", "verify", 3)
    assert fault.options == {"seconds": 0.5}
    requests.post(
        url, data={"kind": "500", "until_cleared": "on", "latency.seconds": "1"}, timeout=5
    )
    assert shop.sandbox.faults.active()[1].remaining is None
    requests.post(f"{url}/clear", data={"id": str(fault.id)}, timeout=5)
    assert [found.kind for found in shop.sandbox.faults.active()] == ["500"]
    requests.post(f"{url}/clear", timeout=5)
    assert shop.sandbox.faults.active() == []


@pytest.mark.parametrize("data", [{}, {"kind": "500", "times": "x"}, {"kind": "500", "times": "0"}])
def test_faults_page_refuses_nonsense(shop: Caller, data: dict[str, str]) -> None:
    answer = requests.post(f"{shop.server.url}/faults", data=data, timeout=5)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_clock_page(shop: Caller) -> None:
    url = f"{shop.server.url}/clock"
    assert requests.post(url, data={"minutes": "2.5"}, timeout=5).status_code == 200
    assert shop.sandbox.clock.offset == 150
    assert "2 min 30 s ahead" in get(url).text
    for wrong in ("", "x", "-1", "nan"):
        assert requests.post(url, data={"minutes": wrong}, timeout=5).status_code == 422


def test_switches_page(shop: Caller) -> None:
    url = f"{shop.server.url}/switches"
    data = {"accept_other_amounts": "on", "cancelled_status": "failed", "expired_status": "expired"}
    assert requests.post(url, data=data, timeout=5).status_code == 200
    assert shop.sandbox.switches == {
        "merchant_active": False,
        "accept_other_amounts": True,
        "cancelled_status": "failed",
        "expired_status": "expired",
        "append_with_ampersand": False,
    }
    assert requests.post(url, data={}, timeout=5).status_code == 422


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_other_sites_cannot_press_buttons(shop: Caller, page: str, headers: dict[str, str]) -> None:
    answer = requests.post(page, data={"action": "pay"}, headers=headers, timeout=5)
    assert answer.status_code == 403
    assert shop.sandbox.payments[0].status == "pending"
    answer = requests.post(page, headers={"Origin": shop.server.url}, timeout=5)
    assert answer.status_code == 400  # our own site; the button is missing


# The API for another process ---------------------------------------------------------------------


def test_another_process_plays_the_buyer(shop: Caller) -> None:
    api = f"{shop.server.url}/sandbox/api"
    with listening() as listener:
        invoice_id = shop.new(webhook_url=listener.url)
        answer = requests.post(
            f"{api}/payments/{invoice_id}/pay", json={"amount": "450", "completes": True}, timeout=5
        ).json()
        assert answer["payment"]["status"] == "completed"
        assert answer["payment"]["paid_amount"] == 450
        assert answer["return_url"].startswith("http://shop.test/success/token?")
        assert answer["webhook"]["json"] == {"received": True}
        sent = requests.post(f"{api}/payments/{invoice_id}/webhook", json={"amount": 1}, timeout=5)
        assert sent.json()["status_code"] == 200
        assert requests.post(f"{api}/deliveries/1/send", timeout=5).json()["status_code"] == 200
        assert len(listener.bodies) == 3
    assert requests.post(f"{api}/deliveries/9/send", timeout=5).status_code == 404


def test_another_process_reads_along(shop: Caller) -> None:
    api = f"{shop.server.url}/sandbox/api"
    shop.sandbox.pay(shop.new(webhook_url="http://127.0.0.1:1/"))
    assert get(f"{api}/payments").json()[0]["status"] == "completed"
    assert get(f"{api}/deliveries").json()[0]["state"] == "failed"
    assert get(f"{api}/requests").json()[0]["endpoint"] == "create"
    for listed in ("payments", "deliveries", "requests"):
        assert "sandbox-secret-key" not in get(f"{api}/{listed}").text
    identity = get(f"{api}/identity").json()
    assert identity["sandbox"] is True
    assert identity["id"] == shop.sandbox.identity


def test_another_process_turns_everything(shop: Caller) -> None:
    api = f"{shop.server.url}/sandbox/api"
    body = {"kind": "500", "endpoint": "create", "times": None, "processed": 1}
    assert requests.post(f"{api}/faults", json=body, timeout=5).status_code == 422
    del body["processed"]
    assert requests.post(f"{api}/faults", json=body, timeout=5).status_code == 201
    assert shop.create().status_code == 500
    assert get(f"{api}/faults").json()[0]["kind"] == "500"
    assert requests.delete(f"{api}/faults", timeout=5).json() == []
    assert shop.create().status_code == 200
    turned = requests.post(f"{api}/switches", json={"merchant_active": False}, timeout=5).json()
    assert turned["merchant_active"] is False
    assert get(f"{api}/switches").json() == turned
    requests.post(f"{api}/clock", json={"advance": 60}, timeout=5)
    assert shop.sandbox.clock.offset == 60


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/payments/NOPE/pay", {}),
        ("/payments/NOPE/pay", []),
        ("/payments/NOPE/pay", {"wrong": 1}),
        ("/faults", {"kind": "nope"}),
        ("/faults", {}),
        ("/switches", {"nope": 1}),
        ("/clock", {"advance": -1}),
        ("/clock", {"advance": "x"}),
    ],
)
def test_another_process_is_told_what_was_wrong(shop: Caller, path: str, body: object) -> None:
    answer = requests.post(f"{shop.server.url}/sandbox/api{path}", json=body, timeout=5)
    assert answer.status_code == 422
    assert answer.json()["status"] is False
    assert answer.json()["message"]
    assert get(f"{shop.server.url}/sandbox/api/nope").json()["status"] is False

"""The live page: one story for each payment, in the order in which it happened."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY
from flask_bdquickpay.sandbox.journal import MOST
from flask_bdquickpay.sandbox.server import SandboxServer

from .test_pages import get, press
from .tools import Caller, listening


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(synchronous=True) as server:
        yield Caller(server)


def steps(shop: Caller, invoice_id: str) -> list[tuple[str, str]]:
    """Who did what, as the payment's own page tells it."""
    page = get(f"{shop.server.url}/payments/{invoice_id}").text
    found = re.findall(r'class="who">(.*?)</span>\s*<span class="what">(.*?)</span>', page)
    return [(who, html.unescape(what)) for who, what in found]


def results(shop: Caller, invoice_id: str) -> list[str]:
    page = get(f"{shop.server.url}/payments/{invoice_id}").text
    return re.findall(r'class="result.*?">(.*?)</span>', page)


def paid(shop: Caller, **changes: Any) -> str:
    """A payment that a buyer pays on its page."""
    made = shop.create(**changes).json()
    get(made["payment_url"])
    press(made["payment_url"], "pay")
    return str(made["invoice_id"])


def test_a_payment_is_told_in_order(shop: Caller) -> None:
    with listening() as listener:
        invoice_id = paid(shop, webhook_url=listener.url)
    shop.verify(invoice_id)
    trx_id = shop.sandbox.find(invoice_id).trx_id
    assert steps(shop, invoice_id) == [
        ("shop → gateway", "POST /payment/create"),
        ("buyer", "opened the payment page"),
        ("buyer", f"paid ৳500.00, TrxID {trx_id}"),
        ("gateway → shop", "POST /bdquickpay/webhook"),
        ("buyer", "is sent back to /success/token"),
        ("shop → gateway", "POST /payment/verify"),
    ]
    said = results(shop, invoice_id)
    assert [re.sub(r"\d+ ms", "N ms", one) for one in said] == [
        *("200 · N ms", "", "", "200 · N ms", "303", "200 · completed · N ms")
    ]


def test_what_was_sent_and_answered_is_shown_whole(shop: Caller) -> None:
    with listening() as listener:
        invoice_id = paid(shop, webhook_url=listener.url, metadata={"order": "<b>"})
    page = html.unescape(get(f"{shop.server.url}/payments/{invoice_id}").text)
    assert '"order": "<b>"' in page
    assert f"X-App-Key: {APP_KEY}" in page
    assert '"event": "payment.completed"' in page
    assert 'HTTP 200\n\n{"received": true}' in page
    assert '"payment_url": "http://' in page


def test_a_webhook_that_fails_says_when_it_comes_again(shop: Caller) -> None:
    with listening() as listener:
        listener.status = 500
        invoice_id = paid(shop, webhook_url=listener.url)
        shop.sandbox.advance(300)
    hooks = [what for who, what in steps(shop, invoice_id) if who == "gateway → shop"]
    assert hooks == ["POST /bdquickpay/webhook", "POST /bdquickpay/webhook (attempt 2)"]
    failed = [one for one in results(shop, invoice_id) if one.startswith("500")]
    assert all(re.fullmatch(r"500 · \d+ ms · again at \d\d:\d\d:\d\d", one) for one in failed)
    assert len(failed) == 2


def curls(page: str) -> list[str]:
    found = re.findall(r'<pre id="(?:\w+-curl|first-payment)">(.*?)</pre>', page, re.DOTALL)
    return [html.unescape(one) for one in found]


def sh(command: str) -> str:
    """What a shell says to it, into which somebody pasted it."""
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} -s"], check=True, capture_output=True, text=True, timeout=20
    )
    return done.stdout


def test_each_message_can_be_sent_again_as_curl(shop: Caller) -> None:
    with listening() as listener:
        invoice_id = paid(shop, webhook_url=listener.url)
        shop.verify(invoice_id)
        page = get(f"{shop.server.url}/payments/{invoice_id}").text
        create, webhook, verify = curls(page)
        sh(webhook)
    assert listener.bodies[1] == listener.bodies[0]
    assert listener.headers[1]["X-App-Key"] == APP_KEY
    for command in (create, verify):
        assert f"X-Secret-Key: {SECRET_KEY}" in command
        assert '"status":true' in sh(command)
    assert len(shop.sandbox.payments) == 2


def test_a_secret_that_not_everybody_knows_is_not_shown() -> None:
    with SandboxServer(app_key="my-key", secret_key="my-secret", synchronous=True) as server:
        shop = Caller(server)
        shop.post(
            "/payment/verify", {}, headers={"X-App-Key": "my-key", "X-Secret-Key": "my-secret"}
        )
        page = get(server.url).text
    assert "my-secret" not in page
    assert "YOUR-SECRET-KEY" in page
    assert "POST /payment/verify" in page


def test_a_call_that_makes_no_payment_is_told_too(shop: Caller) -> None:
    assert shop.create(amount="x").status_code == 422
    page = get(shop.server.url).text
    assert "A call that made no payment" in page
    assert "422 · " in page


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("500", "500 · "),
        ("half_json", "200 · "),
        ("reset_after", "connection cut off · "),
        ("huge", "200 · "),
        ("answer", "200 · "),
    ],
)
def test_a_fault_is_named_where_it_struck(shop: Caller, kind: str, said: str) -> None:
    invoice_id = shop.new()
    options: dict[str, Any] = {"body": b"\xff"} if kind == "answer" else {}
    shop.sandbox.fault(kind, "verify", **options)
    try:
        shop.verify(invoice_id)
    except requests.ConnectionError:
        assert kind == "reset_after"
    assert "(fault: " in steps(shop, invoice_id)[-1][1]
    assert results(shop, invoice_id)[-1].startswith(said)


def test_an_answer_that_was_lost_is_still_the_payments(shop: Caller) -> None:
    shop.sandbox.fault("reset_after", "create")
    with pytest.raises(requests.ConnectionError):
        shop.create()
    (payment,) = shop.sandbox.payments
    assert steps(shop, payment.invoice_id)[0][1].startswith("POST /payment/create (fault: ")


def test_what_is_remembered_is_bounded(shop: Caller) -> None:
    invoice_id = shop.new(metadata={"long": "x" * 100_000})
    entry = shop.sandbox.journal.entries()[0]
    assert len(entry.sent) < 5000
    assert entry.sent.endswith("characters)")
    for number in range(MOST + 10):
        shop.sandbox.journal.add("buyer", f"step {number}", invoice_id)
    assert len(shop.sandbox.journal.entries()) == MOST


def test_the_version_grows_with_what_happens(shop: Caller) -> None:
    def version() -> int:
        return int(get(f"{shop.server.url}/live/version").json()["version"])

    before = version()
    assert version() == before
    shop.new()
    after = version()
    assert after > before
    shop.sandbox.choose_scenario("lose_webhook")
    assert version() > after


def test_without_script_the_page_refreshes_until_it_is_held(shop: Caller) -> None:
    assert '<noscript><meta http-equiv="refresh"' in get(shop.server.url).text
    assert 'http-equiv="refresh"' not in get(f"{shop.server.url}/?pause=1").text
    for form in ("faults", "clock", "payments"):
        assert 'http-equiv="refresh"' not in get(f"{shop.server.url}/{form}").text


def test_an_empty_sandbox_shows_how_to_begin(shop: Caller) -> None:
    page = html.unescape(get(shop.server.url).text)
    assert f'BDQUICKPAY_BASE_URL = "{shop.server.base_url}"' in page
    assert f'BDQUICKPAY_APP_KEY = "{APP_KEY}"\nBDQUICKPAY_SECRET_KEY = "{SECRET_KEY}"' in page
    (command,) = curls(get(shop.server.url).text)
    sh(command)
    assert [one.customer_reference for one in shop.sandbox.payments] == ["ORDER-1"]


# The clock


def test_the_clock_says_what_it_brought_about(shop: Caller) -> None:
    with listening() as listener:
        listener.status = 500
        paid(shop, webhook_url=listener.url)
        shop.new()
        url = f"{shop.server.url}/clock"
        page = requests.post(url, data={"minutes": "31"}, timeout=5).text
    said = " ".join(re.findall(r'role="status"><p>(.*?)</p>', page, re.DOTALL)[0].split())
    assert said == "The clock moved by 31 min 00 s. 1 payment ran out of time; 1 webhook was due."


def test_a_refused_clock_keeps_what_was_written(shop: Caller) -> None:
    answer = requests.post(f"{shop.server.url}/clock", data={"minutes": "-7"}, timeout=5)
    assert answer.status_code == 422
    assert 'value="-7"' in answer.text


# Lists


def test_lists_are_narrowed_and_paged(shop: Caller) -> None:
    for number in range(27):
        shop.new(customer_reference=f"ORDER-{number}", webhook_url="http://127.0.0.1:1/")
    shop.sandbox.pay(shop.sandbox.payments[0], 499, completes=True)
    url = f"{shop.server.url}/payments"
    first = get(url).text
    assert ("ORDER-26" in first, "ORDER-0<" in first) == (True, False)
    older = html.unescape(re.findall(r'href="([^"]*)">Older', first)[0])
    assert "ORDER-0<" in get(shop.server.url + older).text
    assert get(f"{url}?status=completed").text.count('class="card"') == 1
    assert "৳499.00 paid instead of ৳500.00" in get(f"{url}?status=completed").text
    assert get(f"{url}?q=order-13").text.count('class="card"') == 1
    assert "No payment is like that." in get(f"{url}?q=nobody").text
    invoice_id = shop.sandbox.payments[0].invoice_id
    assert f'href="/webhooks?q={invoice_id}">Webhooks (1)' in get(f"{url}?status=completed").text
    hooks = get(f"{shop.server.url}/webhooks?q={invoice_id}&state=failed").text
    assert f'href="/payments/{invoice_id}"' in hooks
    assert "No webhook is like that." in get(f"{shop.server.url}/webhooks?state=held").text


@pytest.mark.parametrize("query", ["page=-1", "page=x", "page=99999999999999999999", "status=%00"])
def test_nonsense_in_an_address_is_no_error(shop: Caller, query: str) -> None:
    assert get(f"{shop.server.url}/payments?{query}").status_code == 200
    assert get(f"{shop.server.url}/webhooks?{query}").status_code == 200


# Forms that are refused


def test_a_refused_fault_keeps_what_was_written(shop: Caller) -> None:
    data = {
        "kind": "answer",
        "answer.status": "many",
        "answer.body": "<half",
        "answer.endpoint": "verify",
        "times": "3",
        "until_cleared": "on",
    }
    answer = requests.post(f"{shop.server.url}/faults", data=data, timeout=5)
    assert answer.status_code == 422
    assert "'many' is no number" in html.unescape(answer.text)
    for kept in (
        'value="answer" required checked',
        'value="many"',
        'value="&lt;half"',
        "<option selected>verify",
        'name="times" inputmode="numeric" value="3"',
        'name="until_cleared" checked',
    ):
        assert kept in answer.text
    assert shop.sandbox.faults.active() == []


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"kind": "latency", "latency.seconds": "2"}, {"seconds": 2}),
        ({"kind": "wrong_amount", "wrong_amount.amount": ""}, {"amount": None}),
        ({"kind": "wrong_amount", "wrong_amount.amount": "7.5"}, {"amount": 7.5}),
        ({"kind": "duplicate", "duplicate.copies": "3"}, {"copies": 3}),
        ({"kind": "unknown_status", "unknown_status.word": "503"}, {"word": "503"}),
    ],
)
def test_a_fault_has_fields_of_its_own(
    shop: Caller, fields: dict[str, str], options: dict[str, Any]
) -> None:
    requests.post(f"{shop.server.url}/faults", data=fields, timeout=5)
    (fault,) = shop.sandbox.faults.active()
    assert fault.options == options


def test_a_refused_other_amount_keeps_what_was_written(shop: Caller) -> None:
    page = shop.create().json()["payment_url"]
    text = press(page, "other", amount="much", completes="on").text
    assert 'value="much"' in text
    assert 'type="checkbox" checked' in text


# Static files


def test_static_files_are_kept_for_ever_under_their_version(shop: Caller) -> None:
    page = get(shop.server.url).text
    (path,) = re.findall(r'href="(/static/sandbox\.css\?v=\w+)"', page)
    answer = get(shop.server.url + path)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"].startswith("text/css")
    other = get(f"{shop.server.url}/static/sandbox.css?v=old")
    assert other.headers["Cache-Control"] == "no-cache"
    again = get(shop.server.url + path, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert get(f"{shop.server.url}/static/../app.py").status_code == 404

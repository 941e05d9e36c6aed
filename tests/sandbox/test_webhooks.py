"""The sandbox's webhooks: sent, timed out, retried, repeated, and gone wrong on purpose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from flask_bdquickpay.sandbox import Sandbox, SandboxError
from flask_bdquickpay.sandbox.server import SandboxServer

from .tools import KEYS, Caller, Listener, listening


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def shop() -> Iterator[Caller]:
    """Its gateway sends when told to."""
    with SandboxServer(synchronous=True, webhook_timeout=5) as server:
        yield Caller(server)


@pytest.fixture
def busy() -> Iterator[Caller]:
    """Its gateway sends by itself, in the background."""
    with SandboxServer(webhook_timeout=5) as server:
        yield Caller(server)


def states(sandbox: Sandbox) -> list[str]:
    """The oldest first."""
    return [delivery.state for delivery in reversed(sandbox.deliveries)]


def until(sandbox: Sandbox, wanted: list[str]) -> None:
    """Wait for the workers to come that far."""
    done = threading.Event()
    for _ in range(500):
        if states(sandbox) == wanted:
            return
        done.wait(0.01)
    raise AssertionError(states(sandbox))


def test_completed_is_announced_as_documented(shop: Caller, listener: Listener) -> None:
    invoice_id = shop.new(webhook_url=listener.url)
    outcome = shop.sandbox.pay(invoice_id)
    assert listener.bodies == [
        {
            "event": "payment.completed",
            "invoice_id": invoice_id,
            "payment_id": 1,
            "customer_reference": "ORDER-001",
            "amount": 500,
            "payment_method": "bkash",
            "status": "completed",
            "timestamp": listener.bodies[0]["timestamp"],
        }
    ]
    assert listener.headers[0]["X-App-Key"] == KEYS["X-App-Key"]
    assert listener.headers[0]["Content-Type"] == "application/json"
    assert "X-Secret-Key" not in listener.headers[0]
    assert outcome.webhook is not None
    assert (outcome.webhook.status_code, outcome.webhook.json) == (200, {"received": True})


@pytest.mark.parametrize(("amount", "sent"), [("5.50", 5.5), ("450.00", 450)])
def test_an_amount_of_the_tests_own_is_sent_as_a_number(
    shop: Caller, listener: Listener, amount: str, sent: float
) -> None:
    invoice_id = shop.new(webhook_url=listener.url)
    shop.sandbox.send_webhook(invoice_id, amount=Decimal(amount))
    assert listener.bodies[0]["amount"] == sent


@pytest.mark.parametrize("end", ["fail", "time_out"])
def test_failed_is_announced(shop: Caller, listener: Listener, end: str) -> None:
    getattr(shop.sandbox, end)(shop.new(webhook_url=listener.url))
    body = listener.bodies[0]
    assert (body["event"], body["status"]) == ("payment.failed", "failed")


def test_cancelling_is_announced_only_where_it_is_final(shop: Caller, listener: Listener) -> None:
    assert shop.sandbox.cancel(shop.new(webhook_url=listener.url)).webhook is None
    shop.sandbox.switch(cancelled_status="cancelled")
    shop.sandbox.cancel(shop.new(webhook_url=listener.url))
    assert [body["event"] for body in listener.bodies] == ["payment.failed"]


def test_no_webhook_where_none_is_wanted(shop: Caller, listener: Listener) -> None:
    assert shop.sandbox.pay(shop.new()).webhook is None
    assert shop.sandbox.pay(shop.new(webhook_url=listener.url), webhook=False).webhook is None
    assert listener.bodies == []


@pytest.mark.parametrize("status", [302, 404, 503])
def test_anything_but_2xx_is_retried_after_five_minutes(
    shop: Caller, listener: Listener, status: int
) -> None:
    listener.status = status
    shop.sandbox.pay(shop.new(webhook_url=listener.url))
    assert states(shop.sandbox) == ["failed"]
    shop.sandbox.advance(299)
    assert len(listener.bodies) == 1
    listener.status = 200
    shop.sandbox.advance(1)
    assert listener.bodies[0] == listener.bodies[1]
    assert states(shop.sandbox) == ["delivered"]
    shop.sandbox.advance(10_000)
    assert len(listener.bodies) == 2


def test_retries_end(shop: Caller, listener: Listener) -> None:
    listener.status = 500
    shop.sandbox.pay(shop.new(webhook_url=listener.url))
    for _ in range(10):
        shop.sandbox.advance(300)
    assert len(listener.bodies) == 5
    assert shop.sandbox.deliveries[0].attempts == 5


def test_a_shop_that_is_not_there_is_retried(shop: Caller) -> None:
    outcome = shop.sandbox.pay(shop.new(webhook_url="http://127.0.0.1:1/webhook"))
    assert outcome.webhook is not None
    assert outcome.webhook.status_code is None
    assert "could not be reached" in shop.sandbox.deliveries[0].error
    assert shop.sandbox.deliveries[0].due_at is not None


def test_a_slow_answer_is_a_failure(listener: Listener) -> None:
    listener.may_answer.clear()
    with SandboxServer(synchronous=True, webhook_timeout=0.2) as server:
        shop = Caller(server)
        outcome = shop.sandbox.pay(shop.new(webhook_url=listener.url))
        assert outcome.webhook is not None
        assert not outcome.webhook.ok
        assert states(shop.sandbox) == ["failed"]


def test_expiry_is_announced_when_the_clock_gets_there(shop: Caller, listener: Listener) -> None:
    shop.new(webhook_url=listener.url)
    shop.sandbox.advance(1799)
    assert listener.bodies == []
    shop.sandbox.advance(1)
    assert [body["event"] for body in listener.bodies] == ["payment.failed"]


def test_workers_announce_expiry_and_retry_by_themselves(busy: Caller, listener: Listener) -> None:
    listener.status = 500
    busy.new(webhook_url=listener.url)
    busy.sandbox.advance(1800)
    listener.wait_for(1)
    until(busy.sandbox, ["failed"])
    listener.status = 200
    busy.sandbox.advance(300)
    until(busy.sandbox, ["delivered"])


def test_workers_wait_for_a_moment_and_not_for_a_call(listener: Listener) -> None:
    with SandboxServer(retry_after=0.1) as server:
        shop, listener.status = Caller(server), 500
        shop.sandbox.pay(shop.new(webhook_url=listener.url))
        listener.wait_for(3)


def test_a_slow_shop_does_not_hold_up_another(busy: Caller, listener: Listener) -> None:
    listener.may_answer.clear()
    busy.sandbox.pay(busy.new(webhook_url=listener.url), wait=False)
    listener.wait_for(1)
    with listening() as other:
        busy.sandbox.pay(busy.new(webhook_url=other.url), wait=False)
        other.wait_for(1)
    listener.may_answer.set()
    until(busy.sandbox, ["delivered", "delivered"])


def test_send_again(shop: Caller, listener: Listener) -> None:
    shop.sandbox.pay(shop.new(webhook_url=listener.url))
    answer = shop.sandbox.webhooks.send_again(1)
    assert answer is not None
    assert answer.ok
    assert shop.sandbox.webhooks.send_again(7) is None
    assert listener.bodies[0] == listener.bodies[1]
    assert shop.sandbox.deliveries[0].attempts == 2


def test_never(shop: Caller, listener: Listener) -> None:
    shop.sandbox.fault("never")
    assert shop.sandbox.pay(shop.new(webhook_url=listener.url)).webhook is None
    shop.sandbox.advance(10_000)
    assert listener.bodies == []
    assert states(shop.sandbox) == ["dropped"]


def test_duplicate(shop: Caller, listener: Listener) -> None:
    shop.sandbox.fault("duplicate", copies=3)
    shop.sandbox.pay(shop.new(webhook_url=listener.url))
    assert len(listener.bodies) == 3
    assert listener.bodies[0] == listener.bodies[1] == listener.bodies[2]


def test_late(shop: Caller, listener: Listener) -> None:
    shop.sandbox.fault("late", seconds=60)
    assert shop.sandbox.pay(shop.new(webhook_url=listener.url)).webhook is None
    shop.sandbox.advance(59)
    assert listener.bodies == []
    shop.sandbox.advance(1)
    assert len(listener.bodies) == 1


def test_out_of_order(shop: Caller, listener: Listener) -> None:
    first, second = (shop.new(webhook_url=listener.url) for _ in range(2))
    shop.sandbox.fault("out_of_order")
    assert shop.sandbox.pay(first).webhook is None
    assert shop.sandbox.pay(second).webhook is not None
    assert [body["invoice_id"] for body in listener.bodies] == [second, first]


def test_out_of_order_within_one_payment(shop: Caller, listener: Listener) -> None:
    invoice_id = shop.new(webhook_url=listener.url)
    shop.sandbox.fault("out_of_order")
    shop.sandbox.time_out(invoice_id)
    shop.sandbox.pay(invoice_id, late=True)
    assert [body["status"] for body in listener.bodies] == ["completed", "failed"]


def test_wrong_key(shop: Caller, listener: Listener) -> None:
    shop.sandbox.fault("wrong_key")
    shop.sandbox.pay(shop.new(webhook_url=listener.url))
    assert listener.headers[0]["X-App-Key"] == "wrong-app-key"


def pay_in_the_page(shop: Caller, webhook_url: str) -> requests.Response:
    url = shop.create(webhook_url=webhook_url).json()["payment_url"]
    return requests.post(url, data={"action": "pay"}, allow_redirects=False, timeout=10)


def test_the_buyer_does_not_wait_for_the_webhook(busy: Caller, listener: Listener) -> None:
    listener.may_answer.clear()
    assert pay_in_the_page(busy, listener.url).status_code == 303
    assert states(busy.sandbox) in (["queued"], ["sending"])
    listener.may_answer.set()
    until(busy.sandbox, ["delivered"])


def test_webhook_before_the_redirect(busy: Caller, listener: Listener) -> None:
    busy.sandbox.fault("before_redirect")
    assert pay_in_the_page(busy, listener.url).status_code == 303
    assert states(busy.sandbox) == ["delivered"]


def test_a_webhook_of_ones_own(shop: Caller, listener: Listener) -> None:
    invoice_id = shop.new(webhook_url=listener.url)
    shop.sandbox.fault("never")  # is not for these
    answer = shop.sandbox.send_webhook(invoice_id, event="payment.refunded", amount=7, extra=[1])
    assert answer.json == {"received": True}
    assert listener.bodies[0]["event"] == "payment.refunded"
    assert (listener.bodies[0]["amount"], listener.bodies[0]["extra"]) == (7, [1])
    shop.sandbox.send_webhook(invoice_id, app_key=None)
    shop.sandbox.send_webhook(invoice_id, app_key="forged")
    assert "X-App-Key" not in listener.headers[1]
    assert listener.headers[2]["X-App-Key"] == "forged"
    assert shop.data(invoice_id)["status"] == "pending"


def test_a_webhook_of_ones_own_is_not_retried(shop: Caller, listener: Listener) -> None:
    listener.status = 500
    assert not shop.sandbox.send_webhook(shop.new(webhook_url=listener.url)).ok
    shop.sandbox.advance(10_000)
    assert [body["event"] for body in listener.bodies] == ["payment.completed", "payment.failed"]


def test_a_webhook_needs_somewhere_to_go(shop: Caller, listener: Listener) -> None:
    invoice_id = shop.new()
    with pytest.raises(SandboxError, match="without a webhook_url"):
        shop.sandbox.send_webhook(invoice_id)
    assert shop.sandbox.send_webhook(invoice_id, url=listener.url).ok


def test_closing_waits_for_the_workers(listener: Listener) -> None:
    before: Any = set(threading.enumerate())
    with SandboxServer() as server:
        shop = Caller(server)
        shop.sandbox.pay(shop.new(webhook_url=listener.url))
        assert len(set(threading.enumerate()) - before) >= 3
    assert not [t for t in threading.enumerate() if t not in before and "_work" in t.name]

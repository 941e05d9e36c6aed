"""What the next payment will do, by name; the one after it just works."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests

from flask_bdquickpay.sandbox.scenarios import SCENARIOS
from flask_bdquickpay.sandbox.server import SandboxServer

from .test_pages import get, press
from .tools import Caller, Listener, listening


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(synchronous=True) as server:
        yield Caller(server)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


def choose(shop: Caller, name: str) -> str:
    """Press the scenario's button; the page that follows."""
    url = f"{shop.server.url}/scenario"
    answer = requests.post(url, data={"name": name}, timeout=5)
    assert answer.status_code == 200
    return answer.text


def pay(shop: Caller, listener: Listener) -> requests.Response:
    """A buyer presses Pay on the page of a new payment."""
    made = shop.create(webhook_url=listener.url).json()
    return press(made["payment_url"], "pay")


def is_back(answer: requests.Response) -> bool:
    return answer.headers["Location"].startswith("http://shop.test/success/")


def test_there_are_eight_and_the_chosen_one_is_marked(shop: Caller) -> None:
    page = choose(shop, "webhook_twice")
    assert len(SCENARIOS) == page.count("aria-pressed=") == 8
    (pressed,) = re.findall(r'value="(\w+)" aria-pressed="true"', page)
    assert pressed == "webhook_twice"


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "just_work"])
def test_the_payment_after_it_just_works(shop: Caller, listener: Listener, name: str) -> None:
    choose(shop, name)
    shop.create(webhook_url=listener.url)
    assert shop.sandbox.scenarios.next == "just_work"
    assert is_back(pay(shop, listener))
    assert [body["event"] for body in listener.bodies] == ["payment.completed"]
    assert shop.sandbox.payments[0].paid_amount == 500


@pytest.mark.parametrize(
    ("name", "webhooks", "back"),
    [
        ("just_work", 1, True),
        ("lose_webhook", 0, True),
        ("close_tab", 1, False),
        ("webhook_first", 1, True),
        ("webhook_twice", 2, True),
        ("wrong_amount", 1, True),
    ],
)
def test_what_the_shop_sees(
    shop: Caller, listener: Listener, name: str, webhooks: int, back: bool
) -> None:
    choose(shop, name)
    answer = pay(shop, listener)
    (payment,) = shop.sandbox.payments
    assert payment.status == "completed"
    assert (len(listener.bodies), is_back(answer)) == (webhooks, back)
    assert payment.paid_amount == (499 if name == "wrong_amount" else 500)
    story = get(f"{shop.server.url}/payments/{payment.invoice_id}").text
    assert (SCENARIOS[name].title in story) == (name != "just_work")


def test_a_closed_tab_has_no_way_back(shop: Caller, listener: Listener) -> None:
    choose(shop, "close_tab")
    answer = pay(shop, listener)
    page = get(shop.server.url + answer.headers["Location"]).text
    assert "Close this tab now" in page
    assert "shop.test" not in page


def test_time_runs_out_and_then_it_is_paid_late(shop: Caller, listener: Listener) -> None:
    choose(shop, "time_out")
    answer = pay(shop, listener)
    page = shop.server.url + answer.headers["Location"]
    assert "can no longer be made" in get(page).text
    assert shop.sandbox.payments[0].status == "failed"
    assert is_back(press(page, "late"))
    assert [body["event"] for body in listener.bodies] == ["payment.failed", "payment.completed"]


def test_the_gateway_is_down_while_creating(shop: Caller) -> None:
    choose(shop, "gateway_down")
    assert shop.create().status_code == 500
    assert shop.sandbox.scenarios.next == "just_work"
    assert shop.create().status_code == 200


def test_a_fault_that_comes_first_only_puts_it_off(shop: Caller) -> None:
    shop.sandbox.fault("html", "create")
    choose(shop, "gateway_down")
    assert shop.create().status_code == 200
    assert shop.sandbox.scenarios.next == "gateway_down"
    assert shop.create().status_code == 500
    assert shop.sandbox.scenarios.next == "just_work"


def test_another_choice_takes_the_first_one_back(shop: Caller) -> None:
    choose(shop, "gateway_down")
    choose(shop, "just_work")
    assert shop.sandbox.faults.active() == []
    assert shop.create().status_code == 200


def test_a_webhook_of_another_payment_does_not_meet_it(shop: Caller, listener: Listener) -> None:
    choose(shop, "lose_webhook")
    lost = shop.new(webhook_url=listener.url)
    assert is_back(pay(shop, listener))
    assert len(listener.bodies) == 1
    shop.sandbox.pay(lost)
    assert len(listener.bodies) == 1


def test_another_process_chooses_too(shop: Caller) -> None:
    url = f"{shop.server.url}/sandbox/api/scenario"
    assert requests.post(url, json={"name": "close_tab"}, timeout=5).json() == {"name": "close_tab"}
    assert get(url).json() == {"name": "close_tab"}
    assert requests.post(url, json={"name": "nope"}, timeout=5).status_code == 422
    form = {"name": "nope"}
    assert requests.post(f"{shop.server.url}/scenario", data=form, timeout=5).status_code == 422

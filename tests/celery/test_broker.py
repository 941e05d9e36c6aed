"""A broker holds nothing but numbers, and costs a webhook nothing when it is down, slow or new."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("celery", reason="needs celery[redis]")

from flask_bdquickpay.celery import register_tasks
from flask_bdquickpay.payments.dispatch import DEFAULT_DISPATCHER

from ..databases import on_sqlite
from ..shop import KEYS, Shop
from .broker import black_hole, wait_for
from .staff import Company, join_sender, senders
from .workshop import make_celery

pytestmark = on_sqlite


def paid(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return payment


def deliver(shop: Shop) -> int:
    with shop.app.app_context():
        delivered: int = shop.bdquickpay.deliver()
        return delivered


def with_broker(shop: Shop, url: str, **transport: Any) -> Any:
    celery_app = make_celery(shop.app, broker_url=url, broker_transport_options=transport)
    register_tasks(celery_app)
    return celery_app


def test_messages_are_numbers_and_nothing_else(company: Company) -> None:
    shop = company.shop
    payment = paid(shop)
    shop.webhook(payment)
    company.ring("reconcile", 100)
    company.ring("deliver", 1000)
    wait_for(lambda: company.broker.waiting() == 4, "the messages")
    messages = [json.loads(text) for text in company.broker.everything()[b"bdquickpay"]]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    events = [event.id for event in shop.events(payment) if event.new_status]
    assert sorted(body[0] for body in bodies) == sorted(
        [[number] for number in [*events, 100, 1000]]
    )
    assert all(body[1] == {} for body in bodies)
    assert {message["headers"]["ignore_result"] for message in messages} == {True}
    assert all(message["headers"]["expires"] for message in messages)


def test_broker_holds_no_key_and_nothing_of_the_customer(company: Company) -> None:
    shop = company.shop
    payment = paid(shop)
    shop.webhook(payment)
    company.ring("reconcile", 100)
    wait_for(lambda: company.broker.waiting() == 3, "the messages")
    secrets = [*KEYS.values(), payment.token, payment.invoice_id, shop.payment(payment).trx_id]
    secrets += [payment.payment_url]
    held = [str(company.broker.everything())]
    for text in company.broker.everything()[b"bdquickpay"]:
        held.append(base64.b64decode(json.loads(text)["body"]).decode())
    assert [secret for secret in secrets if any(secret in text for text in held)] == []


def test_broker_that_is_down_costs_nothing_and_the_sweep_delivers(
    new_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    with_broker(shop, "redis://127.0.0.1:1/0")
    payment = paid(shop)
    assert shop.webhook(payment).status_code == 200
    join_sender()
    said = [text for text in caplog.messages if "not dispatched" in text]
    assert len(said) == 1
    assert "Connection refused" in said[0]
    assert deliver(shop) == 2


@pytest.mark.thorough
def test_broker_that_never_answers_holds_up_no_webhook(
    new_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = paid(shop)
    with black_hole() as url:
        with_broker(shop, url)
        assert shop.webhook(payment).status_code == 200
        assert senders()  # answered, while it still waits for the broker's first word
        assert deliver(shop) == 2
        join_sender()  # it does not wait for ever
    assert "left to the sweep: 1 (OperationalError" in caplog.text
    assert not senders()


def test_broker_that_comes_back_is_told_again(company: Company) -> None:
    company.shop.started()
    wait_for(lambda: company.broker.waiting() == 1, "the first message")
    company.broker.stop()
    company.shop.started()
    join_sender()
    company.broker.start()
    assert company.broker.waiting() == 0  # it has lost both
    company.shop.started()
    wait_for(lambda: company.broker.waiting() == 1, "the third message")


def test_patience_of_the_host_goes_before_ours(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    with_broker(shop, "redis://127.0.0.1:1/0", socket_timeout=60.0)
    options = shop.app.extensions[DEFAULT_DISPATCHER].connection().transport_options
    assert options["socket_timeout"] == 60.0
    assert options["socket_connect_timeout"] == 2.0

"""What a shop's observers are told: how long each thing took, and how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import BDQuickPayClient, payment_changed, payment_paid
from flask_bdquickpay.errors import GatewayError

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import KEYS, Shop
from .acts import hear, make_due, raises, sweep

Told = tuple[str, Mapping[str, str]]


class Watcher:
    """An observer that remembers."""

    def __init__(self, shop: Shop) -> None:
        self.told: list[Told] = []
        self.seconds: list[float] = []
        shop.bdquickpay.observer(self)

    def __call__(self, name: str, seconds: float, labels: Mapping[str, str]) -> None:
        self.told.append((name, labels))
        self.seconds.append(seconds)

    def of(self, name: str) -> list[Mapping[str, str]]:
        return [labels for told, labels in self.told if told == name]


@pytest.fixture
def watcher(shop: Shop) -> Watcher:
    return Watcher(shop)


def paid_at_gateway(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return payment


def test_purchase_is_told_once_step_by_step(shop: Shop, watcher: Watcher) -> None:
    hear(shop, payment_paid, lambda app, payment: None)
    payment = paid_at_gateway(shop)
    shop.webhook(payment)
    assert watcher.of("gateway_request") == [
        {"call": "create", "outcome": "ok"},
        {"call": "verify", "outcome": "ok"},
    ]
    assert watcher.of("webhook") == [{"answer": "200"}]
    assert watcher.of("receiver").count({"signal": "payment_paid"}) == len(
        list(payment_paid.receivers_for(shop.app))
    )
    assert {"signal": "payment_changed"} in watcher.of("receiver")
    assert {name for name, _ in watcher.told} == {"gateway_request", "webhook", "receiver"}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, "authentication"),
        (403, "inactive"),
        (404, "not_found"),
        (422, "rejected"),
        (429, "throttled"),
        (500, "unavailable"),
        (200, "unavailable"),
    ],
)
def test_word_for_each_end_of_a_call(
    shop: Shop, watcher: Watcher, status: int, outcome: str
) -> None:
    payment = shop.started()
    body = '{"status": false, "message": "no"}'
    shop.gateway.fault("answer", endpoint="verify", times=None, status=status, body=body)
    shop.webhook(payment)
    assert watcher.of("gateway_request")[1:] == [{"call": "verify", "outcome": outcome}]
    assert watcher.of("webhook") == [{"answer": "503"}]


def test_retries_are_in_the_call(shop: Shop, watcher: Watcher) -> None:
    payment = paid_at_gateway(shop)
    shop.gateway.fault("500", endpoint="verify", times=2)
    shop.webhook(payment)
    assert watcher.of("gateway_request")[1:] == [{"call": "verify", "outcome": "ok"}]


def test_call_that_is_not_made_is_told_as_paused(shop: Shop, watcher: Watcher) -> None:
    payment = shop.started()
    shop.gateway.fault("429", endpoint="verify")
    shop.webhook(payment)
    shop.webhook(payment)
    assert watcher.of("gateway_request")[-1] == {"call": "verify", "outcome": "paused"}


def test_missing_keys_are_no_call(shop: Shop, watcher: Watcher) -> None:
    client = BDQuickPayClient("", "", shop.server.base_url, observer=watcher)
    with pytest.raises(Exception, match="keys are missing"):
        client.verify_payment("INVOICE")
    assert watcher.told == []


def test_client_alone_has_an_observer(shop: Shop) -> None:
    told: list[Told] = []
    keys = KEYS["BDQUICKPAY_APP_KEY"], KEYS["BDQUICKPAY_SECRET_KEY"]

    def observe(name: str, seconds: float, labels: Mapping[str, str]) -> None:
        told.append((name, labels))

    client = BDQuickPayClient(*keys, shop.server.base_url, observer=observe)
    with pytest.raises(GatewayError):
        client.verify_payment("NOBODYS")
    assert told == [("gateway_request", {"call": "verify", "outcome": "not_found"})]


def test_each_answer_to_a_webhook(shop: Shop, watcher: Watcher) -> None:
    wrong = {"X-App-Key": "wrong"}
    shop.client.post("/bdquickpay/webhook", json={}, headers=wrong)
    right = {"X-App-Key": KEYS["BDQUICKPAY_APP_KEY"]}
    for data in ("no JSON", '{"invoice_id": "NOBODYS"}', "x" * 70_000):
        shop.client.post("/bdquickpay/webhook", data=data, headers=right)
    assert [labels["answer"] for labels in watcher.of("webhook")] == ["401", "400", "404", "413"]


def test_receiver_that_raises_or_dawdles_is_told_too(shop: Shop, watcher: Watcher) -> None:
    def dawdle(app: Flask, payment: Any) -> None:
        time.sleep(0.05)
        raise RuntimeError

    hear(shop, payment_paid, dawdle)
    assert shop.webhook(paid_at_gateway(shop)).status_code == 503
    longest = max(
        seconds
        for (name, _), seconds in zip(watcher.told, watcher.seconds, strict=True)
        if name == "receiver"
    )
    assert 0.05 <= longest < 1


def test_sweep_and_outbox_are_told_too(shop: Shop, watcher: Watcher) -> None:
    payment = paid_at_gateway(shop)
    make_due(shop, payment)
    sweep(shop)
    assert {"call": "verify", "outcome": "ok"} in watcher.of("gateway_request")
    assert {"signal": "payment_changed"} in watcher.of("receiver")


def test_observer_that_raises_is_logged_once_and_keeps_nobody(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.bdquickpay.observer(raises(RuntimeError("no registry")))
    watcher = Watcher(shop)
    for _ in range(2):
        assert shop.webhook(paid_at_gateway(shop)).status_code == 200
    assert len(watcher.of("webhook")) == 2
    said = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.name for record in said] == ["flask_bdquickpay.payments.observers"]
    assert "no registry" in caplog.text


@dataclass
class Statsd:
    """An observer that can't be hashed, since it may be compared, and that raises."""

    asked: int = 0

    def __call__(self, name: str, seconds: float, labels: Mapping[str, str]) -> None:
        self.asked += 1
        raise OSError("no registry")


def test_observer_that_cannot_be_hashed_keeps_nobody(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = Statsd(), Statsd()
    for observer in (one, other):
        shop.bdquickpay.observer(observer)
    watcher = Watcher(shop)
    assert shop.webhook(paid_at_gateway(shop)).status_code == 200
    assert watcher.of("webhook") == [{"answer": "200"}]
    assert one.asked == other.asked > 1
    said = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(said) == 2  # once of each


def test_observers_share_nothing(shop: Shop) -> None:
    def spoil(name: str, seconds: float, labels: dict[str, str]) -> None:
        labels.clear()

    shop.bdquickpay.observer(spoil)
    watcher = Watcher(shop)
    shop.webhook(paid_at_gateway(shop))
    assert watcher.of("webhook") == [{"answer": "200"}]


def test_registering_gives_the_function_back(shop: Shop) -> None:
    def count(name: str, seconds: float, labels: Mapping[str, str]) -> None: ...

    assert shop.bdquickpay.observer(count) is count


def test_labels_name_no_customer(shop: Shop, watcher: Watcher) -> None:
    hear(shop, payment_changed, raises(RuntimeError("no mail")))
    payment = paid_at_gateway(shop)
    shop.webhook(payment)
    words = {word for _, labels in watcher.told for word in labels.values()}
    signals = {"payment_created", "payment_paid", "payment_changed"}
    assert words <= {"create", "verify", "ok", "200"} | signals

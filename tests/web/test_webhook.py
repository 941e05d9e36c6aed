"""The webhook: a reason to ask, never a fact; always JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request
from flask_wtf import CSRFProtect

from flask_bdquickpay import payment_paid, repeated
from flask_bdquickpay.sandbox.server import SandboxServer

from ..shop import KEYS, Shop, make_shop

URL = "/bdquickpay/webhook"
HEADERS = {"X-App-Key": KEYS["BDQUICKPAY_APP_KEY"]}


def test_paid_by_webhook_exactly_once(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    for _ in range(3):
        answer = shop.webhook(payment)
        assert (answer.status_code, answer.json) == (200, {"received": True})
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.order_status(payment.customer_reference) == "paid"


@pytest.mark.parametrize("event", ["completed", "failed", "refunded"])
def test_nothing_in_a_forged_webhook_is_believed(shop: Shop, event: str) -> None:
    payment = shop.started()
    shop.webhook(payment, event, amount=1, customer_reference="other", status=event)
    assert shop.payment(payment).status == "pending"
    assert shop.ledger() == []


def test_completed_event_that_verify_does_not_confirm_is_retried(shop: Shop) -> None:
    payment = shop.started()
    assert shop.webhook(payment, "completed").status_code == 503
    assert shop.webhook(payment, "failed").status_code == 200


def test_failed_event_is_applied(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fail(payment, webhook=False)
    assert shop.webhook(payment, "failed").status_code == 200
    assert shop.payment(payment).status == "failed"
    assert shop.webhook(payment, "completed").status_code == 200  # verify says failed: known


def test_storm_of_wrong_keys_is_a_log_line_every_ten_seconds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    monkeypatch.setattr(repeated, "monotonic", lambda: now[0])
    for _ in range(50):
        assert shop.client.post(URL, json={}, headers={"X-App-Key": "no"}).status_code == 401
    now[0] += 11
    assert shop.client.post(URL, json={}).status_code == 401
    said = "Webhook refused: wrong or missing X-App-Key ({} of them since this was last said)"
    assert caplog.messages == [said.format(1), said.format(50)]


@pytest.mark.parametrize("key", [None, "", "wrong", "test-app-key ", "TEST-APP-KEY", "é"])
def test_wrong_or_missing_key_is_401(shop: Shop, key: str | None) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    headers = {} if key is None else {"X-App-Key": key}
    answer = shop.client.post(URL, json={"invoice_id": payment.invoice_id}, headers=headers)
    assert (answer.status_code, answer.is_json) == (401, True)
    assert shop.payment(payment).status == "pending"


def test_empty_key_never_matches(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_APP_KEY="", BDQUICKPAY_PREVIOUS_APP_KEYS=[""])
    for headers in ({}, {"X-App-Key": ""}):
        assert shop.client.post(URL, json={}, headers=headers).status_code == 401


def test_previous_key_is_accepted(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_PREVIOUS_APP_KEYS=["old-key"])
    assert shop.client.post(URL, json={}, headers={"X-App-Key": "old-key"}).status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b'{"a": NaN}', b"\xff", b"[" * 10_000]
)
def test_body_that_is_no_object_is_400(shop: Shop, body: bytes) -> None:
    answer = shop.client.post(URL, data=body, headers=HEADERS)
    assert (answer.status_code, answer.is_json) == (400, True)


@pytest.mark.parametrize(
    "invoice", [None, "", "UNKNOWN", 7, ["A"], {"a": 1}, "x" * 200, "A\x00B", "\ud800"]
)
def test_unknown_invoice_is_404(shop: Shop, invoice: Any) -> None:
    answer = shop.client.post(URL, json={"invoice_id": invoice}, headers=HEADERS)
    assert (answer.status_code, answer.is_json) == (404, True)


def test_large_body_is_413(shop: Shop) -> None:
    body = b'{"x": "' + b"x" * 65536 + b'"}'
    answer = shop.client.post(URL, data=body, headers=HEADERS)
    assert (answer.status_code, answer.is_json) == (413, True)


def test_hosts_own_size_limit_is_answered_in_json(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(MAX_CONTENT_LENGTH=10)
    answer = shop.client.post(URL, data=b"x" * 100, headers=HEADERS)
    assert (answer.status_code, answer.is_json) == (413, True)


@pytest.mark.parametrize(
    "fault", ["reset_before", "500", "html", "half_json", "status_false", "wrong_invoice",
              "no_transaction"],
)  # fmt: skip
def test_gateway_out_of_reach_is_503_and_noted(shop: Shop, fault: str) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.gateway.fault(fault, endpoint="verify", times=None)
    answer = shop.webhook(payment)
    assert (answer.status_code, answer.is_json) == (503, True)
    assert shop.payment(payment).status == "pending"
    assert shop.events(payment)[-1].source == "webhook"
    shop.gateway.clear_faults()
    assert shop.webhook(payment).status_code == 200
    assert len(shop.ledger()) == 1


def test_receiver_that_raises_is_503_and_rolls_everything_back(shop: Shop) -> None:
    def raises(app: Flask, payment: Any) -> None:
        shop.db.session.add(shop.Ledger(payment_id=0, reference="half"))
        shop.db.session.flush()
        raise RuntimeError("out of paper")

    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(raises, sender=shop.app):
        assert shop.webhook(payment).status_code == 503
    assert shop.payment(payment).status == "pending"
    assert shop.ledger() == []
    assert shop.webhook(payment).status_code == 200
    assert len(shop.ledger()) == 1


@pytest.mark.parametrize("first", ["csrf", "bdquickpay"])
def test_csrf_protect_of_the_host_needs_no_extra_line(
    database_uri: str, server: SandboxServer, first: str
) -> None:
    protect = CSRFProtect()
    if first == "csrf":
        shop = make_shop(database_uri, server, protect.init_app)
    else:
        shop = make_shop(database_uri, server)
        protect.init_app(shop.app)
    payment = shop.started()  # the button carries the token
    assert shop.client.post(f"/bdquickpay/checkout/{payment.customer_reference}").status_code == 400
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    with shop.app.app_context():
        shop.db.engine.dispose()


def count(shop: Shop, act: Callable[[], Any]) -> tuple[list[str], int]:
    """Return the statements and the number of COMMITs that `act` causes."""
    statements: list[str] = []
    commits: list[int] = []
    with shop.app.app_context():
        engine = shop.db.engine

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    def commit(conn: Any) -> None:
        commits.append(1)

    sa.event.listen(engine, "before_cursor_execute", note)
    sa.event.listen(engine, "commit", commit)
    act()
    sa.event.remove(engine, "before_cursor_execute", note)
    sa.event.remove(engine, "commit", commit)
    words = ("SELECT", "INSERT", "UPDATE", "DELETE")
    data = [s for s in statements if s.lstrip().upper().startswith(words) and "bdquickpay" in s]
    return data, len(commits)


def test_hot_path_is_at_most_five_statements_and_one_commit(
    new_shop: Callable[..., Shop],
) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    statements, commits = count(shop, lambda: shop.webhook(payment))
    assert shop.payment(payment).status == "completed"
    assert len(statements) <= 5
    assert commits == 1


def test_duplicate_costs_one_select_and_no_gateway_call(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    asked = len(shop.gateway.requests)
    statements, commits = count(shop, lambda: shop.webhook(payment))
    assert (len(statements), commits) == (1, 0)
    assert len(shop.gateway.requests) == asked


def test_wrong_key_costs_no_statement(shop: Shop) -> None:
    statements, commits = count(shop, lambda: shop.client.post(URL, json={"invoice_id": "A"}))
    assert (statements, commits) == ([], 0)


def checked_out(shop: Shop) -> int:
    pool: Any = shop.db.engine.pool
    return int(pool.checkedout())


@pytest.mark.parametrize("route", ["webhook", "success", "cancel", "status"])
def test_no_connection_is_held_while_the_gateway_is_asked(
    shop: Shop, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = shop.started()
    held: list[int] = []
    client = shop.app.extensions["bdquickpay"].client
    ask = client.verify_payment

    def watched(*args: Any, **options: Any) -> Any:
        held.append(checked_out(shop))
        return ask(*args, **options)

    monkeypatch.setattr(client, "verify_payment", watched)
    if route == "webhook":
        shop.webhook(payment)
    else:
        shop.client.get(f"/bdquickpay/{route}/{payment.token}")
    assert held == [0]


def test_no_connection_is_held_while_the_gateway_creates(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    client = shop.app.extensions["bdquickpay"].client
    create = client.create_payment

    def watched(**options: Any) -> Any:
        held.append(checked_out(shop))
        return create(**options)

    monkeypatch.setattr(client, "create_payment", watched)
    shop.started()
    assert held == [0]


@pytest.mark.parametrize("read", ["get_data", "get_json"])
def test_host_may_have_read_the_body(shop: Shop, read: str) -> None:
    payment = shop.started()
    shop.app.before_request_funcs[None] = [lambda: getattr(request, read)() and None]
    shop.gateway.pay(payment, webhook=False)
    assert shop.webhook(payment).status_code == 200
    assert shop.payment(payment).status == "completed"

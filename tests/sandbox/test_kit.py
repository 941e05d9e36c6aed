"""The pytest plugin, as a shop's tests use it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from flask_bdquickpay import (
    BDQuickPay,
    GatewayUnavailableError,
    PaymentRequest,
    payment_paid,
    testing,
)
from flask_bdquickpay.sandbox.kit import Gateway

# The plugin is loaded by its entry point where the package is installed; here in any case.
from flask_bdquickpay.testing import bdquickpay_gateway

__all__ = ["bdquickpay_gateway"]


@dataclass
class Shop:
    app: Flask
    db: SQLAlchemy
    bdquickpay: BDQuickPay
    fulfilled: list[str]

    def start(self, reference: str = "1") -> Any:
        return self.bdquickpay.start(reference)


def make_shop(database: Path, **config: Any) -> Shop:
    app, db, bdquickpay = Flask(__name__), SQLAlchemy(), BDQuickPay()
    app.config.update(
        SECRET_KEY="test",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{database}",
        BDQUICKPAY_PUBLIC_URL="http://localhost",
        **config,
    )
    db.init_app(app)
    bdquickpay.init_app(app)
    bdquickpay.order_loader(lambda _reference: PaymentRequest(amount=500))
    shop = Shop(app, db, bdquickpay, [])

    def fulfil(sender: Flask, payment: Any) -> None:
        shop.fulfilled.append(payment.customer_reference)

    payment_paid.connect(fulfil, sender=app, weak=False)
    with app.app_context():
        db.create_all()
    return shop


@pytest.fixture
def shop(tmp_path: Path, bdquickpay_gateway: Gateway) -> Iterator[Shop]:
    """A shop without keys, in its app context."""
    found = make_shop(tmp_path / "shop.sqlite3")
    with found.app.app_context():
        yield found
    dispose(found)


def dispose(shop: Shop) -> None:
    with shop.app.app_context():
        shop.db.engine.dispose()


def test_pay(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    outcome = bdquickpay_gateway.pay(payment)
    assert outcome.webhook is not None
    assert outcome.webhook.json == {"received": True}
    assert payment.status == "completed"  # read anew
    assert payment.trx_id == outcome.payment.trx_id
    assert shop.fulfilled == ["1"]


def test_pay_without_webhook_and_return(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    outcome = bdquickpay_gateway.pay(payment, webhook=False)
    assert payment.status == "pending"
    shop.app.test_client().get(outcome.return_url)
    shop.db.session.refresh(payment)
    assert payment.status == "completed"


@pytest.mark.parametrize("end", ["fail", "time_out"])
def test_fail_and_time_out(shop: Shop, bdquickpay_gateway: Gateway, end: str) -> None:
    payment = shop.start()
    getattr(bdquickpay_gateway, end)(payment)
    assert payment.status in ("failed", "expired")


def test_cancel_is_believed_at_the_return(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    outcome = bdquickpay_gateway.cancel(payment)
    assert outcome.webhook is not None
    assert outcome.webhook.status_code == 200
    shop.app.test_client().get(outcome.return_url)
    shop.db.session.refresh(payment)
    assert payment.status == "cancelled"


def test_another_amount(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    failed, flagged = shop.start("1"), shop.start("2")
    bdquickpay_gateway.pay(failed, Decimal("450"))
    bdquickpay_gateway.pay(flagged, 450, completes=True)
    assert (failed.status, flagged.status) == ("failed", "flagged")


def test_an_amount_that_verify_gets_wrong(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    bdquickpay_gateway.fault("wrong_amount", endpoint="verify", amount=payment.amount - 1)
    bdquickpay_gateway.pay(payment)
    assert (payment.status, shop.fulfilled) == ("flagged", [])


def test_a_webhooks_amount_reaches_the_app_as_a_number(
    shop: Shop, bdquickpay_gateway: Gateway
) -> None:
    said: list[Any] = []
    shop.app.before_request(lambda: said.append(request.get_json()["amount"]))
    bdquickpay_gateway.send_webhook(shop.start(), amount=Decimal("5.50"))
    assert said == [5.5]


def test_a_late_payment(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    bdquickpay_gateway.fail(payment)
    bdquickpay_gateway.pay(payment, late=True)
    assert payment.status == "completed"


def test_a_forged_webhook_changes_nothing(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    assert bdquickpay_gateway.send_webhook(payment, app_key="forged").status_code == 401
    assert bdquickpay_gateway.send_webhook(payment).status_code == 503
    assert bdquickpay_gateway.send_webhook(payment, invoice_id="NOPE").status_code == 404
    assert payment.status == "pending"


def test_faults_retries_and_requests(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    bdquickpay_gateway.fault("500", endpoint="verify", times=None)
    outcome = bdquickpay_gateway.pay(payment)
    assert outcome.webhook is not None
    assert outcome.webhook.status_code == 503
    assert payment.status == "pending"
    bdquickpay_gateway.clear_faults()
    bdquickpay_gateway.advance(300)
    shop.db.session.refresh(payment)
    assert payment.status == "completed"
    assert bdquickpay_gateway.requests[0].endpoint == "create"
    assert bdquickpay_gateway.deliveries[0].attempts == 2


def test_an_answer_that_was_lost(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    bdquickpay_gateway.fault("reset_after", endpoint="create")
    with pytest.raises(GatewayUnavailableError):
        shop.start()
    answer = bdquickpay_gateway.pay(bdquickpay_gateway.payments[0].invoice_id).webhook
    assert answer is not None
    assert answer.status_code == 404  # reached the shop, which knows of no such payment


def test_webhook_and_return_at_once(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    outcome = bdquickpay_gateway.pay(payment, webhook=False)
    answer, page = bdquickpay_gateway.race(
        lambda: bdquickpay_gateway.send_webhook(outcome.payment),
        lambda: shop.app.test_client().get(outcome.return_url),
    )
    assert (answer.status_code, page.status_code) == (200, 200)
    assert shop.fulfilled == ["1"]


def test_a_race_waits_for_no_one_who_does_not_ask(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    outcome = bdquickpay_gateway.pay(payment, webhook=False)
    raced = bdquickpay_gateway.race(
        lambda: bdquickpay_gateway.send_webhook(outcome.payment).status_code, lambda: 7
    )
    assert raced == [200, 7]
    with pytest.raises(ZeroDivisionError):
        bdquickpay_gateway.race(lambda: 1 // 0, lambda: 7)


def test_what_cannot_be_done_is_readable(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment = shop.start()
    bdquickpay_gateway.pay(payment)
    with pytest.raises(AssertionError, match="is completed at the gateway, not pending"):
        bdquickpay_gateway.pay(payment)
    with pytest.raises(AssertionError, match="has no invoice_id: the gateway has not created it"):
        bdquickpay_gateway.pay(shop.bdquickpay.Payment())
    with pytest.raises(AssertionError, match="no payment with the invoice id NOPE"):
        bdquickpay_gateway.fail("NOPE")
    with pytest.raises(AttributeError):
        _ = bdquickpay_gateway.nonsense
    shop.db.session.commit()
    shop.db.session.remove()
    with pytest.raises(AssertionError, match="pass its invoice id"):
        bdquickpay_gateway.cancel(payment)


def test_the_callers_session_is_left_alone(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    payment, session = shop.start(), shop.db.session()
    bdquickpay_gateway.pay(payment)
    assert shop.db.session() is session
    assert payment in session
    other = shop.start("2")
    invoice_id, other.reason = other.invoice_id, "a change of mine"
    bdquickpay_gateway.fail(invoice_id)
    assert other.reason == "a change of mine"
    bdquickpay_gateway.pay(other, late=True, webhook=False)
    assert other.reason == "a change of mine"  # not read anew over it


@pytest.mark.parametrize("first", ["app", "gateway"])
def test_whichever_was_made_first(
    tmp_path: Path, request: pytest.FixtureRequest, first: str
) -> None:
    gateway = request.getfixturevalue("bdquickpay_gateway") if first == "gateway" else None
    shop = make_shop(
        tmp_path / "shop.sqlite3",
        BDQUICKPAY_APP_KEY="my-own-key",
        BDQUICKPAY_SECRET_KEY="my-own-secret",
    )
    gateway = gateway or request.getfixturevalue("bdquickpay_gateway")
    with shop.app.app_context():
        payment = shop.start()
        gateway.pay(payment)
        assert payment.status == "completed"
        assert gateway.requests[0].headers["X-App-Key"] == "my-own-key"
        assert "my-own-secret" not in repr(gateway.requests)
    dispose(shop)


def test_a_test_that_undoes_its_patches_is_still_kept_from_the_live_gateway(
    shop: Shop, bdquickpay_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert shop.bdquickpay.client.account.base_url == bdquickpay_gateway.server.base_url


OVER_OURS = """
from flask_bdquickpay import BDQuickPayClient

ITS_OWN = BDQuickPayClient.create_payment


def test_one(monkeypatch, bdquickpay_gateway):
    monkeypatch.setattr(BDQuickPayClient, "create_payment", None)


def test_other():
    assert BDQuickPayClient.create_payment is ITS_OWN
"""


def test_what_a_test_patches_over_the_kit_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(OVER_OURS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout


def test_webhook_reaches_a_mounted_shop_that_no_request_asked_to_start(
    tmp_path: Path, bdquickpay_gateway: Gateway
) -> None:
    mounted = make_shop(tmp_path / "shop.sqlite3", APPLICATION_ROOT="/store")
    with mounted.app.app_context():
        outcome = bdquickpay_gateway.pay(mounted.start())
    dispose(mounted)
    assert outcome.webhook is not None
    assert outcome.webhook.status_code == 200


def test_two_shops_in_one_process(shop: Shop, tmp_path: Path, bdquickpay_gateway: Gateway) -> None:
    other = make_shop(
        tmp_path / "other.sqlite3",
        BDQUICKPAY_APP_KEY="other-key",
        BDQUICKPAY_SECRET_KEY="other-secret",
    )
    mine = shop.start()
    with other.app.app_context():
        theirs = other.start("7")
        bdquickpay_gateway.pay(theirs)
        assert (theirs.status, other.fulfilled) == ("completed", ["7"])
    assert (mine.status, shop.fulfilled) == ("pending", [])
    dispose(other)


def test_below_a_mount_path(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    shop.app.add_url_rule("/buy", view_func=lambda: shop.start("9").payment_url, endpoint="buy")
    client = shop.app.test_client()
    client.get("/buy", base_url="http://localhost/mounted")
    invoice_id = bdquickpay_gateway.payments[0].invoice_id
    answer = bdquickpay_gateway.pay(invoice_id).webhook
    assert "/mounted/bdquickpay/webhook" in bdquickpay_gateway.deliveries[0].url
    assert answer is not None
    assert answer.status_code == 200


def test_a_shop_elsewhere_hears_over_http(shop: Shop, bdquickpay_gateway: Gateway) -> None:
    """A `url` on another host than the shop's is called over HTTP, whoever created the payment."""
    payment = shop.start()
    mounted = DispatcherMiddleware(Flask("empty"), {"/shop": shop.app})
    with make_server("127.0.0.1", 0, mounted, threaded=True) as server:
        runner = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        runner.start()
        url = f"http://127.0.0.1:{server.port}/shop/bdquickpay/webhook"
        assert bdquickpay_gateway.send_webhook(payment, url=url).status_code == 503
        server.shutdown()
        runner.join()


def test_the_plugins_module_imports_nothing_but_pytest() -> None:
    script = (
        "import sys, runpy, pkgutil, typing, pytest; before = set(sys.modules)\n"
        "runpy.run_path(sys.argv[1])\n"
        "print(sorted(set(sys.modules) - before))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, testing.__file__], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("by_invoice", [True, False])
def test_what_the_test_holds_is_read_anew(
    shop: Shop, bdquickpay_gateway: Gateway, by_invoice: bool
) -> None:
    payment, other = shop.start("1"), shop.start("2")
    assert other.status == "pending"
    shop.app.test_client().get(bdquickpay_gateway.pay(other, webhook=False).return_url)
    bdquickpay_gateway.pay(payment.invoice_id if by_invoice else payment)
    assert (payment.status, other.status) == ("completed", "completed")


@pytest.mark.parametrize("name", ["reset", "5xx", "half JSON", "out-of-order"])
def test_faults_by_the_words_people_use(bdquickpay_gateway: Gateway, name: str) -> None:
    bdquickpay_gateway.fault(name)
    assert len(bdquickpay_gateway.sandbox.faults.active()) == 1

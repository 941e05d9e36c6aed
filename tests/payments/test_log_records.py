"""Log records about a payment say which, in `extra`; and none of them holds what opens doors."""

from __future__ import annotations

import ast
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flask_bdquickpay.extension
from flask_bdquickpay import payment_changed, payment_created, payment_paid
from flask_bdquickpay.payments import signals

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import KEYS, Shop
from .acts import confirm, deaf, deliver, hear, make_due, raises, sweep

PACKAGE = Path(flask_bdquickpay.extension.__file__).parent
BROKEN = RuntimeError("the stock service is down")


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What we log, at every level."""
    caplog.set_level(logging.DEBUG, "flask_bdquickpay")
    return caplog


def paid_at_gateway(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    return payment


def refused_webhook(shop: Shop) -> Any:
    payment = paid_at_gateway(shop)
    with payment_paid.connected_to(raises(BROKEN), sender=shop.app):
        assert shop.webhook(payment).status_code == 503
    return payment


def unreachable_webhook(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.fault("500", endpoint="verify", times=None)
    assert shop.webhook(payment).status_code == 503
    return payment


def unreachable_return(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.fault("500", endpoint="verify", times=None)
    shop.success(payment)
    return payment


def refused_cancel(shop: Shop) -> Any:
    payment = paid_at_gateway(shop)
    with payment_paid.connected_to(raises(BROKEN), sender=shop.app):
        shop.cancel(payment)
    return payment


def broken_return_handler(shop: Shop) -> Any:
    payment = paid_at_gateway(shop)
    shop.bdquickpay.return_handler(raises(BROKEN))
    shop.success(payment)
    return payment


def refused_sweep(shop: Shop) -> Any:
    payment = paid_at_gateway(shop)
    make_due(shop, payment)
    with payment_paid.connected_to(raises(BROKEN), sender=shop.app):
        sweep(shop)
    return payment


def unreachable_sweep(shop: Shop) -> Any:
    payment = shop.started()
    make_due(shop, payment)
    shop.gateway.fault("500", endpoint="verify", times=None)
    sweep(shop)
    return payment


def still_owed(shop: Shop) -> Any:
    with deaf(shop):
        payment = paid_at_gateway(shop)
        confirm(shop, payment)
    with payment_paid.connected_to(raises(BROKEN), sender=shop.app):
        sweep(shop)
    return payment


def unheard(shop: Shop) -> Any:
    with deaf(shop):
        payment = paid_at_gateway(shop)
        shop.webhook(payment)
    return payment


def unknown_word(shop: Shop) -> Any:
    payment = shop.started()
    shop.gateway.fault("unknown_status", endpoint="verify")
    confirm(shop, payment)
    return payment


def broken_listener(shop: Shop) -> Any:
    hear(shop, payment_changed, raises(BROKEN))
    payment = paid_at_gateway(shop)
    shop.webhook(payment)
    deliver(shop)
    return payment


def exiting_listener(shop: Shop) -> Any:
    payment = paid_at_gateway(shop)
    hear(shop, payment_changed, raises(SystemExit()))
    shop.webhook(payment)
    return payment


def broken_at_creation(shop: Shop) -> Any:
    hear(shop, payment_created, raises(BROKEN))
    return shop.started()


def slow_receiver(shop: Shop) -> Any:
    payment = paid_at_gateway(shop)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "_SLOW", 0.0)
        shop.webhook(payment)
    return payment


#: What happens, what is logged of it, and the source that the record names.
SITUATIONS: list[tuple[Callable[[Shop], Any], str, str]] = [
    (refused_webhook, "is not booked", "webhook"),
    (refused_webhook, "Webhook not applied", "webhook"),
    (unreachable_webhook, "Webhook not applied", "webhook"),
    (unreachable_return, "could not be verified", "return"),
    (refused_cancel, "could not be settled", "cancel"),
    (broken_return_handler, "The return handler failed", "return"),
    (refused_sweep, "could not be settled", "sweep"),
    (unreachable_sweep, "could not be verified", "sweep"),
    (still_owed, "is still owed to the shop", "sweep"),
    (still_owed, "nobody listens to payment_paid", "confirm"),
    (unheard, "nobody listens to payment_paid", "webhook"),
    (unknown_word, "Unknown gateway status", "confirm"),
    (broken_listener, "payment_changed raised", "webhook"),
    (exiting_listener, "stays in the outbox", "webhook"),
    (broken_at_creation, "A receiver of payment_created raised", "checkout"),
    (slow_receiver, "of a payment signal took", "webhook"),
]


def named(happens: object) -> str:
    return getattr(happens, "__name__", str(happens))


@pytest.mark.parametrize(("happens", "text", "source"), SITUATIONS, ids=named)
def test_record_says_which_payment_and_what_brought_it_up(
    shop: Shop,
    logged: pytest.LogCaptureFixture,
    happens: Callable[[Shop], Any],
    text: str,
    source: str,
) -> None:
    payment = happens(shop)
    found = [facts(record) for record in logged.records if text in record.getMessage()]
    expected = {
        "payment_id": payment.id,
        "invoice_id": payment.invoice_id,
        "customer_reference": payment.customer_reference,
        "source": source,
    }
    assert expected in found, [record.getMessage() for record in logged.records]
    assert all(about["payment_id"] == payment.id for about in found)


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """The extra of a record; it has all of it, or a formatter that names it fails."""
    return {name: vars(record)[name] for name in FACTS}


FACTS = ("payment_id", "invoice_id", "customer_reference", "source")


def test_order_that_is_not_charged_is_named(shop: Shop, logged: pytest.LogCaptureFixture) -> None:
    reference = shop.order()
    shop.gateway.fault("500", endpoint="create")
    assert shop.click(reference).status_code == 502
    (record,) = [one for one in logged.records if "No payment for order" in one.getMessage()]
    assert facts(record) == {
        "payment_id": None,
        "invoice_id": None,
        "customer_reference": reference,
        "source": "checkout",
    }


@pytest.mark.thorough
def test_no_record_holds_a_token_a_key_or_the_payment_page(
    shop: Shop, logged: pytest.LogCaptureFixture
) -> None:
    for happens in dict.fromkeys(happens for happens, *_ in SITUATIONS):
        happens(shop)
        shop.gateway.clear_faults()
    assert len(logged.records) > len(SITUATIONS)
    secrets = [*KEYS.values()]
    for payment in shop.payments():
        secrets += [payment.token, payment.payment_url]
    told = "\n".join(all_of(record) for record in logged.records)
    assert [secret for secret in secrets if secret in told] == []


def all_of(record: logging.LogRecord) -> str:
    """Everything that a handler finds in a record."""
    error = record.exc_info[1] if record.exc_info else None
    trace = "".join(traceback.format_exception(error)) if error else ""
    return f"{vars(record)!r}\n{record.getMessage()}\n{trace}"


def test_this_test_would_see_a_token(shop: Shop, logged: pytest.LogCaptureFixture) -> None:
    payment = shop.started()
    logging.getLogger("flask_bdquickpay.test").error("…", extra={"token": payment.token})
    assert any(payment.token in all_of(record) for record in logged.records)


#: Functions of these rooms that log what is about no one payment.
ROOMS = ("payments", "web", "desk")
ABOUT_NO_PAYMENT = {
    ("desk.bookkeeping", "_applied"),
    ("desk.mount", "_log_once"),
    ("desk.mount", "mount"),
    ("payments.courier", "_start"),
    ("payments.hooks", "load_order"),
    ("payments.hooks", "may_pay"),
    ("payments.observers", "__call__"),
    ("payments.reconcile", "_report_what_is_left"),
    ("payments.reconcile", "sweep"),
    ("payments.transaction", "run"),
    ("web.language", "_host_language"),
    ("web.pages", "render"),
    ("web.webhook", "_event"),
    ("web.webhook", "_receive"),
}


def test_every_other_record_is_about_no_payment() -> None:
    assert set(without_extra()) - ABOUT_NO_PAYMENT == set()


def without_extra() -> Iterator[tuple[str, str]]:
    """(module, function) of each log call that names no payment."""
    for path in (path for room in ROOMS for path in (PACKAGE / room).rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                yield from ((module, function.name) for _ in bare_log_calls(function))


def bare_log_calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            is_log = ast.unparse(call.func.value) in ("_logger", "app.logger", "self._logger")
            if is_log and "extra" not in {keyword.arg for keyword in call.keywords}:
                yield call

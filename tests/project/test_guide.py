"""The pages that explain say what is so, and the links of all pages lead somewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from flask_bdquickpay import (
    InvalidPaymentRequest,
    PaymentMixin,
    PaymentRequest,
    payment_paid,
)
from flask_bdquickpay.money import MAX_AMOUNT
from flask_bdquickpay.payments import courier, outbox, settlement, signals, verdict
from flask_bdquickpay.payments.models import MAX_REFERENCE

from ..shop import NewShop, Shop
from .pages import CODE, PAGES, anchors, read, said, section

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def block(heading: str) -> str:
    (code,) = BLOCK.findall(section(heading))
    return str(code)


# The pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_a_heading_that_is_there(page: Path) -> None:
    text = CODE.sub("", read(page))
    links = re.findall(r"\]\(((?!http)[^)#]*)(?:#([\w-]+))?\)", text)
    for target, anchor in links:
        file = page.parent / target if target else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), (target, anchor)


def test_numbers_are_those_of_the_code() -> None:
    minutes = [int(grace.total_seconds() / 60) for grace in (verdict.GRACE, verdict.PROMISED_GRACE)]
    end = f"given up {minutes[0]} minutes after `expires_at`, or {minutes[1]} after"
    numbers = {
        end: "The end of a payment",
        f"1 to {MAX_REFERENCE} letters": "Orders",
        f"at most {MAX_AMOUNT} taka": "Orders",
        f"more than {signals._SLOW:.0f} seconds": "Receivers",
        f"waits for that {courier.COURTESY} seconds at most": "After the commit",
        f"after {outbox._FIRST_PAUSE.seconds} seconds": "After the commit",
        f"at most {outbox._LONGEST_PAUSE.seconds // 3600} hours": "After the commit",
        f"at most {settlement._CANCELS} times": "The end of a payment",
        f"once in {settlement.ASKING_PAUSE.seconds} seconds": "The server around it",
    }
    assert [text for text, heading in numbers.items() if text not in said(heading)] == []
    assert outbox.UNHEARD.days == 1
    assert "after a day without one it is closed" in said("After the commit")


# Orders


@pytest.mark.parametrize("amount", [0, "0.00", 0.5, "1.005", MAX_AMOUNT + 1])
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidPaymentRequest):
        PaymentRequest(amount)


def test_the_order_loader_is_asked_once_at_a_click_and_else_not(shop: Shop) -> None:
    load, asked = shop.app.extensions["bdquickpay"].hooks.order_loader, list[str]()

    @shop.bdquickpay.order_loader
    def counted(reference: str) -> Any:
        asked.append(reference)
        return load(reference)

    reference = shop.order()
    steps: list[tuple[int, Callable[[], object]]] = [
        (1, lambda: shop.client.get(f"/bdquickpay/checkout/{reference}")),
        (1, lambda: shop.click(reference)),
        (1, lambda: within(shop, lambda: shop.bdquickpay.start(reference))),
        (0, lambda: shop.success(shop.payments()[0])),
        (0, lambda: shop.cancel(shop.payments()[0])),
        (0, lambda: shop.gateway.pay(shop.payments()[0])),
        (0, lambda: shop.webhook(shop.payments()[0])),
        (0, lambda: within(shop, shop.bdquickpay.reconcile)),
    ]
    for times, step in steps:
        asked.clear()
        step()
        assert len(asked) == times
    assert shop.order_status(reference) == "paid"


def within(shop: Shop, work: Callable[[], object]) -> None:
    with shop.app.test_request_context():
        work()


# Receivers


def test_what_may_be_there_already_is_inserted_once(new_shop: NewShop) -> None:
    shop = new_shop(own_tables=True)
    db = shop.db

    class Points(db.Model):  # type: ignore[name-defined,misc]
        reference = db.Column(db.String(20), primary_key=True)

    names = {"db": db, "Points": Points, "IntegrityError": IntegrityError}

    def give_points(app: Flask, payment: PaymentMixin) -> None:
        exec(block("Receivers"), names | {"payment": payment})

    shop.receivers.append(give_points)
    payment_paid.connect(give_points, sender=shop.app)
    first, second = shop.started(), shop.started()
    with shop.app.app_context():
        db.create_all()
        db.session.add(Points(reference=second.customer_reference))
        db.session.commit()
    for payment in (first, second):
        shop.gateway.pay(payment)
        assert shop.webhook(payment).status_code == 200
        assert shop.order_status(payment.customer_reference) == "paid"
    with shop.app.app_context():
        assert db.session.query(Points).count() == 2


# Who hears


@contextmanager
def connected(shop: Shop, **how: Any) -> Iterator[list[int]]:
    """A receiver that is connected inside a function, as a factory would."""
    heard = list[int]()

    def factory() -> None:
        payment_paid.connect(lambda app, payment: heard.append(payment.id), **how)

    with shop.app.app_context():
        factory()
    yield heard


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("how", "hears"),
    [
        ({"weak": False}, True),
        ({}, False),
        ({"weak": False, "sender": current_app}, False),
    ],
)
def test_who_hears(shop: Shop, how: dict[str, Any], hears: bool) -> None:
    payment_paid_receivers = dict(payment_paid.receivers)
    with connected(shop, **({"sender": shop.app} | how)) as heard:
        payment = shop.started()
        shop.gateway.pay(payment)
        shop.webhook(payment)
        assert (heard == [payment.id]) is hears
    for key in payment_paid.receivers.keys() - payment_paid_receivers.keys():
        payment_paid.receivers.pop(key)


def test_the_proxy_gives_the_sender(shop: Shop) -> None:
    with shop.app.app_context():
        assert current_app._get_current_object() is shop.app  # type: ignore[attr-defined]
    assert "`sender=current_app._get_current_object()`" in section("Who hears")


def test_the_module_of_the_factory_connects_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "guided_shop"
    package.mkdir()
    (package / "__init__.py").write_text(block("Who hears"))
    (package / "receivers.py").write_text(
        "from flask_bdquickpay import payment_paid\n\n\n"
        "@payment_paid.connect\ndef fulfil(app, payment): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    app = Flask("guided")
    before = signals.paid_is_heard(app)
    package_module = __import__("guided_shop")
    assert not before
    assert signals.paid_is_heard(app)
    payment_paid.disconnect(package_module.receivers.fulfil)
    for name in ("guided_shop", "guided_shop.receivers"):
        sys.modules.pop(name)


# The server around it


def test_the_webhook_is_the_view_that_it_names(shop: Shop) -> None:
    named = re.search(r'view_functions\["([\w.]+)"\]', section("The server around it"))
    assert named is not None
    assert shop.app.view_functions[named[1]].__name__ == "webhook"


# Types


def test_the_example_of_types_runs() -> None:
    db = SQLAlchemy()

    class MyPayment(PaymentMixin, db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "my_payment"

    names: dict[str, Any] = {"MyPayment": MyPayment}
    exec(compile(block("Types"), "guide", "exec", dont_inherit=True), names)
    assert names["fulfil"].__annotations__["payment"] is PaymentMixin

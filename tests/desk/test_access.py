"""The desk is closed by default, and there is nothing in it to edit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, flash, redirect
from flask.testing import FlaskClient

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_admin import Admin

from flask_bdquickpay import ConfigurationError
from flask_bdquickpay.desk import Desk

from ..shop import Shop
from .visits import PAYMENTS, URL, flagged, open_desk, put, rules

# Closed by default


@pytest.mark.parametrize("allow", [None, True, "everybody"])
def test_without_an_access_check_it_does_not_mount(allow: Any) -> None:
    app = Flask("host")
    for target in (app, Admin(app)):
        with pytest.raises(ConfigurationError, match=r"Desk\(allow=lambda"):
            Desk(allow=allow).mount(target)
    assert rules(app) == []


class _Method:
    def allow(self) -> bool:
        return False


@pytest.mark.parametrize(
    "answer", [False, None, 1, "yes", _Method().allow], ids=["no", "none", "1", "yes", "method"]
)
def test_everything_is_closed_to_whom_the_host_does_not_allow(shop: Shop, answer: Any) -> None:
    client = open_desk(shop, allow=lambda: answer)
    put(shop)
    found = rules(shop.app)
    assert len(found) == 22
    assert [client.open(url, method=method).status_code for method, url in found] == [403] * len(
        found
    )
    assert shop.payments()[0].status == "pending"


def test_async_check_is_awaited(shop: Shop) -> None:
    pytest.importorskip("asgiref", reason="Flask's async extra")

    async def allow() -> bool:
        return False

    assert open_desk(shop, allow=allow).get(PAYMENTS).status_code == 403


def test_host_answers_whom_it_refuses(shop: Shop) -> None:
    client = open_desk(shop, allow=lambda: False, refuse=lambda: redirect("/login"))
    answers = [client.open(url, method=method) for method, url in rules(shop.app)]
    assert {answer.headers.get("Location") for answer in answers} == {"/login"}


def test_refusal_that_answers_nothing_is_no_yes(shop: Shop) -> None:
    client = open_desk(shop, allow=lambda: False, refuse=lambda: flash("Please log in."))
    payment = flagged(shop)
    answers = [client.open(url, method=method) for method, url in rules(shop.app)]
    assert {answer.status_code for answer in answers} == {403}
    assert shop.payment(payment).status == "flagged"


def test_async_refusal_that_answers_nothing_is_no_yes(shop: Shop) -> None:
    pytest.importorskip("asgiref", reason="Flask's async extra")

    async def refuse() -> None:
        pass

    assert open_desk(shop, allow=lambda: False, refuse=refuse).get(PAYMENTS).status_code == 403


def test_every_request_is_checked(shop: Shop) -> None:
    allowed = [True]
    client = open_desk(shop, allow=lambda: allowed[0])
    assert client.get(URL + "/").status_code == 200
    allowed[0] = False
    assert client.get(URL + "/").status_code == 403


@pytest.mark.thorough
def test_menu_shows_the_desk_to_whom_it_is_open(shop: Shop) -> None:
    allowed = [False]
    client = open_desk(shop, allow=lambda: allowed[0])
    with _flask_babel_ready(shop.app):
        assert f'href="{URL}/"' not in client.get("/admin/").text
        allowed[0] = True
        assert f'href="{URL}/"' in client.get("/admin/").text


@contextmanager
def _flask_babel_ready(app: Flask) -> Iterator[None]:
    """Flask-Admin's own pages need it, where it is installed."""
    babel = pytest.importorskip("flask_babel")
    if "babel" not in app.extensions:
        babel.Babel(app)
    yield


# Nothing can be edited


def test_these_actions_are_all_that_changes_anything(shop: Shop, desk: FlaskClient) -> None:
    unsafe = {(method, url) for method, url in rules(shop.app) if method != "GET"}
    one = f"{PAYMENTS}/1"
    assert unsafe == {
        ("POST", f"{one}/verify"),
        ("POST", f"{one}/resolve"),
        ("POST", f"{one}/give-up"),
        ("POST", f"{one}/note"),
        ("POST", f"{one}/announce"),
        ("POST", f"{one}/events/1/deliver"),
        ("POST", f"{one}/refunds/new"),
        ("POST", f"{one}/refunds/1/void"),
        ("POST", f"{URL}/books/statement"),
    }


@pytest.mark.parametrize("path", ["new", "edit", "delete", "action", "ajax/update"])
@pytest.mark.parametrize("place", [URL, PAYMENTS, f"{PAYMENTS}/1"])
def test_there_is_nothing_to_create_edit_or_delete_with(
    shop: Shop, desk: FlaskClient, place: str, path: str
) -> None:
    payment = put(shop)
    form = {"id": str(payment), "amount": "1", "status": "completed"}
    assert desk.post(f"{place}/{path}/", data=form).status_code in (404, 405)
    assert desk.post(f"{place}/{path}", data=form).status_code in (404, 405)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("url", [URL + "/", PAYMENTS, f"{PAYMENTS}/1", f"{PAYMENTS}.csv"])
def test_pages_only_show(shop: Shop, desk: FlaskClient, url: str, method: str) -> None:
    put(shop)
    form = {"amount": "1", "status": "completed"}
    assert desk.open(url, method=method, data=form).status_code == 405
    (payment,) = shop.payments()
    assert (payment.amount, payment.status) == (Decimal(500), "pending")

"""Host code that fails keeps the desk closed, and is logged once; a desk without names says so."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from flask import abort, redirect

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_admin import Admin

from flask_bdquickpay.desk import Desk

from ..shop import Shop
from .visits import PAYMENTS, URL, decide, flagged, open_desk, rules, said

NOBODY: Any = SimpleNamespace()  # as an anonymous visitor, who has no such attribute
MOUNT = "flask_bdquickpay.desk.mount"


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == MOUNT]


def test_check_that_raises_keeps_everything_closed_and_is_logged_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    client = open_desk(shop, allow=lambda: NOBODY.is_admin)
    found = rules(shop.app)
    codes = {client.open(url, method=method).status_code for method, url in found}
    assert codes == {403}
    (line,) = logged(caplog)
    assert line.startswith("The desk's allow() raised AttributeError, which counts as a no: ")
    assert caplog.records[0].exc_info is not None


def test_each_kind_of_failure_is_logged(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Any] = [KeyError("a"), KeyError("b"), ZeroDivisionError(), "yes", "no", None]

    def allow() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = open_desk(shop, allow=allow)
    assert [client.get(PAYMENTS).status_code for _ in range(6)] == [403] * 6
    assert [line.partition(":")[0] for line in logged(caplog)] == [
        "The desk's allow() raised KeyError, which counts as a no",
        "The desk's allow() raised ZeroDivisionError, which counts as a no",
        "The desk stays closed",
        "The desk stays closed",
    ]


def test_check_that_raises_is_answered_by_the_host(shop: Shop) -> None:
    refuse = lambda: redirect("/login")  # noqa: E731
    client = open_desk(shop, allow=lambda: NOBODY.is_admin, refuse=refuse)
    assert client.get(PAYMENTS).headers["Location"] == "/login"


def test_check_may_abort_with_an_answer_of_its_own(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    client = open_desk(shop, allow=lambda: abort(401))
    assert client.get(PAYMENTS).status_code == 401
    with shop.app.test_request_context():
        (view,) = [view for view in shop.app.extensions["admin"][0]._views if view.url == URL]
        assert view.is_accessible() is False
    assert logged(caplog) == []


def test_name_that_can_not_be_found_out_is_none(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    client = open_desk(shop, who=lambda: NOBODY.name)
    payment = flagged(shop)
    form = {"decision": "accept", "note": "seen", "accepted": "400.00"}
    assert "does not know your name" in client.get(f"{PAYMENTS}/{payment.id}").text
    assert "Nobody decides without a name" in said(decide(client, payment.id, **form))
    assert shop.payment(payment).status == "flagged"
    (line,) = logged(caplog)
    assert "who() raised AttributeError" in line


@pytest.mark.parametrize("alone", [False, True])
def test_desk_where_nobody_can_decide_says_so_at_once(
    shop: Shop, caplog: pytest.LogCaptureFixture, alone: bool
) -> None:
    with caplog.at_level(logging.WARNING):
        Desk(allow=lambda: True).mount(shop.app if alone else Admin(shop.app))
    (line,) = logged(caplog)
    assert line.startswith("Nobody can decide about a payment at the desk unless the web server")
    assert "who=lambda: current_user.name" in line


def test_desk_with_names_is_quiet(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    open_desk(shop)
    assert logged(caplog) == []

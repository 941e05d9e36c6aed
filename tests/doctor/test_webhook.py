"""A webhook to the shop itself, ill and healthy; the ill one says the cure."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from flask import Flask, redirect

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .patients import OK, RED, WARNING, check, free_port, port_of, served


@on_sqlite
def test_a_webhook_that_arrives_is_fine(at_home: Shop) -> None:
    with served(at_home.app, port_of(at_home)):
        result = check(at_home, "webhook")
    url = f"{at_home.app.config['BDQUICKPAY_PUBLIC_URL']}/bdquickpay/webhook"
    assert result == (OK, f"{url} takes our key and refuses a wrong one.")


@on_sqlite
def test_a_webhook_arrives_below_a_mount_path(new_shop: NewShop) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    shop = new_shop(BDQUICKPAY_PUBLIC_URL=url, APPLICATION_ROOT="/shop")

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        assert environ["PATH_INFO"].startswith("/shop/")
        environ["SCRIPT_NAME"] = "/shop"
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/shop")
        return shop.app(environ, start_response)

    with served(mounted, port_of(shop)):
        assert check(shop, "webhook").state == OK


@on_sqlite
def test_a_webhook_that_is_switched_off_is_worth_a_warning(new_shop: NewShop) -> None:
    result = check(new_shop(BDQUICKPAY_WEBHOOK=False), "webhook")
    assert result.state == WARNING
    assert "Set BDQUICKPAY_WEBHOOK = True" in result.message


@on_sqlite
def test_a_webhook_without_a_key_is_red(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_APP_KEY="", BDQUICKPAY_PUBLIC_URL="https://shop.example.com")
    result = check(shop, "webhook")
    assert result.state == RED
    assert "Set BDQUICKPAY_APP_KEY" in result.message


@on_sqlite
def test_a_shop_that_does_not_run_is_red(at_home: Shop) -> None:
    result = check(at_home, "webhook")
    assert result.state == RED
    assert "nothing listens at 127.0.0.1:" in result.message
    assert "Start the shop there" in result.message


@on_sqlite
def test_a_name_that_nobody_knows_is_red(new_shop: NewShop) -> None:
    result = check(new_shop(BDQUICKPAY_PUBLIC_URL="https://shop.invalid"), "webhook")
    assert result.state == RED
    assert "can't be reached" in result.message
    assert "DNS" in result.message


@on_sqlite
def test_a_webhook_that_hangs_is_red_in_bounded_time(
    at_home: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_bdquickpay.doctor.webhook.TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", port_of(at_home))):
        result = check(at_home, "webhook")
    assert result.state == RED
    assert "no answer within 0.3 seconds. Check firewall and proxy" in result.message


@on_sqlite
def test_tls_that_fails_is_named(at_home: Shop, new_shop: NewShop) -> None:
    with served(at_home.app) as port:  # speaks plain HTTP
        shop = new_shop(BDQUICKPAY_PUBLIC_URL=f"https://127.0.0.1:{port}")
        result = check(shop, "webhook")
    assert result.state == RED
    assert "TLS fails: [SSL" in result.message
    assert "Renew the certificate" in result.message


@on_sqlite
def test_a_shop_with_another_key_is_red(at_home: Shop, new_shop: NewShop) -> None:
    other = new_shop(BDQUICKPAY_APP_KEY="another")
    with served(other.app, port_of(at_home)):
        result = check(at_home, "webhook")
    assert result.state == RED
    assert "Restart it with the configuration that this command sees" in result.message


@on_sqlite
def test_a_shop_there_without_database_is_red(at_home: Shop, new_shop: NewShop) -> None:
    other = new_shop(SQLALCHEMY_DATABASE_URI="sqlite://")
    with other.app.app_context():
        other.db.drop_all()
    with served(other.app, port_of(at_home)):
        result = check(at_home, "webhook")
    assert result.state == RED
    assert "can't use its database; see its log" in result.message


@on_sqlite
@pytest.mark.parametrize(
    ("answer", "cure"),
    [
        (lambda: redirect("https://www.example.com/"), "the address that answers itself"),
        (lambda: redirect("/login?next=/bdquickpay/webhook"), "Exempt this path from login"),
        (lambda: ("<h1>Welcome</h1>", 200), "Check the proxy's path, APPLICATION_ROOT"),
        (lambda: ("<h1>Not found</h1>", 404), "Check the proxy's path, APPLICATION_ROOT"),
        (lambda: ("<h1>CSRF</h1>", 400), "Exempt this path from login, CSRF checks"),
        (lambda: ("<h1>Log in</h1>", 401), "Exempt this path from login, CSRF checks"),
        (lambda: ("<h1>Bad gateway</h1>", 502), "See the proxy's and the shop's log"),
    ],
)
def test_what_stands_before_the_webhook_is_told(at_home: Shop, answer: Any, cure: str) -> None:
    other, seen = Flask("tests.other"), []

    @other.post("/bdquickpay/webhook")
    def webhook() -> Any:
        from flask import request

        seen.append(request.headers["X-App-Key"])
        return answer()

    with served(other, port_of(at_home)):
        result = check(at_home, "webhook")
    assert result.state == RED
    assert cure in result.message
    assert seen == ["bdquickpay-doctor-wrong-key"]  # a stranger is never told our key

"""Each check of the doctor, ill and healthy; the ill one says the cure."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, redirect
from flask_migrate import Migrate
from werkzeug.serving import make_server

from flask_bdquickpay import BDQuickPay, doctor, payment_changed, payment_paid
from flask_bdquickpay.doctor.findings import Result
from flask_bdquickpay.payments.clock import utcnow
from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY

from ..shop import KEYS, Shop

RED, WARNING, OK = doctor.Level.RED, doctor.Level.WARNING, doctor.Level.OK
#: Where the kind of database makes no difference.
on_sqlite = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
NewShop = Callable[..., Shop]


def check(shop: Shop, name: str) -> Result:
    """Have one check run on a shop."""
    with shop.app.app_context():
        return doctor.CHECKS[name](doctor.Patient(shop.app.extensions["bdquickpay"]))


def with_account(shop: Shop, monkeypatch: pytest.MonkeyPatch, **account: Any) -> Shop:
    """A shop at another gateway, which nobody asks."""
    real = {"base_url": "https://gateway.example/api", "app_key": "k", "secret_key": "s"}
    found = SimpleNamespace(**(real | account))
    client = shop.app.extensions["bdquickpay"].client
    monkeypatch.setattr(type(client), "account", property(lambda self: found))
    return shop


# The configuration


@on_sqlite
def test_missing_keys_are_red(new_shop: NewShop) -> None:
    result = check(new_shop(BDQUICKPAY_APP_KEY="", BDQUICKPAY_SECRET_KEY=""), "configuration")
    assert result.state == RED
    assert "BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY not set: copy from" in result.message


@on_sqlite
def test_the_sandbox_keys_at_the_real_gateway_are_red(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = with_account(shop, monkeypatch, app_key=APP_KEY, secret_key=SECRET_KEY)
    result = check(shop, "configuration")
    assert result.state == RED
    assert "put the merchant's own in BDQUICKPAY_APP_KEY" in result.message


@on_sqlite
def test_a_stand_in_for_the_gateway_is_worth_a_warning(shop: Shop) -> None:
    result = check(shop, "configuration")
    assert result.state == WARNING
    assert "remove BDQUICKPAY_SANDBOX or BDQUICKPAY_BASE_URL" in result.message


@on_sqlite
def test_keys_for_the_real_gateway_are_fine(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    result = check(with_account(shop, monkeypatch), "configuration")
    assert result == (OK, "Keys are set for https://gateway.example/api.")


@on_sqlite
def test_a_shop_without_order_loader_is_red(shop: Shop) -> None:
    assert check(shop, "order loader").state == OK
    bare = Flask("tests.bare")
    bare.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", **KEYS)
    bare.extensions["sqlalchemy"] = shop.db
    BDQuickPay(bare)
    with bare.app_context():
        patient = doctor.Patient(bare.extensions["bdquickpay"])
        result = doctor.CHECKS["order loader"](patient)
    assert result.state == RED
    assert "@bdquickpay.order_loader" in result.message


@on_sqlite
@pytest.mark.parametrize(("secret", "state"), [(None, RED), ("dev", WARNING), ("x" * 32, OK)])
def test_secret_key(new_shop: NewShop, secret: str | None, state: doctor.Level) -> None:
    result = check(new_shop(SECRET_KEY=secret), "SECRET_KEY")
    assert result.state == state
    assert state == OK or "Set SECRET_KEY to the output of: python -c" in result.message


# The tables


def test_tables_that_are_there_are_fine(shop: Shop) -> None:
    assert check(shop, "tables").state == OK
    assert check(shop, "unique indexes").state == OK


def test_missing_tables_are_red(shop: Shop) -> None:
    with shop.app.app_context():
        shop.db.drop_all()
    result = check(shop, "tables")
    assert result.state == RED
    assert "Missing: bdquickpay_payment, bdquickpay_payment_event." in result.message
    assert "Run db.create_all()" in result.message


def test_the_cure_for_missing_tables_is_a_migration_where_there_are_migrations(shop: Shop) -> None:
    Migrate(shop.app, shop.db)
    with shop.app.app_context():
        shop.db.drop_all()
    assert "Run: flask db migrate && flask db upgrade" in check(shop, "tables").message


def test_a_missing_column_is_red(shop: Shop) -> None:
    execute(shop, "ALTER TABLE bdquickpay_payment DROP COLUMN gateway_status")
    result = check(shop, "tables")
    assert result.state == RED
    assert "Columns missing: bdquickpay_payment.gateway_status." in result.message
    assert "use Flask-Migrate, or ALTER TABLE" in result.message


def test_a_missing_unique_index_is_red(shop: Shop) -> None:
    rebuild_without_unique(shop, "order_key")
    result = check(shop, "unique indexes")
    assert result.state == RED
    assert "No unique index on bdquickpay_payment.order_key" in result.message
    assert "use Flask-Migrate, or ALTER TABLE" in result.message


def test_a_unique_index_made_by_hand_counts(shop: Shop) -> None:
    rebuild_without_unique(shop, "order_key")
    execute(shop, "CREATE UNIQUE INDEX by_hand ON bdquickpay_payment (order_key)")
    assert check(shop, "unique indexes").state == OK


def execute(shop: Shop, statement: str) -> None:
    with shop.app.app_context():
        shop.db.session.execute(sa.text(statement))
        shop.db.session.commit()


def rebuild_without_unique(shop: Shop, column: str) -> None:
    """Make the tables anew as somebody would who forgot a constraint."""
    copy = sa.MetaData()
    tables = shop.app.extensions["bdquickpay"].models
    with shop.app.app_context():
        shop.db.drop_all()
        for model in (tables.payment, tables.event):
            table = model.__table__.to_metadata(copy)
            for constraint in list(table.constraints):
                if isinstance(constraint, sa.UniqueConstraint) and column in constraint.columns:
                    table.constraints.discard(constraint)
        copy.create_all(shop.db.engine)


# The way in


@on_sqlite
def test_a_public_url_that_is_not_known_is_worth_a_warning(new_shop: NewShop) -> None:
    shop = new_shop()
    for name in ("public URL", "webhook", "HTTPS"):
        result = check(shop, name)
        assert result.state == WARNING
        assert "Set BDQUICKPAY_PUBLIC_URL" in result.message


@on_sqlite
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1",
        "https://localhost:8000",
        "https://192.168.1.7",
        "https://[::1]",
        "https://shop.local",
        "https://shop",
    ],
)
def test_an_address_that_the_gateway_cannot_reach_is_red(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    shop = with_account(new_shop(BDQUICKPAY_PUBLIC_URL=url), monkeypatch)
    result = check(shop, "public URL")
    assert result.state == RED
    assert "Set BDQUICKPAY_PUBLIC_URL to the shop's address on the internet" in result.message


@on_sqlite
@pytest.mark.parametrize(
    "url", ["https://shop.example.com", "https://8.8.8.8", "https://[2606::1]"]
)
def test_an_address_on_the_internet_is_fine(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    shop = with_account(new_shop(BDQUICKPAY_PUBLIC_URL=url), monkeypatch)
    assert check(shop, "public URL") == (OK, url)


@on_sqlite
def test_loopback_is_fine_with_a_stand_in(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="http://127.0.0.1:5000")
    assert check(shop, "public URL").state == OK
    assert check(shop, "HTTPS").state == OK


@on_sqlite
def test_the_server_name_is_a_public_url_too(
    new_shop: NewShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"SERVER_NAME": "shop.example.com", "PREFERRED_URL_SCHEME": "https"}
    shop = with_account(new_shop(**config), monkeypatch)
    assert check(shop, "public URL") == (OK, "https://shop.example.com")


@on_sqlite
def test_plain_http_is_red(new_shop: NewShop, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://shop.example.com"
    shop = with_account(new_shop(BDQUICKPAY_PUBLIC_URL=url), monkeypatch)
    https, webhook = check(shop, "HTTPS"), check(shop, "webhook")
    assert https.state == webhook.state == RED
    assert "set BDQUICKPAY_PUBLIC_URL to the https:// address" in https.message
    assert "Not tried over plain HTTP" in webhook.message


@on_sqlite
@pytest.mark.parametrize(
    ("cookies", "state", "cure"),
    [
        ({}, WARNING, "Set SESSION_COOKIE_SECURE = True"),
        (
            {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Strict"},
            WARNING,
            "Set SESSION_COOKIE_SAMESITE = 'Lax'",
        ),
        ({"SESSION_COOKIE_SECURE": True}, OK, "cookies stay on it"),
    ],
)
def test_cookies_on_https(
    new_shop: NewShop, cookies: dict[str, Any], state: doctor.Level, cure: str
) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="https://shop.example.com", **cookies)
    result = check(shop, "HTTPS")
    assert result.state == state
    assert cure in result.message


# A webhook to ourselves


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[int]:
    """Serve an app on a loopback port."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def at_home(new_shop: NewShop) -> Shop:
    """A shop whose public URL is a free loopback port."""
    return new_shop(BDQUICKPAY_PUBLIC_URL=f"http://127.0.0.1:{free_port()}")


def port_of(shop: Shop) -> int:
    return int(shop.app.config["BDQUICKPAY_PUBLIC_URL"].rpartition(":")[2])


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


# CSRF


@on_sqlite
def test_checkout_that_refuses_a_post_without_token_is_fine(shop: Shop) -> None:
    assert check(shop, "CSRF") == (OK, "Checkout refuses a POST without a token.")


@on_sqlite
def test_csrf_switched_off_is_red(new_shop: NewShop) -> None:
    result = check(new_shop(WTF_CSRF_ENABLED=False), "CSRF")
    assert result.state == RED
    assert "Remove that setting outside of tests" in result.message


@on_sqlite
def test_csrf_without_a_secret_key_is_red(new_shop: NewShop) -> None:
    result = check(new_shop(SECRET_KEY=None), "CSRF")
    assert result.state == RED
    assert "Set SECRET_KEY" in result.message


@on_sqlite
def test_a_checkout_that_takes_anything_is_red(shop: Shop) -> None:
    shop.app.view_functions["bdquickpay.checkout"] = lambda reference: "paid"
    result = check(shop, "CSRF")
    assert result.state == RED
    assert "look for what replaces bdquickpay.checkout" in result.message


@on_sqlite
def test_a_login_before_checkout_is_worth_a_warning(shop: Shop) -> None:
    shop.app.before_request(lambda: redirect("/login"))
    result = check(shop, "CSRF")
    assert result.state == WARNING
    assert "Exempt the blueprint 'bdquickpay' from it" in result.message


# The gateway


@on_sqlite
def test_a_gateway_that_accepts_the_keys_is_fine(shop: Shop) -> None:
    result = check(shop, "gateway")
    assert result == (OK, f"{shop.server.base_url} answers and accepts the keys.")


@on_sqlite
def test_wrong_keys_are_red(new_shop: NewShop) -> None:
    result = check(new_shop(BDQUICKPAY_SECRET_KEY="wrong"), "gateway")
    assert result.state == RED
    assert "Copy both keys again from the merchant dashboard" in result.message


@on_sqlite
def test_an_inactive_merchant_is_red(shop: Shop) -> None:
    shop.gateway.switch(merchant_active=False)
    result = check(shop, "gateway")
    assert result.state == RED
    assert "Ask bdQuickPay's support to activate it" in result.message


@on_sqlite
def test_a_gateway_that_fails_is_red(shop: Shop) -> None:
    shop.gateway.fault("html", times=None)
    result = check(shop, "gateway")
    assert result.state == RED
    assert "Check the network and BDQUICKPAY_BASE_URL" in result.message


@on_sqlite
def test_a_gateway_without_keys_is_not_asked(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_SECRET_KEY="")
    result = check(shop, "gateway")
    assert result.state == RED
    assert "set BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY" in result.message
    assert not shop.gateway.requests


# Work left undone


def test_overdue_payments_are_red(shop: Shop) -> None:
    payment = shop.started()
    assert check(shop, "sweep").state == OK
    shop.change(payment, check_after=utcnow() - timedelta(hours=1))
    result = check(shop, "sweep")
    assert result.state == RED
    assert "Payments overdue: 1, since " in result.message
    assert "Run 'flask bdquickpay reconcile' every few minutes" in result.message


def test_events_that_nobody_delivers_are_red(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    payment = shop.started()
    assert check(shop, "outbox").state == OK
    change_event(shop, payment, deliver_after=utcnow() - timedelta(hours=1))
    result = check(shop, "outbox")
    assert result.state == RED
    assert "Events not delivered: 1, due since " in result.message
    assert "Run 'flask bdquickpay reconcile' (or deliver)" in result.message


def test_a_receiver_that_keeps_raising_is_red_with_its_error(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")

    def broken(app: Flask, **_: Any) -> None:
        raise RuntimeError("no mail today")

    with payment_changed.connected_to(broken, sender=shop.app):
        payment = shop.started()
        for _ in range(4):
            assert check(shop, "outbox").state == OK
            change_event(shop, payment, deliver_after=utcnow())
            deliver(shop)
    result = check(shop, "outbox")
    assert result.state == RED
    assert "(attempts: 4): RuntimeError: no mail today. Mend it" in result.message
    assert "flask bdquickpay deliver" in result.message


def deliver(shop: Shop) -> None:
    with shop.app.app_context():
        shop.bdquickpay.deliver()


def change_event(shop: Shop, payment: Any, **columns: Any) -> None:
    model = shop.bdquickpay.PaymentEvent
    with shop.app.app_context():
        change = sa.update(model).where(model.payment_id == payment.id).values(**columns)
        shop.db.session.execute(change)
        shop.db.session.commit()


def test_a_flagged_payment_is_worth_a_warning(shop: Shop) -> None:
    payment = shop.started()
    assert check(shop, "flagged").state == OK
    shop.change(payment, status="flagged")
    result = check(shop, "flagged")
    assert result.state == WARNING
    assert "Payments that wait for a person: 1." in result.message
    assert "decide with 'flask bdquickpay resolve'" in result.message


def completed(shop: Shop, source: str, count: int = 5) -> None:
    """Have payments completed by what comes from `source`."""
    state = shop.app.extensions["bdquickpay"]
    for _ in range(count):
        payment = shop.started()
        shop.gateway.pay(payment, webhook=False)
        with shop.app.app_context():
            state.settlement.settle(state.store.find("id", payment.id), source)


def test_payments_announced_by_webhooks_are_fine(shop: Shop) -> None:
    completed(shop, "webhook", 1)
    completed(shop, "sweep", 5)
    result = check(shop, "webhooks seen")
    assert result.state == OK
    assert result.message.startswith("1 of 6 payments of late; the last at ")


@pytest.mark.parametrize(("source", "state"), [("sweep", RED), ("return", WARNING)])
def test_payments_that_no_webhook_announced(shop: Shop, source: str, state: doctor.Level) -> None:
    completed(shop, source)
    result = check(shop, "webhooks seen")
    assert result.state == state
    assert "None of the 5 payments completed of late was announced" in result.message
    assert "Check BDQUICKPAY_PUBLIC_URL and bdQuickPay's webhook log" in result.message


@on_sqlite
def test_too_few_payments_tell_nothing_about_webhooks(shop: Shop) -> None:
    completed(shop, "sweep", 4)
    assert check(shop, "webhooks seen").state == OK


@on_sqlite
def test_payments_of_long_ago_tell_nothing_about_webhooks(shop: Shop) -> None:
    completed(shop, "sweep")
    for payment in shop.payments():
        shop.change(payment, created_at=utcnow() - timedelta(days=8))
    assert check(shop, "webhooks seen").state == OK


@on_sqlite
def test_no_webhooks_are_missed_where_none_are_wanted(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_WEBHOOK=False)
    completed(shop, "sweep")
    assert check(shop, "webhooks seen").state == OK


# All of them


def run(shop: Shop, *args: str) -> Any:
    return shop.app.test_cli_runner().invoke(args=["bdquickpay", "doctor", *args])


@on_sqlite
def test_a_healthy_shop_has_exit_code_0(at_home: Shop) -> None:
    with served(at_home.app, port_of(at_home)):
        result = run(at_home)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == len(doctor.CHECKS)
    assert all(line.startswith(("ok ", "warning ")) for line in lines)


@on_sqlite
def test_something_red_has_exit_code_1(at_home: Shop) -> None:
    result = run(at_home)
    assert result.exit_code == 1
    assert "RED      webhook" in result.stdout


@on_sqlite
def test_json_is_all_that_is_printed(at_home: Shop) -> None:
    result = run(at_home, "--json")
    document = json.loads(result.stdout)
    assert document["healthy"] is False
    assert [entry["check"] for entry in document["checks"]] == list(doctor.CHECKS)
    states = {entry["check"]: entry["state"] for entry in document["checks"]}
    assert (states["webhook"], states["tables"]) == ("red", "ok")


@on_sqlite
def test_a_database_that_does_not_answer_stops_no_other_check(new_shop: NewShop) -> None:
    shop = new_shop()
    with shop.app.app_context():
        shop.db.drop_all()
    result = run(shop)
    assert result.exit_code == 1
    assert "RED      tables" in result.stdout
    assert "RED      sweep           The database says: no such table" in result.stdout
    assert "ok       gateway" in result.stdout


@on_sqlite
def test_a_check_that_breaks_is_red(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(patient: doctor.Patient) -> Result:
        raise ZeroDivisionError("oops")

    monkeypatch.setitem(doctor.CHECKS, "gateway", broken)
    result = run(shop)
    assert "RED      gateway         The check itself failed: ZeroDivisionError" in result.stdout


@on_sqlite
def test_no_key_is_shown(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred", BDQUICKPAY_PREVIOUS_APP_KEYS=["old-key"])
    payment = shop.started()
    error = f"sent {KEYS['BDQUICKPAY_APP_KEY']} {KEYS['BDQUICKPAY_SECRET_KEY']} old-key"
    change_event(shop, payment, attempts=4, error=error, deliver_after=utcnow())
    result = run(shop)
    assert "(attempts: 4): sent *** *** ***" in result.stdout
    assert not any(key in result.output for key in (*KEYS.values(), "old-key"))


@on_sqlite
def test_webhooks_that_come_after_the_payment_was_settled_count_too(shop: Shop) -> None:
    completed(shop, "sweep")
    for payment in shop.payments():
        shop.webhook(payment)
    assert check(shop, "webhooks seen").state == OK


@on_sqlite
def test_shop_that_does_not_listen(shop: Shop) -> None:
    assert check(shop, "receivers").state == OK
    for receiver in shop.receivers:
        payment_paid.disconnect(receiver, sender=shop.app)
        payment_changed.disconnect(receiver, sender=shop.app)
    result = check(shop, "receivers")
    assert result.state == WARNING
    assert "module level" in result.message

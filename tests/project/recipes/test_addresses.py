"""The recipes for a shop behind a proxy, under a mount path and through a tunnel."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from .bench import Bench, csrf_token, extension, lines, place, run, value


def urls(body: dict[str, Any]) -> set[str]:
    """What stands before our routes in the URLs that the gateway was given."""
    given = (body[name] for name in ("success_url", "cancel_url", "webhook_url"))
    return {url.split("/bdquickpay/")[0] for url in given}


@pytest.mark.parametrize("prefix", ["", "/shop"])
def test_behind_a_proxy(bench: Bench, prefix: str) -> None:
    bench.copy("Behind a proxy")
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "shapla-books.example"}
    headers["X-Forwarded-Prefix"] = prefix
    app = bench.app(bench.load("wsgi"))
    place(app, bench.load("shop"), "a1")

    @app.post("/start")
    def start() -> str:
        return str(extension(app).start("a1").payment_url)

    app.test_client().post("/start", headers=headers)
    assert urls(bench.gateway.requests[0].body) == {f"https://shapla-books.example{prefix}"}
    outcome = bench.gateway.pay(bench.gateway.payments[0], webhook=False)
    path = outcome.return_url.removeprefix(f"https://shapla-books.example{prefix}")
    back = app.test_client().get(path, headers=headers)
    assert back.location == f"{prefix}/orders/a1"
    assert value(app, bench.load("shop").Order.status) == "paid"


def test_under_a_mount_path(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_BDQUICKPAY_PUBLIC_URL", "https://example.com")
    bench.copy("Under a mount path")
    wsgi, shop = bench.load("wsgi"), bench.load("shop")
    app, client = bench.app(wsgi), Client(wsgi.application)
    place(app, shop, "a1", "a2")
    assert client.get("/orders/a1").status_code == 404
    page = client.get("/shop/orders/a1").text
    assert 'action="/shop/bdquickpay/checkout/a1"' in page
    token = csrf_token(page)
    bought = client.post("/shop/bdquickpay/checkout/a1", data={"csrf_token": token})
    assert bought.status_code == 303
    outcome = bench.gateway.pay(bench.gateway.payments[0])
    assert outcome.webhook is not None
    assert outcome.webhook.status_code == 200
    assert client.get(outcome.return_url.removeprefix("https://example.com")).status_code == 302
    with app.app_context():
        extension(app).start("a2")
    inside, outside = (
        request.body for request in bench.gateway.requests if request.endpoint == "create"
    )
    assert urls(inside) == urls(outside) == {"https://example.com/shop"}


@pytest.mark.thorough
def test_through_a_tunnel(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    export, doctor, serve = lines("Through a tunnel", "terminal")
    name, address = export.removeprefix("export ").split("=")
    monkeypatch.setenv(name, address)
    bench.copy("Through a tunnel")
    app = bench.app(bench.load("shop"))
    place(app, bench.load("shop"), "a1")
    with app.app_context():
        extension(app).start("a1")
    assert urls(bench.gateway.requests[0].body) == {address}
    for command in (doctor, f"{serve} --help"):
        done = run(bench, command, FLASK_BDQUICKPAY_PUBLIC_URL="http://127.0.0.1:9")
        assert "No such" not in done.stderr, done.stderr
        assert "http://127.0.0.1:9" in done.stdout or "--port" in done.stdout

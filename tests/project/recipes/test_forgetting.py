"""The recipes of "Forgetting": what is old, and what a customer asks for."""

from __future__ import annotations

import pytest

from .bench import Bench, extension, lines, place, run, value


@pytest.mark.thorough
def test_commands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_BDQUICKPAY_PUBLIC_URL", "http://localhost")
    bench.copy("What is old")
    shop = bench.load("shop")
    app = bench.app(shop)
    place(app, shop, "a1")
    with app.app_context():
        bench.gateway.cancel(extension(app).start("a1"))
    for command in lines("What is old", "terminal"):
        done = run(bench, command)
        assert done.returncode == 0, done.stderr
        assert "payments: 0" in done.stdout  # none is old
    (erase,) = lines("What a customer asks for", "terminal")
    assert run(bench, erase.replace("REFERENCE", "a1")).returncode == 1  # money may still come
    with app.app_context():
        bench.gateway.pay(extension(app).start("a1"))
    assert "emptied: 1" in run(bench, erase.replace("REFERENCE", "a1")).stdout
    assert value(app, extension(app).Payment.erased_at) is not None

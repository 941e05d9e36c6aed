"""`link`: a payment link made on the command line, as text, JSON and code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import segno

from flask_bdquickpay import clock
from flask_bdquickpay.web.tokens import Link, read_token

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from ..web.buyers import Buyer, costs
from .commandline import run

URL = "https://shop.example.com/bdquickpay/pay/"


@pytest.fixture
def shop(new_shop: Callable[..., Shop]) -> Shop:
    return new_shop(BDQUICKPAY_PUBLIC_URL="https://shop.example.com")


def opened(shop: Shop, url: str) -> Link:
    with shop.app.app_context():
        return read_token(url.removeprefix(URL))


def test_link_alone_goes_to_stdout(shop: Shop) -> None:
    reference = shop.order("1250.50")
    result = run(shop, "link", reference)
    assert result.exit_code == 0
    (url,) = result.stdout.splitlines()
    assert opened(shop, url).reference == reference
    assert "Order 1: 1,250.50 BDT, until 20" in result.stderr
    assert Buyer(shop, url).press().status_code == 303


@pytest.mark.parametrize(
    ("said", "age"),
    [("3d", timedelta(days=3)), ("12h", timedelta(hours=12)), ("45m", timedelta(minutes=45)),
     ("400d", timedelta(days=400)), (None, timedelta(days=30))],
)  # fmt: skip
def test_time_of_a_link_is_chosen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, said: str | None, age: timedelta
) -> None:
    now = clock.utcnow().replace(microsecond=0)
    monkeypatch.setattr(clock, "utcnow", lambda: now)
    result = run(shop, "link", shop.order(), *(["--expires", said] if said else []))
    assert opened(shop, result.stdout.strip()).expires_at == now + age


@pytest.mark.parametrize("said", ["3", "d", "soon", "0d", "401d", "-1d", "3w", "১d"])
def test_time_that_is_none_is_wrong_usage(shop: Shop, said: str) -> None:
    result = run(shop, "link", shop.order(), "--expires", said)
    assert (result.exit_code, result.stdout) == (2, "")


def test_order_that_there_is_not_is_not_found(shop: Shop) -> None:
    for reference in ("4711", "seven", " 7"):
        result = run(shop, "link", reference)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "order" in result.stderr


def test_json_is_exact(shop: Shop) -> None:
    costs(shop, "1250.50", "শাপলা")
    result = run(shop, "link", "7", "--json", "--expires", "3d")
    found = json.loads(result.stdout)
    link = opened(shop, found.pop("url"))
    end = datetime.fromisoformat(found.pop("expires_at"))
    assert found == {"reference": "7", "amount": "1250.50", "label": "শাপলা"}
    assert abs(link.expires_at - end) <= timedelta(seconds=0.01)
    assert result.stderr == ""


def test_link_needs_the_public_url(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    result = run(shop, "link", shop.order())
    assert (result.exit_code, result.stdout) == (1, "")
    assert "BDQUICKPAY_PUBLIC_URL" in result.stderr


def drawn(url: str, **options: Any) -> bytes:
    out = BytesIO()
    segno.make_qr(url, error="m").save(out, scale=20, **options)
    return out.getvalue()


@pytest.mark.parametrize("name", ["poster.svg", "poster.PNG"])
def test_code_is_written_to_a_file(shop: Shop, tmp_path: Path, name: str) -> None:
    picture = tmp_path / name
    result = run(shop, "link", shop.order(), "--qr", picture)
    url = result.stdout.strip()
    if name.endswith("svg"):
        says = "Pay with bKash: 1"
        assert picture.read_bytes() == drawn(url, kind="svg", light="#fff", title=says)
        assert says in picture.read_text()
    else:
        assert picture.read_bytes() == drawn(url, kind="png")


def test_code_is_shown_in_the_terminal(shop: Shop) -> None:
    result = run(shop, "link", shop.order(), "--terminal")
    url, *rows = result.stdout.splitlines()
    size = segno.make_qr(url, error="m").symbol_size(border=2)
    assert {len(row) for row in rows} == {size[0]}
    assert set("".join(rows)) == set(" ▀▄█")
    assert len(rows) == (size[1] + 1) // 2


def test_file_of_another_kind_is_wrong_usage(shop: Shop, tmp_path: Path) -> None:
    result = run(shop, "link", shop.order(), "--qr", tmp_path / "poster.jpg")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "must end in .svg or .png" in result.stderr


def test_file_that_cannot_be_written_is_said(shop: Shop, tmp_path: Path) -> None:
    result = run(shop, "link", shop.order(), "--qr", tmp_path / "nowhere" / "poster.svg")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "poster.svg" in result.stderr


def test_json_and_terminal_exclude_each_other(shop: Shop) -> None:
    assert run(shop, "link", shop.order(), "--json", "--terminal").exit_code == 2


def test_code_without_segno_says_what_to_install(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    result = run(shop, "link", shop.order(), "--terminal")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'pip install "Flask-BDQuickPay[qr]"' in result.stderr
    assert run(shop, "link", shop.order()).exit_code == 0

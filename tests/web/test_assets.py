"""Static files: kept for ever by the URLs that our pages name, asked about by any other."""

from __future__ import annotations

import gc
import re
import warnings
from pathlib import Path

import pytest
from flask import url_for

import flask_bdquickpay.extension

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop

STATIC = Path(flask_bdquickpay.extension.__file__).parent / "web" / "static"
FILES = sorted(path.name for path in STATIC.iterdir())
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "public, no-cache"


def address(shop: Shop, name: str) -> str:
    with shop.app.test_request_context():
        return url_for("bdquickpay.static", filename=name)


@pytest.mark.parametrize("name", FILES)
def test_file_is_kept_by_the_url_that_pages_name(shop: Shop, name: str) -> None:
    url = address(shop, name)
    assert re.fullmatch(rf"/bdquickpay/static/{name}\?v=[0-9a-f]{{12}}", url)
    answer = shop.client.get(url)
    assert answer.headers["Cache-Control"] == FOR_EVER
    assert answer.data == (STATIC / name).read_bytes()
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    assert answer.mimetype == kinds[name.rpartition(".")[2]]


@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789ab"])
def test_any_other_url_is_asked_about(shop: Shop, query: str) -> None:
    """Another release may be the one that answers: what it says is not that version's."""
    url = f"/bdquickpay/static/button.css{query}"
    answer = shop.client.get(url)
    assert answer.headers["Cache-Control"] == ASK_FIRST
    again = shop.client.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == ASK_FIRST


@pytest.mark.parametrize("name", ["none.css", "../pages.py", "translations", "button.css/", ""])
def test_nothing_else_is_served(shop: Shop, name: str) -> None:
    assert shop.client.get(f"/bdquickpay/static/{name}").status_code == 404


def test_pages_name_versions_alone(shop: Shop) -> None:
    page = shop.client.get("/bdquickpay/success/x").text
    page += shop.client.get(f"/orders/{shop.order()}").text
    named = re.findall(r"/bdquickpay/static/[^\"#]+", page)
    assert len(named) >= 5
    assert [url for url in named if "?v=" not in url] == []


def test_answer_that_nobody_reads_leaves_nothing_open(shop: Shop) -> None:
    """As when a browser goes away: the server may never close what it was given."""
    url = address(shop, "icon.svg")
    etag = shop.client.get(url).headers["ETag"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for headers in ({}, {"If-None-Match": etag}):
            with shop.app.test_request_context(url, headers=headers):
                answer = shop.app.full_dispatch_request()
            assert not hasattr(answer.response, "close")
            del answer
        gc.collect()

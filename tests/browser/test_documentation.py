"""The documentation's site: it is built without a warning, and everybody can read it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from ..project.source import ROOT
from .axe import script, violations
from .chromium import DESKTOP, PHONE, overflow, visit

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built anew as strictly as can be: a page that nothing leads to is an error."""
    pytest.importorskip("furo", reason="needs Sphinx, MyST and Furo (pip's group docs)")
    work = tmp_path_factory.mktemp("site")
    strictly = ["-m", "sphinx", "-q", "-E", "-W", "-n"]
    folders = ["-d", f"{work}/read", f"{ROOT}/docs", f"{work}/site"]
    command = [sys.executable, *strictly, *folders]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return work / "site"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    """Where it is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def pages(folder: Path, site: str) -> list[str]:
    found = sorted(folder.rglob("*.html"))
    assert len(found) > 35
    return [f"{site}/{page.relative_to(folder).as_posix()}" for page in found]


def test_nobody_is_kept_from_reading_it(pages: list[str], chromium: Browser) -> None:
    axe = script()
    with visit(chromium, viewport=DESKTOP) as page:
        found = {each: _violations(page, each, axe) for each in pages}
    assert {name: said for name, said in found.items() if said} == {}


def _violations(page: Page, address: str, axe: str) -> list[str]:
    page.goto(address)
    return violations(page, axe)


def cut_off(page: Page) -> int:
    """How many pixels of the text lie beyond its edge: the theme hides them from the page's."""
    return int(page.locator(".content").evaluate("text => text.scrollWidth - text.clientWidth"))


def test_it_fits_a_phone_and_loads_nothing_from_elsewhere(
    pages: list[str], site: str, chromium: Browser
) -> None:
    asked = set[str]()
    with visit(chromium, viewport=PHONE) as page:
        page.on("request", lambda request: asked.add(request.url))
        for each in pages:
            page.goto(each)
            assert (overflow(page), cut_off(page)) == (0, 0), each
    assert [url for url in asked if not url.startswith((f"{site}/", "data:"))] == []

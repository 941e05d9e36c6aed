"""The documentation's site: it is built without a warning, and everybody can read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from ..project.source import ROOT
from .axe import script, violations
from .chromium import DESKTOP, PHONE, overflow, visit

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built anew as strictly as can be: a page that nothing leads to is an error."""
    pytest.importorskip("furo", reason="needs Sphinx, MyST and Furo (pip's group docs)")
    folder = tmp_path_factory.mktemp("site")
    strictly = ["-m", "sphinx", "-q", "-E", "-W", "-n"]
    places = ["-d", f"{folder}/read", f"{ROOT}/docs", f"{folder}/site"]
    command = [sys.executable, *strictly, *places]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "site"


def pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    assert len(found) > 35
    return found


def test_nobody_is_kept_from_reading_it(site: Path, chromium: Browser) -> None:
    axe = script()
    with visit(chromium, viewport=DESKTOP) as page:
        found = {each.name: _violations(page, each, axe) for each in pages(site)}
    assert {name: said for name, said in found.items() if said} == {}


def _violations(page: Page, file: Path, axe: str) -> list[str]:
    page.goto(file.as_uri())
    return violations(page, axe)


def test_it_fits_a_phone_and_loads_nothing_from_elsewhere(site: Path, chromium: Browser) -> None:
    asked = set[str]()
    with visit(chromium, viewport=PHONE) as page:
        page.on("request", lambda request: asked.add(request.url.partition(":")[0]))
        for each in pages(site):
            page.goto(each.as_uri())
            assert overflow(page) == 0, each.name
    assert asked <= {"file", "data"}

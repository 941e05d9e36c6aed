"""Every page in every state: axe finds nothing, and nothing is cut off."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from flask_bdquickpay.sandbox.server import SandboxServer

from . import stage, tour
from .chromium import overflow

Visit = Callable[..., AbstractContextManager[Page]]
LANGUAGES = pytest.mark.parametrize("lang", ["en", "bn"])
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(300)  # a long way round, with axe at each stop


@pytest.fixture(scope="module")
def axe() -> str:
    """The script axe-core, from `npm install axe-core` here or below AXE_PATH."""
    for folder in (Path(os.environ.get("AXE_PATH", ROOT)), ROOT):
        for place in ("", "node_modules/axe-core/", "axe-core/"):
            file = folder / f"{place}axe.min.js"
            if file.is_file():
                return file.read_text(encoding="utf-8")
    pytest.skip("needs axe-core (npm install axe-core, or AXE_PATH)")


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds, in light and dark."""
    page.wait_for_load_state()
    page.evaluate(axe)  # not bound by the page's policy
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        result: dict[str, Any] = page.evaluate("axe.run(document)")
        found += [f"{scheme}: {_sentence(each)}" for each in result["violations"]]
    return found


def _sentence(violation: dict[str, Any]) -> str:
    return f"{violation['help']}: {[node['html'] for node in violation['nodes']]}"


def inspect(page: Page, axe: str, stops: Iterator[str]) -> None:
    found = {stop: (violations(page, axe), overflow(page)) for stop in stops}
    assert {stop: result for stop, result in found.items() if result != ([], 0)} == {}
    assert found


@LANGUAGES
def test_the_example_shop(visitor: Visit, axe: str, shop: stage.ExampleShop, lang: str) -> None:
    with visitor(lang) as page:
        inspect(page, axe, tour.example_tour(page, shop))


@LANGUAGES
def test_the_payment_pages(visitor: Visit, axe: str, tmp_path: Path, lang: str) -> None:
    with stage.plain(tmp_path, lang) as plain, visitor(lang) as page:
        inspect(page, axe, tour.plain_tour(page, plain))


@LANGUAGES
def test_the_sandbox_for_the_buyer(visitor: Visit, axe: str, lang: str) -> None:
    with SandboxServer(synchronous=True) as server, visitor(lang) as page:
        inspect(page, axe, tour.hosted_tour(page, server))


def test_the_sandbox_for_the_developer(visitor: Visit, axe: str) -> None:
    with SandboxServer(synchronous=True) as server, visitor() as page:
        inspect(page, axe, tour.desk_tour(page, server))


def test_large_text_fits_a_small_phone(
    large_text: Page, shop: stage.ExampleShop, tmp_path: Path
) -> None:
    page = large_text
    wide: dict[str, int] = {}
    with stage.plain(tmp_path, "en") as plain, SandboxServer(synchronous=True) as server:
        for stops in (
            tour.example_tour(page, shop),
            tour.plain_tour(page, plain),
            tour.hosted_tour(page, server),
            tour.desk_tour(page, server),
        ):
            wide |= {stop: overflow(page) for stop in stops}
    assert {stop: pixels for stop, pixels in wide.items() if pixels} == {}

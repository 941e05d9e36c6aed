"""Every page in every state: axe finds nothing, and nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page

from flask_bdquickpay.sandbox.server import SandboxServer

from . import stage, tour
from .axe import script, violations
from .chromium import overflow

Visit = Callable[..., AbstractContextManager[Page]]
LANGUAGES = pytest.mark.parametrize("lang", ["en", "bn"])
pytestmark = pytest.mark.timeout(300)  # a long way round, with axe at each stop


@pytest.fixture(scope="module")
def axe() -> str:
    return script()


def inspect(page: Page, axe: str, stops: Iterator[str]) -> None:
    found = {stop: (violations(page, axe), overflow(page)) for stop in stops}
    assert {stop: result for stop, result in found.items() if result != ([], 0)} == {}
    assert found


@pytest.mark.thorough
@LANGUAGES
def test_the_example_shop(visitor: Visit, axe: str, shop: stage.ExampleShop, lang: str) -> None:
    with visitor(lang) as page:
        inspect(page, axe, tour.example_tour(page, shop))


@pytest.mark.thorough
@LANGUAGES
def test_the_payment_pages(visitor: Visit, axe: str, tmp_path: Path, lang: str) -> None:
    with stage.plain(tmp_path, lang) as plain, visitor(lang) as page:
        inspect(page, axe, tour.plain_tour(page, plain))


@pytest.mark.thorough
@LANGUAGES
@pytest.mark.parametrize("width", [320, 1200])
def test_the_pages_of_a_link(
    visitor: Visit, axe: str, tmp_path: Path, lang: str, width: int
) -> None:
    look = {
        "viewport": {"width": width, "height": 700},
        "color_scheme": "dark" if width == 320 else "light",
    }
    with stage.shapla(tmp_path, lang) as shop, visitor(lang, **look) as page:
        inspect(page, axe, tour.link_tour(page, shop))


@pytest.mark.thorough
@LANGUAGES
def test_the_sandbox_for_the_buyer(visitor: Visit, axe: str, lang: str) -> None:
    with SandboxServer(synchronous=True) as server, visitor(lang) as page:
        inspect(page, axe, tour.hosted_tour(page, server))


@pytest.mark.thorough
def test_the_sandbox_for_the_developer(visitor: Visit, axe: str) -> None:
    with SandboxServer(synchronous=True) as server, visitor() as page:
        inspect(page, axe, tour.desk_tour(page, server))


@pytest.mark.thorough
def test_large_text_fits_a_small_phone(
    large_text: Page, shop: stage.ExampleShop, tmp_path: Path
) -> None:
    page = large_text
    wide: dict[str, int] = {}
    shapla_folder = tmp_path / "shapla"
    shapla_folder.mkdir()
    with (
        stage.plain(tmp_path, "en") as plain,
        stage.shapla(shapla_folder, "en") as shapla,
        SandboxServer(synchronous=True) as server,
    ):
        for stops in (
            tour.example_tour(page, shop),
            tour.plain_tour(page, plain),
            tour.link_tour(page, shapla),
            tour.hosted_tour(page, server),
            tour.desk_tour(page, server),
        ):
            wide |= {stop: overflow(page) for stop in stops}
    assert {stop: pixels for stop, pixels in wide.items() if pixels} == {}

"""Fixtures of the browser tests; without Chromium they are skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from . import stage
from .chromium import EXECUTABLE, LARGE_TEXT, MISSING, launch, visit

expect.set_options(timeout=30_000)  # enough for a machine that is busy with other tests
Visit = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    # For each module: while Playwright runs, no other test could use asyncio.
    if EXECUTABLE is None:
        pytest.skip(MISSING)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    started = launch(playwright)
    yield started
    started.close()


@pytest.fixture
def visitor(chromium: Browser) -> Visit:
    """`with visitor(…) as page:` a visitor with cookies of its own."""
    return partial(visit, chromium)


@pytest.fixture
def page(visitor: Visit) -> Iterator[Page]:
    """A visitor on a phone, in English."""
    with visitor() as opened:
        yield opened


@pytest.fixture
def large_text(playwright: Playwright) -> Iterator[Page]:
    """A visitor on the smallest phone, with letters of twice the size."""
    started = launch(playwright, LARGE_TEXT)
    with visit(started, viewport={"width": 320, "height": 640}) as opened:
        yield opened
    started.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[stage.ExampleShop]:
    """The example shop, newly opened."""
    with stage.example(tmp_path) as opened:
        yield opened

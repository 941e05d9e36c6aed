"""Debian's Chromium under Playwright."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, ViewportSize

EXECUTABLE = shutil.which("chromium")
MISSING = "needs Chromium (Debian: chromium)"
LOCALES = {"en": "en-GB", "bn": "bn-BD"}
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1200, height=800)
# Nothing but this machine is called, also where the network is closed.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: As when somebody sets the browser's font size to twice the usual one.
LARGE_TEXT = "--blink-settings=defaultFontSize=32,defaultFixedFontSize=26"


def launch(playwright: Playwright, *arguments: str) -> Browser:
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=[*ARGUMENTS, *arguments])


@contextmanager
def visit(
    chromium: Browser, lang: str = "en", *, meant: str = "", **options: Any
) -> Iterator[Page]:
    """Yield a page of a visitor of its own, and fail where its console complains.

    :param meant: part of the one complaint that the visit is about.
    """
    options = {"locale": LOCALES[lang], "viewport": PHONE, "reduced_motion": "reduce"} | options
    context = chromium.new_context(**options)
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: _note(complaints, message))
    try:
        yield page
        assert [text for text in complaints if not meant or meant not in text] == []
    finally:
        context.close()


def _note(complaints: list[str], message: Any) -> None:
    """A page that is an error by its status is not one by its content."""
    status = re.search(r"the server responded with a status of [45]", message.text)
    if message.type in ("error", "warning") and not status:
        complaints.append(message.text)


def overflow(page: Page) -> int:
    """How many pixels of the page lie beyond its right edge."""
    page.wait_for_load_state()
    script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(script))

"""Takes pictures of every page in every state.

`python -m tests.browser.screenshots [folder [tour …]]`

Phone and desktop, English and Bangla, light and dark. A chosen few go to `docs/screenshots`.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, sync_playwright

from flask_bdquickpay.sandbox.server import SandboxServer

from . import stage, tour
from .chromium import DESKTOP, PHONE, launch, visit
from .merchant import merchant, merchant_tour

DOCS = Path(__file__).parents[2] / "docs" / "screenshots"
#: Which go to the documentation, and under which name.
CHOSEN = {
    "links-receipt-bn-phone-light": "receipt-bangla",
    "links-confirming-en-phone-dark": "confirming-dark",
    "sandbox-desk-live-en-desktop-light": "sandbox-live",
    **{
        f"merchant-{stop}-{lang}-{device}-light": f"desk-{stop}{suffix}"
        for lang, suffix in (("en", ""), ("bn", "-bangla"))
        for stop, device in (
            ("flagged", "desktop"),
            ("refund", "desktop"),
            ("refund-confirm", "phone"),
            ("books", "desktop"),
            ("statement", "desktop"),
        )
    },
}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")


def main(folder: Path, *wanted: str) -> None:
    logging.disable()
    folder.mkdir(parents=True, exist_ok=True)
    DOCS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        for lang in ("en", "bn"):
            for name, tours in TOURS.items():
                if wanted and name not in wanted:
                    continue
                with tempfile.TemporaryDirectory() as data, visit(chromium, lang) as page:
                    _photograph(page, folder, f"{name}-{{}}-{lang}", tours(page, Path(data), lang))


def _photograph(page: Page, folder: Path, pattern: str, stops: Iterable[str]) -> None:
    for stop in stops:
        page.wait_for_load_state()
        for device, size in (("phone", PHONE), ("desktop", DESKTOP)):
            page.set_viewport_size(size)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                name = f"{pattern.format(stop)}-{device}-{scheme}"
                page.screenshot(path=folder / f"{name}.png", full_page=True)
                if name in CHOSEN:
                    page.screenshot(path=DOCS / f"{CHOSEN[name]}.png")
        page.set_viewport_size(PHONE)


def _shop(page: Page, folder: Path, _lang: str) -> Iterator[str]:
    with stage.example(folder) as shop:
        yield from tour.example_tour(page, shop)


def _pages(page: Page, folder: Path, lang: str) -> Iterator[str]:
    with stage.plain(folder, lang) as shop:
        yield from tour.plain_tour(page, shop)


def _links(page: Page, folder: Path, lang: str) -> Iterator[str]:
    with stage.shapla(folder, lang) as shop:
        yield from tour.link_tour(page, shop)


def _sandbox(page: Page, _folder: Path, lang: str) -> Iterator[str]:
    with SandboxServer(synchronous=True, merchant="Shapla Store") as server:
        if lang == "en":
            yield from tour.desk_tour(page, server)
        yield from tour.hosted_tour(page, server)


def _merchant(page: Page, folder: Path, lang: str) -> Iterator[str]:
    with merchant(folder, lang) as shop:
        yield from merchant_tour(page, shop)


TOURS: dict[str, Callable[[Page, Path, str], Iterator[str]]] = {
    "shop": _shop,
    "pages": _pages,
    "links": _links,
    "sandbox": _sandbox,
    "merchant": _merchant,
}


if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="screenshots-")
    main(Path(folder), *sys.argv[2:])

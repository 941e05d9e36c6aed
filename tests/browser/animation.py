"""Films a purchase for the README: the click, the sandbox, the paid order.

`python -m tests.browser.animation docs/screenshots/purchase.gif`
"""

from __future__ import annotations

import io
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, ViewportSize, sync_playwright

from . import stage, tour
from .chromium import launch, visit

SIZE = ViewportSize(width=390, height=720)
SCALE = 1.5
COLOURS = 64
LARGEST = 500_000  # bytes
LOOK, TAP, END = 1500, 1000, 3000  # milliseconds
Frame = tuple[Image.Image, int]


def film(target: Path) -> None:
    """Write the animation."""
    with (
        tempfile.TemporaryDirectory() as data,
        sync_playwright() as playwright,
        stage.example(Path(data)) as shop,
        visit(launch(playwright), viewport=SIZE, device_scale_factor=SCALE) as page,
    ):
        frames = list(_purchase(page, shop))
    images, durations = zip(*frames, strict=True)
    small = [image.quantize(COLOURS, dither=Image.Dither.NONE) for image in images]
    options = {"save_all": True, "loop": 0, "optimize": True}
    small[0].save(target, append_images=small[1:], duration=durations, **options)
    size = target.stat().st_size
    assert size < LARGEST, f"{target} has {size:,} bytes"


def _purchase(page: Page, shop: stage.ExampleShop) -> Iterator[Frame]:
    tour.add_to_cart(page, shop, "tea")
    tour.order(page, shop, "cups")
    yield from _tapped(page, page.locator(tour.PAY_BUTTON))
    page.wait_for_url("**/pay/bkash/*")
    yield from _tapped(page, page.locator("button[value=pay]"))
    page.locator(".facts").wait_for()
    yield _picture(page), END


def _tapped(page: Page, button: Locator) -> Iterator[Frame]:
    """The page from its top; a finger on its button, wherever that is; and the click."""
    yield _picture(page), LOOK
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.85, box["y"] + box["height"] / 2
    yield _finger(_picture(page), x, y), TAP
    button.click()


def _picture(page: Page) -> Image.Image:
    page.wait_for_load_state()
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _finger(picture: Image.Image, x: float, y: float) -> Image.Image:
    touched, radius = picture.copy(), 26 * SCALE
    centre = (x * SCALE, y * SCALE)
    corners = [middle + side for side in (-radius, radius) for middle in centre]
    ImageDraw.Draw(touched, "RGBA").ellipse(
        corners, fill=(20, 20, 20, 110), outline="white", width=4
    )
    return touched


if __name__ == "__main__":
    logging.disable()
    film(Path(sys.argv[1]))

"""The README's animation: made anew from the shop, and small enough to be looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from .animation import LARGEST, film
from .chromium import EXECUTABLE, MISSING
from .screenshots import DOCS


@pytest.mark.thorough
@pytest.mark.skipif(EXECUTABLE is None, reason=MISSING)
def test_a_purchase_is_filmed(tmp_path: Path) -> None:
    film(tmp_path / "purchase.gif")
    assert frames(tmp_path / "purchase.gif") == frames(DOCS / "purchase.gif")


def test_the_readme_s_animation_is_calm_and_small() -> None:
    assert (DOCS / "purchase.gif").stat().st_size < LARGEST
    assert all(duration >= 1000 for duration in frames(DOCS / "purchase.gif"))


def frames(file: Path) -> list[int]:
    """How long each is shown, in milliseconds."""
    with Image.open(file) as animation:
        found = []
        for number in range(getattr(animation, "n_frames", 1)):
            animation.seek(number)
            found.append(animation.info["duration"])
    return found

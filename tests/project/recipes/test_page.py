"""The page of recipes names each one, and says what it is for before it shows code."""

from __future__ import annotations

import re

from .bench import PAGE


def test_contents_name_every_recipe() -> None:
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", PAGE, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
    assert listed == list(zip(headings, anchors, strict=True))


def test_prose_comes_first() -> None:
    for heading in re.findall(r"^## (.+)$", PAGE, re.MULTILINE):
        assert PAGE.split(f"\n## {heading}\n\n")[1][0].isalpha(), heading

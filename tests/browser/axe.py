"""axe-core: what keeps somebody from using a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]


def script() -> str:
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

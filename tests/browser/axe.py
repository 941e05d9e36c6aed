"""axe-core: what keeps somebody from using a page."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

#: What passes is not described, nor where it is: on a long page that would be most of the work.
_RUN = 'axe.run(document, {resultTypes: ["violations"], selectors: false})'


def script() -> str:
    """The script axe-core, as its package for Playwright ships it."""
    package = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
    return (files(package.__name__) / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds, in light and dark."""
    page.wait_for_load_state()
    page.evaluate(axe)  # not bound by the page's policy
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        result: dict[str, Any] = page.evaluate(_RUN)
        found += [f"{scheme}: {_sentence(each)}" for each in result["violations"]]
    return found


def _sentence(violation: dict[str, Any]) -> str:
    return f"{violation['help']}: {[node['html'] for node in violation['nodes']]}"

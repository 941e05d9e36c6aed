"""SECURITY.md: each threat has a defence, and a test that is there."""

from __future__ import annotations

import re

import pytest

from .source import ROOT, defined
from .test_architecture import PROVED

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Threats")[1].split("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in SECTION.splitlines()
    if line.startswith("| **")
]
#: What nobody who reviews a payment extension forgets to ask about.
ASKED = (
    *("Forged webhook", "Stolen app key", "Replay", "Forged return", "Open redirect"),
    *("Forged Host", "Cross-site request forgery", "Clickjacking", "Guessed tokens and links"),
    *("Keys in logs, tracebacks, pages, the database", "Formulas in CSV", "Commands to a terminal"),
    *("The desk in strangers' hands", "The sandbox in production", "Races"),
)


def threat(row: list[str]) -> str:
    """The name of a row's threat."""
    found = re.match(r"\*\*(.+?)\*\*", row[0])
    assert found is not None
    return found[1]


def test_the_threats_that_matter_are_there() -> None:
    named = [threat(row) for row in ROWS]
    assert len(named) == len(set(named)) >= 30
    assert set(ASKED) <= set(named)


@pytest.mark.parametrize("row", ROWS, ids=threat)
def test_a_threat_has_a_defence_and_tests_that_are_there(row: list[str]) -> None:
    _, defence, tests = row
    assert len(defence) > 20
    found = PROVED.findall(tests)
    assert found
    assert len(found) == tests.count("::")
    for file, name in found:
        assert name.startswith("test_")
        assert name in defined(ROOT / "tests" / file), f"{file}::{name}"


def test_reports_come_by_the_private_form_and_by_no_made_up_address() -> None:
    assert "Report a vulnerability" in PAGE
    assert re.findall(r"\S+@\S+|mailto:", PAGE) == []


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)", PAGE)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_versions_are_supported_as_the_release_page_says() -> None:
    releasing = (ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")
    assert "for six months after the newer one came out" in " ".join(releasing.split())
    assert "for six months after the newer one came out" in PAGE

"""The pages of recipes are listed, and say what each recipe is for before they show code."""

from __future__ import annotations

import re

from ..pages import DOCS, HOW_TO, anchor, headings, read, section
from ..source import ROOT

HERE = ROOT / "tests" / "project"
TO_BE_RUN = re.compile("^```(python|sh|ini|jinja)$", re.MULTILINE)
INDEX = DOCS / "howto" / "index.md"
PAGES = [page for page in HOW_TO if page != INDEX]
#: Pages of which each section is a recipe.
WITH_RECIPES = ("accounts", "checkout", "deploy", "goods", "links", "near", "queues", "tables")


def test_contents_name_every_recipe() -> None:
    listed = set(re.findall(r"\]\(([\w.]+)(?:#([\w-]+))?\)", read(INDEX)))
    recipes = {(page.name, anchor(name)) for page in PAGES for name in headings(page, 2)}
    assert listed - {(page.name, "") for page in PAGES} - recipes == set()
    assert {page.name for page in PAGES} - {name for name, _ in listed} == {"integrate.md"}
    assert [one for one in recipes - listed if one[0].removesuffix(".md") in WITH_RECIPES] == []


def test_what_is_to_be_run_is_named_by_a_test() -> None:
    """Either its heading, or the page as a whole."""
    tests = "\n".join(read(test) for test in HERE.rglob("test_*.py"))
    pages = [*PAGES, DOCS / "explanation" / "receivers.md"]
    pages = [page for page in pages if f'"docs/{page.relative_to(DOCS)}"' not in tests]
    recipes = {
        name
        for page in pages
        for name in [*headings(page, 1), *headings(page, 2)]
        if TO_BE_RUN.search(section(name, page))
    }
    assert len(recipes) > 20
    assert [name for name in recipes if f'"{name}' not in tests] == []


def test_prose_comes_first() -> None:
    for page in PAGES:
        for name in headings(page, 2):
            assert not section(name, page).lstrip().startswith("```"), name

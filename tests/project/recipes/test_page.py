"""The pages of recipes are listed, and say what each recipe is for before they show code."""

from __future__ import annotations

import re

from ..pages import DOCS, HOW_TO, anchor, headings, read, section

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


def test_prose_comes_first() -> None:
    for page in PAGES:
        for name in headings(page, 2):
            assert not section(name, page).lstrip().startswith("```"), name

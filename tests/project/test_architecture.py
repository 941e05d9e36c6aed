"""The architecture and CONTRIBUTING.md say what is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from .imports import read as read_modules
from .source import PACKAGE, ROOT, defined
from .test_rooms import PAYMENTS, VOCABULARY

ARCHITECTURE = ROOT / "docs" / "explanation" / "architecture.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [ARCHITECTURE, CONTRIBUTING]
LINK = re.compile(r"\[([^\]]+)\]\(([^)#]+)(?:#[\w-]+)?\)")
PROVED = re.compile(r"`([\w/.]+\.py)::(\w+)`")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of the architecture, without its head."""
    section = re.split(r"\n##+ ", read(ARCHITECTURE).split(f"# {heading}\n")[1])[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def first_cells(heading: str) -> list[str]:
    return [cells[0].strip("`") for cells in rows(heading)]


# The architecture


def test_the_table_of_rooms_is_the_package() -> None:
    named = [name.removesuffix(".py") for name in first_cells("The rooms")]
    rooms = {name.partition(".")[0] or "__init__" for name in read_modules(PACKAGE)}
    assert len(named) == len(set(named))
    assert set(named) == rooms
    assert [name for name in named if name in VOCABULARY] == list(VOCABULARY)


def test_the_table_of_payments_is_their_order() -> None:
    assert first_cells("Inside `payments`") == list(PAYMENTS)


def test_every_promise_is_proved_by_a_test_that_is_there() -> None:
    promises = rows("The promises, and the tests that prove them")
    assert len(promises) >= 15
    for promise, tests, *_ in promises:
        found = PROVED.findall(tests)
        assert found, promise
        for file, name in found:
            assert name.startswith("test_"), name
            assert name in defined(ROOT / "tests" / file), f"{file}::{name}"


def test_every_promise_of_the_readme_is_in_the_table() -> None:
    guaranteed = read(ROOT / "README.md").split("## What it guarantees")[1].split("\n## ")[0]
    promised = re.findall(r"^- \*\*(.+?)\.\*\*", guaranteed, re.MULTILINE)
    named = [promise for promise, *_ in rows("The promises, and the tests that prove them")]
    assert promised
    assert [p for p in promised if not any(n.startswith(f"**{p}**") for n in named)] == []


def test_every_picture_says_what_is_in_it() -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(\.\./pictures/(\w+)\.svg\)", read(ARCHITECTURE))
    assert [name for _, name in pictures] == ["rooms", "states", "way"]
    assert [alt for alt, _ in pictures if len(alt) < 100] == []


# Both pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target for _, target in LINK.findall(read(page)) if not target.startswith("http")]
    assert targets
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_a_link_with_the_name_of_a_function_leads_to_its_file(page: Path) -> None:
    for text, target in LINK.findall(read(page)):
        name = re.fullmatch(r"`([\w.]+)`", text)
        if name and not name[1].endswith(".py"):
            assert name[1] in defined(page.parent / target), text


def test_readme_leads_to_both() -> None:
    more = read(ROOT / "README.md").split("\n## More\n")[1]
    assert "(docs/explanation/architecture.md)" in more
    assert "(CONTRIBUTING.md)" in more


# How to contribute


def test_the_files_to_touch_are_there() -> None:
    folders = "flask_bdquickpay|tests|docs|templates|\\.ci"
    paths = re.findall(rf"(?<![\w/.])((?:{folders})/[\w/.]*)", said())
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_names_to_look_for_are_there() -> None:
    folders = ("flask_bdquickpay", "tests", "templates")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    source = "\n".join(read(path) for path in files if path.suffix in (".py", ".html", ".po"))
    words = set(re.findall(r"\w+", source))
    named = re.findall(r"`([A-Za-z_][\w.]*)(?:\(\))?`", said())
    code = [name for name in named if not (ROOT / name).exists()]
    assert len(code) > 30
    assert [name for name in code if not set(name.split(".")) <= words] == []


def said() -> str:
    return read(CONTRIBUTING)


def test_pictures_are_drawn_by_the_command_that_is_told() -> None:
    assert "\ndocs/pictures/render" in said()
    assert os.access(ROOT / "docs" / "pictures" / "render", os.X_OK)

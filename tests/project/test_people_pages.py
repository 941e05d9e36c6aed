"""The pages for clerks and accountants say what stands on the desk, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from babel.messages.pofile import read_po

from flask_bdquickpay.desk.exceptions import ADVICE
from flask_bdquickpay.desk.language import LANGUAGES

from .source import PACKAGE, ROOT

CATALOGUE = PACKAGE / "desk" / "translations" / "bn" / "LC_MESSAGES" / "desk.po"
PAGES = [ROOT / "docs" / "people" / name for name in ("clerk.md", "accountant.md")]
BOTH = [*PAGES, *(page.with_suffix(".bn.md") for page in PAGES)]
GLOSSARY = ROOT / "docs" / "reference" / "glossary.md"
#: Bold for the reader alone.
OURS = {"bold", "মোটা", "Something is wrong in it?", "ভুল লেখা হয়েছে?"}


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def bold(page: Path) -> list[str]:
    found = [" ".join(text.split()) for text in re.findall(r"\*\*(.+?)\*\*", read(page), re.DOTALL)]
    return [text for text in found if text not in OURS]


def on_the_desk() -> dict[str, str]:
    """What the desk says in English, and how it says it in Bangla."""
    with CATALOGUE.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale="bn") if one.id}


def said_by(page: Path) -> str:
    words = on_the_desk()
    said = words.values() if page.name.endswith(".bn.md") else words
    return "\n".join([*said, *LANGUAGES.values()]).replace("%(amount)s", "…")


@pytest.mark.parametrize("page", BOTH, ids=lambda page: str(page.name))
def test_what_is_bold_stands_on_the_desk(page: Path) -> None:
    desk = said_by(page)
    assert [text for text in bold(page) if text not in desk] == []
    assert len(bold(page)) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_both_languages_tell_of_the_same(page: Path) -> None:
    other = page.with_suffix(".bn.md")
    pictures = re.compile(r'<img src="(.+?)(?:-bangla)?\.png"')
    words, theirs = on_the_desk(), set(bold(other))
    assert len(set(bold(page))) == len(theirs)
    assert [text for text in bold(page) if words.get(text) and words[text] not in theirs] == []
    assert pictures.findall(read(page)) == pictures.findall(read(other))
    assert read(page).count("\n## ") == read(other).count("\n## ")


@pytest.mark.parametrize("page", BOTH, ids=lambda page: str(page.name))
def test_pictures_are_there_and_small(page: Path) -> None:
    for tag in re.findall(r"<img [^>]+>", read(page)):
        picture = page.parent / re.findall(r'src="([^"]+)"', tag)[0]
        assert picture.stat().st_size < 150_000
        assert len(re.findall(r'alt="([^"]+)"', tag)[0]) > 20


def test_each_class_of_a_statement_is_explained() -> None:
    text = read(PAGES[1])
    names = [name for name, _ in ADVICE.values()]
    assert [name for name in names if f"**{name}**" not in text] == []
    told = source("payments/statement.py") + source("payments/statement_lines.py")
    red = set(re.findall(r'"([a-z]+(?:_[a-z]+)+|unreadable)"', told))
    assert set(ADVICE) <= red


def source(name: str) -> str:
    return (PACKAGE / name).read_text(encoding="utf-8")


def glossary() -> list[tuple[list[str], list[str]]]:
    """The words of each row, in English and in Bangla."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \|", read(GLOSSARY), re.MULTILINE)[1:]
    return [(english.split(", "), bangla.split(", ")) for english, bangla in rows]


def test_the_words_of_the_glossary_are_those_that_we_use() -> None:
    used = "\n".join(map(read, [*BOTH, *PACKAGE.rglob("*.po"), *PACKAGE.rglob("texts.py")]))
    words = [word for _, bangla in glossary() for word in bangla]
    assert len(words) > 25
    assert [word for word in words if word not in used] == []


def test_the_glossary_calls_a_thing_as_the_desk_does() -> None:
    desk = {english.lower(): bangla for english, bangla in on_the_desk().items()}
    called = [
        (desk[word], bangla) for words, bangla in glossary() for word in words if word in desk
    ]
    assert len(called) > 15
    assert [(there, here) for there, here in called if there not in here] == []

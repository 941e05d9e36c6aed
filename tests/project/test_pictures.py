"""The pictures of the architecture show the code as it is, each drawn from its text."""

from __future__ import annotations

import hashlib
import html
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

import pytest

from flask_bdquickpay.payments.status import MOVES

from ..shop import Shop
from .imports import read
from .source import PACKAGE, ROOT, defined
from .test_rooms import EVERYTHING, MAY_IMPORT, VOCABULARY

PICTURES = ROOT / "docs" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"
Arrow = tuple[str, str]


@dataclass(frozen=True)
class Picture:
    """What a .dot file says, as far as it is about the code."""

    text: str

    @property
    def labels(self) -> dict[str, list[str]]:
        """The lines in the box of each node."""
        found = re.findall(r'^\s*"([^"]+)" \[label="([^"]*)"', self.text, re.MULTILINE)
        return {name: label.split("\\n") for name, label in found}

    @property
    def arrows(self) -> set[Arrow]:
        lines = [line.partition("[")[0] for line in self.text.splitlines() if "->" in line]
        return {pair for line in lines for pair in pairwise(re.findall(r'"([^"]+)"', line))}

    @property
    def words(self) -> list[str]:
        """All that stands in the picture, line by line."""
        said = re.findall(r'label="([^"]*)"', self.text)
        return [line.strip() for label in said for line in re.split(r"\\[nl]", label) if line]

    @property
    def arrows_into_frames(self) -> set[Arrow]:
        """The arrows, where one from or to a frame is one from or to everything inside it."""
        found: set[Arrow] = set()
        for line in self.text.splitlines():
            if ends := re.match(r'\s*"([^"]+)" -> "([^"]+)"', line):
                tail, head = (re.search(rf"{end}=(\w+)", line) for end in ("ltail", "lhead"))
                ones = self.inside(tail[1]) if tail else {ends[1]}
                others = self.inside(head[1]) if head else {ends[2]}
                found |= set(product(ones, others))
        return found

    def inside(self, frame: str) -> set[str]:
        """The nodes of a cluster, and of those in it: up to the brace below its first letter."""
        before, _, after = self.text.partition(f"subgraph {frame} {{")
        indent = before.rpartition("\n")[2]
        return set(Picture(after.partition(f"\n{indent}}}")[0]).labels)


def picture(name: str) -> Picture:
    return Picture((PICTURES / name).with_suffix(".dot").read_text(encoding="utf-8"))


# The rooms


def on_the_map() -> set[Arrow]:
    """Who may import which room, apart from the vocabulary, as the map says."""
    rooms = {name.partition(".")[0] for name in read(PACKAGE)}
    found = {(one, other) for one in rooms for other in rooms if other not in VOCABULARY}
    return {pair for pair in found if pair[0] != pair[1] and enters(*pair)}


def enters(one: str, other: str) -> bool:
    """Whether a room may import another, or something in it."""
    allowed = MAY_IMPORT[one]
    return allowed == EVERYTHING or other in {name.partition(".")[0] for name in allowed}


def drawn_rooms() -> dict[str, str]:
    """The rooms of the picture, as the map calls them."""
    names = {name: name.removesuffix(".py") for name in picture("rooms").labels}
    return names | {"__init__.py": ""}


def test_every_room_is_in_the_picture() -> None:
    for file, name in drawn_rooms().items():
        assert (PACKAGE / file).exists(), file
        assert file.endswith(".py") or name == file
    assert set(drawn_rooms().values()) == {name.partition(".")[0] for name in read(PACKAGE)}


def test_the_arrows_between_rooms_are_the_map() -> None:
    names, drawn = drawn_rooms(), picture("rooms")
    arrows = {(names[one], names[other]) for one, other in drawn.arrows_into_frames}
    roots = {names[name] for name in drawn.inside("cluster_roots")}
    arrows |= {(one, other) for one in roots for other in roots if one != other}
    words = {names[name] for name in drawn.inside("cluster_vocabulary")}
    assert words == set(VOCABULARY)
    assert {(one, other) for one, other in arrows if other not in words} == on_the_map()


def test_the_vocabulary_is_for_whom_the_picture_says() -> None:
    (said,) = [line for line in picture("rooms").words if "vocabulary" in line]
    rooms = set(drawn_rooms().values()) - set(VOCABULARY)
    without = {room for room in rooms if not any(enters(room, word) for word in VOCABULARY)}
    assert said == "the vocabulary: for all but sandbox/ and testing.py"
    assert without == {"sandbox", "testing"}


# The states


def test_the_arrows_between_states_are_the_permitted_moves() -> None:
    moves = {(str(status), str(after)) for status in MOVES for after in MOVES[status]}
    assert picture("states").arrows == moves
    assert set(picture("states").labels) == {str(status) for status in MOVES}


# The way


def steps(lines: list[str]) -> list[tuple[str, str]]:
    """(file, name) of each function that a box names."""
    found = [re.fullmatch(r"([\w/]+\.py) (.+)", line) for line in lines]
    return [(one[1], name) for one in found if one for name in one[2].split(", ")]


def test_every_step_names_what_is_there() -> None:
    named = [step for lines in picture("way").labels.values() for step in steps(lines)]
    assert len(named) >= 20
    assert [(file, name) for file, name in named if name not in defined(PACKAGE / file)] == []


def way(first: str) -> list[tuple[str, str]]:
    """The functions of a column from its first step on."""
    drawn = picture("way")
    after, step, found = dict(drawn.arrows), first, []
    while step in after:
        step = after[step]
        found += [(file, name.rpartition(".")[2]) for file, name in steps(drawn.labels[step])]
    return found


@contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """Yield the functions of the package in the order in which this thread calls them."""
    called: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and PACKAGE in path.parents:
            called.append((path.relative_to(PACKAGE).as_posix(), frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)


def left_out(steps: list[tuple[str, str]], called: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was not called after the steps before it."""
    rest = iter(called)
    return [step for step in steps if step not in rest]  # each search goes on from the last find


@pytest.mark.thorough
def test_a_click_takes_the_steps_in_their_order(shop: Shop) -> None:
    reference = shop.order()
    with watched() as called:
        shop.click(reference)
    assert left_out(way("click"), called) == []


@pytest.mark.thorough
@pytest.mark.parametrize("news", [Shop.webhook, Shop.success, Shop.cancel])
def test_news_takes_the_steps_in_their_order(
    shop: Shop, news: Callable[[Shop, object], object]
) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    functions = [step for step in way("news") if step[1] != "payment_changed"]
    with watched() as called:
        news(shop, payment)
    assert left_out(functions, called) == []


# The drawings


@pytest.mark.parametrize("name", ["rooms", "states", "way"])
def test_the_drawing_is_of_the_present_text(name: str) -> None:
    drawing = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    text = picture(name).text
    said = "run docs/pictures/render"
    assert hashlib.sha256(text.encode()).hexdigest() in drawing, said
    texts = ElementTree.fromstring(drawing).iter(f"{SVG}text")
    lines = {(one.text or "").strip() for one in texts}
    assert [line for line in picture(name).words if line not in lines] == [], said
    arrows = {f"{one}->{other}" for one, other in picture(name).arrows}
    titles = {one.text for one in ElementTree.fromstring(drawing).iter(f"{SVG}title")}
    assert arrows == {title.partition(":")[0] for title in titles if title and "->" in title}, said


@pytest.mark.parametrize("name", ["rooms", "states", "way"])
def test_a_drawing_has_a_name_for_who_cannot_see_it(name: str) -> None:
    root = ElementTree.parse(PICTURES / f"{name}.svg").getroot()
    title = next(one for one in root.iter(f"{SVG}title") if one.get("id") == "title")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title"
    assert f'digraph "{html.unescape(title.text or "")}"' in picture(name).text


def test_every_text_is_drawn() -> None:
    texts, drawings = ({path.stem for path in PICTURES.glob(f"*.{end}")} for end in ("dot", "svg"))
    assert texts == drawings == {"rooms", "states", "way"}

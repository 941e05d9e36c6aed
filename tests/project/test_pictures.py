"""The pictures of docs/architecture.md show the code as it is, each drawn from its text."""

from __future__ import annotations

import hashlib
import html
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

import pytest

from flask_bdquickpay.payments.status import MOVES

from ..shop import Shop
from .source import PACKAGE, ROOT, Arrow, defined, imports, rooms

PICTURES = ROOT / "docs" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"


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

    def inside(self, cluster: str) -> set[str]:
        """The nodes of a cluster that has no cluster in it."""
        body = self.text.split(f"subgraph {cluster} {{")[1].split("}")[0]
        return set(Picture(body).labels)


def picture(name: str) -> Picture:
    return Picture((PICTURES / name).with_suffix(".dot").read_text(encoding="utf-8"))


# The rooms


def reachable(arrows: set[Arrow]) -> dict[str, set[str]]:
    """What stands behind each room, along the arrows."""
    behind: dict[str, set[str]] = defaultdict(set)
    for _ in arrows:
        for one, other in arrows:
            behind[one] |= {other} | behind[other]
    return behind


def test_every_room_is_in_the_picture() -> None:
    assert set(picture("rooms").labels) == rooms()


def test_every_import_goes_along_the_arrows() -> None:
    drawn = picture("rooms")
    words = drawn.inside("cluster_vocabulary")
    behind = reachable(drawn.arrows | {(one, other) for one in words for other in words})
    assert {(one, other) for one, other in imports() if other not in behind[one]} == set()


def test_every_arrow_is_an_import() -> None:
    assert picture("rooms").arrows - imports() == set()


def test_no_arrow_between_rooms_goes_in_a_circle() -> None:
    behind = reachable(picture("rooms").arrows)
    assert [name for name in rooms() if name in behind[name]] == []


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
    """Yield the functions of the package in the order in which this thread first calls them."""
    called: dict[tuple[str, str], None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and PACKAGE in path.parents:
            called.setdefault((path.relative_to(PACKAGE).as_posix(), frame.f_code.co_name))

    found: list[tuple[str, str]] = []
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)
        found += called


def test_a_click_takes_the_steps_in_their_order(shop: Shop) -> None:
    reference = shop.order()
    with watched() as called:
        shop.click(reference)
    assert [step for step in called if step in way("click")] == way("click")


@pytest.mark.parametrize("news", [Shop.webhook, Shop.success, Shop.cancel])
def test_news_takes_the_steps_in_their_order(
    shop: Shop, news: Callable[[Shop, object], object]
) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    functions = [step for step in way("news") if step[1] != "payment_changed"]
    with watched() as called:
        news(shop, payment)
    assert [step for step in called if step in functions] == functions


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

"""The tables of the reference are those of the code, and complete."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from blinker import Signal

import flask_bdquickpay
from flask_bdquickpay.sandbox import create_sandbox
from flask_bdquickpay.settings import Settings

from . import reference
from .pages import DOCS, read

TABLES = reference.tables()


@pytest.mark.parametrize("name", TABLES)
def test_the_committed_table_is_that_of_the_code(name: str) -> None:
    page = read(DOCS / "reference" / f"{name}.md")
    block = page.split(f"<!-- {name}: begin -->\n")[1].split(f"<!-- {name}: end -->")[0]
    assert block == TABLES[name], "run python -m tests.project.reference"


def test_every_setting_is_there_with_its_meaning() -> None:
    rows = cells("settings")
    assert [row[0] for row in rows] == [
        f"`BDQUICKPAY_{name.upper()}`" for name in Settings.__dataclass_fields__
    ]
    assert [row for row in rows if not all(row)] == []


def test_every_signal_is_there() -> None:
    public = {f"`{name}`" for name in flask_bdquickpay.__all__ if is_signal(name)}
    assert {row[0] for row in cells("signals")} == public


def test_every_error_is_there() -> None:
    public = {f"`{name}`" for name in flask_bdquickpay.__all__ if is_error(name)}
    assert {row[0] for row in cells("errors")} == public


def test_every_command_has_examples() -> None:
    for part in TABLES["commands"].split("\n## ")[1:]:
        name = part.partition("\n")[0]
        assert part.count(f"flask bdquickpay {name}") >= 2, name


def test_the_api_has_every_public_name() -> None:
    page = read(DOCS / "reference" / "api.md")
    told = set(re.findall(r"^\.\. auto\w+:: flask_bdquickpay\.(\w+)$", page, re.MULTILINE))
    assert told == {name for name in flask_bdquickpay.__all__ if not is_signal(name)}


def test_what_is_typed_at_the_sandbox_works() -> None:
    page = read(DOCS / "reference" / "sandbox.md")
    with closing(create_sandbox().extensions["bdquickpay_sandbox"]) as sandbox:
        for code in re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
            exec(code, {"bdquickpay_gateway": sandbox})
        assert sandbox.scenarios.next == "lose_webhook"
        assert sandbox.switches["merchant_active"] is False
        assert sandbox.faults.active() == []


def is_signal(name: str) -> bool:
    return isinstance(getattr(flask_bdquickpay, name), Signal)


def is_error(name: str) -> bool:
    found = getattr(flask_bdquickpay, name)
    return isinstance(found, type) and issubclass(found, Exception)


def cells(name: str) -> list[list[str]]:
    lines = [line for line in TABLES[name].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]

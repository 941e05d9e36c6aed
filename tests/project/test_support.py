"""docs/support.md: each row names a test or a session that is there, or says "not tried"."""

from __future__ import annotations

import re

from .source import ROOT, defined

PAGE = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| what |")
]
KNOWN = ("all tests", "as PostgreSQL")


def test_each_row_says_how_it_was_tried_or_that_it_was_not() -> None:
    assert len(ROWS) > 20
    assert [
        what
        for what, tried in ROWS
        if not (tried.startswith(("not tried", *KNOWN)) or "`" in tried)
    ] == []


def test_tests_that_are_named_are_there() -> None:
    files = re.findall(r"`(\w+/\w+\.py)(?:::(\w+))?", PAGE)
    assert len(files) > 10
    for file, name in files:
        assert (ROOT / "tests" / file).exists(), file
        assert not name or name in defined(ROOT / "tests" / file), name


def test_sessions_that_are_named_are_there() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    versions = set(re.findall(r'"(3\.\d+)"', noxfile.split("# Tests")[1].split("def tests")[0]))
    for name in re.findall(r"`nox -s ([\w.-]+)`", PAGE):
        session, _, version = name.partition("-")
        assert session in defined(ROOT / "noxfile.py"), name
        assert not version or version in versions, name


def test_classifiers_promise_no_python_that_was_not_tried() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    promised = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    tried = {
        what.split()[1] for what, by in ROWS if what.startswith("Python 3") and "not" not in by
    }
    assert set(promised) == tried

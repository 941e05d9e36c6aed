"""Two rounds of tests: a quick one while one works, and the thorough one before anything lands.

The quick round leaves out what repeats a proof: MariaDB; PostgreSQL but for the core; all but the
first cases of a test that has many; and what is marked `thorough` (every crash point, fuzzing, all
screens, …) since it took a second or more, where one of its kind stays in.
Nothing is left out where `TEST_DATABASES` names the databases, but for what is marked.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

_NAMED = os.environ.get("TEST_DATABASES")
#: How many cases of a test the quick round has on a database.
_CASES = 2
#: What the quick round has on PostgreSQL beside SQLite.
_ON_POSTGRESQL = [f"tests/payments/test_{name}.py" for name in ("races", "signals")]


def add_option(parser: pytest.Parser) -> None:
    """Add ``--thorough`` to the command line."""
    parser.addoption("--thorough", action="store_true", help="run all tests, not the quick round")


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the thorough round's tests out, unless they are asked for."""
    if config.getoption("thorough"):
        return
    quick = [item for item in items if not _is_thorough(item)]
    quick = quick if _NAMED else _first_cases(quick)
    config.hook.pytest_deselected(items=list(set(items) - set(quick)))
    items[:] = quick


def _first_cases(items: list[pytest.Item]) -> list[pytest.Item]:
    seen: Counter[tuple[str, object]] = Counter()
    first = []
    for item in items:
        test = (item.nodeid.partition("[")[0], _database(item))
        seen[test] += 1
        if seen[test] <= _CASES:
            first.append(item)
    return first


def _is_thorough(item: pytest.Item) -> bool:
    return item.get_closest_marker("thorough") is not None or _repeats_a_database(item)


def _database(item: pytest.Item) -> object:
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get("database_uri")


def _repeats_a_database(item: pytest.Item) -> bool:
    database = _database(item)
    if _NAMED or database in (None, "sqlite"):
        return False
    return database != "postgresql" or item.nodeid.partition("::")[0] not in _ON_POSTGRESQL

"""What the guarantees rest on, looked at before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, text

from ..errors import ConfigurationError

_READS = (
    *("SELECT", "VALUES", "TABLE", "EXPLAIN", "DESCRIBE", "SHOW", "PRAGMA", "SET"),
    *("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "START"),
)
#: Spaces, comments and brackets before a statement's first word.
_BEFORE = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
#: Texts, names, and the locks of a reader, in which the words below mean nothing.
_NO_WRITES = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE
)
#: What a statement that begins with WITH may do beside reading.
_WRITES = re.compile(
    r"\b(?:(?:INSERT|REPLACE)\s+(?:\w+\s+){0,2}INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b",
    re.IGNORECASE,
)
#: Storage engines of MySQL and MariaDB that can roll back.
_ROLLS_BACK = ("InnoDB", "ROCKSDB", "TokuDB", "NDBCLUSTER")


_AUTOCOMMIT = (
    "The payments' database connection is in AUTOCOMMIT: what must be rolled back would have been "
    "committed. Remove isolation_level='AUTOCOMMIT' from SQLALCHEMY_ENGINE_OPTIONS, or give the "
    "payments an engine without it."
)


def check_options(options: Mapping[str, Any] | None) -> None:
    """Refuse the options of engines that would commit each statement by themselves.

    :raises ConfigurationError: with the cure.
    """
    given = options or {}
    if "AUTOCOMMIT" in (
        given.get("isolation_level"),
        (given.get("execution_options") or {}).get("isolation_level"),
    ):
        raise ConfigurationError(_AUTOCOMMIT)


def check_rollback(connection: Connection) -> None:
    """Refuse a connection that commits each statement by itself.

    :raises ConfigurationError: with the cure.
    """
    if _commits_by_itself(connection):
        raise ConfigurationError(_AUTOCOMMIT)


def _commits_by_itself(connection: Connection) -> bool:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return True
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        if getattr(driver, "autocommit", None) is True:
            return True
        # A host that emits BEGIN by itself has done so by now.
        return driver.isolation_level is None and not driver.in_transaction
    if hasattr(driver, "get_autocommit"):  # of MySQL's drivers
        return bool(driver.get_autocommit())
    return getattr(driver, "autocommit", False) is True


def cannot_roll_back(connection: Connection, tables: list[Table]) -> list[str]:
    """Return the names of those tables that keep what is rolled back (MyISAM, Aria, MEMORY)."""
    if connection.dialect.name not in ("mysql", "mariadb"):
        return []
    engines = text(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_type = 'BASE TABLE' AND table_name IN :names AND engine NOT IN :engines"
    ).bindparams(bindparam("names", expanding=True), bindparam("engines", expanding=True))
    values = {"names": [table.name for table in tables], "engines": _ROLLS_BACK}
    return sorted(str(name) for (name,) in connection.execute(engines, values))


def refuse_write(statement: str) -> None:
    """Refuse a statement that writes where it is not committed together with ours.

    :raises ConfigurationError: from whoever writes there.
    """
    if _writes(statement):
        raise ConfigurationError(
            "A signal receiver writes to another database than the payments', or in a transaction "
            "of its own: the two would not be committed together. Write by the db.session that "
            "the receiver finds, to the payments' database, or do it in a receiver of "
            "payment_changed, which comes after the commit."
        )


def is_same(ours: Engine, other: Engine) -> bool:
    """Whether two engines are of one database; each of SQLite's in memory is one of its own."""
    if ours.pool is other.pool:
        return True
    in_memory = other.dialect.name == "sqlite" and other.url.database in (None, "", ":memory:")
    return not in_memory and _place(ours) == _place(other)


def _place(engine: Engine) -> tuple[object, ...]:
    url = engine.url
    return engine.dialect.name, url.host, url.port, url.database, url.query


def _writes(statement: str) -> bool:
    bare = _BEFORE.sub("", statement, count=1)
    if bare[:4].upper() == "WITH":
        return _WRITES.search(_NO_WRITES.sub("", bare)) is not None
    return not bare.upper().startswith(_READS)

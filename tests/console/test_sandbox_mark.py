"""A shop on the sandbox: the command line says once that no real money moves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .program import ROOT

APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_bdquickpay import BDQuickPay

app = Flask(__name__)
app.config.update(SQLALCHEMY_DATABASE_URI="sqlite:///shop.sqlite3", BDQUICKPAY_SANDBOX=True)
db = SQLAlchemy(app)
BDQuickPay(app, db)
with app.app_context():
    db.create_all()
"""


OURS = ("--app", "marked", "bdquickpay")


def run(folder: Path, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    (folder / "marked.py").write_text(APP)
    paths = f"{ROOT}{os.pathsep}{folder}"
    env = {**os.environ, "PYTHONPATH": paths, "PYTHONWARNINGS": "ignore", **environ}
    start = "import sys; sys.argv[0] = 'flask'; from flask.cli import main; main()"
    command = [sys.executable, "-c", start, *args]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_is_said_once_and_never_on_stdout(tmp_path: Path) -> None:
    result = run(tmp_path, *OURS, "payments", "--json")
    assert json.loads(result.stdout) == []
    (line,) = result.stderr.splitlines()
    assert line.startswith("SANDBOX: no real money moves. Its pages: http://127.0.0.1:")


@pytest.mark.thorough
def test_the_overview_says_it_too(tmp_path: Path) -> None:
    result = run(tmp_path, *OURS)
    assert result.stdout.startswith("Today ")
    assert result.stderr.count("SANDBOX") == 1


@pytest.mark.thorough
@pytest.mark.parametrize("args", [("--help",), ("payments", "--help")])
def test_help_is_help_alone(tmp_path: Path, args: tuple[str, ...]) -> None:
    result = run(tmp_path, *OURS, *args)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.thorough
def test_completion_is_completion_alone(tmp_path: Path) -> None:
    words = {"COMP_WORDS": "flask --app marked bdquickpay pay", "COMP_CWORD": "4"}
    result = run(tmp_path, _FLASK_COMPLETE="bash_complete", **words)
    assert "plain,payments" in result.stdout.splitlines()
    assert result.stderr == ""

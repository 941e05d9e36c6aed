"""The script, the sessions and the workflows belong together, and nothing moves by itself."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from .source import ROOT, defined

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPT = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        yield from read(path)["jobs"].items()


def steps() -> Iterator[dict[str, Any]]:
    for _, job in jobs():
        yield from job["steps"]


def test_sessions_that_are_called_are_there() -> None:
    sessions = defined(ROOT / "noxfile.py")
    (called,) = re.findall(r"for session in (.+); do", SCRIPT)
    names = {name.partition("-")[0] for name in called.split()}
    online = read(ROOT / ".github/workflows/ci.yml")["jobs"]["online"]["strategy"]["matrix"]
    assert len(names) >= 5
    assert names | set(online["session"]) <= sessions
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    called = [name for line in re.findall(r"nox -s ([\w ]+)", said) for name in line.split()]
    assert set(called) <= sessions


def test_files_that_sessions_run_are_there() -> None:
    """A test's path that is misspelt would be an error in CI alone."""
    named = re.findall(r'"(tests/[^"]+)"', (ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_script_runs_the_readme_s_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "grep -F -- 'pytest -n auto' README.md" in SCRIPT
    assert len([line for line in readme.splitlines() if "pytest -n auto" in line]) == 1


def test_actions_are_pinned_by_hash_and_say_which_version_it_is() -> None:
    used = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert len(used) >= 6
    pinned = re.compile(r"\s*- uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [line for line in used if not pinned.fullmatch(line)] == []


def test_one_action_is_of_one_version_everywhere() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    names = [use.partition("@")[0] for use in used]
    assert len(names) == len(set(names))


def test_nothing_is_permitted_but_what_a_job_asks_for() -> None:
    assert [path.name for path in WORKFLOWS if read(path)["permissions"] != {}] == []
    permissions = {name: job["permissions"] for name, job in jobs()}
    writing = {name for name, asked in permissions.items() if "write" in asked.values()}
    assert writing == {"publish"}
    assert permissions["publish"] == {"id-token": "write"}


def test_what_is_published_is_what_was_built_and_tested() -> None:
    release = read(ROOT / ".github/workflows/release.yml")["jobs"]
    publish = release["publish"]
    assert publish["needs"] == "build"
    names = [step["uses"].partition("@")[0] for step in publish["steps"]]
    assert names == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
    assert publish["steps"][1]["with"] == {"attestations": True}


def test_no_job_has_a_cache_a_secret_or_the_checkout_s_credentials() -> None:
    for step in steps():
        given = step.get("with", {})
        assert "cache" not in str(given)
        if step.get("uses", "").startswith("actions/checkout@"):
            assert given["persist-credentials"] is False
    assert "secrets." not in "".join(path.read_text() for path in WORKFLOWS)


def test_no_job_runs_for_ever() -> None:
    assert [name for name, job in jobs() if job.get("timeout-minutes", 999) > 90] == []


# What a tag must be


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(name).stem, ROOT / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("tag", "heading", "wrong"),
    [
        ("v0.2.0", "## 0.2.0", []),
        ("v0.2.1", "## 0.2.0", ["The tag is v0.2.1, the version 0.2.0."]),
        ("0.2.0", "## 0.2.0", ["The tag is 0.2.0, the version 0.2.0."]),
        (
            "v0.2.0",
            "## Unreleased\n\n## 0.2.0",
            ["The changelog does not begin with 0.2.0, but with ['Unreleased']."],
        ),
    ],
)
def test_a_tag_is_the_version_that_the_changelog_begins_with(
    tag: str, heading: str, wrong: list[str]
) -> None:
    project, changelog = '[project]\nversion = "0.2.0"\n', f"# Changelog\n\n{heading}\n"
    assert loaded(".ci/released.py").problems(tag, project, changelog) == wrong

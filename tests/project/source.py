"""Reads the package's source: its rooms, who imports whom, and which names a file defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "flask_bdquickpay"
Arrow = tuple[str, str]


def rooms(folder: Path = PACKAGE) -> set[str]:
    """The modules and folders in a folder."""
    modules = {path.name for path in folder.glob("*.py")}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


def imports(folder: Path = PACKAGE) -> set[Arrow]:
    """Which room of a folder imports which other, wherever in a module it does."""
    found: set[Arrow] = set()
    for path in folder.rglob("*.py"):
        one = path.relative_to(folder).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found |= {(one, other) for other in _imported(node, path, folder)}
    return {(one, other) for one, other in found if one != other}


def _imported(node: ast.ImportFrom, path: Path, folder: Path) -> Iterator[str]:
    here = path.relative_to(ROOT).parts
    base = here[: len(here) - node.level] if node.level else ()
    target = (*base, *filter(None, (node.module or "").split(".")))
    above = folder.relative_to(ROOT).parts
    if target[: len(above)] == above:
        for name in target[len(above) :][:1] or [one.name for one in node.names]:
            yield name if (folder / name).is_dir() else f"{name}.py"


def defined(path: Path) -> set[str]:
    """The functions, classes, methods and values that a file names."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {
                node.name,
                *(f"{node.name}.{name}" for one in node.body for name in _own(one)),
            }
        found |= _own(node)
    return found


def _own(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()

"""What each module of a package imports, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import resolve_name
from pathlib import Path

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
#: What is said of an `import_module` whose argument is made up as it runs.
UNREADABLE = "what cannot be read"


@dataclass(frozen=True)
class Import:
    """One imported name, absolute: `flask.request` for `from flask import request`."""

    name: str
    hidden: bool  # inside a function


@dataclass(frozen=True)
class Module:
    """A module's full name and its source; a package is its `__init__`."""

    name: str
    source: str
    is_package: bool = False

    @property
    def package(self) -> str:
        """From where its relative imports start."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def lines(self) -> int:
        return len(self.source.splitlines())

    @cached_property
    def imports(self) -> list[Import]:
        """All of them: relative or absolute, at the top, in a function, for typing only."""
        found = _walk(ast.parse(self.source), hidden=False)
        return [Import(name, hidden) for node, hidden in found for name in self._names(node)]

    def _names(self, node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), self.package)
            return [f"{origin}.{alias.name}" for alias in node.names]
        if isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            return [self._loaded(node)]
        return []

    def _loaded(self, call: ast.Call) -> str:
        """What a call of `import_module` imports."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        name, anchor = (*map(self._text, given), None, None)[:2]
        if name is None or (name.startswith(".") and anchor is None):
            return UNREADABLE
        return resolve_name(name, anchor)

    def _text(self, argument: ast.expr) -> str | None:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return argument.value
        return {"__name__": self.name, "__package__": self.package}.get(ast.unparse(argument))


def read(folder: Path) -> dict[str, Module]:
    """The modules of a package by their names inside it; the package itself is `""`."""
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        full = f"{folder.name}.{name}".rstrip(".")
        modules[name] = Module(full, path.read_text(encoding="utf-8"), is_package)
    return modules


def inside(modules: Mapping[str, Module], imported: str) -> str | None:
    """The module of these that holds an imported name; None where it is somebody else's."""
    root, _, name = imported.partition(".")
    if root != modules[""].name:
        return None
    while name not in modules:
        name = name.rpartition(".")[0]
    return name


def _walk(node: ast.AST, *, hidden: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        yield child, hidden
        yield from _walk(child, hidden=hidden or isinstance(child, FUNCTIONS))


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]

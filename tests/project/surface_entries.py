"""What a shop may rely on, read from the running code: one line for each entry."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib import import_module
from typing import Any

import click
import sqlalchemy as sa
from blinker import Signal
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from sqlalchemy.dialects import postgresql

from flask_bdquickpay import BDQuickPay, celery, errors
from flask_bdquickpay.console import commands
from flask_bdquickpay.payments import books, records, signals
from flask_bdquickpay.payments.health import Period, Pile
from flask_bdquickpay.payments.samples import families
from flask_bdquickpay.payments.statement_lines import Exceptional, Line
from flask_bdquickpay.payments.tables import build_models
from flask_bdquickpay.sandbox.kit import Gateway
from flask_bdquickpay.sandbox.server import SandboxServer
from flask_bdquickpay.settings import PREFIX, Settings

from .source import ROOT

#: The modules that a shop imports from.
MODULES = tuple(
    f"flask_bdquickpay{name}" for name in ("", ".sandbox", ".desk", ".celery", ".metrics")
)
#: What a shop's tests use: the fixture, and the server that they may start by themselves.
KIT = {"bdquickpay_gateway": Gateway, "SandboxServer": SandboxServer}
#: What stands in the fields of a `Health` and a `StatementReport`.
FIELDS = (Pile, Period, Exceptional, Line)
Lines = Iterator[str]


def sections() -> dict[str, list[str]]:
    """The lines below each heading."""
    found = {f"from {name} import": list(_module(name)) for name in MODULES}
    found["pytest"] = [line for name, kind in KIT.items() for line in _class(name, kind)]
    found["inside of these"] = [line for kind in FIELDS for line in _class(kind.__name__, kind)]
    for heading, read in _OTHERS.items():
        found[heading] = list(read())
    return found


# Names and signatures


def _module(name: str) -> Lines:
    module = import_module(name)
    for public in sorted(module.__all__):
        yield from _named(public, getattr(module, public))


def _named(name: str, found: Any) -> Lines:
    if isinstance(found, Signal):
        yield f"{name} (signal)"
    elif inspect.isclass(found):
        yield from _class(name, found)
    elif callable(found):
        yield name + _signature(found)
    else:
        yield f"{name} = {found!r}"


def _class(name: str, kind: type) -> Lines:
    if issubclass(kind, enum.Enum):
        yield from (f"{name}.{member.name} = {member.value!r}" for member in kind)
    else:
        yield name + _signature(kind)
    for attribute in sorted(_attributes(kind)):
        yield f"{name}.{attribute} (attribute)"
    for member, found in sorted(_members(kind).items()):
        yield f"{name}.{member}{_member(found)}"


def _ours(kind: type) -> list[type]:
    return [one for one in reversed(kind.__mro__) if one.__module__.startswith("flask_bdquickpay")]


def _attributes(kind: type) -> set[str]:
    """Those that the docstrings promise."""
    docs = "\n".join(one.__doc__ or "" for one in _ours(kind))
    return set(re.findall(r":ivar (\w+):", docs)) - set(inspect.signature(_init(kind)).parameters)


def _init(kind: type) -> Any:
    found = next((vars(one)["__init__"] for one in kind.__mro__ if "__init__" in vars(one)), None)
    return found if inspect.isfunction(found) else _nothing


def _nothing() -> None: ...


def _members(kind: type) -> dict[str, Any]:
    """The public methods and properties that we have written; columns have a section of theirs."""
    named = {name: found for one in _ours(kind) for name, found in vars(one).items()}
    return {
        name: found
        for name, found in named.items()
        if not name.startswith("_") and isinstance(found, _WRITTEN)
    }


_WRITTEN = (property, classmethod, staticmethod, type(_nothing))


def _member(found: Any) -> str:
    if isinstance(found, property):
        return f" -> {inspect.signature(found.fget).return_annotation}"  # type: ignore[arg-type]
    return _signature(getattr(found, "__func__", found))


def _signature(function: Callable[..., Any]) -> str:
    """The parameters with their types and defaults, as they are written."""
    given = inspect.signature(_init(function) if inspect.isclass(function) else function)
    own = [
        one.replace(annotation=_Bare.of(one.annotation), default=_default(one.default))
        for one in given.parameters.values()
        if one.name not in ("self", "cls")
    ]
    returned = _Bare.of(given.return_annotation)
    if inspect.isclass(function):
        returned = inspect.Signature.empty
    return str(given.replace(parameters=own, return_annotation=returned))


def _default(value: Any) -> Any:
    return _Bare("…") if inspect.isfunction(value) else value


class _Bare(str):
    """A text that is shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__

    @classmethod
    def of(cls, annotation: Any) -> Any:
        return cls(annotation) if isinstance(annotation, str) else annotation


# What else a shop writes down


def _errors() -> Lines:
    """The tree: each error after its base."""
    waiting: list[type] = [errors.BDQuickPayError]
    while waiting:
        kind = waiting.pop(0)
        yield f"{kind.__name__}({', '.join(base.__name__ for base in kind.__bases__)})"
        below = _below(kind)
        waiting[:0] = sorted(below, key=lambda one: one.__name__)


def _below(kind: type) -> list[type]:
    found: list[type] = type.__subclasses__(kind)
    return [one for one in found if one.__module__ == errors.__name__]


def _signals() -> Lines:
    """Each with the keywords that its comment promises."""
    source = inspect.getsource(signals)
    for said, name in re.findall(
        r"^#: .*?\((`.+?`)\).*\n(?:#: .+\n)*(\w+): NamedSignal", source, re.MULTILINE
    ):
        yield f"{name}(app, *, {said.replace('`', '')})"


def _settings() -> Lines:
    for field in fields(Settings):
        default = getattr(Settings(), field.name)
        yield f"{PREFIX}{field.name.upper()}: {field.type} = {default!r}"


def _commands() -> Lines:
    yield from _group(commands, ())


def _group(group: click.Group, path: tuple[str, ...]) -> Lines:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        here = " ".join([*path, name])
        if isinstance(command, click.Group):
            yield from _group(command, (*path, name))
        elif command is not None:
            yield here
            yield from (f"{here} {_parameter(parameter)}" for parameter in command.params)


def _parameter(parameter: click.Parameter) -> str:
    given = isinstance(parameter, click.Argument)
    names = (
        parameter.human_readable_name
        if given
        else ", ".join([*parameter.opts, *parameter.secondary_opts])
    )
    flag = getattr(parameter, "is_flag", False)
    facts = [] if flag else [getattr(parameter.type, "name", "text")]
    facts += ["|".join(parameter.type.choices)] if isinstance(parameter.type, click.Choice) else []
    facts += ["required"] if parameter.required else []
    facts += ["any number"] if parameter.multiple or parameter.nargs == -1 else []
    if isinstance(parameter.default, (int, float, str)) and parameter.default and not flag:
        facts.append(f"default {parameter.default}")
    return f"{names} ({', '.join(facts)})" if facts else names


_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


def _columns() -> Lines:
    """Types as PostgreSQL has them, then keys, checks and indexes."""
    models = build_models(SQLAlchemy())
    for model in (models.payment, models.event, models.refund):
        table: sa.Table = sa.inspect(model).local_table
        for column in table.columns:
            kind = column.type.compile(_POSTGRESQL)
            yield f"{table.name}.{column.name} {kind}{'' if column.nullable else ' NOT NULL'}"
        yield from sorted(map(_constraint, table.constraints))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            yield f"{table.name}: INDEX ({', '.join(index.columns.keys())})"


def _constraint(found: Any) -> str:
    kind = type(found).__name__.removesuffix("Constraint")
    said = str(found.sqltext) if kind == "Check" else ", ".join(found.columns.keys())
    return f"{found.table.name}: {kind} ({said})"


def _shop() -> Flask:
    app = Flask("surface")
    app.config.update(SECRET_KEY="surface", SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config.update(BDQUICKPAY_APP_KEY="a", BDQUICKPAY_SECRET_KEY="s")
    app.config.update(BDQUICKPAY_PUBLIC_URL="https://shop.example")
    BDQuickPay(app, SQLAlchemy(app))
    return app


def _routes() -> Lines:
    for rule in sorted(_shop().url_map.iter_rules(), key=lambda one: (one.endpoint, one.rule)):
        if rule.endpoint.startswith("bdquickpay."):
            methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            yield f"{rule.endpoint} {methods} {rule.rule}"


def _templates() -> Lines:
    """What they may call, the files that a shop may put in our place, and their blocks."""
    for name, function in sorted(_shop().jinja_env.globals.items()):
        if name.startswith("bdquickpay"):
            yield name + _signature(function)  # type: ignore[arg-type]
    for page in sorted((ROOT / "templates" / "bdquickpay").glob("[!_]*.html")):
        yield f"bdquickpay/{page.name}"
        for block in re.findall(r"{%-? *block (\w+)", page.read_text(encoding="utf-8")):
            yield f"bdquickpay/{page.name} block {block}"


def _metrics() -> Lines:
    app = _shop()
    with app.app_context():
        app.extensions["sqlalchemy"].create_all()
        health = app.extensions["bdquickpay"].health.look()
    yield from (family.name for family in families(health))


def _lists() -> Lines:
    """Columns of CSV and keys of JSON, in their order."""
    yield from (f"payments.{name}" for name in records.COLUMNS)
    yield from (f"ledger.{name}" for name in books.COLUMNS)


def _needed() -> Lines:
    yield f"Python {_project().requires_python}"
    yield from sorted(_project().dependencies, key=str.lower)


def _extras() -> Lines:
    for extra, needed in sorted(_project().optional_dependencies.items()):
        yield f"{extra}: {', '.join(needed)}"


def _project() -> Any:
    """What the project's file says; an installation may be older than that."""
    return ProjectMetadata(str(ROOT), PluginManager()).core


_OTHERS: dict[str, Callable[[], Lines]] = {
    "errors": _errors,
    "signals": _signals,
    "settings": _settings,
    "flask bdquickpay": _commands,
    "columns": _columns,
    "routes": _routes,
    "templates": _templates,
    "Prometheus": _metrics,
    "lists": _lists,
    "Celery": lambda: iter(sorted(celery._TASKS)),
    "pip install Flask-BDQuickPay": _needed,
    "pip install Flask-BDQuickPay[…]": _extras,
}

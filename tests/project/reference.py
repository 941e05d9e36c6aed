"""Writes the tables of the reference, from the code.

`python -m tests.project.reference`
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import click
from flask import Flask
from werkzeug.routing import Rule

import flask_bdquickpay
from flask_bdquickpay import BDQuickPayError, FlagPayment, errors, sandbox, settings
from flask_bdquickpay.console.everything import commands
from flask_bdquickpay.payments import signals
from flask_bdquickpay.sandbox.faults import KINDS, VERIFY
from flask_bdquickpay.sandbox.scenarios import SCENARIOS
from flask_bdquickpay.sandbox.switches import SWITCHES
from flask_bdquickpay.shop import ShopDetails
from flask_bdquickpay.web.views import make_blueprint

from ..benchmarks.report import replace_block, table
from .source import ROOT

FOLDER = ROOT / "docs" / "reference"
_EMPTY: tuple[Any, ...] = ("", None, (), frozenset(), {}, ShopDetails())
_SAID = re.compile(r"((?:^ *#: .+\n)+) *(\w+):", re.MULTILINE)


def main() -> None:
    for name, text in tables().items():
        replace_block(FOLDER / f"{name}.md", name, text)


def tables() -> Mapping[str, str]:
    """The text of each page's block."""
    return {
        "settings": _settings(),
        "signals": _signals(),
        "commands": "\n".join(map(_command, sorted(commands.commands.items()))),
        "routes": _routes(),
        "errors": _errors(),
        "sandbox": "".join((_faults(), _scenarios(), _switches(), _calls())),
    }


def comments(module: ModuleType) -> dict[str, str]:
    """What stands in `#:` above each name of a module, in one line."""
    found = _SAID.findall(inspect.getsource(module))
    return {name: " ".join(re.findall(r"#: (.+)", text)) for text, name in found}


def _rows(head: list[str], rows: list[list[str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return f"\n{table(head, escaped)}\n\n"


def _settings() -> str:
    said, defaults = comments(settings), settings.Settings()
    rows = [
        [f"`{settings.PREFIX}{name.upper()}`", _default(getattr(defaults, name)), said[name]]
        for name in settings.Settings.__dataclass_fields__
    ]
    return _rows(["key", "default", "meaning"], rows)


def _default(value: Any) -> str:
    if value in _EMPTY and not isinstance(value, bool):
        return "–"
    return f"`{json.dumps(value)}`" if isinstance(value, str) else f"`{value!r}`"


def _signals() -> str:
    said = comments(signals)
    names = [name for name in said if name in flask_bdquickpay.__all__]
    return _rows(["signal", "when, and with what"], [[f"`{name}`", said[name]] for name in names])


def _routes() -> str:
    app = Flask("reference")
    app.register_blueprint(make_blueprint(), url_prefix=settings.Settings().url_prefix)
    rules = list(app.url_map.iter_rules())
    names = dict.fromkeys(one.endpoint for one in rules if one.endpoint.startswith("bdquickpay."))
    rows = [
        _route([one for one in rules if one.endpoint == name], _first(app.view_functions[name]))
        for name in names
        if name != "bdquickpay.static"
    ]
    return _rows(["endpoint", "methods", "route", "what it does"], rows)


def _route(rules: list[Rule], does: str) -> list[str]:
    """The row of an endpoint, which may have several rules."""
    methods = sorted((rules[0].methods or set()) - {"HEAD", "OPTIONS"})
    paths = sorted(rule.rule.replace("path:", "") for rule in rules)
    return [f"`{rules[0].endpoint}`", ", ".join(methods), f"`{'`, `'.join(paths)}`", does]


def _errors() -> str:
    public = [getattr(flask_bdquickpay, name) for name in flask_bdquickpay.__all__]
    ours = [found for found in vars(errors).values() if found in public]
    rows = [
        [f"`{error.__name__}`", ", ".join(_bases(error)), _first(error)]
        for error in [*ours, FlagPayment]
    ]
    return _rows(["error", "is a", "when"], rows)


def _bases(error: type[Exception]) -> Iterator[str]:
    for base in error.__bases__:
        if issubclass(base, BDQuickPayError) or base is not Exception:
            yield f"`{base.__name__}`"


def _faults() -> str:
    rows = [
        [f"`{name}`", _literal(does) + _only(endpoints), ", ".join(_options(options))]
        for name, (endpoints, does, options) in KINDS.items()
    ]
    return "\n## Faults\n" + _rows(["kind", "what happens", "options"], rows)


def _only(endpoints: Sequence[str]) -> str:
    return " (verify alone)" if tuple(endpoints) == VERIFY else ""


def _literal(text: str) -> str:
    """Mark what is sent as it stands: `"500.00"`, `"status": false`."""
    return re.sub(r'"\S+"(?:: \w+)?', r"`\g<0>`", text)


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        yield f"`{name}={value!r}`"


def _scenarios() -> str:
    rows = [[f"`{name}`", one.title, one.hint] for name, one in SCENARIOS.items()]
    return "\n## Scenarios\n" + _rows(["name", "on the page", "what it is for"], rows)


def _switches() -> str:
    rows = [
        [f"`{name}`", ", ".join(f"`{value!r}`" for value in values), _as_code(does)]
        for name, (values, does) in SWITCHES.items()
    ]
    return "\n## Switches\n" + _rows(["name", "values, the default first", "what it does"], rows)


def _calls() -> str:
    said = (inspect.getdoc(sandbox) or "").splitlines()
    calls = "\n".join(line for line in said if line.startswith("|"))
    above = re.sub(r" \(`\w+\.[A-Z]+`\)", "", calls)  # where the lists stand in the code
    return f"\n## From another process\n\n{above}\n\n"


def _first(thing: object) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def _command(named: tuple[str, click.Command]) -> str:
    name, command = named
    context = click.Context(command, info_name=name)
    usage = " ".join([f"flask bdquickpay {name}", *command.collect_usage_pieces(context)])
    options = [one for one in command.params if isinstance(one, click.Option)]
    records = [record for one in options if (record := one.get_help_record(context))]
    rows = [[f"`{flags}`", _as_code(meaning)] for flags, meaning in records]
    parts = [
        f"\n## {name}",
        f"```text\n{usage}\n```",
        *_paragraphs(command.help or ""),
        _rows(["option", "meaning"], rows).strip("\n"),
        f"```text\n{_examples(command.epilog or '')}\n```\n",
    ]
    return "\n\n".join(parts)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        yield _as_code(" ".join(paragraph.split()))


def _as_code(text: str) -> str:
    """Mark what is typed: options, signals, and what stands in single quotes on the terminal."""
    quoted = re.sub(r"(?<!\w)'([^' ][^']*)'(?!\w)", r"`\1`", text)
    return re.sub(r"(?<![\w`])(--[\w-]+|payment_\w+|''|'(?= ))", r"`\1`", quoted)


def _examples(epilog: str) -> str:
    """The commands of an epilog, which begins with a mark of click's and a heading."""
    return inspect.cleandoc("\n" + "\n".join(epilog.splitlines()[2:])).strip()


if __name__ == "__main__":
    main()

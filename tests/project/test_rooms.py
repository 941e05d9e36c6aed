"""The rooms of the package: each module imports only what its room may enter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import flask_bdquickpay.extension

from .imports import UNREADABLE, Import, Module, inside, read

PACKAGE = Path(flask_bdquickpay.extension.__file__).parent
TESTS = Path(__file__).parents[1]

# The map

#: From the ground up: each may import those before it.
VOCABULARY = (
    "clock",
    "errors",
    "deadline",
    "text",
    "repeated",
    "money",
    "shop",
    "keys",
    "settings",
)
CORE = (*VOCABULARY, "gateway", "payments")
EVERYTHING = ("",)

#: Each room and what it may import: rooms, or one module of a room. The package itself is "".
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    **{word: VOCABULARY[:place] for place, word in enumerate(VOCABULARY)},
    "gateway": VOCABULARY,
    "payments": (*VOCABULARY, "gateway"),
    "state": CORE,
    "web": (*VOCABULARY, "gateway.answers", "payments", "state"),
    "doctor": (*CORE, "state"),
    "console": (
        *(*VOCABULARY, "payments", "state", "doctor", "sandbox"),
        *("web.links", "web.qr", "web.tokens"),
    ),
    "desk": (*VOCABULARY, "payments", "state", "doctor", "web"),
    "sandbox": (),
    "testing": ("gateway", "sandbox"),
    "celery": (*VOCABULARY, "payments", "state"),
    "metrics": (*VOCABULARY, "payments", "state"),
    "startup": (*VOCABULARY, "sandbox"),
    "extension": EVERYTHING,
    "": EVERYTHING,
}

#: Inside `payments`, from the ground up: each may import those before it.
PAYMENTS = (
    "about",
    "observers",
    "status",
    "reasons",
    "columns",
    "models",
    "tables",
    "verdict",
    "signals",
    "locks",
    "grounds",
    "transaction",
    "database",
    "objects",
    "store",
    "waiting",
    "refund_rows",
    "hooks",
    "registration",
    "accounts",
    "courier",
    "dispatch",
    "outbox",
    "ledger",
    "settlement",
    "checkout",
    "resolution",
    "refunds",
    "reconcile",
    "pruning",
    "erasure",
    "records",
    "reports",
    "books",
    "statement_values",
    "statement_file",
    "statement_lines",
    "statement",
    "health",
    "samples",
    "export",
)
#: What may happen to a payment. None knows another, but for what is named here.
USE_CASES = PAYMENTS[PAYMENTS.index("settlement") : PAYMENTS.index("records")]
MAY_SETTLE = ("checkout", "reconcile")
#: What only reads.
READERS = ("records", "reports", "books", "health", "samples", "export")
READ = (
    "clock",
    "status",
    "reasons",
    "models",
    "store",
    "waiting",
    "refund_rows",
    "records",
    "health",
)

#: What is not ours and a room knows nothing of.
STRANGERS = {
    "gateway": ("flask", "flask_sqlalchemy", "sqlalchemy"),
    "payments": ("jinja2", "wtforms", "flask_wtf", "werkzeug", "click", "rich", "flask_admin"),
}
#: All that `payments` may import of Flask: no request, no session, no template.
OF_FLASK = ("flask.Flask", "flask.current_app")

#: Imports inside functions: the module, what it imports there, and why.
HIDDEN = {
    ("testing", "flask_bdquickpay"): "pytest loads it in every session of the host",
    ("testing", "flask"): "pytest loads it in every session of the host",
    ("testing", "sqlalchemy"): "pytest loads it in every session of the host",
    ("console", "flask_bdquickpay"): "a worker that serves pages never runs a command",
    ("startup", "flask_bdquickpay"): "a live shop never runs it",
    ("web.language", "babel"): "heavy, and a webhook says nothing to a customer",
    ("web.language", "flask_babel"): "the host's, which may not have it",
    ("payments.statement_file", "openpyxl"): "an extra, heavy, for XLSX alone",
    ("web.qr", "segno"): "optional: the extra qr",
    ("", UNREADABLE): "the public names are loaded when they are asked for",
}

NO_NAMES = ("utils", "util", "common", "helpers", "helper", "misc")
MOST_LINES = 400

Modules = Mapping[str, Module]
Found = Iterator[str]


def imports(modules: Modules) -> Iterator[tuple[str, Import]]:
    """Each import with the name of the module that has it."""
    for name, module in modules.items():
        for found in module.imports:
            yield name, found


def of_ours(modules: Modules) -> Iterator[tuple[str, str]]:
    """Each import of a module of ours: who imports whom."""
    for name, found in imports(modules):
        target = inside(modules, found.name)
        if target is not None:
            yield name, target


def within(name: str, places: tuple[str, ...]) -> bool:
    """Whether a module is one of the places, or stands in one."""
    return any(place in ("", name) or name.startswith(f"{place}.") for place in places)


# The rules; each finds what breaks it


def every_import_is_on_the_map(modules: Modules) -> Found:
    for name in modules:
        if name.partition(".")[0] not in MAY_IMPORT:
            yield f"{name} stands in no room of the map"
    for name, target in of_ours(modules):
        room = name.partition(".")[0]
        allowed = MAY_IMPORT.get(room, EVERYTHING)
        if not within(target, (room, *allowed)):
            yield f"{name} imports {target or 'the package'}"


def payments_import_downward(modules: Modules) -> Found:
    for name in modules:
        if name.startswith("payments.") and name.partition(".")[2] not in PAYMENTS:
            yield f"{name} has no place in the order"
    for name, target in payments_of_payments(modules):
        if PAYMENTS.index(name) <= PAYMENTS.index(target):
            yield f"{name} imports {target}, which stands above it"


def use_cases_do_not_know_each_other(modules: Modules) -> Found:
    for name, target in payments_of_payments(modules):
        settles = name in MAY_SETTLE and target == "settlement"
        if name in USE_CASES and target in USE_CASES and not settles:
            yield f"{name} knows {target}"


def readers_only_read(modules: Modules) -> Found:
    for name, target in payments_of_payments(modules):
        if name in READERS and target not in READ:
            yield f"{name} imports {target}"


def payments_of_payments(modules: Modules) -> Iterator[tuple[str, str]]:
    """Who imports whom among the modules of `payments` that have a place."""
    for importer, imported in of_ours(modules):
        (room, _, name), (other, _, target) = importer.partition("."), imported.partition(".")
        if room == other == "payments" and {name, target} <= set(PAYMENTS):
            yield name, target


def modules_form_no_ring(modules: Modules) -> Found:
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, target in of_ours(modules):
        graph[name] |= {target, *packages_entered(name, target)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield "a ring: " + " imports ".join(reversed(error.args[1]))


def packages_entered(name: str, target: str) -> Iterator[str]:
    """The packages around a module that run before it, but those in which the importer stands."""
    while target := target.rpartition(".")[0]:
        if not within(name, (target,)):
            yield target


def strangers_stay_outside(modules: Modules) -> Found:
    for name, found in imports(modules):
        room, stranger = name.partition(".")[0], found.name.partition(".")[0]
        if stranger in STRANGERS.get(room, ()):
            yield f"{name} imports {found.name}"
        if room == "payments" and stranger == "flask" and found.name not in OF_FLASK:
            yield f"{name} imports {found.name}"


def imports_stand_at_the_top(modules: Modules) -> Found:
    for name, found in imports(modules):
        if found.hidden and (name, found.name.partition(".")[0]) not in HIDDEN:
            yield f"{name} imports {found.name} inside a function"
        if found.name == UNREADABLE and (name, UNREADABLE) not in HIDDEN:
            yield f"{name} imports {UNREADABLE}"


def modules_have_one_job(modules: Modules) -> Found:
    for name, module in modules.items():
        if module.lines > MOST_LINES:
            yield f"{name} has {module.lines} lines"
        if name.rpartition(".")[2] in NO_NAMES:
            yield f"{name} does not say what it is for"


RULES: list[Callable[[Modules], Found]] = [
    every_import_is_on_the_map,
    payments_import_downward,
    use_cases_do_not_know_each_other,
    readers_only_read,
    modules_form_no_ring,
    strangers_stay_outside,
    imports_stand_at_the_top,
    modules_have_one_job,
]


@pytest.fixture(scope="module")
def package() -> Modules:
    return read(PACKAGE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_package_keeps_the_rule(package: Modules, rule: Callable[[Modules], Found]) -> None:
    assert list(rule(package)) == []


def test_hidden_imports_that_are_allowed_are_there(package: Modules) -> None:
    found = {(name, one.name.partition(".")[0]) for name, one in imports(package) if one.hidden}
    assert found == set(HIDDEN)


def test_modules_in_the_order_are_there(package: Modules) -> None:
    assert {f"payments.{name}" for name in PAYMENTS} <= set(package)


def test_tests_mirror_the_rooms(package: Modules) -> None:
    rooms = [name for name, module in package.items() if module.is_package and name]
    assert [room for room in rooms if not list(TESTS.glob(f"{room}/test_*.py"))] == []


# A rule that is broken says so

LAZY = "def late():\n    from ..web.views import make_blueprint\n"
TYPING = "if TYPE_CHECKING:\n    from ..extension import BDQuickPay\n"
BROKEN = [
    ("payments.store", "from ..web.views import x", "payments.store imports web.views"),
    ("payments.store", LAZY, "payments.store imports web.views"),
    ("payments.store", "from .. import web", "payments.store imports web"),
    ("payments.store", "from ..web import *", "payments.store imports web"),
    ("payments.store", TYPING, "payments.store imports extension"),
    ("payments.store", "import flask_bdquickpay.state", "payments.store imports state"),
    ("payments.store", "from flask_bdquickpay import desk", "payments.store imports desk"),
    ("payments.store", "from flask_bdquickpay import x", "payments.store imports the package"),
    ("gateway.client", "import_module('flask_bdquickpay.state')", "gateway.client imports state"),
    ("gateway.client", "import_module('..state', __package__)", "gateway.client imports state"),
    ("gateway.client", "import_module('...state', __name__)", "gateway.client imports state"),
    ("gateway.client", "importlib.import_module('flask')", "gateway.client imports flask"),
    ("gateway.client", "__import__('flask_bdquickpay.desk')", "gateway.client imports desk"),
    ("gateway.client", "import_module(name)", "gateway.client imports what cannot be read"),
    ("gateway.client", "import_module('.' + name, __package__)", "imports what cannot be read"),
    ("gateway", "from ..payments import store", "gateway imports payments.store"),
    ("web.views", "from ..gateway.client import x", "web.views imports gateway.client"),
    ("sandbox.wire", "from ..errors import x", "sandbox.wire imports errors"),
    ("text", "from .settings import x", "text imports settings"),
    ("state", "from .web import x", "state imports web"),
    ("testing", "from .payments import x", "testing imports payments"),
    ("celery", "from .console import x", "celery imports console"),
    ("cellar", "", "cellar stands in no room of the map"),
    ("payments.cellar", "", "payments.cellar has no place in the order"),
    ("payments.models", "from .store import x", "models imports store, which stands above it"),
    ("payments.status", "from . import status", "status imports status, which stands above it"),
    ("payments.resolution", "from .settlement import x", "resolution knows settlement"),
    ("payments.checkout", "from .resolution import x", "checkout knows resolution"),
    ("payments.reports", "from .ledger import x", "reports imports ledger"),
    ("sandbox.records", "from .control import x", "a ring: "),
    ("sandbox.texts", "from . import texts", "a ring: sandbox.texts"),
    ("state", "from .console import x", "a ring: "),
    ("payments.ledger", "from flask import request", "payments.ledger imports flask.request"),
    ("payments.ledger", "import flask", "payments.ledger imports flask"),
    ("payments.ledger", "import rich.table", "payments.ledger imports rich.table"),
    ("gateway.client", "from flask import Flask", "gateway.client imports flask.Flask"),
    ("web.views", "def late():\n    import json", "web.views imports json inside a function"),
    ("web.views", "late = lambda: __import__('json')", "imports json inside a function"),
    ("web.language", "def late():\n    import json", "imports json inside a function"),
    ("web.utils", "", "web.utils does not say what it is for"),
    ("web.views", "\n" * 400, "web.views has "),
]


@pytest.mark.parametrize(("name", "code", "said"), BROKEN, ids=[said for *_, said in BROKEN])
def test_broken_rule_is_named(package: Modules, name: str, code: str, said: str) -> None:
    module = package.get(name, Module(f"flask_bdquickpay.{name}", ""))
    planted = {**package, name: replace(module, source=f"{module.source}\n{code}\n")}
    found = [sentence for rule in RULES for sentence in rule(planted)]
    assert any(said in sentence for sentence in found), found

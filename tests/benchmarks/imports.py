"""What it costs to import the extension, in interpreters that have imported nothing yet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from .bench import Bench
from .measure import Figure, Turn, interleave

#: What a shop imports anyway, or the extension for it.
_DEPENDENCIES = "flask, flask_sqlalchemy, flask_wtf, requests, babel"
_EXTENSION = "from flask_bdquickpay import BDQuickPay"
_TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"


def imports(bench: Bench) -> Iterator[Figure]:
    """The extension against its five dependencies."""
    turns = {
        "extension": _turn(_EXTENSION),
        "dependencies": _turn(f"import {_DEPENDENCIES}"),
    }
    times = interleave(turns, bench.rounds)
    base = f"import {_DEPENDENCIES}"
    yield bench.compare("import").dearer(
        _EXTENSION, times["extension"], base, times["dependencies"]
    )


def _turn(code: str) -> Turn:
    command = [sys.executable, "-c", _TIMED.format(code)]

    def turn() -> float:
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return turn

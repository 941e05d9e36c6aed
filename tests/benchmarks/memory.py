"""Whether a process grows with the webhooks that it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .bench import Bench
from .measure import Figure
from .shops import EXTENSION, NAIVE
from .webhooks import SHOPS
from .wsgi import webhook_caller

#: Webhooks before the first look, and between the two.
_WARM, _COUNTED = 500, 2500
_CHUNK = 100
_STATM = Path("/proc/self/statm")


def memory(bench: Bench) -> Iterator[Figure]:
    """Resident memory after many webhooks against that before them, in a process of its own."""
    if not _STATM.exists():
        return
    names = (NAIVE, EXTENSION)
    rounds = [{name: _run(bench, name) for name in names} for _ in range(bench.few_rounds)]
    for name in names:
        before, after = zip(*(sizes[name] for sizes in rounds), strict=True)
        what = f"memory after {_COUNTED:,} webhooks, {name}"
        yield bench.compare("memory").dearer(what, [*after], "before", [*before])


def _run(bench: Bench, name: str) -> tuple[float, float]:
    with bench.new_database() as uri:
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.memory",
            name,
            uri,
            bench.gateway.base_url(),
        ]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    before, after = map(float, said.split())
    return before, after


def _resident() -> int:
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _main(name: str, uri: str, base_url: str) -> None:
    with SHOPS[name](uri, base_url) as shop:
        call = webhook_caller(shop.app, shop.webhook_path)

        def take(count: int) -> int:
            for _ in range(count // _CHUNK):
                for reference in shop.pending(_CHUNK):
                    assert call(reference).code == 200
            return _resident()

        sys.stdout.write(f"{take(_WARM)} {take(_COUNTED)}\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])

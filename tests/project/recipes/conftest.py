"""A bench in an empty folder, with the gateway of the test kit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_bdquickpay.sandbox.kit import Gateway

# The plugin is loaded by its entry point where the package is installed; here in any case.
from flask_bdquickpay.testing import bdquickpay_gateway

from .bench import Bench

__all__ = ["bdquickpay_gateway"]


@pytest.fixture
def bench(
    tmp_path: Path, bdquickpay_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("FLASK_SECRET_KEY", "recipes")
    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", f"sqlite:///{tmp_path}/shop.sqlite3")
    monkeypatch.syspath_prepend(tmp_path)
    bench = Bench(tmp_path, bdquickpay_gateway)
    yield bench
    bench.close()

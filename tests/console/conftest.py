"""The command line as a program, on the shop of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..shop import Shop
from .program import Program


@pytest.fixture
def program(shop: Shop, tmp_path: Path) -> Program:
    return Program(tmp_path, shop)

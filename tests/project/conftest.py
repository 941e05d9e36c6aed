"""Fixtures of the example shop's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import example_shop
from example_shop.models import db

from .storefront import Customer, Store


@pytest.fixture
def open_store(tmp_path: Path, bdquickpay_gateway: Any) -> Iterator[Callable[..., Store]]:
    """Opens the shop with settings of the test's own, to be paid at the test kit's gateway."""
    opened = []

    def make(**config: Any) -> Store:
        config = {"BDQUICKPAY_SANDBOX": False, "DEMO": True} | config
        opened.append(example_shop.create_app(config, str(tmp_path)))
        return Store(opened[-1], tmp_path)

    yield make
    for app in opened:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()


@pytest.fixture
def customer(store: Store) -> Customer:
    return store.customer()

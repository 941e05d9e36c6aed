"""A broker, and companies whose people work in processes of their own.

What needs Celery is imported by who asks for it, so that the tests can say what they lack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..shop import Shop

if TYPE_CHECKING:
    from .broker import Broker
    from .staff import Company


@pytest.fixture
def broker() -> Iterator[Broker]:
    from .broker import running_broker

    with running_broker() as running:
        yield running


@pytest.fixture
def new_company(
    new_shop: Callable[..., Shop], broker: Broker, tmp_path: Path
) -> Iterator[Callable[..., Company]]:
    """Make a company whose shop has settings of the test's own."""
    from .staff import found

    companies: list[Company] = []

    def make(every: int = 60, **config: Any) -> Company:
        config = {"BDQUICKPAY_DELIVERY": "deferred", "BDQUICKPAY_TIMEOUT": 20.0} | config
        companies.append(found(new_shop(**config), broker, tmp_path, every, **config))
        return companies[-1]

    yield make
    for company in companies:
        company.close()


@pytest.fixture
def company(new_company: Callable[..., Company]) -> Company:
    return new_company()

"""A visitor at the desk of the test's shop."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ..shop import Shop


@pytest.fixture
def desk(shop: Shop) -> FlaskClient:
    from .visits import open_desk  # skips the test where Flask-Admin is missing

    return open_desk(shop)

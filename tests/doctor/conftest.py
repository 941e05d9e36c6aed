"""A shop that can be called by its public URL."""

from __future__ import annotations

import pytest

from ..shop import NewShop, Shop
from .patients import free_port


@pytest.fixture
def at_home(new_shop: NewShop) -> Shop:
    """A shop whose public URL is a free loopback port."""
    return new_shop(BDQUICKPAY_PUBLIC_URL=f"http://127.0.0.1:{free_port()}")

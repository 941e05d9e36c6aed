"""Commands run on a shop within this process, and shops that they find."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask_bdquickpay.clock import utcnow

from ..shop import KEYS, Shop


def run(shop: Shop, *args: object) -> Any:
    """Run a command; whatever it prints, it is neither a traceback nor a key."""
    arguments = ["bdquickpay", *map(str, args)]
    result = shop.app.test_cli_runner().invoke(args=arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert not any(key in result.output for key in KEYS.values())
    return result


def listed(shop: Shop, *args: object) -> list[dict[str, Any]]:
    """What `payments --json` prints."""
    result = run(shop, "payments", "--json", *args)
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def ids(shop: Shop, *args: object) -> list[int]:
    return [payment["id"] for payment in listed(shop, *args)]


def flagged(shop: Shop) -> Any:
    """A payment of which less was paid than was asked for."""
    payment = shop.started()
    shop.gateway.pay(payment, amount=450, completes=True, webhook=False)
    assert run(shop, "verify", payment.invoice_id).exit_code == 0
    return shop.payment(payment)


def due(shop: Shop, count: int) -> list[Any]:
    payments = [shop.started() for _ in range(count)]
    for payment in payments:
        shop.gateway.pay(payment, webhook=False)
        shop.change(payment, check_after=utcnow() - timedelta(minutes=1))
    return payments

"""A collector of `prometheus_client` for the host's own registry.

    from prometheus_client import REGISTRY
    from flask_bdquickpay.metrics import collector

    REGISTRY.register(collector(app))

Needs the extra ``Flask-BDQuickPay[prometheus]``. Each scrape asks the database.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from .payments.samples import families
from .state import current_state

try:
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector
except ModuleNotFoundError as _error:
    if (_error.name or "").partition(".")[0] != "prometheus_client":
        raise
    raise ModuleNotFoundError(
        "The collector needs prometheus_client: pip install 'Flask-BDQuickPay[prometheus]'",
        name=_error.name,
    ) from _error

__all__ = ["collector"]


class _Collector(Collector):
    def __init__(self, app: Flask) -> None:
        self._app = app

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: to register it asks no database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._app.app_context():
            health = current_state().health.look()
        for family in families(health):
            names = list(family.values[0][0]) if family.values else []
            gauge = GaugeMetricFamily(family.name, family.help, labels=names)
            for labels, value in family.values:
                gauge.add_metric(list(labels.values()), value)
            yield gauge


def collector(app: Flask) -> Collector:
    """Return a collector of an app's payments."""
    return _Collector(app)

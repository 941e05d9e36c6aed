"""The shop's workers: `celery -A example_shop.worker worker --queues bdquickpay --beat`."""

from __future__ import annotations

from . import create_app

celery_app = create_app().extensions["celery"]

"""What the Celery workers and the beat of the load test load."""

from __future__ import annotations

from .load_shop import told

celery_app = told().celery

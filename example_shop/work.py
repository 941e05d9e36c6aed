"""Celery, where `FLASK_CELERY_BROKER_URL` names a broker: the sweep, and the mails.

Without it cron runs `flask bdquickpay reconcile`, and a mail is written right after a payment.
"""

from __future__ import annotations

from celery import Celery
from flask import Flask

from flask_bdquickpay.celery import register_tasks


def init_app(app: Flask) -> None:
    celery_app = Celery(app.name, broker=app.config["CELERY_BROKER_URL"])
    with app.app_context():
        register_tasks(celery_app)
    app.extensions["celery"] = celery_app

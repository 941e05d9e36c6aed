"""The shop in a process of Celery's, made as the environment says.

``celery -A tests.celery.workshop worker``, or ``beat``.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from celery import Celery, Task
from flask import Flask

from flask_bdquickpay import payment_changed
from flask_bdquickpay.celery import register_tasks

from ..shop import make_shop


def make_celery(app: Flask, **settings: Any) -> Celery:
    """The Celery app of a Flask app, made as Flask's documentation says."""

    class FlaskTask(Task):  # type: ignore[misc]
        def __call__(self, *args: object, **kwargs: object) -> object:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery_app = Celery(app.name, task_cls=FlaskTask)
    celery_app.config_from_object({"broker_connection_retry_on_startup": True} | settings)
    app.extensions["celery"] = celery_app
    return celery_app


class PostOffice:
    """Where `payment_changed` is told to the world outside, which no crash takes back.

    While its door is shut, a letter is begun and not posted.
    """

    def __init__(self, folder: Path) -> None:
        self._letters, self._begun = folder / "letters", folder / "begun"
        self._door = folder / "shut"

    def shut(self) -> None:
        self._door.touch()

    def open(self) -> None:
        self._door.unlink()

    def post(self, app: Flask, payment: Any, event: Any) -> None:
        """A receiver of `payment_changed`."""
        letter = f"{event.id}\n"  # read first: nothing is loaded once the session is gone
        self._write(self._begun, letter)
        while self._door.exists():
            time.sleep(0.02)
        self._write(self._letters, letter)

    @property
    def begun(self) -> list[int]:
        return self._read(self._begun)

    @property
    def letters(self) -> list[int]:
        return self._read(self._letters)

    @staticmethod
    def _write(file: Path, line: str) -> None:
        with file.open("a") as lines:
            lines.write(line)

    @staticmethod
    def _read(file: Path) -> list[int]:
        return [int(line) for line in file.read_text().split()] if file.exists() else []


if told := os.environ.get("WORKSHOP"):
    place = json.loads(told)
    gateway: Any = SimpleNamespace(base_url=place["gateway"])
    shop = make_shop(place["uri"], gateway, **place["config"])
    office = PostOffice(Path(place["folder"]))
    shop.receivers.append(office.post)
    payment_changed.connect(shop.receivers[-1], sender=shop.app)
    celery_app = make_celery(shop.app, **place["celery"])
    register_tasks(celery_app, every=place["every"])

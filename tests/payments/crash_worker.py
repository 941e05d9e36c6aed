"""Runs use cases of a shop in processes that kill themselves at a chosen step.

``python -m tests.payments.crash_worker`` reads one JSON task a line and answers with one JSON line:
which step was reached. It forks for each task; having one thread and no connection, it may.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Flask

from flask_bdquickpay import payment_changed

from ..shop import Shop, make_shop
from .steps import watch

USE_CASES: dict[str, Callable[[Shop, dict[str, Any]], Any]] = {
    "click": lambda shop, on: shop.click(on["reference"]),
    "webhook": lambda shop, on: shop.webhook(SimpleNamespace(**on)),
    "success": lambda shop, on: shop.client.get(f"/bdquickpay/success/{on['token']}"),
    "cancel": lambda shop, on: shop.client.get(f"/bdquickpay/cancel/{on['token']}"),
    "status": lambda shop, on: shop.client.get(f"/bdquickpay/status/{on['token']}"),
    "sweep": lambda shop, on: _in_context(shop, lambda: shop.bdquickpay.reconcile(concurrency=1)),
    "deliver": lambda shop, on: _in_context(shop, shop.bdquickpay.deliver),
    "accept": lambda shop, on: _resolve(shop, on["id"], accept=True),
    "reject": lambda shop, on: _resolve(shop, on["id"], accept=False),
}


def _in_context(shop: Shop, act: Callable[[], Any]) -> None:
    with shop.app.app_context():
        act()


def _resolve(shop: Shop, payment_id: int, *, accept: bool) -> None:
    with shop.app.app_context():
        state = shop.app.extensions["bdquickpay"]
        seen = state.store.find("id", payment_id)
        state.resolution.resolve(seen, accept=accept, note="checked by phone", actor="Rahim")


class Countdown:
    """Counts the steps of all threads, and kills the process at one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.begin(None)

    def begin(self, kill_at: int | None) -> None:
        self._kill_at = kill_at
        self.taken: list[str] = []

    def __call__(self, name: str) -> None:
        with self._lock:
            if len(self.taken) == self._kill_at:
                _answer(killed=True, steps=[*self.taken, name])
                os.kill(os.getpid(), signal.SIGKILL)
            self.taken.append(name)


class Stage:
    """A shop whose use cases end as the task says."""

    def __init__(self, uri: str, base_url: str, outside: str, config: dict[str, Any]) -> None:
        server: Any = SimpleNamespace(base_url=base_url)
        self.shop = make_shop(uri, server, **config)
        _tell_the_world(self.shop, outside)
        self.steps = Countdown()
        watch(self.shop, self.steps)
        self.disconnect()

    def disconnect(self) -> None:
        """A process must not fork with connections open."""
        with self.shop.app.app_context():
            self.shop.db.engine.dispose()

    def play(self, use_case: str, on: dict[str, Any], kill_at: int | None) -> None:
        self.steps.begin(kill_at)
        try:
            USE_CASES[use_case](self.shop, on)
            _join_threads()
            _answer(killed=False, steps=self.steps.taken)
        except BaseException:
            _answer(error=traceback.format_exc())


def _tell_the_world(shop: Shop, outside: str) -> None:
    """Have `payment_changed` tell the world outside, which no crash takes back."""

    def mail(app: Flask, payment: Any, event: Any) -> None:
        with open(outside, "a") as letters:
            letters.write(f"{event.id}\n")

    shop.receivers.append(mail)
    payment_changed.connect(mail, sender=shop.app)


def _join_threads() -> None:
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()


def main() -> None:
    stages: dict[str, Stage] = {}
    for line in sys.stdin:
        task = json.loads(line)
        place = task.pop("shop")
        key = json.dumps(place)
        if key not in stages:
            stages.clear()
            stages[key] = Stage(**place)
        _perform(stages[key], task)


def _perform(stage: Stage, task: dict[str, Any]) -> None:
    """Play a task that ends well in this process, whose forks then have warm caches."""
    if task["kill_at"] is None:
        stage.play(**task)
        stage.disconnect()
        _answer(status=0)
        return
    pid = os.fork()
    if pid == 0:
        stage.play(**task)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    _answer(status=status)


def _answer(**facts: Any) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


if __name__ == "__main__":
    main()

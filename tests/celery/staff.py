"""A shop's people: real processes of Celery's."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("celery", reason="needs celery[redis]")

from flask_bdquickpay.celery import register_tasks

from ..shop import Shop
from .broker import Broker, wait_for
from .workshop import PostOffice, make_celery

ROOT = Path(__file__).parents[2]
_numbers = count(1)


def senders() -> list[threading.Thread]:
    """The threads that talk to the broker, while they do."""
    return [one for one in threading.enumerate() if one.name == "bdquickpay-outbox"]


def join_sender() -> None:
    for thread in senders():
        thread.join(30)


@dataclass
class Process:
    """A worker or a beat, in a process group of its own."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def done(self, task: str) -> int:
        """How many messages of a task it has worked off."""
        return len(re.findall(rf"Task bdquickpay\.{task}\[\S+ succeeded", self.said))

    def wait_until_it_says(self, text: str, times: int = 1) -> None:
        def does() -> bool:
            assert self.popen.poll() is None or self.said.count(text) >= times, self.said
            return self.said.count(text) >= times

        wait_for(does, text)

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        if group:
            os.killpg(self.popen.pid, number)
        else:
            self.popen.send_signal(number)

    def kill(self) -> None:
        """End it and the processes of its pool at once."""
        if self.popen.poll() is None:
            self.signal(signal.SIGKILL, group=True)
        self.popen.wait(10)


@dataclass
class Staff:
    """Starts workers and beats of a shop."""

    place: dict[str, Any]
    folder: Path
    hired: list[Process] = field(default_factory=list)

    def worker(self, concurrency: int = 2, **celery: Any) -> Process:
        options = ["--queues", "bdquickpay", "--concurrency", str(concurrency)]
        options += ["--hostname", f"worker{next(_numbers)}@here"]
        options += ["--without-mingle", "--without-gossip"]
        worker = self._hire("worker", options, celery)
        worker.wait_until_it_says(" ready.")
        return worker

    def beat(self) -> Process:
        schedule = self.folder / f"schedule{next(_numbers)}"
        beat = self._hire("beat", ["--schedule", str(schedule), "--pidfile", ""], {})
        beat.wait_until_it_says("beat: Starting")
        return beat

    def _hire(self, job: str, options: list[str], celery: dict[str, Any]) -> Process:
        log = self.folder / f"{job}{next(_numbers)}.log"
        command = [sys.executable, "-m", "celery", "-A", "tests.celery.workshop", job]
        place = self.place | {"celery": self.place["celery"] | celery}
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [*command, *options, "--loglevel", "INFO"],
                cwd=ROOT,
                env=os.environ | {"WORKSHOP": json.dumps(place)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.hired.append(Process(popen, log))
        return self.hired[-1]


@dataclass
class Company:
    """A shop that takes payments in this process and has its work done in others."""

    shop: Shop
    broker: Broker
    celery_app: Any
    staff: Staff
    office: PostOffice

    def close(self) -> None:
        for process in self.staff.hired:
            process.kill()
        self.celery_app.close()

    def ring(self, task: str, *numbers: int, times: int = 1) -> None:
        for _ in range(times):
            self.celery_app.tasks[f"bdquickpay.{task}"].apply_async(numbers)


def found(shop: Shop, broker: Broker, folder: Path, every: int, **config: Any) -> Company:
    """A company of this shop, whose people have the same settings."""
    celery_app = make_celery(shop.app, broker_url=broker.url)
    register_tasks(celery_app, every=every)
    uri = shop.app.config["SQLALCHEMY_DATABASE_URI"]
    place = {"uri": uri, "gateway": shop.server.base_url, "every": every, "config": config}
    place |= {"celery": {"broker_url": broker.url}, "folder": str(folder)}
    return Company(shop, broker, celery_app, Staff(place, folder), PostOffice(folder))
